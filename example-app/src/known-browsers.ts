/**
 * Sets a cookie in each browser in which a user has signed in. With this cookie, an attacker who types wrong passwords elsewhere cannot lock the user out. The
 * cookie does not sign a user in and replaces no factor. The cookie only decides which counter a wrong password is counted on (`accountLimit`). See OWASP,
 * "Slow Down Online Guessing Attacks with Device Cookies".
 */
import type { Request, RequestHandler } from 'express'
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config } from './config.js'

const DAYS_90_MS = 90 * 24 * 60 * 60 * 1000

/** Returns the same text for each spelling of a username, such as `Anna` and `anna`, so that wrong passwords are counted for one account. */
export function normalised(username: unknown): string {
  return typeof username === 'string' ? username.normalize('NFKC').trim().toLowerCase().slice(0, 64) : ''
}

export interface KnownBrowsers {
  /** Middleware that sets the cookie if the user is signed in. Later wrong passwords for this account are then counted separately for this browser. */
  readonly note: RequestHandler
  /**
   * Reads the cookie.
   * @returns the id of the browser; undefined if this account has not signed in with this browser before
   */
  idOf(req: Request, username: unknown): string | undefined
}

export function knownBrowsers({ sessionSecret, cookieSecure }: Config): KnownBrowsers {
  const name = cookieSecure ? '__Host-known' : 'known'
  const signed = (id: string, username: unknown) =>
    createHmac('sha256', sessionSecret).update(JSON.stringify(['known browser', id, normalised(username)])).digest('base64url')

  function idOf(req: Request, username: unknown): string | undefined {
    const [id = '', signature = ''] = cookieIn(req, name).split('.')
    const [given, right] = [Buffer.from(signature), Buffer.from(signed(id, username))]
    return given.length === right.length && timingSafeEqual(given, right) ? id : undefined
  }

  return {
    idOf,
    note(req, res, next) {
      if (req.user && idOf(req, req.user.username) === undefined) {
        const id = randomBytes(16).toString('base64url')
        res.cookie(name, `${id}.${signed(id, req.user.username)}`, { httpOnly: true, sameSite: 'lax', secure: cookieSecure, maxAge: DAYS_90_MS })
      }
      next()
    },
  }
}

function cookieIn({ headers }: Request, name: string): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
}
