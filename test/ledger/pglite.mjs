// @ts-check
/**
 * Runs the package's ledger checks (`proveLedger`) on a ledger in PGlite, as an app would, and signs in with the sessions of connect-pg-simple in the same
 * database. Prints "proved", the ledger's row for a key with characters that PostgreSQL cannot store, and the app's responses when a browser opens the same
 * callback twice at once.
 */
import { PGlite } from '@electric-sql/pglite'
import connectPgSimple from 'connect-pg-simple'
import express from 'express'
import session from 'express-session'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import passport from 'passport'

const require = createRequire(import.meta.url)
/** @type {typeof import('../../dist/index.js')} */
const { NevisStrategy, PostgresLedger, push } = require('../../dist/index.js')
/** @type {typeof import('../../dist/simulator/index.js')} */
const { NevisSimulator, proveLedger } = require('../../dist/simulator/index.js')

const database = new PGlite()
const ledger = new PostgresLedger(database)
await Promise.all([ledger.createTable(), ledger.createTable()])
await proveLedger(() => new PostgresLedger(database), {
  advance: async (ms) => void (await database.query("UPDATE passport_nevis_ledger SET ends_at = ends_at - $1 * interval '1 millisecond'", [ms])),
})
await ledger.claim('own:\0\ud800', 60)
const { rows } = await database.query("SELECT key FROM passport_nevis_ledger WHERE key LIKE 'own:%'")

const simulator = await NevisSimulator.start()
simulator.addUser({ username: 'anna' })
await database.exec('CREATE TABLE session (sid text PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)')
const PgStore = connectPgSimple(session)
const store = new PgStore({ pool: /** @type {any} */ (database), pruneSessionInterval: false })
const { baseURL, accessKey } = simulator
passport.use(new NevisStrategy({ baseURL, accessKey, ledger, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' }, async ({ username }) => ({ username })))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))
const app = express()
app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false, store }), passport.session())
app.post('/login', (req, _res, next) => {
  req.user = { username: 'anna' }
  next()
}, passport.authenticate('nevis'))
app.get('/2fa/callback', passport.authenticate('nevis'), (req, res) => res.send(`Hello ${/** @type {any} */ (req.user).username}`))
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')

const origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
const cookieOf = (/** @type {Response} */ response) => response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
const started = await fetch(`${origin}/login`, { method: 'POST', redirect: 'manual' })
await simulator.phone('anna').approve()
const callback = async () => (await fetch(`${origin}/2fa/callback${new URL(String(started.headers.get('location')), origin).search}`, { headers: { cookie: cookieOf(started) } })).text()
const answers = await Promise.all([callback(), callback()])
console.log(JSON.stringify(['proved', rows, answers.sort()]))
server.close()
await simulator.close()
await database.close()
