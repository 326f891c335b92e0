/**
 * A cookie for browsers in which somebody has signed in, so that a stranger who types wrong passwords does not lock them out.
 * It is no login and replaces no factor: it only decides by which counter wrong passwords are counted (`accountLimit`).
 * See OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const DAYS_90_MS = 90 * 24 * 60 * 60 * 1000

/** However somebody writes it, it is one account that is tried. */
export function normalised(username) {
  return typeof username === 'string' ? username.normalize('NFKC').trim().toLowerCase().slice(0, 64) : ''
}

/** @returns `note`, a middleware that gives the cookie to whoever is signed in, and `idOf(req, username)` */
export function knownBrowsers({ sessionSecret, cookieSecure }) {
  const name = cookieSecure ? '__Host-known' : 'known'
  const signed = (id, username) => createHmac('sha256', sessionSecret).update(JSON.stringify(['known browser', id, normalised(username)])).digest('base64url')

  /** @returns the browser's id, if this very account was signed in to there; else undefined */
  function idOf(req, username) {
    const [id, signature = ''] = cookieIn(req, name).split('.')
    const [given, right] = [Buffer.from(signature), Buffer.from(signed(id, username))]
    return given.length === right.length && timingSafeEqual(given, right) ? id : undefined
  }

  function note(req, res, next) {
    if (req.user && idOf(req, req.user.username) === undefined) {
      const id = randomBytes(16).toString('base64url')
      res.cookie(name, `${id}.${signed(id, req.user.username)}`, { httpOnly: true, sameSite: 'lax', secure: cookieSecure, maxAge: DAYS_90_MS })
    }
    next()
  }
  return { idOf, note }
}

function cookieIn({ headers }, name) {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
}
