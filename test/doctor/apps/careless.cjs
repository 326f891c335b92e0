/** An app with a beginner's mistakes: it works only on its author's machine. docs/guides/doctor.md shows the doctor's report on this app. */
const { env } = require('node:process')
const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { NevisStrategy, push, sms, recordSecondFactor, statusEndpoint, waitingPage } = require('passport-nevis')

const nevis = new NevisStrategy(
  {
    baseURL: env.NEVIS_BASE_URL,
    accessKey: 'c4n4ry-key-of-another-instance',
    factors: [push(), sms()],
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
  },
  async () => false,
)
passport.use(nevis)

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'keyboard c4n4ry', saveUninitialized: true, cookie: { secure: true } }), passport.session())
app.post('/login', passport.authenticate('nevis'))
app.get('/login/2fa', waitingPage(nevis))
app.get('/login/2fa/status', statusEndpoint(nevis))
app.get('/2fa/callback', passport.authenticate('nevis'), recordSecondFactor())
app.listen(env.PORT)
