/**
 * One start at a time for a subject in this process: a double click must not become two pushes.
 *
 * Out of scope: other processes (`parallel.ts` looks at the ledger), and what a start does.
 */

import { withDeadline } from '../client/deadline'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'

/** What a start leaves for another one that came meanwhile. */
export interface Started {
  readonly exit: { readonly to: string }
  readonly transaction: Transaction
  readonly lockedCodes: string | undefined
  /** The id of the session with which the request came, before it was renewed. */
  readonly sessionId: string | undefined
  /** Address and headers of the browser. */
  readonly origin: string
  /** Has the browser gone before it was answered? */
  readonly isGone: () => boolean
}

/** A crowd of starts for one subject is an attack: behind it, the user's own start would wait for ever. */
const MAX_WAITING = 60
const RETRY_AFTER_SECONDS = 10
/** Nobody waits longer for the starts before: one of them may hang in a function of the app. */
const MAX_WAIT_MS = 15_000
/** A start makes a few calls of ten seconds at most; what takes longer hangs in the app, and must not hold the next one for ever. */
const MAX_WORK_MS = 60_000

/** @internal */
export class Turns<Result = Started> {
  /** Not to be printed with the strategy: a result holds a status token. */
  readonly #last = new Map<string, Promise<Result | undefined>>()
  readonly #waiting = new Map<string, number>()

  /**
   * Runs the work when the work before it, under the same key, has ended.
   * @param work gets what the work before it returned, if it had to wait for it; undefined if that failed
   */
  async take(key: string, work: (waited: boolean, before: Result | undefined) => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key)
    const waiting = this.#waiting.get(key) ?? 0
    if (waiting >= MAX_WAITING) throw new Refusal('too_many_starts', undefined, RETRY_AFTER_SECONDS)
    this.#waiting.set(key, waiting + 1)
    const tooLong = () => new Refusal('too_many_starts', undefined, RETRY_AFTER_SECONDS)
    const turn = before === undefined ? Promise.resolve(undefined) : withDeadline(MAX_WAIT_MS, tooLong, () => before)
    const overdue = () => new Error('NevisStrategy: a start took longer than a minute')
    const mine = turn.then((result) => withDeadline(MAX_WORK_MS, overdue, () => work(before !== undefined, result)))
    // Who gives up lets nobody past the one that is still under way.
    const settled = Promise.all([mine.catch(() => undefined), before]).then(([result]) => result)
    this.#last.set(key, settled)
    try {
      return await mine
    } finally {
      const left = (this.#waiting.get(key) as number) - 1
      if (left === 0) this.#waiting.delete(key)
      else this.#waiting.set(key, left)
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}
