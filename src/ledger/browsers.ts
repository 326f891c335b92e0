/**
 * The ledger's records of remembered browsers: which are alive, and which copy of a cookie has been used.
 *
 * A browser is alive while the ledger has its record, so a ledger that was emptied remembers nobody. Each use claims one generation of the
 * cookie; the second use of the same generation is a copy, and ends the browser. Out of scope: the cookie (`trust/browsers.ts`), and which
 * sign-ins may be skipped (`strategy/remembered.ts`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'
import { DAY_SECONDS, MARGIN_SECONDS, YEAR_SECONDS } from './lifetimes'

/** The part of a remembered browser that its keys in the ledger are made of. */
export interface LedgerBrowser {
  readonly id: string
  readonly generation: number
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** By the ledger's names of the subject. */
  readonly numbers: Readonly<Record<string, number>>
}

/**
 * `used`: this caller has used the cookie, and must send the next generation. `busy`: the same cookie was used a moment ago, as by a double
 * click. `copied`: the cookie was used before, so it or this one is a copy. `gone`: expired, forgotten, or unknown to this ledger.
 */
export type BrowserUse = 'used' | 'busy' | 'copied' | 'gone'

/**
 * A double click, or two tabs that a browser restores, bring the same cookie twice within seconds. The second request is not let in, but it
 * does not end the browser either.
 */
const BUSY_SECONDS = 10

/** The longest time for which a browser can be remembered. */
export const MAX_BROWSER_DAYS = 90

/** The numbers of a subject's browsers restart after this time. Once in it, a browser may expire before its days are over. */
const PERIOD_SECONDS = YEAR_SECONDS + MAX_BROWSER_DAYS * DAY_SECONDS

/** @internal */
export class Browsers {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Numbers a new browser of a user.
   * @param keys the ledger's names of the subject
   * @param days how long it is remembered
   * @returns its numbers, and when it expires, in milliseconds since 1970
   */
  async number(keys: readonly string[], days: number, now: number): Promise<Pick<LedgerBrowser, 'numbers' | 'expiresAt'>> {
    const numbers: [string, number][] = []
    let expiresAt = now + days * DAY_SECONDS * 1000
    for (const key of keys) {
      numbers.push([key, await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)])
      // The numbers restart when the count ends. No browser outlives that moment: in the next period, its number would belong to another one.
      const leftSeconds = (await this.ledger.look(`browsers:${key}`)) - MARGIN_SECONDS
      expiresAt = Math.min(expiresAt, now + leftSeconds * 1000)
    }
    return { numbers: Object.fromEntries(numbers), expiresAt }
  }

  /** Records a new browser, until it expires. */
  async remember({ id, expiresAt }: LedgerBrowser): Promise<void> {
    await this.ledger.claim(nameOf(id), secondsUntil(expiresAt))
  }

  /** Ends one browser: every copy of its cookie. */
  async end({ id }: Pick<LedgerBrowser, 'id'>): Promise<void> {
    await this.ledger.forget(nameOf(id))
  }

  /** Uses a cookie once, in any process. A copy of a used cookie ends the browser. */
  async use(browser: LedgerBrowser): Promise<BrowserUse> {
    const { id, generation, expiresAt } = browser
    if (Date.now() >= expiresAt || !(await this.isAlive(browser))) return 'gone'
    const name = `${nameOf(id)}:${generation}`
    // Claimed first: of two requests at once, the one that did not get this claim must not claim the generation.
    if (!(await this.ledger.claim(`busy:${name}`, BUSY_SECONDS))) return 'busy'
    if (await this.ledger.claim(`used:${name}`, secondsUntil(expiresAt) + MARGIN_SECONDS)) return 'used'
    await this.end(browser)
    return 'copied'
  }

  /**
   * Ends every browser of a subject that was remembered before this call. A browser that another process numbers at this moment is ended, too,
   * although its record is written later.
   * @param key the ledger's name of the subject
   */
  async forgetAll(key: string): Promise<void> {
    const boundary = await this.ledger.count(`browsers:${key}`, PERIOD_SECONDS)
    const leftSeconds = Math.max(1, await this.ledger.look(`browsers:${key}`))
    // All numbers below an earlier boundary have been ended before.
    for (let number = boundary - 1; number >= 1; number--) {
      if ((await this.ledger.look(`${boundaryOf(key)}:${number}`)) > 0) break
      await this.ledger.claim(`${endedOf(key)}:${number}`, leftSeconds)
    }
    await this.ledger.claim(`${boundaryOf(key)}:${boundary}`, leftSeconds)
  }

  private async isAlive({ id, numbers }: LedgerBrowser): Promise<boolean> {
    const ended = Object.entries(numbers).map(([key, number]) => this.ledger.look(`${endedOf(key)}:${number}`))
    const [recorded, ...marks] = await Promise.all([this.ledger.look(nameOf(id)), ...ended])
    return recorded > 0 && marks.every((left) => left === 0)
  }
}

const boundaryOf = (key: string): string => `browsers-forgotten:${key}`
const endedOf = (key: string): string => `browser-ended:${key}`

/** A digest, so that a reader of the ledger cannot make a cookie. */
function nameOf(id: string): string {
  return `browser:${createHash('sha256').update(id).digest('base64url')}`
}

function secondsUntil(time: number): number {
  return Math.max(1, Math.ceil((time - Date.now()) / 1000))
}
