/**
 * How much a simulator keeps in memory, and a Map that deletes its oldest entry when it is full.
 *
 * Out of scope: the content of the entries.
 */

/** The most that a simulator keeps in memory, because it may run for weeks next to a development server. */
export const CAPACITY = {
  requests: 10_000,
  requestBytes: 10_000_000,
  /** How many transactions are kept, each with its SMS. When an older transaction was deleted to make room, its status is `unknown`. */
  transactions: 10_000,
  users: 10_000,
  intents: 10_000,
} as const

/** A `Map` that deletes its oldest entry when a new key would exceed its limit. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  /**
   * Creates an empty map.
   * @param onForget called with each entry that is deleted because the map is full
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
