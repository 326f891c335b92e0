/**
 * Limits how many SMS codes and recovery codes may be tried, per transaction and per user, over all sessions and processes. Also keeps the notes about right
 * codes (`factors/code-check.ts`).
 *
 * The limit prevents an attacker from guessing such codes. A code is counted before Nevis verifies it, so that concurrent requests cannot exceed
 * the limit. A counter counts the codes of a transaction; numbered slots (`slots.ts`) count the codes of a user. Out of scope: what the user is told when the
 * limit is reached (`strategy/code-attempts.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS, secondsToKeep, YEAR_SECONDS, type LedgerTransaction } from './lifetimes'
import { Slots } from './slots'

/**
 * After 35 wrong codes of a user in a day, this package accepts no more codes of this user. The same limit applies to the sum of wrong codes and codes for which
 * Nevis gave no clear answer.
 */
const WRONG_CODES_PER_DAY = 35

/**
 * How often a browser may send a token of the widget for one transaction. Higher than `maxAttempts`, because a token cannot be guessed, and a browser sends the
 * right token again after a reload or a failure of Nevis.
 */
const TOKENS_PER_TRANSACTION = 20

/** For how long a note about a right code counts. As long as requests in one process share a check (`REPEATED_CALLBACK_MS` in `strategy/settings.ts`). */
const RIGHT_SECONDS = 5

export interface SpentCode {
  /** How many codes were tried in this transaction, including this one. 0 while the user's codes are locked: this code is then not counted. */
  readonly count: number
  /** The limit that this code exceeds, if any. */
  readonly over?: 'attempts' | 'subjectAttempts' | 'locked'
  readonly limit: number
  /** The slot that the code holds, for `giveBack`. */
  readonly slot?: number
  readonly retryAfterSeconds?: number
}

interface CodeBudgetSettings {
  readonly ledger: Ledger
  readonly attemptBudget: { readonly attempts: number; readonly perSeconds: number }
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

  async spend(transaction: LedgerTransaction, key: string): Promise<SpentCode> {
    const locks = await Promise.all(['locked', 'paused'].map((name) => this.ledger.look(`${name}:${key}`)))
    if (locks.some((seconds) => seconds > 0)) return { count: 0, limit: WRONG_CODES_PER_DAY, over: 'locked' }
    const { count, over, limit } = await this.spendAttempt(transaction, this.settings.maxAttempts)
    if (over !== undefined) return { count, limit, over }
    const { attempts, perSeconds } = this.settings.attemptBudget
    const slot = await this.slots.take(`code:${key}`, perSeconds, 1, attempts)
    if (slot > 0) return { count, limit, slot }
    const retryAfterSeconds = await this.slots.secondsUntilFree(`code:${key}`, attempts)
    return { count, limit: attempts, over: 'subjectAttempts', retryAfterSeconds }
  }

  /** Frees the slot of a right code. So a user who confirms many payments by code does not reach the limit. */
  giveBack(key: string, slot: number): Promise<void> {
    return this.slots.free(`code:${key}`, [slot])
  }

  /**
   * Notes that Nevis has called a code right, for a process that gets the same code again: see `RightCodeNote` in `factors/code-check.ts`.
   * @param digest a keyed digest of the code and its transaction
   */
  async noteRight(digest: string): Promise<void> {
    await this.ledger.claim(`right-code:${digest}`, RIGHT_SECONDS)
  }

  async isNotedRight(digest: string): Promise<boolean> {
    return (await this.ledger.look(`right-code:${digest}`)) > 0
  }

  /** Counts a token of the widget. A token cannot be guessed, so the count only limits the calls to Nevis. */
  spendToken(transaction: LedgerTransaction): Promise<SpentCode> {
    return this.spendAttempt(transaction, TOKENS_PER_TRANSACTION)
  }

  private async spendAttempt(transaction: LedgerTransaction, limit: number): Promise<SpentCode> {
    const count = await this.ledger.count(`attempts:${transaction.id}`, secondsToKeep(transaction, this.settings.firstFactorLifetimeMs))
    return count > limit ? { count, limit, over: 'attempts' } : { count, limit }
  }

  /**
   * Counts a wrong code. After the 35th wrong code in a day, this package accepts no more codes of the user for a year, or until `lift` is called. A day begins
   * with its first wrong code, so 24 hours can overlap two such days, with 34 wrong codes each and no lock. Up to 30 codes (the default `attemptBudget`) can be
   * in progress when the lock begins. So an attacker can try at most 34 + 34 + 30 = 98 wrong codes in any 24 hours.
   */
  async noteWrong(key: string): Promise<void> {
    if ((await this.ledger.count(`wrong:${key}`, DAY_SECONDS)) >= WRONG_CODES_PER_DAY) await this.ledger.claim(`locked:${key}`, YEAR_SECONDS)
    await this.noteUnclear(key)
  }

  /**
   * Counts a code for which Nevis gave no clear answer, for example because a gateway answered with an error page. The counter also contains the wrong codes, so
   * that an attacker who gets both kinds of answers cannot try more codes. The lock after 35 such codes ends after a day, because the cause may be an outage.
   */
  async noteUnclear(key: string): Promise<void> {
    if ((await this.ledger.count(`unconfirmed:${key}`, DAY_SECONDS)) >= WRONG_CODES_PER_DAY) await this.ledger.claim(`paused:${key}`, DAY_SECONDS)
  }

  /** True if the ledger counts a code that the user has tried, or if the user's codes are locked. Then `lift` has something to delete. */
  async holds(key: string): Promise<boolean> {
    const left = await Promise.all(['locked', 'paused', 'wrong', 'unconfirmed'].map((name) => this.ledger.look(`${name}:${key}`)))
    return left.some((seconds) => seconds > 0) || this.slots.hasTaken(`code:${key}`, this.settings.attemptBudget.attempts)
  }

  async lift(key: string): Promise<void> {
    await Promise.all([
      this.ledger.forget(`locked:${key}`),
      this.ledger.forget(`paused:${key}`),
      this.ledger.forget(`wrong:${key}`),
      this.ledger.forget(`unconfirmed:${key}`),
      this.slots.freeUpTo(`code:${key}`, this.settings.attemptBudget.attempts),
    ])
  }
}
