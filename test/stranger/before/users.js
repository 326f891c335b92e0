const crypto = require('crypto')
const db = require('./db')

function hash(password, salt, cb) {
  crypto.pbkdf2(password, salt, 310000, 32, 'sha256', (err, key) => cb(err, key && key.toString('hex')))
}

exports.findById = (id) => db.get('SELECT * FROM users WHERE id = ?', [id])

exports.findByUsername = (username) => db.get('SELECT * FROM users WHERE username = ?', [username])

exports.create = (username, password, cb) => {
  const salt = crypto.randomBytes(16).toString('hex')
  hash(password, salt, (err, hashed) => {
    if (err) return cb(err)
    try {
      db.run('INSERT INTO users (username, salt, password) VALUES (?, ?, ?)', [username, salt, hashed])
      cb(null, exports.findByUsername(username))
    } catch (err) {
      cb(err)
    }
  })
}

exports.checkPassword = (user, password, cb) => {
  hash(password, user.salt, (err, hashed) => {
    if (err) return cb(err)
    cb(null, crypto.timingSafeEqual(Buffer.from(hashed), Buffer.from(user.password)))
  })
}

exports.setPassword = (id, password, cb) => {
  const salt = crypto.randomBytes(16).toString('hex')
  hash(password, salt, (err, hashed) => {
    if (err) return cb(err)
    db.run('UPDATE users SET salt = ?, password = ? WHERE id = ?', [salt, hashed, id])
    cb(null)
  })
}
