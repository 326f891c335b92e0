/**
 * One start at a time for a subject in this process: a double click must not become two pushes.
 *
 * Out of scope: other processes (`start.ts` looks at the ledger), and what a start does.
 */

/** @internal */
export class Turns<Result> {
  /** Not to be printed with the strategy: a result holds a status token. */
  readonly #last = new Map<string, Promise<Result | undefined>>()

  /**
   * Runs the work when the work before it, under the same key, has ended.
   * @param work gets what the work before it returned, if it had to wait for it; undefined if that failed
   */
  async take(key: string, work: (waited: boolean, before: Result | undefined) => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key)
    const mine = (before ?? Promise.resolve(undefined)).then((result) => work(before !== undefined, result))
    const settled = mine.catch(() => undefined)
    this.#last.set(key, settled)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}
