const express = require('express')
const { ensureLoggedIn } = require('../auth')
const users = require('../users')

const router = express.Router()

router.get('/', ensureLoggedIn, (req, res) => {
  res.render('account')
})

router.post('/password', ensureLoggedIn, (req, res, next) => {
  users.setPassword(req.user.id, req.body.password, (err) => {
    if (err) return next(err)
    req.session.messages = ['Your password has been changed.']
    res.redirect('/account')
  })
})

module.exports = router
