/**
 * An Express app with passwords and a second factor. The routes that start or finish a sign-in answer with a redirect, or with JSON that contains Passport's
 * action, such as `{ action: 'fail', … }`.
 */
import express, { type ErrorRequestHandler, type Express as App, type RequestHandler } from 'express'
import session from 'express-session'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport, type AuthenticateOptions } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import {
  NevisStrategy, app as appFactor, push, recovery, sms, statusEndpoint, waitingPage,
  type NevisProfile, type NevisStrategyOptions, type Verify, type WaitingPageOptions,
} from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { proveSecondFactor } from '../security/support/proved'
import { Browser } from './browser'

export interface User {
  readonly username: string
  readonly nevisUserId?: string
  /** What the session stores of a signed-in user. Default: the username. */
  readonly login?: string
}

export interface AppOptions {
  readonly simulator: NevisSimulator
  /** Options of the strategy that replace the defaults of this test app. */
  readonly strategy?: Partial<NevisStrategyOptions>
  readonly verify?: Verify
  /** Options of `passport.authenticate('nevis')` on the routes that start the second factor. */
  readonly start?: AuthenticateOptions
  readonly callback?: AuthenticateOptions
  readonly page?: WaitingPageOptions
  readonly session?: Partial<session.SessionOptions> | false
  readonly bodyParsers?: boolean
  /** Adds routes after all others are mounted. */
  readonly routes?: (app: App, parts: { passport: InstanceType<typeof Passport>; nevis: NevisStrategy }) => void
}

export interface TestApp {
  readonly origin: string
  readonly nevis: NevisStrategy
  /** The profiles with which `verify` was called. */
  readonly verified: NevisProfile[]
  browser(): Browser
  close(): Promise<void>
}

export const PASSWORD = 'correct horse'

export function strategyOptions(simulator: NevisSimulator): NevisStrategyOptions {
  return {
    baseURL: simulator.baseURL,
    accessKey: simulator.accessKey,
    factors: [push(), appFactor(), sms(), recovery()],
    waitingURL: '/login/2fa',
    callbackURL: '/login/2fa/callback',
    statusURL: '/login/2fa/status',
  }
}

export async function startApp(options: AppOptions): Promise<TestApp> {
  const verified: NevisProfile[] = []
  const { simulator } = options
  const passport = new Passport()
  const userOf = (username: string): User => ({ username })
  passport.use(new LocalStrategy((username, password, done) => done(null, password === PASSWORD ? userOf(username) : false)))
  const verify: Verify = (profile, done) => {
    verified.push(profile)
    if (options.verify !== undefined) return options.verify(profile, done)
    done(null, userOf(profile.username as string))
  }
  const nevis = new NevisStrategy({ ...strategyOptions(simulator), ...options.strategy } as NevisStrategyOptions & { passReqToCallback?: false }, verify)
  passport.use(nevis)
  passport.serializeUser((user, done) => done(null, (user as User).login ?? (user as User).username))
  passport.deserializeUser((username, done) => done(null, userOf(username as string)))

  /** Calls `passport.authenticate`, and logs the user in after a success, as an app would. The answer contains Passport's action: `success` or `fail`. */
  const authenticate = (options?: AuthenticateOptions): RequestHandler => (req, res, next) => {
    const settled = (error: unknown, user: unknown, info: unknown, status: unknown) => {
      if (error) return next(error)
      if (!user) return void res.status(status as number).json({ action: 'fail', ...(info as object) })
      req.logIn(user, (failed) => (failed ? next(failed) : res.json({ action: 'success', user, info })))
    }
    passport.authenticate('nevis', options ?? {}, settled as never)(req, res, next)
  }

  const app = express()
  app.get('/login/2fa/status', statusEndpoint(nevis))
  if (options.bodyParsers !== false) app.use(express.urlencoded({ extended: true, limit: '1mb' }), express.json({ limit: '1mb' }))
  if (options.session !== false) {
    app.use(session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, ...options.session }), passport.session())
  }
  app.post('/login', passport.authenticate('local', { session: false }), authenticate(options.start))
  app.get('/login/2fa', waitingPage(nevis, { widgetScript: '/widget.js', ...options.page }))
  app.post('/login/2fa', authenticate())
  app.all('/login/2fa/callback', authenticate(options.callback))
  app.all('/start', authenticate(options.start))
  // Signs a user in, with a second factor that has just been given, so that the user may enrol a further factor.
  app.post('/prove', (req, res, next) => {
    const { username, userId } = req.body as { username: string; userId: string }
    req.logIn(userOf(username), (error) => {
      if (error) return next(error)
      proveSecondFactor(req, username, userId)
      req.session.save(() => res.end())
    })
  })
  app.post('/factors', authenticate({ operation: 'enroll' }))
  app.get('/me', (req, res) => res.json({ user: req.user ?? null }))
  options.routes?.(app, { passport, nevis })
  const onError: ErrorRequestHandler = (error: { status?: number; name?: string; code?: string; message?: string }, _req, res, _next) => {
    const { status = 500, name, code, message } = error
    res.status(status).json({ action: 'error', name, code, message })
  }
  app.use(onError)

  const server = createServer(app)
  await listen(server)
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    nevis,
    verified,
    browser: () => new Browser(origin),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

/** Reads the handle in a redirect to the waiting page. */
export function handleIn(location: string | undefined): string {
  const handle = new URL(location ?? '', 'http://app').searchParams.get('transaction')
  if (handle === null) throw new Error(`no transaction in ${location}`)
  return handle
}

/** Enters the password, which starts the second factor. Returns the handle (the encrypted reference to the sign-in) from the URL of the waiting page. */
export async function signIn(browser: Browser, username: string, fields: Record<string, string> = {}): Promise<string> {
  const page = await browser.post('/login', { username, password: PASSWORD, ...fields })
  if (page.status !== 303) throw new Error(`no redirect: ${page.status} ${page.text}`)
  return handleIn(page.location)
}

export const callbackOf = (handle: string): string => `/login/2fa/callback?transaction=${handle}`
export const waitingOf = (handle: string): string => `/login/2fa?transaction=${handle}`
export const statusOf = (handle: string): string => `/login/2fa/status?transaction=${handle}`
