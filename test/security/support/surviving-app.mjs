// @ts-check
// An app in a process of its own, because Node ends a process at an unhandled rejection. Parts of the app are slow, hang or fail on command. The app prints its
// address. Out of scope: checks (`process-survives.test.ts`).
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
/** @type {typeof import('../../../dist/index.js')} */
const { NevisClient, NevisError, NevisStrategy, outagePage, push, requireSecondFactor, statusEndpoint, waitingPage } = require('../../../dist/index.js')
/** @type {typeof import('../../../dist/simulator/index.js')} */
const { NevisSimulator } = require('../../../dist/simulator/index.js')

const simulator = await NevisSimulator.start()
simulator.addUser({ username: 'anna' })

/** `shut` names what is slow: the session `store`, the vault with the `key`, or Nevis's answers to `status` calls. `waiting` contains the calls that wait until `GET /release`. */
const gate = { shut: '', waiting: /** @type {{ resolve(value?: unknown): void, reject(error: Error): void }[]} */ ([]) }
const passing = (/** @type {string} */ what) => gate.shut === what && new Promise((resolve, reject) => gate.waiting.push({ resolve, reject }))

class SlowStore extends session.MemoryStore {
  /**
   * @override
   * @param {string} id
   * @param {session.SessionData} value
   * @param {(error?: unknown) => void} [done]
   */
  set(id, value, done) {
    // Delay only the first write of the session, not the second one, which express-session makes at the end of the response.
    const gated = gate.waiting.length === 0 && passing('store')
    Promise.resolve(gated).then(() => super.set(id, value, done), done)
  }
}

class SlowClient extends NevisClient {
  /**
   * @override
   * @param {string} statusToken
   */
  async getStatus(statusToken) {
    await passing('status')
    return super.getStatus(statusToken)
  }
}

const nevis = new NevisStrategy(
  {
    client: new SlowClient({ baseURL: simulator.baseURL, accessKey: async () => (await passing('key'), simulator.accessKey) }),
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
  gate.shut = String(req.query.what)
  res.end()
})
app.get('/release', (req, res) => {
  gate.shut = ''
  for (const { resolve, reject } of gate.waiting.splice(0)) req.query.how === 'fail' ? reject(new Error('vault')) : resolve()
  // The calls that waited now continue. `setImmediate` sends the response only after the code behind these calls has run.
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
// Express recognises an error handler by its four parameters. An error after the answer can no longer be sent to the browser.
/** @type {import('express').ErrorRequestHandler} */
const onError = (error, _req, res, _next) => res.headersSent || res.status(error.status ?? 500).json({ code: error.code ?? error.message })
app.use(onError)

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}\n`)
// When the test's process ends, even if it is killed, this process's stdin is closed, and this process ends too.
process.stdin.resume().once('end', () => process.exit())
