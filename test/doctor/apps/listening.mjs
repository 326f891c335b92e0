/** A correct app that first listens on a public address, and only then creates its strategy and routes. */
import express from 'express'
import session from 'express-session'
import { createServer } from 'node:http'
import { env } from 'node:process'
import passport from 'passport'
import { NevisStrategy, push, statusEndpoint, waitingPage } from 'passport-nevis'

const app = express()
createServer(app).listen(Number(env.PORT), '0.0.0.0', () => {
  const nevis = new NevisStrategy(
    { baseURL: env.NEVIS_BASE_URL, accessKey: env.NEVIS_ACCESS_KEY, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' },
    async () => false,
  )
  passport.use(nevis)
  app.get('/2fa/status', statusEndpoint(nevis))
  app.use(session({ secret: env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }))
  app.post('/login', passport.authenticate('nevis'))
  app.get('/2fa', waitingPage(nevis))
  app.post('/2fa', passport.authenticate('nevis'))
  app.get('/2fa/callback', passport.authenticate('nevis'))
})
