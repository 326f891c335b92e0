/** The middleware before all routes: security headers, session, CSRF protection, limits for passwords. */
import { RedisStore } from 'connect-redis'
import { csrfSync } from 'csrf-sync'
import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import session from 'express-session'
import helmet from 'helmet'
import type { Config } from './config.js'
import { normalised, type KnownBrowsers } from './known-browsers.js'
import { languageOf } from './language.js'
import type { Redis } from './redis.js'
import { errorPage } from './views/error.js'

const MINUTE_MS = 60_000

/** The Content-Security-Policy of all pages: no inline script or style. `data:` is for the QR code of the second factor. */
const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
}

/** Sets the Content-Security-Policy of the app's own pages. */
export const appPolicy: RequestHandler = helmet.contentSecurityPolicy({ useDefaults: false, directives: POLICY })

export function headers({ cookieSecure }: Config): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    strictTransportSecurity: cookieSecure,
    referrerPolicy: { policy: 'same-origin' },
  })
}

/**
 * Forbids caches and browsers to store the answers of all later routes, because these answers depend on who is signed in. Otherwise, a browser that goes back
 * may repeat a stored redirect to the sign-in page, or from the sign-in page to another page. These two redirects can lead to each other without end.
 */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}

/** Removes the app's Content-Security-Policy, for a page that sets a policy of its own. */
export const ownPolicy: RequestHandler = (_req, res, next) => {
  res.removeHeader('Content-Security-Policy')
  next()
}

const SESSION_SECONDS = 8 * 60 * 60

/** @param redis stores the sessions of several processes; if undefined, the sessions are in the memory of this process */
export function sessions({ sessionSecret, cookieSecure }: Config, redis: Redis | undefined): RequestHandler {
  return session({
    name: cookieSecure ? '__Host-sid' : 'sid',
    secret: sessionSecret,
    ...(redis && { store: new RedisStore({ client: redis, ttl: SESSION_SECONDS }) }),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: cookieSecure, maxAge: SESSION_SECONDS * 1000 },
  })
}

const csrf = csrfSync({ getTokenFromRequest: (req) => (req.body as { _csrf?: string } | undefined)?._csrf })

/** Refuses a POST that does not have the CSRF token of its session in the field `_csrf`. */
export const csrfProtection: RequestHandler = csrf.csrfSynchronisedProtection

/**
 * Handles a form with an outdated CSRF token: its tab was opened before the user signed in or out in another tab. Redirects to the page that follows if
 * the user is already signed in and wants to sign in or sign up, or is already signed out and wants to sign out. Refuses all other forms.
 */
export const outdatedForm: ErrorRequestHandler = (error, req, res, next) => {
  const isOutdated = error === csrf.invalidCsrfTokenError
  if (isOutdated && req.user && ['/login', '/sign-up'].includes(req.path)) res.redirect(303, '/account')
  else if (isOutdated && !req.user && req.path === '/logout') res.redirect(303, '/login')
  else next(error)
}

/** Returns the CSRF token of this session. If the session has no token yet, creates a token, which also creates the session. */
export function csrfToken(req: Request): string {
  return csrf.generateToken(req)
}

/** Replaces the CSRF token of this session, so that the old token stops working. */
export function renewCsrfToken(req: Request): void {
  csrf.generateToken(req, true)
}

/** Limits how many passwords a client address may try. Each process counts for itself, so three processes allow three times as many. */
export function passwordLimit({ loginLimit }: Config): RequestHandler {
  return rateLimit({
    windowMs: 15 * MINUTE_MS,
    limit: loginLimit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: tooMany,
  })
}

/**
 * Limits the wrong passwords for one account, so that guessing is slow even if each guess comes from another address. Unknown usernames are
 * counted in the same way, so that an attacker cannot find out which usernames exist. A browser in which the user has signed in before has its own
 * counter, so that an attacker's guesses do not lock the user out.
 */
export function accountLimit({ accountLimit: limit }: Config, browsers: KnownBrowsers): RequestHandler {
  return rateLimit({
    windowMs: 15 * MINUTE_MS,
    limit,
    keyGenerator: (req) => {
      const { username } = (req.body ?? {}) as { username?: unknown }
      const browser = browsers.idOf(req, username)
      return browser === undefined ? `account ${normalised(username)}` : `browser ${browser}`
    },
    // Passport sets `req.user` if the password is correct.
    requestWasSuccessful: (req) => req.user !== undefined,
    skipSuccessfulRequests: true,
    standardHeaders: false, // these headers would tell an attacker how many wrong passwords the user has typed
    legacyHeaders: false,
    handler: tooMany,
  })
}

const tooMany: RequestHandler = (req, res) => {
  res.status(429).send(errorPage(429, languageOf(req), { address: req.originalUrl, helpURL: req.app.locals['helpURL'] as string | undefined }).text)
}
