const { Store } = require('express-session')
const db = require('./db')

const ONE_DAY = 24 * 60 * 60 * 1000

class SqliteStore extends Store {
  get(sid, callback) {
    try {
      const row = db.get('SELECT data FROM sessions WHERE sid = ? AND expires > ?', [sid, Date.now()])
      callback(null, row ? JSON.parse(row.data) : null)
    } catch (err) {
      callback(err)
    }
  }

  set(sid, session, callback) {
    try {
      const expires = Date.now() + (session.cookie.maxAge || ONE_DAY)
      db.run('INSERT OR REPLACE INTO sessions (sid, data, expires) VALUES (?, ?, ?)', [sid, JSON.stringify(session), expires])
      callback(null)
    } catch (err) {
      callback(err)
    }
  }

  destroy(sid, callback) {
    try {
      db.run('DELETE FROM sessions WHERE sid = ?', [sid])
      callback(null)
    } catch (err) {
      callback(err)
    }
  }
}

module.exports = SqliteStore
