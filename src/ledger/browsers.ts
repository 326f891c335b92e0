/**
 * The ledger's records of remembered browsers: which browsers are still remembered, and which of their cookies have been used.
 *
 * Each cookie is valid for one use, and the answer to this use sets a new cookie with the next generation number. If a cookie is used twice, someone has
 * copied it, so the browser is forgotten. Emptying the ledger forgets every browser.
 * Out of scope: the cookie (`trust/browsers.ts`), and which sign-ins skip the second factor (`strategy/remembered.ts`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'
import { DAY_SECONDS, MARGIN_SECONDS, YEAR_SECONDS } from './lifetimes'

/** The fields of a remembered browser from which this file makes keys in the ledger. */
export interface LedgerBrowser {
  readonly id: string
  readonly generation: number
  /** When the browser is no longer remembered, in milliseconds since 1970. */
  readonly expiresAt: number
  /**
   * The browser's number among the user's remembered browsers, for each of the user's keys in the ledger. `forgetAll` forgets browsers by these
   * numbers.
   */
  readonly numbers: Readonly<Record<string, number>>
}

/**
 * What a cookie is worth:
 * - `used`: it is valid, and this call has used it up. The caller must send the browser a new cookie.
 * - `busy`: it was used in the last 10 seconds, for example by a double click.
 * - `copied`: it was used earlier, so two browsers have it.
 * - `gone`: the browser has expired, was forgotten, or is unknown to this ledger.
 */
export type BrowserUse = 'used' | 'busy' | 'copied' | 'gone'

/** A double click sends the same cookie twice within seconds. The second request does not skip the second factor, but the browser stays remembered. */
const BUSY_SECONDS = 10

export const MAX_BROWSER_DAYS = 90

/** The ledger counts the browsers of a user for this long; then the numbers start at 1 again. A browser expires at that moment at the latest. */
const PERIOD_SECONDS = YEAR_SECONDS + MAX_BROWSER_DAYS * DAY_SECONDS

/** @internal */
export class Browsers {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Gives a new browser its number among the user's remembered browsers.
   * @param keys the user's keys in the ledger
   * @param days how long the browser is to be remembered
   * @returns the browser's number under each key, and when the browser expires, in milliseconds since 1970
   */
  async number(keys: readonly string[], days: number, now: number): Promise<Pick<LedgerBrowser, 'numbers' | 'expiresAt'>> {
    const numbers: [string, number][] = []
    let expiresAt = now + days * DAY_SECONDS * 1000
    for (const key of keys) {
      numbers.push([key, await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)])
      // When the count restarts, another browser gets the same number. So let this browser expire before then.
      const leftSeconds = (await this.ledger.look(`browsers:${key}`)) - MARGIN_SECONDS
      expiresAt = Math.min(expiresAt, now + leftSeconds * 1000)
    }
    return { numbers: Object.fromEntries(numbers), expiresAt }
  }

  /**
   * How often the user's browsers were forgotten in the last day, for each of the keys. If the number changes during a sign-in, the sign-in must not remember
   * its browser.
   * @returns the numbers; a key with the number 0 is left out
   */
  async timesForgotten(keys: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const times = await Promise.all([...new Set(keys)].map(async (key) => [key, await this.timesForgottenUnder(key)] as const))
    return Object.fromEntries(times.filter(([, number]) => number > 0))
  }

  async remember({ id, expiresAt }: LedgerBrowser): Promise<void> {
    await this.ledger.claim(nameOf(id), secondsUntil(expiresAt))
  }

  /** Forgets one browser: no copy of its cookie is accepted any more. */
  async end({ id }: Pick<LedgerBrowser, 'id'>): Promise<void> {
    await this.ledger.forget(nameOf(id))
  }

  /** Marks the cookie as used, for all processes. Forgets the browser if the cookie was copied. */
  async use(browser: LedgerBrowser): Promise<BrowserUse> {
    const { id, generation, expiresAt } = browser
    if (Date.now() >= expiresAt || !(await this.isAlive(browser))) return 'gone'
    const name = `${nameOf(id)}:${generation}`
    // Check for a double click first. Otherwise the second click would count as a copy of the cookie.
    if (!(await this.ledger.claim(`busy:${name}`, BUSY_SECONDS))) return 'busy'
    if (await this.ledger.claim(`used:${name}`, secondsUntil(expiresAt) + MARGIN_SECONDS)) return 'used'
    await this.end(browser)
    return 'copied'
  }

  /**
   * Forgets every browser of the user, even if the sign-in that wants to remember it is not finished yet.
   * @param key the user's key in the ledger
   */
  async forgetAll(key: string): Promise<void> {
    // Claim this key before taking a number. A sign-in takes its number first and then looks for this key, so it cannot miss this call.
    await this.ledger.claim(`${timesOf(key)}:${(await this.timesForgottenUnder(key)) + 1}`, DAY_SECONDS)
    const boundary = await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)
    const leftSeconds = Math.max(1, await this.ledger.look(`browsers:${key}`))
    // An earlier call of `forgetAll` has already forgotten all browsers with lower numbers. Stop there.
    for (let number = boundary - 1; number >= 1; number--) {
      if ((await this.ledger.look(`${boundaryOf(key)}:${number}`)) > 0) break
      await this.ledger.claim(`${endedOf(key)}:${number}`, leftSeconds)
    }
    await this.ledger.claim(`${boundaryOf(key)}:${boundary}`, leftSeconds)
  }

  /** Counts the calls of `forgetAll` in the last day. No sign-in takes longer than a day. */
  private async timesForgottenUnder(key: string): Promise<number> {
    let times = 0
    while ((await this.ledger.look(`${timesOf(key)}:${times + 1}`)) > 0) times += 1
    return times
  }

  private async isAlive({ id, numbers }: LedgerBrowser): Promise<boolean> {
    const ended = Object.entries(numbers).map(([key, number]) => this.ledger.look(`${endedOf(key)}:${number}`))
    const [recorded, ...marks] = await Promise.all([this.ledger.look(nameOf(id)), ...ended])
    return recorded > 0 && marks.every((left) => left === 0)
  }
}

const boundaryOf = (key: string): string => `browsers-forgotten:${key}`
const timesOf = (key: string): string => `browsers-forgotten-today:${key}`
const endedOf = (key: string): string => `browser-ended:${key}`

/** The browser's name in the ledger: a digest, because an attacker who can read the ledger must not learn the id in the cookie. */
function nameOf(id: string): string {
  return `browser:${createHash('sha256').update(id).digest('base64url')}`
}

function secondsUntil(time: number): number {
  return Math.max(1, Math.ceil((time - Date.now()) / 1000))
}
