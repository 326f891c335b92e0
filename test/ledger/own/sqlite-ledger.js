// sqlite-ledger.js
const { Database } = require('node-sqlite3-wasm')

exports.SqliteLedger = class SqliteLedger {
  constructor(file) {
    this.db = new Database(file)
    this.db.exec('CREATE TABLE IF NOT EXISTS ledger (key TEXT PRIMARY KEY, uses INTEGER NOT NULL, ends_at REAL NOT NULL)')
  }

  async claim(key, ttlSeconds) {
    // While the key is claimed, the statement changes nothing and returns no row.
    const row = this.db.get(
      `INSERT INTO ledger VALUES (?, 1, unixepoch('subsec') + ?)
       ON CONFLICT (key) DO UPDATE SET uses = 1, ends_at = excluded.ends_at WHERE ledger.ends_at <= unixepoch('subsec')
       RETURNING uses`,
      [key, ttlSeconds],
    )
    return row?.uses === 1
  }

  async count(key, ttlSeconds) {
    const { uses } = this.db.get(
      `INSERT INTO ledger VALUES (?, 1, unixepoch('subsec') + ?)
       ON CONFLICT (key) DO UPDATE SET
         uses = CASE WHEN ledger.ends_at > unixepoch('subsec') THEN ledger.uses + 1 ELSE 1 END,
         ends_at = CASE WHEN ledger.ends_at > unixepoch('subsec') THEN ledger.ends_at ELSE excluded.ends_at END
       RETURNING uses`,
      [key, ttlSeconds],
    )
    return uses
  }

  async look(key) {
    const row = this.db.get("SELECT ends_at - unixepoch('subsec') AS seconds FROM ledger WHERE key = ? AND ends_at > unixepoch('subsec')", [key])
    return row ? Math.ceil(Number(row.seconds)) : 0
  }

  async forget(key) {
    this.db.run('DELETE FROM ledger WHERE key = ?', [key])
  }
}
