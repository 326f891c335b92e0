// An app in a process of its own, whose parts are slow, hang or fail on command. It prints its address. Out of scope: checking anything;
// `process-survives.test.ts` does. Node ends a process at an unhandled rejection.
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import { setImmediate } from 'node:timers'
import timeout from 'connect-timeout'
import express from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'

const require = createRequire(import.meta.url)
const { NevisError, NevisStrategy, outagePage, push, requireSecondFactor, statusEndpoint, waitingPage } = require('../../../dist/index.js')
const { NevisSimulator } = require('../../../dist/simulator/index.js')

const simulator = await NevisSimulator.start()
simulator.addUser({ username: 'anna' })

/** What is to wait for `GET /release`, and what does. */
const gate = { shut: '', waiting: [] }
const passing = (what) => gate.shut === what && new Promise((resolve, reject) => gate.waiting.push({ resolve, reject }))

class SlowStore extends session.MemoryStore {
  set(id, value, done) {
    // The first one only: the host itself saves once more before it ends any answer.
    const gated = gate.waiting.length === 0 && passing('store')
    Promise.resolve(gated).then(() => super.set(id, value, done), done)
  }
}

const nevis = new NevisStrategy(
  {
    baseURL: simulator.baseURL,
    accessKey: async () => (await passing('key'), simulator.accessKey),
    factors: [push()],
    waitingURL: '/2fa',
  },
  (profile, done) => done(null, { username: profile.username }),
)
const passport = new Passport()
passport.use(new LocalStrategy((username, _password, done) => done(null, { username })))
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, { username }))

const app = express()
app.get('/shut', (req, res) => {
  gate.shut = req.query.what
  res.end()
})
app.get('/release', (req, res) => {
  gate.shut = ''
  for (const { resolve, reject } of gate.waiting.splice(0)) req.query.how === 'fail' ? reject(new Error('vault')) : resolve()
  // After all that follows from it in this turn of the loop.
  setImmediate(() => res.json('released'))
})
app.use((req, res, next) => (gate.shut === '' ? next() : timeout('50ms')(req, res, next)))
app.get('/2fa/status', statusEndpoint(nevis))
app.use(express.urlencoded({ extended: false }), session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store: new SlowStore() }), passport.session())
app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
app.post('/sign-in', passport.authenticate('local'), (_req, res) => res.json('signed in'))
app.get('/2fa', waitingPage(nevis))
app.all('/2fa/callback', passport.authenticate('nevis'), (_req, res) => res.json('success'))
app.get('/guarded', requireSecondFactor({ maxAgeSeconds: 60, redirectTo: '/подтверждение?für=mich' }), (_req, res) => res.json('let in'))
app.get('/outage', (_req, _res, next) => next(new NevisError('NEVIS_TIMEOUT', 'approve')))
app.get('/good', (_req, res) => res.json('good'))
app.use(outagePage(nevis, { nonce: () => { throw new Error('nonce') } }))
// Express knows an error handler by its four parameters. What comes after an answer has nobody to be told to.
app.use((error, _req, res, _next) => res.headersSent || res.status(error.status ?? 500).json({ code: error.code ?? error.message }))

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`http://127.0.0.1:${server.address().port}\n`)
// Ends with the test, even when that is killed.
process.stdin.resume().once('end', () => process.exit())
