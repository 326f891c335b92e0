// app.mjs
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import passport from 'koa-passport'
import session from 'koa-session'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, app as qrCode, atLeast, push, sms } from 'passport-nevis'
import { outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } from 'passport-nevis'
import { sessions } from './sessions.mjs'
import { findByNevis, findByPassword, findByUsername } from './users.mjs'

const nevis = new NevisStrategy(
  {
    baseURL: process.env.NEVIS_BASE_URL, // or instance
    accessKey: process.env.NEVIS_ACCESS_KEY,
    factors: [push(), qrCode(), sms()],
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
  },
  async (profile) => findByNevis(profile),
)
passport.use(new LocalStrategy((username, password, done) => {
  done(null, findByPassword(username, password) ?? false, { message: 'Incorrect username or password.' })
}))
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, findByUsername(username) ?? false))

/** Sends an answer of passport-nevis. */
function send(ctx, { status, headers, body }) {
  ctx.status = status
  ctx.set(headers)
  ctx.body = body
}

const mounted = ({ answer }) => async (ctx, next) => {
  const answered = await answer(ctx, ctx)
  return answered ? send(ctx, answered) : next()
}

const app = new Koa({ proxy: process.env.NODE_ENV === 'production' }) // behind a TLS proxy
app.keys = [process.env.SESSION_SECRET]
// A browser that closes its event stream is no error. Everything else is logged as usual.
app.on('error', (error) => error.code !== 'ERR_STREAM_PREMATURE_CLOSE' && app.onerror(error))

const outage = outagePage(nevis, { signInURL: '/login' })
app.use(async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const answered = await outage.answer(error, ctx, ctx)
    if (!answered) throw error
    app.emit('error', error, ctx) // for your log: Koa publishes no caught error
    send(ctx, answered)
  }
})

const status = statusEndpoint(nevis)
app.use(new Router().get('/login/2fa/status', mounted(status)).routes()) // before the session: the status needs no session, and must not keep one alive
app.use(session({
  store: sessions, // without a store, the session would be in the cookie
  rolling: false, // a slow response must not restore a session that was logged out meanwhile
  renew: false,
  sameSite: 'lax',
  httpOnly: true,
}, app))
app.use(bodyParser())
app.use(passport.initialize())
app.use(passport.session())

// A user who denies or cancels a step-up stays signed in, and returns to the page that asked for it.
app.use(async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    if (error.name !== 'AuthenticationError') throw error
    ctx.redirect(ctx.isAuthenticated() ? ctx.state.authInfo.returnTo ?? '/' : '/login')
  }
})

const failed = { failureRedirect: '/login', failureMessage: true }
const refused = { failWithError: true, failureMessage: true } // on failure, continues in the middleware above
const router = new Router()
router.post('/login',
  passport.authenticate('local', { ...failed, session: false }), // the password is right, but the user is not signed in yet
  passport.authenticate('nevis', failed)) // start → waiting page
router.get('/login/2fa', mounted(waitingPage(nevis, { signInURL: '/login' })))
router.post('/login/2fa', passport.authenticate('nevis', refused)) // another factor, send again, cancel
router.all('/login/2fa/callback',
  passport.authenticate('nevis', { ...refused, keepSessionInfo: true, repeatedCallbackRedirect: '/' }), // '/': for a callback that is loaded again
  mounted(recordSecondFactor()),
  (ctx) => {
    ctx.redirect(ctx.state.authInfo.returnTo ?? '/')
    ctx.status = 303
  })

// A message may contain text from a request, so escape it before it becomes HTML.
const escapeHTML = (text = '') => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
/** Why the last attempt failed. The message is shown once. */
function failureIn(ctx) {
  const { messages = [] } = ctx.session
  delete ctx.session.messages
  return `<!doctype html><p role="alert">${escapeHTML(messages.at(-1))}</p>`
}

// Only a signed-in user can confirm again. Anybody else must sign in first.
const signedIn = (ctx, next) => {
  if (ctx.isAuthenticated()) return next()
  ctx.set('Cache-Control', 'no-store') // a browser that goes back after the sign-in must not repeat this redirect
  ctx.redirect('/login')
}
router.get('/step-up', signedIn, (ctx) => { ctx.body = `${failureIn(ctx)}<form method="post"><button>Confirm it is you</button></form>` })
router.post('/step-up', signedIn, passport.authenticate('nevis', { ...refused, message: 'Confirm it is you?' }))
const fresh = mounted(requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push'), redirectTo: '/step-up' }))
router.get('/transfer', fresh, (ctx) => { ctx.body = 'Whom do you want to pay?' })

router.get('/', (ctx) => { ctx.body = `Hello ${ctx.state.user?.username ?? 'stranger'}` })
router.get('/login', (ctx) => {
  ctx.body = `${failureIn(ctx)}<form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`
})
router.post('/logout', (ctx) => {
  ctx.session = null // ctx.logout() would keep the second factor record
  ctx.redirect('/')
  ctx.status = 303
})
app.use(router.routes())

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
process.once('SIGTERM', () => {
  server.close(() => process.exit())
  status.closeStreams()
  setInterval(() => server.closeIdleConnections(), 500)
})
