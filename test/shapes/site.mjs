// @ts-check
// An app with a password and a second factor. The tests build this app with many bundlers and frameworks. Out of scope: listening (`app.mjs`, `next/`,
// `nitro/`).
import express from 'express'
import session from 'express-session'
import process from 'node:process'
import passport from 'passport'
import { MemoryLedger, NevisStrategy, app as qrCode, outagePage, push, recordSecondFactor, requireSecondFactor, statusEndpoint, waitingPage } from 'passport-nevis'
import { Strategy as LocalStrategy } from 'passport-local'

/** The path under which a framework serves this app. */
const base = process.env.BASE_PATH ?? ''
export const app = express()
const nevis = new NevisStrategy(
  {
    baseURL: process.env.NEVIS_BASE_URL,
    accessKey: process.env.NEVIS_ACCESS_KEY,
    factors: [push(), qrCode()],
    waitingURL: `${base}/login/2fa`, callbackURL: `${base}/login/2fa/callback`, statusURL: `${base}/login/2fa/status`,
    ledger: new MemoryLedger(),
  },
  async (profile) => ({ username: profile.username }),
)
passport.use(nevis)
passport.use(new LocalStrategy((username, password, done) => done(null, password === 'secret' && { username })))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

export const status = statusEndpoint(nevis)
app.get('/login/2fa/status', status)
app.use(express.urlencoded({ extended: false }), session({ secret: 'a secret', resave: false, saveUninitialized: false }), passport.session())
app.get('/hello', (req, res) => res.send(req.user ? `Hello ${req.user.username}` : 'Hello stranger'))
app.get('/account', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => res.send('Your account'))
app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
app.get('/login/2fa', waitingPage(nevis))
app.post('/login/2fa', passport.authenticate('nevis'))
app.all('/login/2fa/callback', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => res.redirect(`${base}/hello`))
app.use(outagePage(nevis))
