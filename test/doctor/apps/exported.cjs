/** A correct app that prints something and is exported. The environment variable FAULT selects what is special about it. */
const console = require('node:console')
const process = require('node:process')
const { env } = process
const express = require('express')
const session = require('express-session')
const { Passport } = require('passport')
const { MemoryLedger, NevisStrategy, push, sms, recordSecondFactor, statusEndpoint, waitingPage } = require('passport-nevis')

console.log('c4n4ry out', env.NEVIS_ACCESS_KEY)
console.error('c4n4ry err')
process.send?.({ ready: 'c4n4ry' })

/** A prefix that a proxy removes from the path, so the routes of this app do not have it. */
const prefix = env.FAULT === 'prefix' ? '/sub' : ''
const passport = new Passport()
const nevis = new NevisStrategy(
  {
    baseURL: env.NEVIS_BASE_URL,
    accessKey: env.NEVIS_ACCESS_KEY,
    factors: env.FAULT === 'introspection' ? [push(), sms({ requireIntrospection: true })] : [push()],
    waitingURL: `${prefix}/login/2fa`,
    callbackURL: `${prefix}/login/2fa/callback`,
    statusURL: `${prefix}/login/2fa/status`,
    ...(env.FAULT === 'ledger exits' && { ledger: Object.assign(new MemoryLedger(), { claim: () => process.exit(4) }) }),
  },
  async () => false,
)
const app = express()
function setUp() {
  passport.use(nevis)
  app.get('/login/2fa/status', statusEndpoint(nevis))
  app.use(session({ secret: env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }), passport.session())
  app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
  app.get('/login/2fa', waitingPage(nevis))
  app.post('/login/2fa', passport.authenticate('nevis'))
  if (env.FAULT !== 'no callback') app.all('/login/2fa/callback', passport.authenticate('nevis', { failureRedirect: `${prefix}/login`, failureMessage: true }), recordSecondFactor(), (_req, res) => res.redirect('/'))
}
// Some apps create the strategy only after they have connected to a database. The timers stand for this connection, which also keeps an app running.
if (env.FAULT === 'no strategy') require('node:timers').setInterval(() => undefined, 1000)
else if (env.FAULT === 'late') require('node:timers').setTimeout(setUp, 500)
else setUp()
module.exports = { app, ...(env.FAULT === 'endless export' && { closed: new Promise(() => undefined) }) }
