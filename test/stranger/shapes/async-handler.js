/** A login whose handler is an async function. docs/guides/existing-app.md shows this code unchanged. */
const { waitingPage, recordSecondFactor } = require('passport-nevis')

/** @param parts `{ passport, nevis }` */
module.exports = function loginRoutes(app, { passport, nevis }) {
  const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login', keepSessionInfo: true })

  app.post('/login', async (req, res, next) => {
    try {
      const user = await checkPassword(req, res)
      if (!user) return res.redirect('/login')
      req.logIn(user, { session: false }, next) // the password is right, but the user is not signed in yet
    } catch (err) {
      next(err) // Express 4 does not do this itself
    }
  }, secondFactor)

  function checkPassword(req, res) {
    return new Promise((resolve, reject) => {
      passport.authenticate('local', (err, user) => (err ? reject(err) : resolve(user)))(req, res, reject)
    })
  }

  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/'))
}
