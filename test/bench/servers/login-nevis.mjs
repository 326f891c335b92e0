// @ts-check
// Runs the app of the README, with Passport and passport-nevis, and prints its address. Usage: node login-nevis.mjs UPSTREAM. If the environment variables
// SESSIONS and LEDGER name the sockets of two Redis servers, several processes can share sessions and ledger.
import { RedisStore } from 'connect-redis'
import passport from 'passport'
import { NevisStrategy, push, RedisLedger, statusEndpoint } from 'passport-nevis'
import { createClient } from 'redis'
import { accessKey } from '../contestants/shared.mjs'
import { listen, newApp, origin, useSessions } from './login-shared.mjs'

const connect = (/** @type {string} */ path) => createClient({ socket: { path, tls: false }, disableOfflineQueue: true }).on('error', () => {}).connect()
const { SESSIONS, LEDGER } = process.env
const store = SESSIONS === undefined ? undefined : new RedisStore({ client: await connect(SESSIONS) })
const ledger = LEDGER && new RedisLedger(await connect(LEDGER))

const nevis = new NevisStrategy(
  { baseURL: origin, accessKey, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', message: 'Sign in to the shop?', ...(ledger && { ledger }) },
  (profile, done) => done(null, { id: profile.id }),
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((/** @type {string} */ id, done) => done(null, { id }))

const app = newApp()
app.get('/2fa/status', statusEndpoint(nevis))
useSessions(app, store)
app.use(passport.session())
app.post('/login', (req, _res, next) => {
  req.user = { nevisUserId: req.body.userId }
  next()
}, passport.authenticate('nevis'))
app.get('/2fa/callback', passport.authenticate('nevis', { successRedirect: '/me' }))
app.get('/me', (req, res) => res.send(req.user?.id))
listen(app)
