/**
 * Decides when Nevis's answers to status calls of one transaction have contained no known status for too long.
 *
 * An HTML page or an error does not become a status by waiting, so a few such answers are enough. A word such as `processing` in a status answer may mean that
 * the user has not answered yet, so such answers may come for a minute. Out of scope: calls without an answer, and HTTP 429 and 5xx (`schedule.ts`).
 */
import { undecidedTransactionOf } from '../../client/errors'
import { isAnswered } from './schedule'

/** After this many answers without a status, the waiting page goes on to the callback URL, where the app gets the error. */
const MAX_ANSWERS = 3
/** The waiting page also goes on to the callback URL if two answers this far apart name the transaction, but have an unknown word as its status. */
const MAX_UNDECIDED_MS = 60_000

/** @internal */
export class UnreadableAnswers {
  private count = 0
  private undecidedSince: number | undefined
  private undecidedMs = 0

  constructor(private readonly transactionId: string) {}

  /**
   * Counts a failed status call.
   * @returns true if Nevis has answered
   */
  add(error: unknown): boolean {
    if (!isAnswered(error)) return false
    if (undecidedTransactionOf(error) === this.transactionId) this.undecidedMs = performance.now() - (this.undecidedSince ??= performance.now())
    else this.count += 1
    return true
  }

  /** Called after an answer with a known status. */
  clear(): void {
    this.count = 0
    this.undecidedSince = undefined
    this.undecidedMs = 0
  }

  areTooMany(): boolean {
    return this.count >= MAX_ANSWERS || this.undecidedMs >= MAX_UNDECIDED_MS
  }
}
