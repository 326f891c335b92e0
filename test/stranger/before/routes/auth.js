const express = require('express')
const passport = require('passport')
const users = require('../users')

const router = express.Router()

router.get('/login', (req, res) => {
  res.render('login')
})

router.post('/login', passport.authenticate('local', {
  successReturnToOrRedirect: '/notes',
  failureRedirect: '/login',
  failureMessage: true,
  keepSessionInfo: true,
}))

router.get('/signup', (req, res) => {
  res.render('signup')
})

router.post('/signup', (req, res, next) => {
  const { username, password } = req.body
  if (!username || !password || users.findByUsername(username)) {
    req.session.messages = ['Choose another username.']
    return res.redirect('/signup')
  }
  users.create(username, password, (err, user) => {
    if (err) return next(err)
    req.login(user, (err) => {
      if (err) return next(err)
      res.redirect('/notes')
    })
  })
})

router.post('/logout', (req, res, next) => {
  req.logout((err) => {
    if (err) return next(err)
    res.redirect('/')
  })
})

module.exports = router
