/** The app, which mounts its routers. */
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { requireSecondFactor, statusEndpoint } from 'passport-nevis'
import { nevis } from './auth'
import { authRouter } from './routes'

export const app = express()

app.get('/auth/2fa/status', statusEndpoint(nevis)) // before session(): it needs none
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
app.use(passport.initialize())
app.use(passport.session())
app.use('/auth', authRouter)

app.get('/', (req, res) => res.send(req.user?.email ?? 'nobody'))
app.get('/billing', requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/auth/2fa' }), (_req, res) => res.send('Billing'))
