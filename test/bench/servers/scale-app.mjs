// @ts-check
// One process of an app. All processes share sessions and ledger. The app has a first factor without a password, and a second factor as in the README.
// SIGTERM stops the process as described in docs/guides/waiting-page.md.
// Usage: STORE=… [PORT=…] [MAX_STREAMS=…] node scale-app.mjs CLOUD KEY. Prints the app's address, and with the variable PRINTS_VERIFIED each approval for
// which `verify` has run. `GET /measure` returns the CPU time so far, the memory in use, and the delay of the event loop.
import express from 'express'
import session from 'express-session'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import passport from 'passport'
import { NevisStrategy, push, recordSecondFactor, statusEndpoint, waitingPage } from 'passport-nevis'
import { originOf } from './listening.mjs'
import { openStore } from './store-of-app.mjs'

const [, , baseURL, accessKey = 'a-key-for-the-benchmark'] = process.argv
const { store, ledger } = await openStore()
const nevis = new NevisStrategy(
  {
    baseURL, accessKey, ledger,
    factors: [push()],
    waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status',
    lifetimeSeconds: 600,
  },
  async ({ id, username, transactionId }) => {
    if (process.env.PRINTS_VERIFIED) console.log(`verified ${transactionId}`)
    return { nevisUserId: id, username }
  },
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, `${user.nevisUserId} ${user.username ?? ''}`))
passport.deserializeUser((/** @type {string} */ text, done) => {
  const [nevisUserId, username] = text.split(' ')
  done(null, { ...(nevisUserId && { nevisUserId }), ...(username && { username }) })
})

const app = express()
const status = statusEndpoint(nevis, { maxStreams: Number(process.env.MAX_STREAMS ?? 20_000) })
app.get('/2fa/status', status)
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
app.get('/measure', (req, res) => {
  if (req.query.reset !== undefined) delay.reset()
  if (req.query.gc !== undefined) globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  res.json({ micros: user + system, rss, heap: heapUsed, delayP99Ms: delay.percentile(99) / 1e6 })
})
app.use(express.urlencoded({ extended: false }), session({ secret: 'benchmark', resave: false, saveUninitialized: false, store }), passport.session())
/** The first factor without a password: the request says who the user is. @type {(...parts: Parameters<express.RequestHandler>) => void} */
const firstFactor = (req, _res, next) => {
  const { userId, username } = req.body
  req.user = userId ? { nevisUserId: userId } : { username }
  next()
}
app.post('/login', firstFactor, passport.authenticate('nevis'))
app.get('/2fa', waitingPage(nevis))
app.all('/2fa/callback', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => res.redirect(303, '/me'))
app.get('/me', (req, res) => res.send(req.user?.username ?? req.user?.nevisUserId ?? 'nobody'))
/** @type {express.ErrorRequestHandler} */
const answerError = (error, _req, res, _next) => void res.status(error.status ?? 500).json({ code: error.code ?? error.name })
app.use(answerError)

const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(originOf(server)))
// Longer than any pause of the benchmark, so that no connection closes at the moment when it is used again.
server.keepAliveTimeout = 120_000
process.once('SIGTERM', () => {
  server.keepAliveTimeout = 1
  server.close(() => process.exit()) // without `exit`, the open connections of the store would keep the process alive
  status.closeStreams()
})
