// @ts-check
// Runs five sign-ins of one user, with or without a subscriber that throws at every event. Prints the responses, the keys of the ledger (the store that all
// processes share), and how often the subscriber has thrown. Out of scope: checking what was printed (`events.test.ts`).
import { createRequire } from 'node:module'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import express from 'express'
import session from 'express-session'
import { Passport } from 'passport'

const require = createRequire(import.meta.url)
/** @type {typeof import('../../../dist/index.js')} */
const { MemoryLedger, NevisStrategy, push } = require('../../../dist/index.js')
/** @type {typeof import('../../../dist/simulator/index.js')} */
const { NevisSimulator } = require('../../../dist/simulator/index.js')

let thrown = 0
process.on('uncaughtException', ({ message }) => {
  if (message !== 'the audit log is full') process.exit(1)
  thrown += 1
})
const names = ['started', 'reused', 'decided', 'failed', 'budget', 'suspicious', 'call', 'fault']
if (process.argv[2] === 'throwing') {
  for (const name of names) {
    subscribe(`passport-nevis:${name}`, () => {
      throw new Error('the audit log is full')
    })
  }
}

const simulator = await NevisSimulator.start()
simulator.addUser({ username: 'anna' })
const ledger = new MemoryLedger()
const keys = new Set()
for (const name of /** @type {const} */ (['claim', 'count'])) {
  const ask = ledger[name].bind(ledger)
  // Leave out ids and digests, which differ in each run.
  ledger[name] = (/** @type {string} */ key, /** @type {number} */ seconds) => ask(key, seconds).then((/** @type {any} */ answer) => (keys.add(`${name} ${key.replace(/transaction:.*|token:.*|goes-on:.*|denial:.*/, '').replace(/:[\w-]{22}/, '')} ${answer}`), answer))
}
const nevis = new NevisStrategy(
  { baseURL: simulator.baseURL, accessKey: simulator.accessKey, factors: [push()], waitingURL: '/2fa', ledger, startBudget: { starts: 2, perSeconds: 60 } },
  (profile, done) => done(null, { username: profile.username }),
)
const passport = new Passport()
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.username))
passport.deserializeUser((username, done) => done(null, { username }))
const app = express()
app.use(express.urlencoded({ extended: false }), session({ secret: 'x', resave: false, saveUninitialized: false }), passport.session())
/** @type {import('express').RequestHandler} */
const second = (req, res, next) =>
  passport.authenticate('nevis', (/** @type {unknown} */ error, /** @type {unknown} */ user, /** @type {any} */ info, /** @type {any} */ status) => {
    if (error) return next(error)
    if (!user) return res.status(status).send(info.code)
    res.end()
  })(req, res, next)
/** @type {import('express').RequestHandler} */
const password = (req, _res, next) => {
  req.user = { username: 'anna' }
  next()
}
app.post('/login', password, second)
app.get('/2fa/callback', second)
const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
const origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`

const outcomes = []
for (const end of /** @type {const} */ (['deny', 'approve', 'deny', 'deny', 'deny'])) {
  const start = await fetch(`${origin}/login`, { method: 'POST', redirect: 'manual' })
  if (start.status !== 303) {
    outcomes.push(`${start.status} ${await start.text()}`)
    continue
  }
  const cookie = start.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
  await simulator.phone('anna')[end]()
  const done = await fetch(`${origin}/2fa/callback?${String(start.headers.get('location')).split('?')[1]}`, { headers: { cookie }, redirect: 'manual' })
  outcomes.push(`${done.status} ${await done.text()}`.trim())
}
process.stdout.write(JSON.stringify({ outcomes, keys: [...keys].sort(), thrown }))
server.close()
server.closeAllConnections()
await simulator.close()
