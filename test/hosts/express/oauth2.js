const passport = require('passport')
const OAuth2Strategy = require('passport-oauth2') // or your provider's own
const app = require('./app') // as above
const users = require('./users') // yours

const provider = process.env.PROVIDER_URL
const oauth2 = new OAuth2Strategy(
  {
    authorizationURL: `${provider}/authorize`,
    tokenURL: `${provider}/token`,
    clientID: process.env.CLIENT_ID,
    clientSecret: process.env.CLIENT_SECRET,
    callbackURL: '/auth/provider/callback',
    state: true,
  },
  (_accessToken, _refreshToken, profile, done) => users.findByProvider(profile.id).then((user) => done(null, user ?? false), done),
)
oauth2.userProfile = (accessToken, done) => {
  const headers = { authorization: `Bearer ${accessToken}` }
  fetch(`${provider}/userinfo`, { headers }).then((answer) => answer.json()).then((profile) => done(null, profile), done)
}
passport.use(oauth2)

const onFailure = { failureRedirect: '/login', failureMessage: true }
const onProviderFailure = { failureRedirect: '/login', failureMessage: 'The sign-in at the provider failed.' } // not a text from the address
// `session: false` also on this route: passport-oauth2 finishes a sign-in on every route that uses it, if the URL has the provider's `code`.
app.get('/auth/provider', passport.authenticate('oauth2', { ...onProviderFailure, session: false }), (req, res) => res.redirect('/login'))

// The provider sends the user back by GET, and a GET never sends a push. Remember the user, and show a button.
app.get('/auth/provider/callback',
  passport.authenticate('oauth2', { ...onProviderFailure, session: false }), // the user is known, but not signed in yet
  (req, res, next) => {
    const firstFactor = { id: req.user.id, at: Date.now() }
    req.session.regenerate((error) => { // a new session, whose id no attacker can know
      if (error) return next(error)
      req.session.firstFactor = firstFactor
      req.session.save((failed) => (failed ? next(failed) : res.redirect(303, '/login/second-factor')))
    })
  })
app.get('/login/second-factor', (req, res) => res.send(`<!doctype html><form method="post">
  <button name="factor" value="push">Confirm on my phone</button> <button name="factor" value="sms">Send me a code</button></form>`))
app.post('/login/second-factor',
  (req, res, next) => {
    if (req.user) return res.redirect(303, '/') // signed in already, for example in another tab
    const { id, at } = req.session.firstFactor ?? {}
    if (!(Date.now() - at < 600_000)) return next() // too late. Within ten minutes, the second click of a double click works, too
    users.findById(id).then((user) => { req.user = user }).then(() => next(), next)
  },
  passport.authenticate('nevis', onFailure)) // to the waiting page; an unknown user goes back to /login
app.use(app.locals.onError) // for these routes, too

module.exports = app
if (require.main === module) app.listen(3000)
