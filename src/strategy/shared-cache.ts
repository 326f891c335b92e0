/**
 * Asks once for everybody who wants to know the same within a while: who comes meanwhile shares the question.
 *
 * Not its job: what is asked, or for how long an answer is good. It leaves no timer behind.
 */

interface Entry<T> {
  readonly answer: Promise<T>
  /** Milliseconds of `performance.now()`; not known before the answer is there. */
  until: number
}

const SWEEP_EVERY_MS = 10_000

/** @internal */
export class SharedCache<T> {
  private readonly entries = new Map<string, Entry<T>>()
  private nextSweepAt = 0

  /**
   * @param keepMs milliseconds for which an answer is good
   * @param keepFailureMs milliseconds for which nobody asks again after a failure
   */
  constructor(
    private readonly keepMs: number,
    private readonly keepFailureMs: number,
  ) {}

  /** What is remembered under the key, be it a failure, else what `ask` answers now. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = performance.now()
    this.sweep(now)
    const known = this.entries.get(key)
    if (known !== undefined && now < known.until) return known.answer
    const entry: Entry<T> = { answer: ask(), until: Infinity }
    const settled = (keepMs: number) => () => void (entry.until = performance.now() + keepMs)
    entry.answer.then(settled(this.keepMs), settled(this.keepFailureMs))
    this.entries.set(key, entry)
    return entry.answer
  }

  private sweep(now: number): void {
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, { until }] of this.entries) if (now >= until) this.entries.delete(key)
  }
}
