/**
 * The memory limits of a simulator, and a map that deletes its oldest entry above its limit.
 *
 * Out of scope: the content of the entries.
 */

/** Limits on memory, because a simulator may run for weeks next to a development server. */
export const CAPACITY = {
  /** Entries of `simulator.requests`. */
  requests: 10_000,
  /** Bytes of headers and bodies in `simulator.requests`. */
  requestBytes: 10_000_000,
  /** Transactions in any state, each with its SMS. If one was deleted, its status call is answered with `unknown`. */
  transactions: 10_000,
  /** Users, each with phones and codes. */
  users: 10_000,
  /** Intent tokens. */
  intents: 10_000,
} as const

/** A `Map` that deletes its oldest entry when a new key makes it larger than its limit. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  /** @param onForget called with each entry that is deleted because of the limit */
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
