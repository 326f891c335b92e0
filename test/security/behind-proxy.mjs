// @ts-check
// An app with passwords and a second factor. The app runs in its own process, because Node reads NODE_EXTRA_CA_CERTS only when it starts. The app prints its
// port. Out of scope: checks; `lying-proxy.test.ts` starts this app behind proxies of all kinds.
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import express from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'

/** @type {typeof import('../../dist/index.js')} */
const { NevisStrategy, push } = createRequire(import.meta.url)('../../dist/index.js')
const { password, ...cloud } = JSON.parse(String(process.argv[2]))

const passport = new Passport()
passport.use(new LocalStrategy((username, given, done) => done(null, given === password && { username })))
passport.use(
  new NevisStrategy(
    { ...cloud, factors: [push()], waitingURL: '/login/2fa', callbackURL: '/login/2fa/callback', statusURL: '/login/2fa/status' },
    (profile, done) => done(null, { username: profile.username ?? profile.id }),
  ),
)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, { username }))

/** @type {import('express').RequestHandler} */
const authenticate = (req, res, next) => {
  /** @param {unknown} error @param {Express.User | false} user @param {any} info @param {any} status */
  const settled = (error, user, info, status) => {
    if (error) return next(error)
    if (!user) return void res.status(status).json({ action: 'fail', ...info })
    req.logIn(user, (/** @type {unknown} */ failed) => (failed ? next(failed) : res.json({ action: 'success' })))
  }
  passport.authenticate('nevis', {}, settled)(req, res, next)
}
const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'a secret for tests', resave: false, saveUninitialized: false }), passport.session())
app.post('/login', passport.authenticate('local', { session: false }), authenticate)
app.get('/login/2fa/callback', authenticate)
app.get('/me', (req, res) => res.json({ user: req.user ?? null }))
// Express recognises an error handler by its four parameters.
/** @type {import('express').ErrorRequestHandler} */
const onError = (error, _req, res, next) => (res.headersSent ? next(error) : res.status(error.status ?? 500).json({ action: 'error', code: error.code, cause: error.cause?.code }))
app.use(onError)

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}\n`)
// When the test's process ends, even if it is killed, this process's stdin is closed, and this process ends too.
process.stdin.resume().once('end', () => process.exit())
