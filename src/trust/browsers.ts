/**
 * Encrypts and decrypts the cookie of a remembered browser.
 *
 * Authenticated encryption (AES-256-GCM) prevents an attacker from forging the cookie and from reading whose it is. The cookie alone does not skip the second
 * factor: the ledger must have a record of it.
 * Out of scope: whether the browser may skip the second factor (`ledger/browsers.ts`, `strategy/remembered.ts`).
 */
import type { Subject } from '../factors/transaction'
import { decrypt, encrypt } from './cipher'

export interface RememberedBrowser {
  /** Identifies the remembered browser: 256 random bits. The ledger stores only a digest of this id. */
  readonly id: string
  /** Increases by one with each use of the cookie. A cookie with a lower generation than the newest cookie has already been used. */
  readonly generation: number
  /** When the user gave the second factor, in milliseconds since 1970. Using the cookie does not change this time. */
  readonly at: number
  /** When the browser is no longer remembered, in milliseconds since 1970. Using the cookie does not extend this time. */
  readonly expiresAt: number
  readonly subject: Subject
  readonly userId: string
  /** The factor and the transaction of the approval after which the browser was remembered. */
  readonly factor: string
  readonly transactionId: string
  /**
   * The number of this browser among the user's remembered browsers, for each of the user's keys in the ledger: a digest of the userId, and one of the
   * username. A new browser gets the next number. Each call of `forgetBrowsers` gets the next number, too, and forgets all browsers with lower numbers.
   */
  readonly numbers: Readonly<Record<string, number>>
}

const VERSION = 1
/** A cookie with more characters is refused without decrypting it. A cookie that this package has set has about 500 bytes. */
const MAX_LENGTH = 2048

/** @internal */
export class BrowserCookies {
  private readonly context: Buffer

  /**
   * @param keys 32 bytes each. New cookies are encrypted with the first key; cookies of every key are accepted
   * @param owner the names of the strategy and the Nevis instance. Another strategy or instance cannot decrypt the cookie
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

  /** @returns undefined if the value was not encrypted with one of these keys, or was changed afterwards */
  open(value: string | undefined): RememberedBrowser | undefined {
    if (value === undefined || value.length > MAX_LENGTH) return undefined
    const text = decrypt(Buffer.from(value, 'base64url'), this.keys, this.context)
    return text === undefined ? undefined : (JSON.parse(text) as RememberedBrowser)
  }
}
