/**
 * The Express app: its routes, and what a user must have done to use each of them.
 *
 * The app signs users in by password. The lines added for the second factor are between `second factor: begin` and `second factor: end`; the rest of
 * the second factor is in `nevis.ts` and `second-factor.ts`. Out of scope: listening (`server.ts`).
 */
import express, { type Express, type Request, type Response } from 'express'
import { Passport } from 'passport'
import { fileURLToPath } from 'node:url'
import { changePassword } from './change-password.js'
import type { Cloud, Config } from './config.js'
import type { Demo } from './demo.js'
import type { Invoices } from './invoices.js'
import { knownBrowsers } from './known-browsers.js'
import { chooseLanguage, keepLanguage, textsFor } from './language.js'
import { handleError, logError, notFound, page, signOut, signedIn, signedOut, userOf } from './pages.js'
import { passwordRefused, passwordStrategy } from './password.js'
import { invoiceRoutes } from './paying.js'
import type { Redis } from './redis.js'
import { accountLimit, csrfProtection, headers, noStore, outdatedForm, passwordLimit, sessions } from './security.js'
import { signUp } from './sign-up.js'
import { transfer } from './transfer.js'
import type { Users } from './users.js'
import { accountPage } from './views/account.js'
import { homePage } from './views/home.js'
import { imprintPage } from './views/imprint.js'
import { loginPage } from './views/login.js'
import { transferPage } from './views/transfer.js'
// second factor: begin
import { recordSecondFactor, statusEndpoint, waitingPage } from 'passport-nevis'
import { devices } from './devices.js'
import { nevisStrategy } from './nevis.js'
import { paySigned } from './paying.js'
import { accountParts, afterPassword, approved, backWhereUserWas, goOn, onAnyFailure, outage, passwordProtection, paymentApproval, stepUpRoutes, transferProtection, waitingLook } from './second-factor.js'
import { ownPolicy } from './security.js'
import { helpPage } from './views/help.js'
// second factor: end

export interface AppParts {
  readonly config: Config
  readonly users: Users
  readonly invoices: Invoices
  /** Accounts and phones of the demo, which the home page shows; undefined if the app runs with a real Nevis instance. */
  readonly demo: Demo | undefined
  /** The Redis that several processes share; undefined for a single process. */
  readonly redis: Redis | undefined
  /** Base URL or instance of Nevis or of the simulator, and its access key. */
  readonly cloud: Cloud
}

type SessionUser = Pick<Express.User, 'id' | 'passwordVersion'>

export function createApp({ config, users, invoices, demo, redis, cloud }: AppParts): Express {
  const app = express()
  const passport = new Passport()
  passport.use(passwordStrategy(users))
  // A session contains the version of the password at the sign-in, so that a change of the password ends all other sessions of the user.
  passport.serializeUser<SessionUser>(({ id, passwordVersion }, done) => done(null, { id, passwordVersion }))
  passport.deserializeUser<SessionUser, Request>((req, { id, passwordVersion }, done) => {
    users.findById(id).then((user) => {
      const isOld = user !== undefined && user.passwordVersion !== passwordVersion
      if (isOld) req.session.notices = [textsFor(req)('Your password has been changed. Please sign in again.')]
      done(null, user === undefined || isOld ? false : user)
    }, done)
  })

  app.set('trust proxy', config.trustProxy)
  app.use(headers(config))
  app.use(express.static(fileURLToPath(new URL('../public', import.meta.url)), { index: false }))
  app.get('/favicon.ico', (_req, res) => res.redirect(301, '/favicon.svg'))
  app.use(noStore)
  app.get('/language/:language', chooseLanguage)
  // second factor: begin
  const nevis = nevisStrategy({ cloud, users, config, redis })
  passport.use(nevis)
  app.get('/login/2fa/status', (app.locals['status'] = statusEndpoint(nevis))) // before the session middleware, because the status endpoint needs no session
  // second factor: end
  const browsers = knownBrowsers(config)
  app.use(express.urlencoded({ extended: false }), sessions(config, redis), passport.session(), csrfProtection, outdatedForm, browsers.note)

  app.use('/sign-up', signUp({ config, users }))
  app.get('/', page(homePage, () => ({ demo })))
  app.get('/imprint', page(imprintPage, () => undefined))

  app.get('/login', signedOut, page(loginPage, ({ query }) => ({ hasEnded: 'ended' in query })))
  app.post(
    '/login',
    signedOut, // redirects signed-in users, because `accountLimit` takes `req.user` as a sign of a correct password
    passwordLimit(config),
    accountLimit(config, browsers),
    passport.authenticate('local', {
      failWithError: true,
      // second factor: begin
      session: false, // the password is correct, but the user is not signed in yet
      // second factor: end
    }),
    passwordRefused,
    // second factor: begin
    afterPassword(passport), // starts the second factor and redirects to the waiting page
    // second factor: end
    (req: Request, res: Response) => res.redirect(303, req.authInfo?.returnTo ?? '/account'),
  )
  // second factor: begin
  app.get('/login/2fa', ownPolicy, keepLanguage, waitingPage(nevis, waitingLook(users, config)))
  app.post('/login/2fa', passport.authenticate('nevis', onAnyFailure), backWhereUserWas) // the forms of the waiting page: another factor, send again, cancel
  app.all('/login/2fa/callback', approved(passport), recordSecondFactor(), paySigned(invoices), goOn, backWhereUserWas)
  app.get('/help', page(helpPage, () => ({ isDemo: demo !== undefined })))
  app.locals['helpURL'] = '/help' // adds a link to the footer and to the sign-in page
  app.use('/step-up', signedIn, stepUpRoutes(passport, users))
  app.use('/account/devices', devices({ cloud, nevis, passport, users }))
  app.locals['devicesURL'] = '/account/devices' // adds a link to the navigation
  // second factor: end
  app.post('/logout', signOut)
  app.get('/logout', (_req, res) => res.redirect(303, '/account')) // for a user who opens the address of an error page again

  app.get('/account', signedIn, page(accountPage, (req) => ({
    user: userOf(req),
    // second factor: begin
    ...accountParts(req),
    // second factor: end
  })))

  app.use(
    '/account/password',
    changePassword({
      config,
      users,
      // second factor: begin
      secondFactor: passwordProtection(nevis), // asks for a recent second factor, and forgets the remembered browsers
      // second factor: end
    }),
  )

  app.use(
    '/invoices',
    signedIn,
    invoiceRoutes(invoices, {
      // second factor: begin
      ...paymentApproval(passport, cloud), // the phone shows the payment that the callback will carry out
      // second factor: end
    }),
  )

  app.use('/transfer', signedIn)
  // second factor: begin
  app.use('/transfer', transferProtection)
  // second factor: end
  app.get('/transfer', page(transferPage, ({ query: { recipient } }) => ({ recipient: typeof recipient === 'string' ? recipient : '' })))
  app.post('/transfer', transfer)

  app.use(notFound)
  app.use(logError)
  // second factor: begin
  app.use(outage(nevis))
  // second factor: end
  app.use(handleError)
  return app
}
