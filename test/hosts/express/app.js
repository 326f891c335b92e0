const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { NevisStrategy, push, sms, statusEndpoint, waitingPage, outagePage, recordSecondFactor, requireSecondFactor } = require('passport-nevis')
const users = require('./users') // yours

passport.use(new LocalStrategy((username, password, done) => {
  users.withPassword(username, password).then((user) => done(null, user, { message: 'Incorrect username or password.' }), done)
}))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => users.findById(id).then((user) => done(null, user ?? false), done))

const nevis = new NevisStrategy(
  {
    baseURL: process.env.NEVIS_BASE_URL, // https://<instance>.mauth.nevis.cloud
    accessKey: process.env.NEVIS_ACCESS_KEY,
    factors: [push(), sms()],
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
  },
  // Find the user by the Nevis id. At the first approval, find the user by the username, and store the Nevis id.
  async ({ id, username }) => (await users.findByNevisId(id)) ?? users.link(username, id),
)
passport.use(nevis)

const app = express()
app.set('trust proxy', 'loopback') // the addresses of your TLS proxy
app.get('/login/2fa/status', statusEndpoint(nevis)) // before session(): it needs none
app.use(express.urlencoded({ extended: false }))
app.use(session({
  secret: process.env.SESSION_SECRET,
  resave: false, // a slow response must not restore a session that was logged out meanwhile
  saveUninitialized: false,
  cookie: { sameSite: 'lax', secure: 'auto', httpOnly: true },
})) // in production, add your session store
app.use(passport.session())

const onFailure = { failureRedirect: '/login', failureMessage: true }

// A message may contain text from a request, so escape it before it becomes HTML.
const escapeHTML = (text = '') => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Why the last attempt failed. The message is shown once. */
const failureIn = ({ session }) => session.messages?.splice(0).at(-1)

// Sign in: the password, then the second factor.
app.get('/login', (req, res) => {
  res.send(`<!doctype html><p role="alert">${escapeHTML(failureIn(req))}</p>
    <form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`)
})
app.post('/login',
  passport.authenticate('local', { ...onFailure, session: false }), // the password is right, but the user is not signed in yet
  passport.authenticate('nevis', onFailure)) // to the waiting page
const secondFactor = passport.authenticate('nevis', {
  failWithError: true, // on failure, continues with `refused`
  failureMessage: true,
  keepSessionInfo: true,
  repeatedCallbackRedirect: '/', // for a callback that is loaded again
})
// A user who denies or cancels a step-up stays signed in, and returns to the page that asked for it.
const refused = (error, req, res, next) => {
  if (error.name !== 'AuthenticationError') return next(error)
  res.redirect(req.user ? req.authInfo.returnTo ?? '/' : '/login')
}
app.get('/login/2fa', waitingPage(nevis, { signInURL: '/login' }))
app.post('/login/2fa', secondFactor, refused) // another factor, send again, cancel
app.all('/login/2fa/callback',
  secondFactor,
  recordSecondFactor(),
  (req, res) => res.redirect(303, req.authInfo.returnTo ?? '/'),
  refused)

app.get('/', (req, res) => res.type('text').send(req.user ? `Hello ${req.user.username}` : 'Hello'))
app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect(303, '/'))))

// Step-up: this page needs a second factor of the last five minutes.
const signedIn = (req, res, next) => (req.user ? next() : res.set('Cache-Control', 'no-store').redirect(303, '/login'))
app.get('/transfer', signedIn, requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/step-up' }), (req, res) => res.send('Whom do you want to pay?'))
app.get('/step-up', signedIn, (req, res) => {
  res.send(`<!doctype html><p role="alert">${escapeHTML(failureIn(req))}</p><form method="post"><button>Confirm it is you</button></form>`)
})
app.post('/step-up', signedIn, passport.authorize('nevis', { failureRedirect: '/step-up', failureMessage: true, message: 'Confirm it is you?' })) // to the waiting page

// The log gets the error, the browser gets a sentence without details.
app.locals.onError = [
  (error, req, res, next) => {
    console.error(error.code, error.stack) // not the error itself: that of a session store can contain the session
    next(error)
  },
  outagePage(nevis, { signInURL: '/login' }),
  (error, req, res, next) => {
    if (res.headersSent) return next(error)
    const { status = 500 } = error
    res.status(status).send(status < 500 ? 'The request was not accepted.' : 'Something went wrong. Please try again.')
  },
]
app.use(app.locals.onError)

module.exports = app
if (require.main === module) app.listen(3000)
