// @ts-check
// An app with passwords and a second factor. `support/workers.ts` starts several processes of this app, which share sessions and ledger in one Redis. Each
// process prints its port. Out of scope: checks.
import { subscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import { URL } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { createClient } from 'redis'

/** @type {typeof import('../../dist/index.js')} */
const { NevisStrategy, RedisLedger, push, statusEndpoint, waitingPage } = createRequire(import.meta.url)('../../dist/index.js')
const { baseURL, issuer, accessKey, redisPath, latencyMs, password, typedCode } = JSON.parse(String(process.argv[2]))

const redis = createClient({ socket: { path: redisPath, tls: false }, disableOfflineQueue: true })
redis.on('error', () => undefined)
await redis.connect()

// Writes to Redis that this process has asked Nevis for an introspection. The test counts the processes that have written this.
subscribe('http.client.request.start', (message) => {
  const { request } = /** @type {{ request: import('node:http').ClientRequest }} */ (message)
  if (request.path === '/api/v1/introspect') void redis.sAdd('introspecting', String(process.pid))
})

class SlowRedisStore extends RedisStore {
  /** @override @param {Parameters<RedisStore['get']>} args */
  async get(...args) {
    await pause(latencyMs)
    return super.get(...args)
  }
  /** @override @param {Parameters<RedisStore['set']>} args */
  async set(...args) {
    await pause(latencyMs)
    return super.set(...args)
  }
  /** @override @param {Parameters<RedisStore['destroy']>} args */
  async destroy(...args) {
    await pause(latencyMs)
    return super.destroy(...args)
  }
}

const passport = new Passport()
passport.use(new LocalStrategy((username, given, done) => done(null, given === password && { username })))
const nevis = new NevisStrategy(
  {
    baseURL, issuer, accessKey,
    factors: [push({ typedCode })],
    waitingURL: '/login/2fa', callbackURL: '/login/2fa/callback', statusURL: '/login/2fa/status',
    ledger: new RedisLedger(redis),
  },
  async (profile) => {
    await redis.incr('verified')
    return { username: profile.username }
  },
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, { username }))

/** @type {import('express').RequestHandler} */
const authenticate = (req, res, next) => {
  /** @param {unknown} error @param {Express.User | false} user @param {any} info @param {any} status */
  const settled = (error, user, info, status) => {
    if (error) return next(error)
    if (!user) return void res.status(status).json({ action: 'fail', ...info })
    req.logIn(user, (/** @type {unknown} */ failed) => (failed ? next(failed) : res.json({ action: 'success', user })))
  }
  passport.authenticate('nevis', {}, settled)(req, res, next)
}
const app = express()
app.get('/login/2fa/status', statusEndpoint(nevis))
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store: new SlowRedisStore({ client: redis }) }), passport.session())
app.post('/login', passport.authenticate('local', { session: false }), authenticate)
app.get('/login/2fa', waitingPage(nevis))
app.all('/login/2fa/callback', authenticate)
app.get('/me', (req, res) => res.json({ user: req.user ?? null }))
// Express recognises an error handler by its four parameters.
/** @type {import('express').ErrorRequestHandler} */
const onError = (error, _req, res, next) => (res.headersSent ? next(error) : res.status(error.status ?? 500).json({ action: 'error', code: error.code }))
app.use(onError)

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${new URL(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`).origin}\n`)
// When the test's process ends, even if it is killed, this process's stdin is closed, and this process ends too.
process.stdin.resume().once('end', () => process.exit())
