/**
 * Runs the starts of one user one after another in this process: a double click must not send two pushes.
 *
 * Out of scope: starts in other processes (`parallel.ts`), and what a start does (`start.ts`).
 */

import { withDeadline } from '../client/deadline'
import { Refusal } from '../factors/failures'
import { AppTimeoutError, MAX_FACTOR_MS } from '../host/app-function'
import type { Transaction } from '../factors/transaction'

/** The result of a start. The next start in the queue, such as that of a double click, may use the same result instead of sending a second push. */
export interface StartResult {
  readonly target: { readonly to: string }
  readonly transaction: Transaction
  readonly encryptedCodes: string | undefined
  /** The session id with which the request came. The start may have given the session a new id meanwhile. */
  readonly sessionId: string | undefined
  /** A digest of the client's address, headers and cookies. Two parallel requests with the same `origin` come from one browser: see `request-origin.ts`. */
  readonly origin: string
  /** True if the browser closed the connection before it got the answer. */
  readonly hasDisconnected: () => boolean
}

/** How many starts of one user may wait. A longer queue is an attack. */
const MAX_WAITING = 60
const RETRY_AFTER_SECONDS = 10
/** The longest time that a start waits for the starts before it, because an earlier start may hang in a function of the app. */
const MAX_WAIT_MS = 15_000

/** @internal */
export class StartQueue<Result = StartResult> {
  // The app may print the strategy, and a result contains a status token. So use `#` fields, which are not printed.
  readonly #last = new Map<string, Promise<Result | undefined>>()
  readonly #waiting = new Map<string, number>()

  /**
   * Runs `work` after all earlier work under the same key has ended.
   * @param work gets the result of the previous work under this key; undefined if there was none, or if the previous work failed
   * @throws Refusal `too_many_starts` if the queue is full or the wait takes too long
   */
  async run(key: string, work: (hasWaited: boolean, previous: Result | undefined) => Promise<Result>): Promise<Result> {
    const previous = this.#last.get(key)
    const waiting = this.#waiting.get(key) ?? 0
    if (waiting >= MAX_WAITING) throw new Refusal('too_many_starts', undefined, RETRY_AFTER_SECONDS)
    this.#waiting.set(key, waiting + 1)
    const waitedTooLong = () => new Refusal('too_many_starts', undefined, RETRY_AFTER_SECONDS)
    const turn = previous === undefined ? Promise.resolve(undefined) : withDeadline(MAX_WAIT_MS, waitedTooLong, () => previous)
    // All other parts of a start have shorter time limits of their own. So a start that takes longer than `MAX_FACTOR_MS` hangs in a custom factor.
    const workedTooLong = () => new AppTimeoutError('factor')
    const own = turn.then((result) => withDeadline(MAX_FACTOR_MS, workedTooLong, () => work(previous !== undefined, result)))
    // If this start fails because it has waited too long, the earlier start still runs. So the next start must wait for the earlier start, too.
    const settled = Promise.all([own.catch(() => undefined), previous]).then(([result]) => result)
    this.#last.set(key, settled)
    const forget = () => {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
    try {
      return await own
    } finally {
      const left = (this.#waiting.get(key) as number) - 1
      if (left === 0) this.#waiting.delete(key)
      else this.#waiting.set(key, left)
      if (previous === undefined) forget()
      else void settled.then(forget)
    }
  }
}
