/** A small app with a password login and a second factor. Each test creates a new app, with the URL and access key of a simulator. */
const express = require('express')
const session = require('express-session')
const { Passport } = require('passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { NevisStrategy, push, sms, statusEndpoint, waitingPage, recordSecondFactor, requireSecondFactor, outagePage } = require('passport-nevis')

/** @param cloud `{ baseURL, accessKey }` */
exports.createApp = function createApp(cloud) {
  const passport = new Passport()
  passport.use(new LocalStrategy((username, password, done) => done(null, password === 'secret' && { username })))
  passport.serializeUser((user, done) => done(null, user.username))
  passport.deserializeUser((username, done) => done(null, { username }))
  const nevis = new NevisStrategy({ ...cloud, factors: [push(), sms()], waitingURL: '/login/2fa' }, async ({ username }) => ({ username }))
  passport.use(nevis)
  const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login', failureMessage: true, keepSessionInfo: true })

  const app = express()
  app.get('/login/2fa/status', statusEndpoint(nevis))
  app.use(express.urlencoded({ extended: false }), session({ secret: 'kit', resave: false, saveUninitialized: false }), passport.session())
  app.get('/login', (req, res) => res.send(req.session.messages?.at(-1) ?? ''))
  app.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/login' }), secondFactor)
  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo ?? '/'))
  app.get('/', (req, res) => res.send(req.user ? `Hello ${req.user.username}` : 'Hello stranger'))
  app.get('/account', requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/login/2fa' }), (req, res) => res.send('Your account'))
  app.use(outagePage(nevis))
  return app
}
