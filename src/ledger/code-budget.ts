/**
 * The code budget: how many codes may be tried, per transaction and per subject, over all sessions and processes.
 *
 * It limits guessing of SMS and recovery codes. A code is counted before Nevis verifies it, so that concurrent requests cannot exceed the
 * limit. Out of scope: what the user is told when the budget is used up (`callback.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS, secondsToKeep, YEAR_SECONDS, type LedgerTransaction } from './lifetimes'
import { Slots } from './slots'

/** This many wrong codes in a day, or as many without a clear answer, lock the codes of a subject. */
const WRONG_CODES_PER_DAY = 50

/** The result of spending a code. */
export interface SpentCode {
  /** Codes tried in this transaction, including this one; 0 if the codes of the subject are locked. */
  readonly count: number
  /** The budget that is used up, if any. */
  readonly over?: 'attempts' | 'subjectAttempts' | 'locked'
  readonly limit: number
  readonly retryAfterSeconds?: number
}

interface CodeBudgetSettings {
  readonly ledger: Ledger
  /** Per subject. */
  readonly attemptBudget: { readonly attempts: number; readonly perSeconds: number }
  /** Per transaction. */
  readonly maxAttempts: number
  readonly firstFactorLifetimeMs: number
}

/** @internal */
export class CodeBudget {
  private readonly ledger: Ledger
  private readonly slots: Slots

  constructor(private readonly settings: CodeBudgetSettings) {
    this.ledger = settings.ledger
    this.slots = new Slots(settings.ledger)
  }

  /** Counts a code before it is tried: of fifty concurrent requests, only as many as are allowed reach Nevis. */
  async spend(transaction: LedgerTransaction, key: string): Promise<SpentCode> {
    if ((await this.ledger.look(`locked:${key}`)) > 0) return { count: 0, limit: WRONG_CODES_PER_DAY, over: 'locked' }
    const { maxAttempts: limit, attemptBudget, firstFactorLifetimeMs } = this.settings
    const count = await this.ledger.count(`attempts:${transaction.id}`, secondsToKeep(transaction, firstFactorLifetimeMs))
    if (count > limit) return { count, limit, over: 'attempts' }
    const { attempts, perSeconds } = attemptBudget
    if ((await this.slots.take(`code:${key}`, perSeconds, 1, attempts)) > 0) return { count, limit }
    const retryAfterSeconds = Math.max(1, await this.ledger.look(`code:${key}:1`))
    return { count, limit: attempts, over: 'subjectAttempts', retryAfterSeconds }
  }

  /**
   * The fiftieth wrong code within a day of the first locks the codes of the subject until `lift`. Any 24 hours overlap with at most two
   * such periods, so at most 99 wrong codes can be tried in them.
   */
  async noteWrong(key: string): Promise<void> {
    await this.lockAt(`wrong:${key}`, key, YEAR_SECONDS)
  }

  /**
   * A code that something other than Nevis has answered, such as a gateway's page: it may hide that the code was wrong, so guesses behind it
   * are limited as well. But it may also be an outage, so this lock ends by itself.
   */
  async noteUnclear(key: string): Promise<void> {
    await this.lockAt(`unclear:${key}`, key, DAY_SECONDS)
  }

  private async lockAt(name: string, key: string, lockSeconds: number): Promise<void> {
    if ((await this.ledger.count(name, DAY_SECONDS)) >= WRONG_CODES_PER_DAY) await this.ledger.claim(`locked:${key}`, lockSeconds)
  }

  /** Forgets the lock, the wrong codes and the tried codes of a subject. */
  async lift(key: string): Promise<void> {
    await Promise.all([
      this.ledger.forget(`locked:${key}`),
      this.ledger.forget(`wrong:${key}`),
      this.ledger.forget(`unclear:${key}`),
      this.slots.freeUpTo(`code:${key}`, this.settings.attemptBudget.attempts),
    ])
  }
}
