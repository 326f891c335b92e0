/** What stands before every route: headers, session, protection against forged forms, limits for passwords. */
import { RedisStore } from 'connect-redis'
import { csrfSync } from 'csrf-sync'
import { rateLimit } from 'express-rate-limit'
import session from 'express-session'
import helmet from 'helmet'
import { normalised } from './known-browsers.js'
import { errorPage } from './views/error.js'

const MINUTE_MS = 60_000

/** No inline script or style anywhere; `data:` is for the QR code of the second factor. */
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

export function headers({ cookieSecure }) {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    strictTransportSecurity: cookieSecure,
    referrerPolicy: { policy: 'same-origin' },
  })
}

/** For a page that brings a policy of its own. */
export function ownPolicy(_req, res, next) {
  res.removeHeader('Content-Security-Policy')
  next()
}

const SESSION_SECONDS = 8 * 60 * 60

/** @param redis where several processes keep them; in this process's memory without it */
export function sessions({ sessionSecret, cookieSecure }, redis) {
  return session({
    name: cookieSecure ? '__Host-sid' : 'sid',
    secret: sessionSecret,
    store: redis && new RedisStore({ client: redis, ttl: SESSION_SECONDS }),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: cookieSecure, maxAge: SESSION_SECONDS * 1000 },
  })
}

/** Every POST needs the token of its session in the field `_csrf`; `csrfToken(req)` makes it. */
export const { csrfSynchronisedProtection: csrfProtection, generateToken: csrfToken } = csrfSync({
  getTokenFromRequest: (req) => req.body?._csrf,
})

/** The passwords that one address may try. Counted in each process by itself: of three, each allows so many. */
export function passwordLimit({ loginLimit }) {
  return rateLimit({
    windowMs: 15 * MINUTE_MS,
    limit: loginLimit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: tooMany,
  })
}

/**
 * The wrong passwords that one account may be given: guessing is held back even where each guess comes from another address. Names
 * that nobody has are counted alike. A browser in which the account was signed in to has a counter of its own, so that a
 * stranger's guesses do not keep the account's owner out.
 */
export function accountLimit({ accountLimit: limit }, browsers) {
  return rateLimit({
    windowMs: 15 * MINUTE_MS,
    limit,
    keyGenerator: (req) => {
      const username = req.body?.username
      const browser = browsers.idOf(req, username)
      return browser === undefined ? `account ${normalised(username)}` : `browser ${browser}`
    },
    // Passport sets the user when the password is right.
    requestWasSuccessful: (req) => req.user !== undefined,
    skipSuccessfulRequests: true,
    standardHeaders: false, // they would tell a stranger how often the owner has mistyped
    legacyHeaders: false,
    handler: tooMany,
  })
}

function tooMany(_req, res) {
  res.status(429).send(errorPage(429).text)
}
