/**
 * How much a simulator remembers, and the map that forgets its oldest entry above that.
 *
 * Out of scope: what the entries mean.
 */

/** A simulator may run for weeks beside a development server: each of these is a bound on its memory. */
export const CAPACITY = {
  /** Entries of `simulator.requests`. */
  requests: 10_000,
  /** Bytes of headers and bodies in `simulator.requests`. */
  requestBytes: 10_000_000,
  /** Transactions, whatever their state, each with its text. The status of a forgotten one is `unknown`. */
  transactions: 10_000,
  /** Users, each with phones and codes. */
  users: 10_000,
  /** Intent tokens. */
  intents: 10_000,
} as const

/** A `Map` that deletes its oldest entry when a new key makes it larger than its limit. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  /** @param onForget is told of each entry that had to go */
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
