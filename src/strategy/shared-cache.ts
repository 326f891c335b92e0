/**
 * Caches the promise of a call for a limited time. Concurrent callers share the promise (single flight).
 *
 * Out of scope: what is cached, and for how long.
 */

interface Entry<T> {
  readonly answer: Promise<T>
  /** When the entry expires, in milliseconds of `performance.now()`. Infinity until the promise settles. */
  until: number
}

const SWEEP_EVERY_MS = 10_000

/** @internal */
export class SharedCache<T> {
  /** The cached promises. A result can contain a token, so this is a `#` field, which is not printed if the app prints the strategy. */
  readonly #entries = new Map<string, Entry<T>>()
  private nextSweepAt = 0

  /**
   * @param keepMs milliseconds for which a result is cached, or a function that computes this time from the result
   * @param keepFailureMs milliseconds for which an error is cached
   */
  constructor(
    private readonly keepMs: number | ((result: T) => number),
    private readonly keepFailureMs: number,
  ) {}

  /** Returns the cached promise of this key. If none is cached, calls `ask` and caches the promise that `ask` returns. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = performance.now()
    this.sweep(now)
    const known = this.#entries.get(key)
    if (known !== undefined && now < known.until) return known.answer
    const entry: Entry<T> = { answer: ask(), until: Infinity }
    const keepFor = (ms: number) => void (entry.until = performance.now() + ms)
    const { keepMs, keepFailureMs } = this
    entry.answer.then((result) => keepFor(typeof keepMs === 'function' ? keepMs(result) : keepMs), () => keepFor(keepFailureMs)).catch(() => keepFor(0))
    this.#entries.set(key, entry)
    return entry.answer
  }

  /** The keys in the cache, perhaps with some that have just expired. Only the tests call this method, to see what the cache forgets. */
  keys(): string[] {
    return [...this.#entries.keys()]
  }

  private sweep(now: number): void {
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, { until }] of this.#entries) if (now >= until) this.#entries.delete(key)
  }
}
