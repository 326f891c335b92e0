/**
 * Reads the access key from its source, compares tokens with it, and derives other keys from it.
 *
 * The app's `accessKey` function may ask a key vault that never answers, so every caller that waits for the function has a deadline. The key is kept
 * in private members (`#…`) only. Anyone who has the key can approve for every user, so `util.inspect`, `JSON.stringify` and loggers must not find it
 * on any object of this package. Out of scope: sending the key (`http.ts`).
 */
import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { withDeadline } from './deadline'
import { NevisError } from './errors'

/**
 * The key itself, or a function that returns the current one, for example from a key vault.
 * @inline
 */
export type AccessKeySource = string | (() => string | Promise<string>)

/** Allows only visible ASCII: with a line break, the key would add further headers to the request. */
const USABLE = /^[\x21-\x7e]+$/

export function isUsableAccessKey(value: unknown): value is string {
  return typeof value === 'string' && USABLE.test(value)
}

export class AccessKey {
  readonly #source: AccessKeySource
  readonly #timeoutMs: number
  #derived: { readonly from: string; readonly keys: Map<string, Buffer> } | undefined

  /**
   * Stores where the key comes from, and does not read the key yet.
   * @param timeoutMs milliseconds within which the app's function must return the key
   */
  constructor(source: AccessKeySource, timeoutMs: number) {
    this.#source = source
    this.#timeoutMs = timeoutMs
  }

  /**
   * The current key. For callers that already have a deadline of their own.
   * @throws TypeError if the app's function gives no usable key. An error that the function itself throws is passed on
   * unchanged, because only the app knows what it means.
   */
  current(): string | Promise<string> {
    return typeof this.#source === 'function' ? checkedKey(this.#source) : this.#source
  }

  /**
   * The current key, for callers without a deadline because they make no call to Nevis. The error for a time-out names `introspect`, because a
   * NevisError must name a client method; its message says that the app's function did not answer.
   * @throws NevisError `NEVIS_TIMEOUT` when the app's function does not answer in time
   */
  currentWithinDeadline(): string | Promise<string> {
    const source = this.#source
    if (typeof source !== 'function') return source
    const tooLate = () => new NevisError('NEVIS_TIMEOUT', 'introspect', { reason: 'accessKey() gave no key in time' })
    return withDeadline(this.#timeoutMs, tooLate, () => checkedKey(source))
  }

  /** True if the token is the access key. The comparison takes constant time, so its duration reveals nothing about the key except its length. */
  async equals(token: string): Promise<boolean> {
    const [key, other] = [Buffer.from(await this.currentWithinDeadline()), Buffer.from(token)]
    return key.length === other.length && timingSafeEqual(key, other)
  }

  /** Derives keys from the current access key with HKDF-SHA256 (RFC 5869): 32 bytes, different for each label. */
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
  throw new TypeError('NevisClient: accessKey() must give a non-empty string without white space or control characters')
}
