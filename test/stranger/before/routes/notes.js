const express = require('express')
const { ensureLoggedIn } = require('../auth')
const db = require('../db')

const router = express.Router()

router.get('/', (req, res) => {
  res.render('home')
})

router.get('/notes', ensureLoggedIn, (req, res) => {
  const notes = db.all('SELECT * FROM notes WHERE owner = ? AND text LIKE ?', [req.user.id, '%' + (req.query.q || '') + '%'])
  res.render('notes', { notes })
})

router.post('/notes', ensureLoggedIn, (req, res) => {
  if (req.body.text) db.run('INSERT INTO notes (owner, text) VALUES (?, ?)', [req.user.id, req.body.text])
  res.redirect('/notes')
})

module.exports = router
