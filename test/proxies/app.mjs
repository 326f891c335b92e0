// The app behind the proxies: passwords, a second factor, and a transfer that needs a code by SMS. It prints its port, each request, and each user who signs
// in.
import express from 'express'
import session from 'express-session'
import { once } from 'node:events'
import process from 'node:process'
import passport from 'passport'
import { MemoryLedger, NevisStrategy, RedisLedger, outagePage, push, recordSecondFactor, requireSecondFactor, sms, statusEndpoint, waitingPage } from 'passport-nevis'
import { Strategy as LocalStrategy } from 'passport-local'

const { NEVIS_BASE_URL: baseURL, NEVIS_ACCESS_KEY: accessKey, PREFIX = '', REDIS, ROLLING, NO_STORE } = process.env
let ledger = new MemoryLedger()
let store = new session.MemoryStore()
if (REDIS) {
  const [{ createClient }, { RedisStore }] = await Promise.all([import('redis'), import('connect-redis')])
  const client = await createClient({ socket: { path: REDIS } }).on('error', () => undefined).connect()
  ledger = new RedisLedger(client)
  store = new RedisStore({ client })
}
const nevis = new NevisStrategy(
  {
    baseURL, accessKey, ledger,
    factors: [push(), sms()],
    waitingURL: `${PREFIX}/login/2fa`, callbackURL: `${PREFIX}/login/2fa/callback`, statusURL: `${PREFIX}/login/2fa/status`,
    pollSchedule: [{ untilSeconds: 600, everySeconds: 0.5 }],
  },
  async ({ username }) => {
    console.log(`signed in ${username}`)
    return { username }
  },
)
passport.use(nevis)
passport.use(new LocalStrategy((username, password, done) => done(null, password === 'secret' && { username })))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.set('trust proxy', 'loopback')
app.use((req, res, next) => {
  console.log(`${req.method} ${req.path}`)
  next()
})
const status = statusEndpoint(nevis)
app.get('/login/2fa/status', status)
app.get('/public', (req, res) => res.set('Cache-Control', 'public, max-age=600').send('the same for everybody'))
app.get('/seen', (req, res) => res.json({ protocol: req.protocol, hostname: req.hostname, ip: req.ip, pid: process.pid }))
app.use((req, res, next) => {
  if (NO_STORE) res.set('Cache-Control', 'no-store')
  next()
})
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false, rolling: ROLLING === '1', store, cookie: { secure: 'auto', sameSite: 'lax' } }), passport.session())
app.get('/public-file', (req, res) => res.set('Cache-Control', 'public, max-age=600').send('a file behind the session'))
app.get('/', (req, res) => res.send(`<!doctype html><title>Home</title>Hello ${req.user?.username ?? 'stranger'}`))
const failed = { failureRedirect: `${PREFIX}/login` }
app.get('/login', (req, res) => {
  req.session.visited = true // create a session before the sign-in, as a CSRF token would
  res.send('<!doctype html><title>Sign in</title><form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>')
})
app.post('/login', passport.authenticate('local', { ...failed, session: false }), passport.authenticate('nevis', failed))
app.get('/login/2fa', waitingPage(nevis))
app.post('/login/2fa', passport.authenticate('nevis', failed))
app.all('/login/2fa/callback', passport.authenticate('nevis', failed), recordSecondFactor(), (req, res) => res.redirect(303, req.authInfo.returnTo ?? `${PREFIX}/`))
app.get('/transfer', requireSecondFactor({ maxAgeSeconds: 300, factors: ['sms'], redirectTo: `${PREFIX}/step-up` }), (req, res) => res.send('Whom do you want to pay?'))
app.post('/step-up', passport.authenticate('nevis', { ...failed, factors: ['sms'], factor: 'sms' }))
app.use(outagePage(nevis))

const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1')
await once(server, 'listening')
console.log(`port ${server.address().port}`)
const stop = () => {
  server.close(() => process.exit()) // open connections to Redis, or the channel of a cluster, would keep the process alive
  setInterval(() => server.closeIdleConnections(), 500)
  status.closeStreams()
}
process.once('SIGTERM', stop).once('SIGINT', stop)
