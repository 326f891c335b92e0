/** A second factor for some of the users; all others sign in as before. docs/guides/existing-app.md shows this code unchanged. */
const { waitingPage, recordSecondFactor } = require('passport-nevis')

/** @param parts `{ passport, nevis }` */
module.exports = function loginRoutes(app, { passport, nevis }) {
  const secondFactor = passport.authenticate('nevis', { failureRedirect: '/login', keepSessionInfo: true })

  app.post('/login', passport.authenticate('local', { session: false, failureRedirect: '/login' }), unlessInvited, secondFactor)

  function unlessInvited(req, res, next) {
    if (isInvited(req.user)) return next() // on to the second factor
    req.logIn(req.user, { keepSessionInfo: true }, (err) => (err ? next(err) : res.redirect('/')))
  }

  app.route('/login/2fa').get(waitingPage(nevis)).post(secondFactor)
  app.all('/login/2fa/callback', secondFactor, recordSecondFactor(), (req, res) => res.redirect(req.authInfo.returnTo || '/'))
}

function isInvited({ username }) {
  return username === 'anna' // a column of your users, a share of their ids, …
}
