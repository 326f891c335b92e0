/**
 * The memory limits of a simulator, and a map that deletes its oldest entry above its limit.
 *
 * Out of scope: the content of the entries.
 */

/** Limits on memory, because a simulator may run for weeks next to a development server. */
export const CAPACITY = {
  /** How many requests `simulator.requests` keeps. */
  requests: 10_000,
  /** How many bytes of headers and bodies `simulator.requests` keeps. */
  requestBytes: 10_000_000,
  /** How many transactions are kept, in any state, each with its SMS. The status of a deleted one is `unknown`. */
  transactions: 10_000,
  /** How many users are kept, each with phones and codes. */
  users: 10_000,
  /** How many intent tokens are kept. */
  intents: 10_000,
} as const

/** A `Map` that deletes its oldest entry when a new key makes it larger than its limit. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  /**
   * Creates an empty map.
   * @param onForget called with each entry that is deleted because of the limit
   */
  constructor(
    private readonly limit: number,
    private readonly onForget: (value: Value) => void = () => undefined,
  ) {
    super()
  }

  override set(key: Key, value: Value): this {
    super.set(key, value)
    for (const [oldest, forgotten] of this) {
      if (this.size <= this.limit) break
      this.delete(oldest)
      this.onForget(forgotten)
    }
    return this
  }
}
