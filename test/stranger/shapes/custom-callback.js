/** A login with custom callbacks, to which the second factor is added. docs/guides/existing-app.md shows this code unchanged. */
const { waitingPage, recordSecondFactor } = require('passport-nevis')

/** @param parts `{ passport, nevis }` */
module.exports = function loginRoutes(app, { passport, nevis }) {
  app.post('/login', (req, res, next) => {
    passport.authenticate('local', (err, user, info) => {
      if (err) return next(err)
      if (!user) return res.status(401).send(info.message)
      req.logIn(user, { session: false }, next) // the password is right, but the user is not signed in yet
    })(req, res, next)
  }, secondFactor)

  function secondFactor(req, res, next) {
    passport.authenticate('nevis', (err, user, info, status) => {
      if (err) return next(err)
      if (!user) return res.status(status).send(info.message) // info.code says which
      req.logIn(user, { session: true, keepSessionInfo: true }, (err) => {
        req.authInfo = info // recordSecondFactor() reads it
        next(err)
      })
    })(req, res, next)
  }

  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/'))
}
