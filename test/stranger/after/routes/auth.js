const express = require('express')
const passport = require('passport')
const { waitingPage, recordSecondFactor } = require('passport-nevis')
const { nevis } = require('../auth')
const users = require('../users')

const router = express.Router()
const secondFactor = passport.authenticate('nevis', { failWithError: true, failureMessage: true, keepSessionInfo: true, repeatedCallbackRedirect: '/notes' })

router.get('/login', (req, res) => {
  res.render('login')
})

router.post('/login', passport.authenticate('local', {
  session: false, // the password is right, but the user is not signed in yet
  failureRedirect: '/login',
  failureMessage: true,
}), secondFactor)

router.route('/login/2fa').get(waitingPage(nevis, { csrfToken: (req) => req.csrfToken(), signInURL: '/login' })).post(secondFactor)

router.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/notes'))

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
    req.login(user, { session: false }, (err) => {
      if (err) return next(err)
      secondFactor(req, res, next)
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
