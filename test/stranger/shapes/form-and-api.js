/** An app with a sign-in form and a JSON API, each with its own second factor. docs/guides/existing-app.md shows the strategies and the routes of the API. */
const express = require('express')
const { MemoryLedger, NevisStrategy, statusEndpoint, waitingPage, recordSecondFactor } = require('passport-nevis')

/** @param parts `options` are the options that both strategies have; `session` is the session middleware */
exports.formAndApi = function formAndApi(app, { passport, session, options, verify }) {
  const ledger = new MemoryLedger() // the same for both, so that a user has the same limits in both
  const nevis = new NevisStrategy({ ...options, ledger, waitingURL: '/login/2fa' }, verify)
  const nevisApi = new NevisStrategy({ ...options, ledger, name: 'nevis-api', waitingURL: '/api/login/2fa' }, verify)
  passport.use(nevis).use(nevisApi)

  app.get('/login/2fa/status', statusEndpoint(nevis)) // before session(): it needs none
  app.get('/api/login/2fa/status', statusEndpoint(nevisApi))
  app.use(express.urlencoded({ extended: false }), express.json(), session, passport.session())

  const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login', keepSessionInfo: true })
  app.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/login' }), secondFactor)
  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/'))

  const json = (strategy, authenticateOptions) => (req, res, next) => {
    passport.authenticate(strategy, (err, user, info, status) => {
      if (err) return next(err)
      if (!user) return res.status(status || 401).json(info)
      req.logIn(user, authenticateOptions, (error) => {
        req.authInfo = info
        next(error)
      })
    })(req, res, next)
  }

  const secondFactorOfApi = json('nevis-api', { keepSessionInfo: true })
  app.post('/api/login', json('local', { session: false }), secondFactorOfApi)
  app.route('/api/login/2fa').get(waitingPage(nevisApi)).post(secondFactorOfApi)
  app.all('/api/login/2fa/callback', secondFactorOfApi, recordSecondFactor(), (req, res) => res.json({ user: req.user }))
}
