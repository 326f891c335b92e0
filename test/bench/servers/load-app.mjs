// @ts-check
// One process of an app under load. All processes keep sessions and ledger in one Redis, and count every sign-in there. Usage: node load-app.mjs CLOUD KEY
// REDIS-SOCKET. Prints the app's address.
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { NevisClient, NevisStrategy, RedisLedger, push, sms, statusEndpoint } from 'passport-nevis'
import { createClient } from 'redis'
import { originOf } from './listening.mjs'

const [, , baseURL, accessKey = '', path = ''] = process.argv
const redis = createClient({ socket: { path, tls: false }, disableOfflineQueue: true })
redis.on('error', () => {})
await redis.connect()

const nevis = new NevisStrategy(
  {
    client: new NevisClient({ baseURL, accessKey, timeoutMs: 1000 }),
    factors: [push(), sms()],
    waitingURL: '/2fa',
    callbackURL: '/2fa/callback',
    statusURL: '/2fa/status',
    subject: (req) => req.user,
    startBudget: { starts: 1000, perSeconds: 60 },
    ledger: new RedisLedger(redis),
  },
  async (profile) => {
    // Count in Redis how often `verify` runs for each approval, over all processes. The count must be 1.
    await redis.hIncrBy('verified', profile.transactionId, 1)
    return { username: profile.username }
  },
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((/** @type {string} */ username, done) => done(null, { username }))

const app = express()
app.get('/2fa/status', statusEndpoint(nevis))
app.get('/memory', (_req, res) => {
  globalThis.gc?.()
  res.json(process.memoryUsage().heapUsed)
})
app.use(
  express.urlencoded({ extended: false }),
  session({ secret: 'load', resave: false, saveUninitialized: false, store: new RedisStore({ client: redis, ttl: 900 }) }),
  passport.session(),
)
/** @type {(...parts: Parameters<express.RequestHandler>) => void} */
const firstFactor = (req, _res, next) => {
  req.user = { username: req.body.username }
  next()
}
/**
 * Returns a custom callback for Passport: it signs the user in, or sends why the user was refused.
 * @type {(...parts: Parameters<express.RequestHandler>) => (...answer: Parameters<import('passport').AuthenticateCallback>) => void}
 */
const settle = (req, res, next) => (error, user, info, status) => {
  if (error) return next(error)
  if (!user) return void res.status(Number(status)).json(info)
  req.logIn(user, (failed) => (failed ? next(failed) : res.json({ user: user.username, transaction: /** @type {Express.AuthInfo} */ (info).nevis?.transactionId })))
}
app.post('/login', firstFactor, passport.authenticate('nevis'))
app.all('/2fa/callback', (req, res, next) => passport.authenticate('nevis', settle(req, res, next))(req, res, next))
app.get('/me', (req, res) => res.json({ user: req.user?.username ?? null }))
/** @type {express.ErrorRequestHandler} */
const answerError = (error, _req, res, _next) => void res.status(error.status ?? 500).json({ code: error.code ?? error.name })
app.use(answerError)
const server = app.listen(0, '127.0.0.1', () => console.log(originOf(server)))
