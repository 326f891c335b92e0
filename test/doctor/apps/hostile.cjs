/**
 * An app that attacks the doctor's terminal: the names of its ledger class, factor and strategy contain characters that a terminal interprets. It also sends
 * findings of its own to the doctor, such as "ok".
 */
const process = require('node:process')
const { env } = process
const express = require('express')
const { Passport } = require('passport')
const { NevisStrategy, push, statusEndpoint } = require('passport-nevis')

/** Makes a terminal clear the screen, set its title, copy to the clipboard and write from right to left. Then begins a line that looks like a finding. */
const ESCAPES = '\u001b[2J\u001b]0;title\u0007\u009b1A\u001b]52;c;YQ==\u0007\u202e\u2066\u200b\r\nok           everything.well'
process.send?.({ passportNevisDoctor: 'all is well' })
process.send?.({ passportNevisDoctor: [{ check: 'app.loaded', level: 'ok', finding: 7 }] })
process.send?.({ passportNevisDoctor: [{ check: `app.loaded${ESCAPES}`, level: 'ok', finding: '' }] })

const ledger = new (Object.assign(class { async claim() { return true } async count() { return 1 } async look() { return 0 } async forget() {} }, {}))()
Object.defineProperty(ledger.constructor, 'name', { value: `Ledger${ESCAPES}` })
const passport = new Passport()
const factor = { ...push(), name: `push${ESCAPES}${'x'.repeat(5000)}` }
const nevis = new NevisStrategy(
  { baseURL: env.NEVIS_BASE_URL, accessKey: env.NEVIS_ACCESS_KEY, factors: [push(), factor], waitingURL: '/2fa', name: `nevis${ESCAPES}`, ledger },
  async () => false,
)
passport.use(nevis)
passport.use('other', new NevisStrategy({ baseURL: env.NEVIS_BASE_URL, accessKey: env.NEVIS_ACCESS_KEY, factors: [push()], waitingURL: '/a' }, async () => false))
const app = express()
app.get('/2fa/status', statusEndpoint(nevis))
app.use((_req, res) => res.writeHead(302, { location: `/login/${encodeURIComponent(ESCAPES)}/${'y'.repeat(5000)}`, 'x-powered-by': 'c4n4ry' }).end())
module.exports = app
