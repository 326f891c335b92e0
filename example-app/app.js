/**
 * The Express app: who may go where.
 *
 * It signs people in by password. What the second factor adds stands between `second factor: begin` and
 * `second factor: end`, and in `nevis.js`. Out of scope: to listen (`server.js`).
 */
import express from 'express'
import { Passport } from 'passport'
import { fileURLToPath } from 'node:url'
import { knownBrowsers } from './known-browsers.js'
import { handleError, logError, notFound, page, signedIn, signedOut } from './pages.js'
import { passwordStrategy } from './password.js'
import { invoiceRoutes } from './paying.js'
import { accountLimit, csrfProtection, headers, passwordLimit, sessions } from './security.js'
import { signUp } from './sign-up.js'
import { transferOf } from './transfer.js'
import { accountPage } from './views/account.js'
import { homePage } from './views/home.js'
import { loginPage } from './views/login.js'
import { transferPage } from './views/transfer.js'
// second factor: begin
import { atLeast, outagePage, recordSecondFactor, requireSecondFactor, secondFactorOf, statusEndpoint, waitingPage } from 'passport-nevis'
import { devices } from './devices.js'
import { afterPassword, approved, factorNamesOf, goOn, nevisStrategy, signing, stepUp } from './nevis.js'
import { paySigned } from './paying.js'
import { csrfToken, ownPolicy } from './security.js'
import { stepUpPage } from './views/step-up.js'
// second factor: end

/** Whoever fails goes back to the password, with the reason. */
const onFailure = { failureRedirect: '/login', failureMessage: true }

/**
 * @param config see `config.js`
 * @param users see `users.js`
 * @param invoices see `invoices.js`
 * @param demo `{ phonesURL, accounts }` for the first page; undefined outside of the demo
 * @param redis what several processes share; undefined for one
 * @param cloud where the second factor is asked for
 */
export function createApp({ config, users, invoices, demo, redis, cloud }) {
  const app = express()
  const passport = new Passport()
  passport.use(passwordStrategy(users))
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => users.findById(id).then((user) => done(null, user ?? false), done))

  app.set('trust proxy', config.trustProxy)
  app.use(headers(config))
  app.use(express.static(fileURLToPath(new URL('public', import.meta.url)), { index: false }))
  app.get('/favicon.ico', (_req, res) => res.redirect(301, '/favicon.svg'))
  // second factor: begin
  const nevis = nevisStrategy({ cloud, users, config, redis })
  const factorNames = factorNamesOf(config)
  passport.use(nevis)
  app.get('/login/2fa/status', statusEndpoint(nevis)) // before the session: it needs none
  // second factor: end
  const browsers = knownBrowsers(config)
  app.use(express.urlencoded({ extended: false }), sessions(config, redis), passport.session(), csrfProtection, browsers.note)

  app.use('/sign-up', signUp({ config, users }))
  app.get('/', page(homePage, () => ({ demo })))

  const loginParts = {
    // second factor: begin
    factors: factorNames,
    // second factor: end
  }
  app.get('/login', signedOut, page(loginPage, () => loginParts))
  app.post(
    '/login',
    passwordLimit(config),
    accountLimit(config, browsers),
    passport.authenticate('local', {
      ...onFailure,
      // second factor: begin
      session: false, // the password is right, but nobody is signed in yet
      // second factor: end
    }),
    // second factor: begin
    afterPassword({ passport, onFailure }), // goes to the waiting page
    // second factor: end
    (_req, res) => res.redirect(303, '/account'),
  )
  // second factor: begin
  app.get('/login/2fa', ownPolicy, waitingPage(nevis, { csrfToken, stylesheet: '/brand.css', widgetScript: '/widget.js' }))
  app.post('/login/2fa', passport.authenticate('nevis', onFailure)) // another factor, once more, cancel
  app.all('/login/2fa/callback', approved({ passport, onFailure }), recordSecondFactor(), paySigned(invoices), goOn)
  app.get('/step-up', signedIn, page(stepUpPage, () => ({ factors: factorNamesOf(config, stepUp.factors) })))
  app.post('/step-up', signedIn, passport.authorize('nevis', { ...onFailure, ...stepUp }))
  app.use('/account/devices', devices({ cloud, passport, users }))
  // second factor: end
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect(303, '/'))))

  const accountParts = (req) => ({
    user: req.user,
    // second factor: begin
    secondFactor: secondFactorOf(req),
    factors: factorNames,
    // second factor: end
  })
  app.get('/account', signedIn, page(accountPage, accountParts))

  app.use(
    '/invoices',
    signedIn,
    invoiceRoutes(invoices, {
      // second factor: begin
      confirm: passport.authorize('nevis', { ...onFailure, ...signing }), // the phone shows what is paid in the callback
      // second factor: end
    }),
  )

  app.use('/transfer', signedIn)
  // second factor: begin
  app.use('/transfer', requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('sms'), redirectTo: '/step-up' }))
  // second factor: end
  app.get('/transfer', page(transferPage, ({ query }) => ({ recipient: String(query.recipient ?? '') })))
  app.post('/transfer', (req, res) => {
    const { message, isDone } = transferOf(req.body)
    req.session.messages = [message]
    res.redirect(303, isDone ? '/account' : '/transfer')
  })

  app.use(notFound)
  app.use(logError)
  // second factor: begin
  app.use(outagePage(nevis, { signInURL: '/login', stylesheet: '/brand.css' }))
  // second factor: end
  app.use(handleError)
  return app
}
