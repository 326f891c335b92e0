/** A "remember me" cookie that replaces the password, but not the second factor. docs/guides/existing-app.md shows this code. */
const { waitingPage, recordSecondFactor } = require('passport-nevis')

/** @param parts `{ passport, nevis }` */
module.exports = function loginRoutes(app, { passport, nevis }) {
  const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login', keepSessionInfo: true })

  app.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/login' }), secondFactor)
  app.post('/login/remembered', passport.authenticate('remember-me', { session: false, failureRedirect: '/login' }), secondFactor)

  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/'))
}
