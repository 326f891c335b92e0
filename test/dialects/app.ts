/**
 * An Express app on which the tests try each dialect (a possible behaviour of Nevis, which the simulator imitates). The app has a password sign-in with a
 * second factor, a step-up, and the enrolment of another factor. Each JSON answer of the app says whether the strategy called Passport's `success` or `fail`,
 * and for which user.
 *
 * Out of scope: the requests to this app (`flows.ts`), and starting a simulator with a dialect (`run.ts`).
 */
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import session, { type Store } from 'express-session'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport, type AuthenticateOptions } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { app as appFactor, NevisStrategy, push, recovery, sms, statusEndpoint, waitingPage, widget, type AppOptions, type Ledger, type NevisProfile, type NevisStrategyOptions, type SmsOptions } from '../../src'
import type { NevisSimulator } from '../../src/simulator'
import { proveSecondFactor } from '../security/support/proved'
import { Browser } from '../support/browser'
import { listen } from '../support/app'

export interface Options {
  readonly strategy?: Partial<NevisStrategyOptions>
  readonly app?: AppOptions
  readonly sms?: SmsOptions
}

interface User {
  readonly username: string
  readonly nevisUserId?: string
}

/** What `verify` makes of the profile. The flows compare it with the user of the simulator. */
export interface SignedIn {
  readonly username: string
  /** Nevis's userId in the profile. */
  readonly id: string
  /** The username in the `data` of the start; undefined if an enrolment has taken the place of an approval: then the strategy returns no `data`. */
  readonly startedBy?: string | undefined
}

const signedIn = ({ id, username = id, data }: NevisProfile): SignedIn => ({ username, id, startedBy: (data as { username: string } | undefined)?.username })

/** What several processes of an app share. */
export interface Shared {
  readonly store: Store
  readonly ledger: Ledger
}

export interface DialectApp {
  browser(cookiesOf?: Browser): Browser
  close(): Promise<void>
}

const FAST = [{ untilSeconds: Infinity, everySeconds: 0.5 }]
const OFTEN = { startBudget: { starts: 1000, perSeconds: 60 }, attemptBudget: { attempts: 1000, perSeconds: 60 }, maxStatusCallsPerSecond: 10_000 }

export async function startDialectApp({ baseURL, accessKey }: NevisSimulator, options: Options, { store, ledger }: Shared): Promise<DialectApp> {
  const passport = new Passport()
  passport.use(new LocalStrategy((username, _password, done) => done(null, { username })))
  const nevis = new NevisStrategy(
    {
      baseURL, accessKey, ledger, pollSchedule: FAST, ...OFTEN,
      secret: 'k7Jx0cTq9ZpW3vLr5Yb2Nd8Hs6Gf4Ma1',
      factors: [push(), appFactor(options.app), sms({ message: (text = 'Your code:') => `${text} {{CODE}}`, ...options.sms }), recovery(), widget()],
      waitingURL: '/login/2fa',
      ...options.strategy,
    } as NevisStrategyOptions & { passReqToCallback?: false },
    (profile, done) => done(null, signedIn(profile)),
  )
  passport.use(nevis)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user as Express.User))

  const act = (how: 'authenticate' | 'authorize', route?: AuthenticateOptions): RequestHandler => (req, res, next) => {
    const settled = (error: unknown, user: unknown, info: unknown, status: unknown) => {
      if (error) return next(error)
      if (!user) return void res.status(status as number).json({ action: 'fail', ...(info as object) })
      if (how === 'authorize') return void res.json({ action: 'success', user })
      req.logIn(user, (failed) => (failed ? next(failed) : res.json({ action: 'success', user })))
    }
    passport[how]('nevis', (route ?? {}) as never, settled as never)(req, res, next)
  }
  const message = (req: object) => (req as { body: { message?: string } }).body.message
  const data = (req: object) => ({ username: (req as { user: User }).user.username })

  const server = express()
  server.get('/login/2fa/status', statusEndpoint(nevis))
  server.use(express.urlencoded({ extended: false }), session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store }), passport.session())
  server.post('/login', passport.authenticate('local', { session: false }), act('authenticate', { operation: 'approve-or-enroll', data, message }))
  server.get('/login/2fa', waitingPage(nevis, { widgetScript: '/widget.js' }))
  server.all('/login/2fa/callback', act('authenticate'))
  // Signs the user in, as if the user had just given the second factor.
  server.post('/prove', (req, res, next) => {
    const { username, userId } = req.body as { username: string; userId: string }
    const user: User = { username, nevisUserId: userId }
    req.logIn(user, (error) => {
      if (error) return next(error)
      proveSecondFactor(req, user, userId)
      req.session.save(() => res.end())
    })
  })
  server.post('/pay', act('authorize', { data, message }))
  server.post('/factors', act('authorize', { operation: 'enroll', data }))
  server.all('/confirmed', act('authorize'))
  const onError: ErrorRequestHandler = (error: { status?: number; code?: string; message: string }, _req, res, _next) =>
    void res.status(error.status ?? 500).json({ action: 'error', code: error.code ?? error.message })
  server.use(onError)

  // Hundreds of servers start and stop here, so a kept-alive connection could lead to a closed server, or to a new server on the same port.
  const http = createServer((req, res) => {
    res.setHeader('Connection', 'close')
    server(req, res)
  })
  await listen(http)
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return {
    browser(cookiesOf) {
      const browser = new Browser(origin)
      for (const [name, value] of cookiesOf?.cookies ?? []) browser.cookies.set(name, value)
      return browser
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
}
