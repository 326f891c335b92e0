/** A login form with a field that the app needs after the second factor. docs/guides/existing-app.md shows this code unchanged. */
const { waitingPage, recordSecondFactor } = require('passport-nevis')

const DAYS = 24 * 60 * 60 * 1000

/** @param parts `{ passport, nevis }` */
module.exports = function loginRoutes(app, { passport, nevis }) {
  const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login', keepSessionInfo: true })

  app.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/login' }), keepField, secondFactor)

  function keepField(req, res, next) {
    req.session.stay = req.body.stay === 'yes' // the request of the callback does not contain the login form
    req.session.save(next) // the strategy reads the session again after it has called Nevis
  }

  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => {
    if (req.session.stay) req.session.cookie.maxAge = 30 * DAYS
    delete req.session.stay
    res.redirect(req.authInfo.returnTo || '/')
  })
}
