/**
 * A correct app that first listens on a public address, and only then creates its strategy and routes. The environment variable FAULT adds a fault: another
 * server that listens first, a strategy that comes late, or a handler that signs users in and that is imported from a file with a computed name.
 */
import express from 'express'
import session from 'express-session'
import { createServer } from 'node:http'
import { env } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import passport from 'passport'
import { NevisStrategy, push, statusEndpoint, waitingPage } from 'passport-nevis'

const app = express()
const { kiosk } = env.FAULT === 'computed import' ? await import(`./${'kiosk'}.mjs`) : {}
if (env.FAULT === 'metrics first') createServer((_req, res) => void res.end('requests_total 1')).listen(9090)
createServer(app).listen(Number(env.PORT), '0.0.0.0', async () => {
  if (env.FAULT === 'late') await pause(6000) // as if it waited for a database
  const nevis = new NevisStrategy(
    { baseURL: env.NEVIS_BASE_URL, accessKey: env.NEVIS_ACCESS_KEY, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status' },
    async () => false,
  )
  passport.use(nevis)
  app.get('/2fa/status', statusEndpoint(nevis))
  app.use(session({ secret: env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }), passport.session())
  app.post('/login', passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
  if (kiosk) app.post('/kiosk', kiosk)
  app.get('/2fa', waitingPage(nevis))
  app.post('/2fa', passport.authenticate('nevis'))
  app.get('/2fa/callback', passport.authenticate('nevis'), (_req, res) => res.redirect('/'))
})
