/**
 * The ledger's records of remembered browsers: which browsers are still remembered, and which of their cookies have been used.
 *
 * A browser is remembered only while the ledger has its record, so emptying the ledger forgets every browser. Each cookie has a generation number and
 * is valid for one use. The answer to that use sets a new cookie with the next generation number. If a cookie is used twice, someone has copied it,
 * so the browser is forgotten. Out of scope: the cookie (`trust/browsers.ts`), and which sign-ins skip the second factor (`strategy/remembered.ts`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'
import { DAY_SECONDS, MARGIN_SECONDS, YEAR_SECONDS } from './lifetimes'

/** The fields of a remembered browser that this file needs to make the browser's keys in the ledger. */
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
 * `used`: the cookie is valid and this call has used it up; the caller must send the browser a cookie of the next generation. `busy`: the same cookie
 * was used within the last 10 seconds, for example by a double click. `copied`: the same cookie was used earlier, so two browsers have it. `gone`:
 * the browser has expired, was forgotten, or is unknown to this ledger.
 */
export type BrowserUse = 'used' | 'busy' | 'copied' | 'gone'

/**
 * A double click, or two tabs that a browser restores, send the same cookie twice within seconds. The second request does not skip the second factor,
 * but the browser stays remembered.
 */
const BUSY_SECONDS = 10

export const MAX_BROWSER_DAYS = 90

/**
 * The ledger counts the browsers of a user for this long; then the numbers start at 1 again. So a browser expires at the latest at that moment, even
 * if some of its days are left.
 */
const PERIOD_SECONDS = YEAR_SECONDS + MAX_BROWSER_DAYS * DAY_SECONDS

/** @internal */
export class Browsers {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Gives a new browser its number among the user's remembered browsers.
   * @param keys the subject's keys in the ledger
   * @param days how long the browser is to be remembered
   * @returns the browser's number under each key, and when the browser expires, in milliseconds since 1970
   */
  async number(keys: readonly string[], days: number, now: number): Promise<Pick<LedgerBrowser, 'numbers' | 'expiresAt'>> {
    const numbers: [string, number][] = []
    let expiresAt = now + days * DAY_SECONDS * 1000
    for (const key of keys) {
      numbers.push([key, await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)])
      // Let the browser expire before the ledger's count restarts, because then another browser gets the same number.
      const leftSeconds = (await this.ledger.look(`browsers:${key}`)) - MARGIN_SECONDS
      expiresAt = Math.min(expiresAt, now + leftSeconds * 1000)
    }
    return { numbers: Object.fromEntries(numbers), expiresAt }
  }

  /**
   * How often the user's browsers were forgotten in the last day, for each of the keys. A sign-in reads these numbers when it starts and when it
   * succeeds. If they differ, `forgetAll` was called in between, and the browser is not remembered.
   * @returns the numbers; a key with the number 0 is left out
   */
  async timesForgotten(keys: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const times = await Promise.all([...new Set(keys)].map(async (key) => [key, await this.timesForgottenUnder(key)] as const))
    return Object.fromEntries(times.filter(([, number]) => number > 0))
  }

  async remember({ id, expiresAt }: LedgerBrowser): Promise<void> {
    await this.ledger.claim(nameOf(id), secondsUntil(expiresAt))
  }

  /** Forgets one browser, so that no copy of its cookie is accepted any more. */
  async end({ id }: Pick<LedgerBrowser, 'id'>): Promise<void> {
    await this.ledger.forget(nameOf(id))
  }

  /** Marks the cookie as used, for all processes. If the same cookie was used before, this method forgets the browser, because the cookie was copied. */
  async use(browser: LedgerBrowser): Promise<BrowserUse> {
    const { id, generation, expiresAt } = browser
    if (Date.now() >= expiresAt || !(await this.isAlive(browser))) return 'gone'
    const name = `${nameOf(id)}:${generation}`
    // Check for a double click first. Otherwise the second of two concurrent requests would find the cookie used and count as a copy.
    if (!(await this.ledger.claim(`busy:${name}`, BUSY_SECONDS))) return 'busy'
    if (await this.ledger.claim(`used:${name}`, secondsUntil(expiresAt) + MARGIN_SECONDS)) return 'used'
    await this.end(browser)
    return 'copied'
  }

  /**
   * Forgets every browser of the user whose sign-in started before this call. This includes a browser whose sign-in has not succeeded yet, and a
   * browser to which another process has given a number, but which is not in the ledger yet.
   * @param key the subject's key in the ledger
   */
  async forgetAll(key: string): Promise<void> {
    // Claim this key before the number is taken. A browser that gets a later number then finds the key, because the browser's sign-in looks for the
    // key after it has taken its number.
    await this.ledger.claim(`${timesOf(key)}:${(await this.timesForgottenUnder(key)) + 1}`, DAY_SECONDS)
    const boundary = await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)
    const leftSeconds = Math.max(1, await this.ledger.look(`browsers:${key}`))
    // Count down, and stop at the number of an earlier call of `forgetAll`: that call has already forgotten all browsers with lower numbers.
    for (let number = boundary - 1; number >= 1; number--) {
      if ((await this.ledger.look(`${boundaryOf(key)}:${number}`)) > 0) break
      await this.ledger.claim(`${endedOf(key)}:${number}`, leftSeconds)
    }
    await this.ledger.claim(`${boundaryOf(key)}:${boundary}`, leftSeconds)
  }

  /** The keys that count the calls of `forgetAll` expire after a day, which is longer than any sign-in can take. */
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

/**
 * The browser's name in the ledger. It contains only a digest of the id, so that an attacker who can read the ledger does not learn the id in the
 * cookie.
 */
function nameOf(id: string): string {
  return `browser:${createHash('sha256').update(id).digest('base64url')}`
}

function secondsUntil(time: number): number {
  return Math.max(1, Math.ceil((time - Date.now()) / 1000))
}
