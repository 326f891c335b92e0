/**
 * The ledger's records of remembered browsers: which browsers are still remembered, and which of their cookies have been used.
 *
 * Each cookie is valid for one use, and the response to this use sets a new cookie with the next generation number. If a cookie is used twice, it has been
 * copied, so the browser is forgotten. Emptying the ledger forgets every browser.
 * Out of scope: the cookie (`trust/browsers.ts`), and which sign-ins skip the second factor (`strategy/remembered.ts`).
 */
import { createHash } from 'node:crypto'
import { ForgetMarks } from './forget-marks'
import type { Ledger } from './ledger'
import { DAY_SECONDS, MARGIN_SECONDS, YEAR_SECONDS } from './lifetimes'

/** The fields of a remembered browser from which this file makes keys in the ledger. */
interface LedgerBrowser {
  readonly id: string
  readonly generation: number
  /** When the browser is no longer remembered, in milliseconds since 1970. */
  readonly expiresAt: number
  /**
   * The browser's number under each of the user's keys in the ledger, for example one key for the userId and one for the username. Each call of `forgetAll`
   * gets the next number, too, and forgets all browsers with lower numbers.
   */
  readonly numbers: Readonly<Record<string, number>>
}

/**
 * The result of checking a cookie:
 * - `used`: the cookie is valid, and this call has used it up. The caller must send the browser a new cookie.
 * - `busy`: the cookie was used in the last 10 seconds, for example by a double click.
 * - `copied`: the cookie was used more than 10 seconds ago, so two browsers have the cookie.
 * - `gone`: the browser has expired, was forgotten, or is unknown to this ledger.
 */
type BrowserUse = 'used' | 'busy' | 'copied' | 'gone'

/**
 * If a cookie comes a second time within these seconds, this counts as a double click and not as a copied cookie. The second request does not skip the second
 * factor, but the browser stays remembered.
 */
const BUSY_SECONDS = 10

export const MAX_BROWSER_DAYS = 90

/**
 * The ledger numbers the remembered browsers of a user: 1, 2, 3 and so on. After this time, the numbers start at 1 again. Every browser expires before its
 * number is given to another browser.
 */
const PERIOD_SECONDS = YEAR_SECONDS + MAX_BROWSER_DAYS * DAY_SECONDS

/** @internal */
export class Browsers {
  /** From these marks, a sign-in sees whether `forgetAll` was called after the sign-in started. */
  readonly forgetMarks: ForgetMarks

  constructor(private readonly ledger: Ledger) {
    this.forgetMarks = new ForgetMarks(ledger)
  }

  /**
   * Gives a new browser its number among the user's remembered browsers.
   * @param keys the user's keys in the ledger, for example one for the userId and one for the username
   * @param days how long the browser is to be remembered
   * @returns the browser's number under each key, and when the browser expires, in milliseconds since 1970
   */
  async takeNumber(keys: readonly string[], days: number, now: number): Promise<Pick<LedgerBrowser, 'numbers' | 'expiresAt'>> {
    const numbers: [string, number][] = []
    let expiresAt = now + days * DAY_SECONDS * 1000
    for (const key of keys) {
      numbers.push([key, await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)])
      // After `PERIOD_SECONDS`, the counter starts at 1 again, and another browser gets this number. `forgetAll` could not tell the two browsers apart. So this
      // browser must expire before the counter starts again.
      const leftSeconds = (await this.ledger.look(`browsers:${key}`)) - MARGIN_SECONDS
      expiresAt = Math.min(expiresAt, now + leftSeconds * 1000)
    }
    return { numbers: Object.fromEntries(numbers), expiresAt }
  }

  async remember({ id, expiresAt }: LedgerBrowser): Promise<void> {
    await this.ledger.claim(nameOf(id), secondsUntil(expiresAt))
  }

  /** Forgets one remembered browser: no copy of its cookie is accepted any more. */
  async end({ id }: Pick<LedgerBrowser, 'id'>): Promise<void> {
    await this.ledger.forget(nameOf(id))
  }

  /**
   * Records in the ledger that the cookie is used. Forgets the browser if the cookie was already used more than 10 seconds ago, because another browser must
   * then have a copy of the cookie.
   */
  async use(browser: LedgerBrowser): Promise<BrowserUse> {
    const { id, generation, expiresAt } = browser
    if (Date.now() >= expiresAt || !(await this.isAlive(browser))) return 'gone'
    const name = `${nameOf(id)}:${generation}`
    // Check first whether the cookie was used in the last seconds, as by a double click. Otherwise the second click would count as a copied cookie.
    if (!(await this.ledger.claim(`busy:${name}`, BUSY_SECONDS))) return 'busy'
    if (await this.ledger.claim(`used:${name}`, secondsUntil(expiresAt) + MARGIN_SECONDS)) return 'used'
    await this.end(browser)
    return 'copied'
  }

  /**
   * Forgets every browser of the user, including a browser whose sign-in is not finished yet.
   * @param key the user's key in the ledger
   * @returns how many browsers were remembered under this key since the last call, including those that have expired
   */
  async forgetAll(key: string): Promise<number> {
    // Set this call's mark first, then take this call's number, and then forget all browsers with lower numbers. A concurrent sign-in takes a number for the
    // new browser first, and then reads the mark. So either this call has the higher number, or the sign-in sees the mark.
    await this.forgetMarks.replace(key)
    const boundary = await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)
    const leftSeconds = Math.max(1, await this.ledger.look(`browsers:${key}`))
    // The user's browsers and the calls of `forgetAll` for the user get their numbers from the same counter. So go down from this call's number, and stop at
    // the number of an earlier call: that call has already forgotten all browsers with lower numbers.
    let forgotten = 0
    for (let number = boundary - 1; number >= 1; number--) {
      if ((await this.ledger.look(`${boundaryKeyOf(key)}:${number}`)) > 0) break
      await this.ledger.claim(`${endedKeyOf(key)}:${number}`, leftSeconds)
      forgotten += 1
    }
    await this.ledger.claim(`${boundaryKeyOf(key)}:${boundary}`, leftSeconds)
    return forgotten
  }

  /** True if the browser is remembered: it has neither been forgotten nor expired. */
  async isAlive({ id, numbers }: LedgerBrowser): Promise<boolean> {
    const ended = Object.entries(numbers).map(([key, number]) => this.ledger.look(`${endedKeyOf(key)}:${number}`))
    const [recorded, ...marks] = await Promise.all([this.ledger.look(nameOf(id)), ...ended])
    return recorded > 0 && marks.every((left) => left === 0)
  }
}

const boundaryKeyOf = (key: string): string => `browsers-forgotten:${key}`
const endedKeyOf = (key: string): string => `browser-ended:${key}`

/** The browser's name in the ledger: a digest, because an attacker who can read the ledger must not learn the id in the cookie. */
function nameOf(id: string): string {
  return `browser:${createHash('sha256').update(id).digest('base64url')}`
}

function secondsUntil(time: number): number {
  return Math.max(1, Math.ceil((time - Date.now()) / 1000))
}
