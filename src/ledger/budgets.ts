/**
 * Everything that the strategy keeps in the ledger (the store that all processes share): the slots and counts for the limits on starts, codes and SMS, which
 * transactions have ended, which enrolment of a user is the newest, when a user last signed in, and which browsers are remembered.
 *
 * The ledger's store never gets a username, phone number or token, only digests.
 * Out of scope: storing the keys (`ledger.ts`), and what happens when a limit is reached (`strategy/start.ts`, `strategy/code-attempts.ts`).
 */
import { createHash } from 'node:crypto'
import { withoutTrunkZero } from '../client/typed-input'
import { Browsers } from './browsers'
import { CodeBudget } from './code-budget'
import { Endings } from './endings'
import { Enrolments } from './enrolments'
import type { Ledger } from './ledger'
import { DAY_SECONDS } from './lifetimes'
import { ParallelStarts } from './parallel-starts'
import { SignIns } from './sign-ins'
import { Slots } from './slots'
import { StartBudget } from './start-budget'
import type { Subject } from '../factors/transaction'

const TEXTS_PER_PHONE_AND_DAY = 10

interface BudgetSettings {
  readonly client: { readonly baseURL: string }
  readonly ledger: Ledger
  readonly startBudget: { readonly starts: number; readonly perSeconds: number }
  readonly attemptBudget: { readonly attempts: number; readonly perSeconds: number }
  readonly maxAttempts: number
  readonly firstFactorLifetimeMs: number
}

interface SpentText {
  readonly over: boolean
  readonly limit: number
  readonly retryAfterSeconds?: number
}

/** @internal */
export class Budgets {
  readonly starts: StartBudget
  readonly codes: CodeBudget
  readonly endings: Endings
  readonly enrolments: Enrolments
  readonly parallelStarts: ParallelStarts
  readonly signIns: SignIns
  readonly browsers: Browsers

  constructor(private readonly settings: BudgetSettings) {
    this.starts = new StartBudget(settings)
    this.codes = new CodeBudget(settings)
    this.endings = new Endings(settings, this.starts)
    this.enrolments = new Enrolments(settings.ledger)
    this.parallelStarts = new ParallelStarts(settings.ledger)
    this.signIns = new SignIns(settings.ledger)
    this.browsers = new Browsers(settings.ledger)
  }

  /**
   * Returns the user's key in the ledger, a digest. If the userId is known, ignores the username: a username may change, and two tenants may have a user each
   * with the same username. So a user gets no new limits by changing the username, and shares no limits with another user.
   *
   * Ignores upper and lower case, because Nevis may find the same user under `Anna` and `anna`. If each spelling had a key of its own, an attacker could use up
   * a limit once with each of them.
   */
  keyOf({ userId, username }: Subject): string {
    return this.digest(userId === undefined ? `username:${username?.toLowerCase()}` : `userId:${userId.toLowerCase()}`)
  }

  /**
   * Returns all known keys of a transaction's user. The first is the key under which the start of this transaction was counted. If the app has named the user
   * by username only, the second is the key of the userId in Nevis's answer.
   */
  keysOf({ budget, userId }: { readonly budget?: string | undefined; readonly userId?: string | undefined }): string[] {
    return [...new Set([...(budget === undefined ? [] : [budget]), ...(userId === undefined ? [] : [this.keyOf({ userId })])])]
  }

  /** Counts an SMS before it is sent. The limit is per phone number, because an attacker can enter the same number in many accounts. */
  async spendText(phone: string): Promise<SpentText> {
    const { name, limit, slots } = this.textsTo(phone)
    if ((await slots.take(name, DAY_SECONDS, 1, limit)) > 0) return { over: false, limit }
    return { over: true, limit, retryAfterSeconds: await slots.secondsUntilFree(name, limit) }
  }

  /** Says whether `spendText` would refuse an SMS to this phone number now. Counts nothing. */
  async lookAtTexts(phone: string): Promise<SpentText> {
    const { name, limit, slots } = this.textsTo(phone)
    return (await slots.isFull(name, limit)) ? { over: true, limit, retryAfterSeconds: await slots.secondsUntilFree(name, limit) } : { over: false, limit }
  }

  private textsTo(phone: string): { readonly name: string; readonly limit: number; readonly slots: Slots } {
    const digits = phone.replace(/\D/g, '').replace(/^0+/, '')
    const name = `phone:${this.digest(`phone:${withoutTrunkZero(`+${digits}`)}`)}`
    return { name, limit: TEXTS_PER_PHONE_AND_DAY, slots: new Slots(this.settings.ledger) }
  }

  /** True if the ledger has any count, pause or lock of the user that `lift` would reset. */
  async holds(key: string): Promise<boolean> {
    return (await this.starts.holds(key)) || this.codes.holds(key)
  }

  /** Resets every limit of a user: the counts of starts, denials and codes, the pause in which the user can start nothing, and the lock after wrong codes. */
  async lift(key: string): Promise<void> {
    await Promise.all([this.starts.lift(key), this.codes.lift(key)])
  }

  private digest(name: string): string {
    return createHash('sha256').update(`${this.settings.client.baseURL}\n${name}`).digest('base64url').slice(0, 22)
  }
}
