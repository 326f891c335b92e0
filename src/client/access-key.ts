/**
 * Reads the access key, compares tokens with the access key, and derives other keys from it. The access key is the secret that the application sends to Nevis
 * with each request (`Authorization: Bearer …`).
 *
 * The key is kept in private members (`#…`), so that `util.inspect`, `JSON.stringify` and loggers cannot print it. Out of scope: sending the key (`http.ts`).
 */
import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { withDeadline } from './deadline'
import { NevisError } from './errors'

/**
 * The access key, or a function that returns the current access key, for example from a key vault.
 * @inline
 */
export type AccessKeySource = string | (() => string | Promise<string>)

/** Visible ASCII characters only. A line break in the key would add headers to the request. */
const USABLE = /^[\x21-\x7e]+$/

export function isUsableAccessKey(value: unknown): value is string {
  return typeof value === 'string' && USABLE.test(value)
}

export class AccessKey {
  readonly #source: AccessKeySource
  readonly #timeoutMs: number
  #derived: { readonly from: string; readonly keys: Map<string, Buffer> } | undefined

  /** @param timeoutMs milliseconds within which the application's function must return the key, if `source` is a function */
  constructor(source: AccessKeySource, timeoutMs: number) {
    this.#source = source
    this.#timeoutMs = timeoutMs
  }

  /**
   * Returns the current key. The caller must set a deadline, because the application's function for the key may never return.
   * @throws TypeError if the application's function returns an unusable key; and any error that the application's function throws
   */
  current(): string | Promise<string> {
    return typeof this.#source === 'function' ? checkedKey(this.#source) : this.#source
  }

  /**
   * Returns the current key, or rejects after `timeoutMs`.
   * @throws NevisError `NEVIS_TIMEOUT` if the application's function does not return the key in time. A NevisError must name an operation, so
   * this error always names `introspect`, although no request was sent
   */
  currentWithinDeadline(): string | Promise<string> {
    const source = this.#source
    if (typeof source !== 'function') return source
    const tooLate = () => new NevisError('NEVIS_TIMEOUT', 'introspect', { reason: 'accessKey() returned no key in time' })
    return withDeadline(this.#timeoutMs, tooLate, () => checkedKey(source))
  }

  /** True if the token is the access key. Compares in constant time, so that an attacker cannot guess the key character by character. */
  async equals(token: string): Promise<boolean> {
    const [key, other] = [Buffer.from(await this.currentWithinDeadline()), Buffer.from(token)]
    return key.length === other.length && timingSafeEqual(key, other)
  }

  /** Derives one 32-byte key per label from the current access key, with HKDF-SHA256 (RFC 5869). A label names the purpose of the derived key. */
  derive(labels: readonly string[]): readonly Buffer[] | Promise<readonly Buffer[]> {
    const current = this.currentWithinDeadline()
    const derived = (key: string) => labels.map((label) => this.#deriveFrom(key, label))
    return typeof current === 'string' ? derived(current) : current.then(derived)
  }

  #deriveFrom(from: string, label: string): Buffer {
    if (this.#derived?.from !== from) this.#derived = { from, keys: new Map() }
    let key = this.#derived.keys.get(label)
    if (key === undefined) {
      key = Buffer.from(hkdfSync('sha256', from, '', label, 32))
      this.#derived.keys.set(label, key)
    }
    return key
  }
}

async function checkedKey(source: () => string | Promise<string>): Promise<string> {
  const key: unknown = await source()
  if (isUsableAccessKey(key)) return key
  throw new TypeError('NevisClient: accessKey() must return a non-empty string of visible ASCII characters, without white space')
}
