const fs = require('fs')
const path = require('path')
const { Database } = require('node-sqlite3-wasm')

const dir = process.env.DATA_DIR || path.join(__dirname, 'var')
fs.mkdirSync(dir, { recursive: true })

const db = new Database(path.join(dir, 'notes.db'))

const migrations = [
  'CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, salt TEXT NOT NULL, password TEXT NOT NULL)',
  'CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES users (id), text TEXT NOT NULL)',
  'CREATE TABLE sessions (sid TEXT PRIMARY KEY, data TEXT NOT NULL, expires INTEGER NOT NULL)',
]

for (let version = db.get('PRAGMA user_version').user_version; version < migrations.length; version++) {
  db.exec(migrations[version])
  db.exec('PRAGMA user_version = ' + (version + 1))
}

module.exports = db
