/** The API of a single-page app with a second factor. docs/guides/single-page-apps.md shows the body of `addApi` unchanged. */
const express = require('express')
const { atLeast, outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } = require('passport-nevis')

/** @param parts `{ passport, nevis, session, transfer }`; the strategy `nevis` has `waitingURL: '/api/2fa'` */
exports.addApi = function addApi(app, { passport, nevis, session, transfer }) {
  app.get('/api/2fa/status', statusEndpoint(nevis)) // before session(): it needs none
  app.use(express.json(), session, passport.session())

  const signedIn = (req, res, next) => (req.user ? next() : res.status(401).json({ code: 'signed_out' }))
  const secondFactor = passport.authenticate('nevis', { failWithError: true, keepSessionInfo: true })
  const welcome = (req, res) => res.json({ username: req.user.username })

  app.post('/api/login', passport.authenticate('local', { failWithError: true, session: false }), secondFactor, welcome)
  app.route('/api/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/api/2fa/callback', secondFactor, recordSecondFactor(), welcome)

  const stepUp = { failWithError: true, factors: atLeast('sms'), message: 'Confirm it is you?' }
  app.post('/api/step-up', signedIn, passport.authorize('nevis', stepUp))
  app.post('/api/transfer', signedIn, requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('sms') }), (req, res) => {
    res.json(transfer(req.user, req.body))
  })

  app.use(outagePage(nevis)) // while Nevis or a store is down: 503 with the code `unavailable`
  app.use((error, req, res, next) => {
    if (error.name !== 'AuthenticationError' || res.headersSent) return next(error)
    res.status(error.status).json({ code: error.code, message: error.message, retryAfterSeconds: error.retryAfterSeconds })
  })
}
