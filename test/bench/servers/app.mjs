// @ts-check
// The measured app: a first factor without a password, and the second factor as in the README. Started in its own process by `node app.mjs CLOUD [early]`;
// prints the app's address. `GET /measure` returns the memory in use and, since the last `GET /measure?reset`, the share of a core, the delay of the event loop
// and the number of store calls. With `early`, the token is introspected as soon as the status is known.
import express from 'express'
import session from 'express-session'
import { randomUUID } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import passport from 'passport'
import { NevisClient, NevisStrategy, push, statusEndpoint, waitingPage } from 'passport-nevis'
import { originOf } from './listening.mjs'

let storeCalls = 0
class CountingStore extends session.MemoryStore {}
for (const method of ['get', 'set', 'touch', 'destroy']) {
  /** @type {Function} */
  const original = Reflect.get(CountingStore.prototype, method)
  /**
   * Counts the call, and passes it on to the store.
   * @this {CountingStore}
   * @param {unknown[]} args
   */
  const counting = function (...args) {
    storeCalls++
    return original.apply(this, args)
  }
  Reflect.set(CountingStore.prototype, method, counting)
}

/**
 * Introspects the token of a success as soon as the status is known. The package itself introspects in the callback, because Nevis may accept a token for one
 * introspection only, and because the callback may reach another process. With this client, the benchmark measures how much time the package loses by
 * introspecting later.
 */
class EarlyClient extends NevisClient {
  /** For each token, the introspection that has already begun. @type {Map<string, ReturnType<NevisClient['introspect']>>} */
  early = new Map()

  /**
   * @override
   * @param {string} statusToken
   */
  async getStatus(statusToken) {
    const answer = await super.getStatus(statusToken)
    if (answer.status === 'succeeded' && !this.early.has(answer.token)) this.early.set(answer.token, super.introspect(answer.token))
    return answer
  }

  /**
   * @override
   * @param {string} token
   */
  introspect(token) {
    return this.early.get(token) ?? super.introspect(token)
  }
}

const cloud = { baseURL: process.argv[2], accessKey: 'a-key-for-the-benchmark' }
const nevis = new NevisStrategy(
  {
    ...(process.argv[3] === 'early' ? { client: new EarlyClient(cloud) } : cloud),
    factors: [push()],
    waitingURL: '/2fa',
    callbackURL: '/2fa/callback',
    statusURL: '/2fa/status',
    lifetimeSeconds: 600,
    maxStatusCallsPerSecond: Number(process.env.MAX_CALLS ?? 200),
  },
  (profile, done) => done(null, { id: profile.id }),
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((/** @type {string} */ id, done) => done(null, { id }))

const app = express()
app.get('/2fa/status', statusEndpoint(nevis, { maxStreams: 20_000 }))
const delay = monitorEventLoopDelay({ resolution: 5 })
/** The CPU time at the last reset, and when that was. @type {{ usage: NodeJS.CpuUsage, at: number } | undefined} */
let cpu
app.get('/measure', (req, res) => {
  if (req.query.reset !== undefined) {
    delay.reset()
    cpu = { usage: process.cpuUsage(), at: performance.now() }
    storeCalls = 0
  }
  if (req.query.gc !== undefined) globalThis.gc?.()
  const used = process.cpuUsage(cpu?.usage)
  const seconds = cpu ? (performance.now() - cpu.at) / 1000 : 0
  res.json({
    rss: process.memoryUsage().rss,
    heap: process.memoryUsage().heapUsed,
    cpuShare: seconds > 0 ? (used.user + used.system) / 1e6 / seconds : 0,
    delayP99: delay.percentile(99) / 1e6,
    storeCalls,
  })
})
delay.enable()
app.use(express.urlencoded({ extended: false }), session({ secret: 'benchmark', resave: false, saveUninitialized: false, store: new CountingStore() }), passport.session())
app.post('/login', (req, _res, next) => {
  req.user = { nevisUserId: randomUUID() }
  next()
}, passport.authenticate('nevis'))
app.get('/go', (_req, res) => res.type('html').send('<form method="post" action="/login"><button>Sign in</button></form>'))
app.get('/id', (req, res) => res.send(Object.keys(req.session.nevis?.transactions ?? {})[0]))
app.get('/2fa', waitingPage(nevis))
app.all('/2fa/callback', passport.authenticate('nevis'), (_req, res) => res.type('html').send('<h1>In</h1>'))
const server = app.listen(0, '127.0.0.1', () => console.log(originOf(server)))
