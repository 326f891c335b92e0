/**
 * Encrypts and decrypts the cookie of a remembered browser.
 *
 * Authenticated encryption (AES-256-GCM) prevents a browser from forging or changing the cookie, and from reading whose it is. The cookie
 * alone proves nothing: the ledger must know its id. Out of scope: whether the browser may skip the second factor (`ledger/browsers.ts`,
 * `strategy/remembered.ts`).
 */
import type { Subject } from '../factors/transaction'
import { decrypt, encrypt } from './handle'

/** The content of the cookie. */
export interface RememberedBrowser {
  /** 256 random bits; the ledger has their digest only. */
  readonly id: string
  /** Rises by one with each use. A copy with a lower number has been used already. */
  readonly generation: number
  /** Milliseconds since 1970, of the second factor. Using the cookie does not change it. */
  readonly at: number
  /** Milliseconds since 1970. Using the cookie does not change it. */
  readonly expiresAt: number
  /** The subject of the sign-in, as the app named it. */
  readonly subject: Subject
  /** Nevis's userId of the user who approved. */
  readonly userId: string
  /** The factor and the transaction with which the user approved. */
  readonly factor: string
  readonly transactionId: string
  /** Number of this browser, by each identifier of the user (as a digest): `forgetBrowsers` ends all numbers up to its own. */
  readonly numbers: Readonly<Record<string, number>>
}

const VERSION = 1
/** The content has about 500 bytes; browsers keep 4096. */
const MAX_LENGTH = 2048

/** @internal */
export class BrowserSeals {
  private readonly context: Buffer

  /**
   * @param keys 32 bytes each: the first encrypts, all decrypt
   * @param owner strategy and instance: a cookie of one cannot be opened by another
   */
  constructor(
    private readonly keys: readonly Buffer[],
    owner: string,
  ) {
    this.context = Buffer.from(`passport-nevis browser ${VERSION} ${owner}`)
  }

  seal(browser: RememberedBrowser): string {
    return encrypt(JSON.stringify(browser), this.keys[0] as Buffer, this.context).toString('base64url')
  }

  /** @returns undefined for a value that was not sealed with one of these keys, or was changed in a single bit */
  open(value: string | undefined): RememberedBrowser | undefined {
    if (value === undefined || value.length > MAX_LENGTH) return undefined
    const bytes = Buffer.from(value, 'base64url')
    for (const key of this.keys) {
      const text = decrypt(bytes, key, this.context)
      if (text !== undefined) return JSON.parse(text) as RememberedBrowser
    }
    return undefined
  }
}
