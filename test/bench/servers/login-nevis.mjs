// The app with Passport and passport-nevis, as the README has it: node login-nevis.mjs UPSTREAM; prints its address.
import passport from 'passport'
import { NevisStrategy, push, statusEndpoint } from 'passport-nevis'
import { accessKey } from '../contestants/shared.mjs'
import { listen, newApp, origin } from './login-shared.mjs'

const nevis = new NevisStrategy(
  { baseURL: origin, accessKey, factors: [push()], waitingURL: '/2fa', callbackURL: '/2fa/callback', statusURL: '/2fa/status', message: 'Sign in to the shop?' },
  (profile, done) => done(null, { id: profile.id }),
)
passport.use(nevis)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, { id }))

const app = newApp()
app.get('/2fa/status', statusEndpoint(nevis))
app.use(passport.session())
app.post('/login', (req, _res, next) => {
  req.user = { nevisUserId: req.body.userId }
  next()
}, passport.authenticate('nevis'))
app.get('/2fa/callback', passport.authenticate('nevis', { successRedirect: '/me' }))
app.get('/me', (req, res) => res.send(req.user.id))
listen(app)
