// @ts-check
// An app whose waiting pages the benchmark measures: for push, app and SMS, with a brand name and a logo. The app uses the simulated cloud. For comparison,
// the app also has a page with nothing but a heading. Run this file as a process; it prints the app's address.
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { app as appFactor, NevisStrategy, push, sms, statusEndpoint, waitingPage } from 'passport-nevis'
import { NevisSimulator } from 'passport-nevis/simulator'
import { originOf } from './listening.mjs'

const simulator = await NevisSimulator.start()
const nevis = new NevisStrategy(
  {
    baseURL: simulator.baseURL,
    accessKey: simulator.accessKey,
    factors: [push(), appFactor(), sms()],
    waitingURL: '/2fa',
    callbackURL: '/2fa/callback',
    statusURL: '/2fa/status',
    message: 'Sign in to Alpine Mutual?',
  },
  (profile, done) => done(null, { id: profile.id }),
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((/** @type {string} */ id, done) => done(null, { id }))

const logo = '<svg xmlns="http://www.w3.org/2000/svg" width="190" height="40"><path d="M4 36 20 6l16 30z" fill="#17614a"/><text x="46" y="28" font-size="20">Alpine Mutual</text></svg>'
let people = 0
const app = express()
app.get('/2fa/status', statusEndpoint(nevis))
app.use(express.urlencoded({ extended: false }), session({ secret: 'benchmark', resave: false, saveUninitialized: false }), passport.session())
app.get('/heading', (_req, res) => res.type('html').send('<!doctype html><meta name="viewport" content="width=device-width"><title>Check your phone</title><h1>Check your phone</h1>'))
app.post('/login', (req, _res, next) => {
  const { userId } = simulator.addUser({ username: `person${++people}`, phone: `+4179${String(people).padStart(7, '0')}` })
  req.user = { nevisUserId: userId }
  next()
}, passport.authenticate('nevis'))
app.get('/2fa', waitingPage(nevis, {
  brand: { name: 'Alpine Mutual', logo: `data:image/svg+xml,${encodeURIComponent(logo)}` },
  languages: ['de', 'fr', 'it', 'en'],
  signInURL: '/sign-in',
  helpURL: '/help',
}))
const server = app.listen(0, '127.0.0.1', () => console.log(originOf(server)))
