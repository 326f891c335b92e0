// app.mjs
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import passport from 'koa-passport'
import session from 'koa-session'
import { Strategy as LocalStrategy } from 'passport-local'
import { NevisStrategy, app as qrCode, atLeast, push, sms } from 'passport-nevis'
import { outagePage, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } from 'passport-nevis'
import { sessions } from '../sessions.mjs'
import { findByNevisId, findByPassword, findByUsername } from '../users.mjs'

const nevis = new NevisStrategy(
  {
    baseURL: process.env.NEVIS_BASE_URL, // or instance
    accessKey: process.env.NEVIS_ACCESS_KEY,
    factors: [push(), qrCode(), sms()],
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
  },
  async (profile) => findByNevisId(profile.id),
)
passport.use(new LocalStrategy((username, password, done) => done(null, findByPassword(username, password) ?? false)))
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, findByUsername(username) ?? false))

/** What passport-nevis answers, as Koa sends it. */
function send(ctx, { status, headers, body }) {
  ctx.status = status
  ctx.set(headers)
  ctx.body = body
}

const mounted = ({ answer }) => async (ctx, next) => {
  const answered = await answer(ctx, ctx)
  return answered ? send(ctx, answered) : next()
}

const app = new Koa({ proxy: process.env.NODE_ENV === 'production' }) // behind a proxy, which ends TLS
app.keys = [process.env.SESSION_SECRET]
// A browser that leaves while it is told the status is none; everything else is logged as ever.
app.on('error', (error) => error.code !== 'ERR_STREAM_PREMATURE_CLOSE' && app.onerror(error))

const outage = outagePage(nevis, { signInURL: '/login' })
app.use(async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const answered = await outage.answer(error, ctx, ctx)
    if (!answered) throw error
    app.emit('error', error, ctx)
    send(ctx, answered)
  }
})

const status = new Router().get('/login/2fa/status', mounted(statusEndpoint(nevis)))
app.use(status.routes()) // before the session: it needs none, and must keep none alive
app.use(session({
  store: sessions, // without a store the session would be in the cookie
  rolling: false, // a slow answer must not write a session back that was logged out meanwhile
  renew: false,
  sameSite: 'lax',
  httpOnly: true,
}, app))
app.use(bodyParser())
app.use(passport.initialize())
app.use(passport.session())
app.use((ctx, next) => {
  const { messages = [] } = ctx.session
  if (messages.length > 1) ctx.session.messages = messages.slice(-1) // Passport adds one for every failure: keep the last
  return next()
})

const failed = { failureRedirect: '/login', failureMessage: true }
const router = new Router()
router.post('/login',
  passport.authenticate('local', { session: false, failureRedirect: '/login' }), // password right, not signed in yet
  passport.authenticate('nevis', failed)) // start → waiting page
router.get('/login/2fa', mounted(waitingPage(nevis)))
router.post('/login/2fa', passport.authenticate('nevis', failed)) // another factor, once more, cancel
router.all('/login/2fa/callback',
  passport.authenticate('nevis', { ...failed, keepSessionInfo: true }),
  mounted(recordSecondFactor()),
  (ctx) => {
    ctx.redirect(ctx.state.authInfo.returnTo ?? '/')
    ctx.status = 303
  })

router.get('/step-up', (ctx) => { ctx.body = '<form method="post"><button>Confirm it is you</button></form>' })
router.post('/step-up', passport.authenticate('nevis', { ...failed, message: 'Confirm it is you?' }))
const fresh = mounted(requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push'), redirectTo: '/step-up' }))
router.get('/transfer', fresh, (ctx) => { ctx.body = 'Whom do you want to pay?' })

router.get('/', (ctx) => { ctx.body = `Hello ${ctx.state.user?.username ?? 'stranger'}` })
router.get('/login', (ctx) => {
  ctx.body = ctx.session.messages ?? []
  delete ctx.session.messages // each is shown once
})
router.post('/logout', (ctx) => {
  ctx.session = null // with its second factor: Passport's ctx.logout() would leave all but the login
  ctx.redirect('/')
  ctx.status = 303
})
app.use(router.routes())

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
