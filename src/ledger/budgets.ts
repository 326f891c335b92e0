/**
 * How often a subject may be asked, and how often codes may be tried, over all sessions and processes.
 *
 * Against push bombing (MITRE ATT&CK T1621; OWASP ASVS 5.0, 6.6.4) and guessed codes. Most budgets are numbered places: each use
 * takes the lowest free place for a while, so that a budget holds in any hour and day, also across the edge of a window.
 * Out of scope: what follows when a budget is used up (`exchange.ts`). No name of a person, phone number or token leaves the
 * process: keys hold digests.
 */
import { createHash } from 'node:crypto'
import { withoutTrunkZero } from '../client/typed-input'
import type { Ledger } from './ledger'
import type { Subject, Transaction } from '../factors/transaction'

const DAY_SECONDS = 86_400
const YEAR_SECONDS = 365 * DAY_SECONDS
/** No pause is longer, unless the window of the start budget is. */
const MAX_PAUSE_SECONDS = 14_400
/** The second denial in a day makes a pause of this length, each further denial doubles it. */
const FIRST_DENIAL_PAUSE_SECONDS = 15
/** Places beyond those of the start budget. Their pauses add up to more than a day before the last one, so that it is never needed. */
const MORE_STARTS = 32
/** From this many wrong codes in a day on, the codes of a subject are locked. */
const WRONG_CODES_PER_DAY = 50
const TEXTS_PER_PHONE_AND_DAY = 10
/** There are no more starts in a day. Bounded, because a ledger may say yes to everything. */
const MAX_DENIALS = 100
/** Seconds that a claim or count outlives its transaction: more than the clocks of two processes differ. */
const MARGIN_SECONDS = 300

/**
 * A token counts for no transaction that was started more than a minute after the token was issued, and no such transaction
 * lives longer than ten minutes: then the token is too old for all of them.
 */
const TOKEN_SECONDS = 600 + MARGIN_SECONDS

/** What a start got. */
export interface SpentStart {
  /** The place that it holds, from 1 on; 0 if it was refused. */
  readonly slot: number
  /** Why it was refused: all starts of the budget are held, or a pause after denials is running. */
  readonly over?: 'starts' | 'pause'
  readonly limit: number
  readonly retryAfterSeconds?: number
}

/** Whether a code may be tried. */
export interface SpentCode {
  /** Codes tried in this transaction, this one included; 0 if codes are locked. */
  readonly count: number
  /** The budget that is used up, if one is. */
  readonly over?: 'attempts' | 'subjectAttempts' | 'locked'
  readonly limit: number
  readonly retryAfterSeconds?: number
}

/** What the strategy's options say of budgets. */
interface BudgetSettings {
  readonly client: { readonly baseURL: string }
  readonly ledger: Ledger
  readonly startBudget: { readonly starts: number; readonly perSeconds: number }
  readonly attemptBudget: { readonly attempts: number; readonly perSeconds: number }
  /** Per transaction. */
  readonly maxAttempts: number
  readonly firstFactorLifetimeMs: number
}

type Ending = Pick<Transaction, 'id' | 'expiresAt' | 'moves'>

/** @internal */
export class Budgets {
  private readonly ledger: Ledger

  constructor(private readonly settings: BudgetSettings) {
    this.ledger = settings.ledger
  }

  /** The name of a subject in the ledger. A username is the same in upper and lower case, since Nevis may find it either way. */
  keyOf({ userId, username }: Subject): string {
    return this.digest(username === undefined ? `userId:${userId?.toLowerCase()}` : `username:${username.toLowerCase()}`).slice(0, 22)
  }

  /**
   * Takes a place for a start, before Nevis is asked anything. The place is held for a day, or until `giveBack`. The last place of the
   * budget and each one after it begins a pause, every time twice as long, in which nobody gets a place but the first.
   * A start that is refused leaves nothing behind.
   */
  async spendStart(key: string): Promise<SpentStart> {
    const { starts: limit } = this.settings.startBudget
    // A usual sign-in costs this one command.
    if (limit > 1 && (await this.ledger.claim(`start:${key}:1`, DAY_SECONDS))) return { slot: 1, limit }
    const pauseSeconds = await this.ledger.look(`pause:${key}`)
    if (pauseSeconds > 0) {
      const isUsedUp = (await this.ledger.look(`start:${key}:${limit}`)) > 0
      return { slot: 0, limit, over: isUsedUp ? 'starts' : 'pause', retryAfterSeconds: pauseSeconds }
    }
    const slot = (await this.takePlace(`start:${key}`, DAY_SECONDS, 2, limit - 1)) || (await this.takePlaceWithPause(key))
    if (slot > 0) return { slot, limit }
    return { slot: 0, limit, over: 'starts', retryAfterSeconds: Math.max(1, await this.ledger.look(`pause:${key}`)) }
  }

  /**
   * Whoever begins the pause takes the place, so that of fifty at once one does.
   * @returns 0 if somebody else was first
   */
  private async takePlaceWithPause(key: string): Promise<number> {
    const { starts } = this.settings.startBudget
    for (let slot = starts; slot <= starts + MORE_STARTS; slot++) {
      if ((await this.ledger.look(`start:${key}:${slot}`)) > 0) continue
      if (!(await this.ledger.claim(`pause:${key}`, this.pauseAt(slot)))) return 0
      return this.takePlace(`start:${key}`, DAY_SECONDS, slot, starts + MORE_STARTS)
    }
    return 0
  }

  private pauseAt(slot: number): number {
    const { starts, perSeconds } = this.settings.startBudget
    return this.capped(perSeconds * 2 ** (slot - starts))
  }

  private capped(seconds: number): number {
    return Math.min(seconds, Math.max(this.settings.startBudget.perSeconds, MAX_PAUSE_SECONDS))
  }

  /**
   * Holds a place under a second name of the same person, for whom a start is already under way: nothing is refused here.
   * @returns the place; 0 if none is free
   */
  async alsoHold(key: string): Promise<number> {
    const { starts } = this.settings.startBudget
    const slot = await this.takePlace(`start:${key}`, DAY_SECONDS, 1, starts + MORE_STARTS)
    if (slot >= starts) await this.ledger.claim(`pause:${key}`, this.pauseAt(slot))
    return slot
  }

  /** Begins the pause of this place under the other name, too, so that neither name gives more starts than one. */
  async pauseLike(key: string, slot: number): Promise<void> {
    if (slot >= this.settings.startBudget.starts) await this.ledger.claim(`pause:${key}`, this.pauseAt(slot))
  }

  /**
   * An approval gives its starts back, with the pause that they began unless a later start has made it longer. Where the ledger
   * fails, the starts stay held, and nothing is thrown: a good approval must not be lost.
   */
  async giveBack(key: string, slots: readonly number[]): Promise<void> {
    await this.release(key, slots).catch(() => {
      process.emitWarning('NevisStrategy: the ledger did not forget the starts of an approval: they are held against the user for a day', { code: 'PASSPORT_NEVIS_LEDGER' })
    })
  }

  private async release(key: string, slots: readonly number[]): Promise<void> {
    await this.forgetPlaces(`start:${key}`, slots)
    const last = Math.max(...slots)
    if (last < this.settings.startBudget.starts) return
    if ((await this.ledger.look(`start:${key}:${last + 1}`)) === 0) await this.ledger.forget(`pause:${key}`)
  }

  /** Counts a code before it is tried: of fifty at once only as many reach Nevis as are allowed. */
  async spendCode(transaction: Ending, key: string): Promise<SpentCode> {
    if ((await this.ledger.look(`locked:${key}`)) > 0) return { count: 0, limit: WRONG_CODES_PER_DAY, over: 'locked' }
    const { maxAttempts: limit, attemptBudget } = this.settings
    const count = await this.ledger.count(`attempts:${transaction.id}`, this.secondsToKeep(transaction))
    if (count > limit) return { count, limit, over: 'attempts' }
    const { attempts, perSeconds } = attemptBudget
    if ((await this.takePlace(`code:${key}`, perSeconds, 1, attempts)) > 0) return { count, limit }
    const retryAfterSeconds = Math.max(1, await this.ledger.look(`code:${key}:1`))
    return { count, limit: attempts, over: 'subjectAttempts', retryAfterSeconds }
  }

  /**
   * The fiftieth wrong code within a day of the first one locks the codes of the subject, until `lift`. Any day touches two such days, so
   * that it sees 99 wrong codes at most.
   */
  async noteWrongCode(key: string): Promise<void> {
    const wrong = await this.ledger.count(`wrong:${key}`, DAY_SECONDS)
    if (wrong >= WRONG_CODES_PER_DAY) await this.ledger.claim(`locked:${key}`, YEAR_SECONDS)
  }

  /**
   * Ends a transaction, by a success or without one: what was cancelled, denied or expired can never succeed later. One that is taken over
   * into a new session ends for the session of before, and lives on under the number of its moves.
   * @returns true for the first caller only, in whatever process
   */
  claim(transaction: Ending): Promise<boolean> {
    return this.ledger.claim(nameOf(transaction), this.secondsToKeep(transaction))
  }

  /**
   * A token that a browser was given, or has brought as its proof: it counts once, in whatever transaction, session or process.
   * @returns true for the first caller only
   */
  claimToken(token: string): Promise<boolean> {
    return this.ledger.claim(`token:${sha256(token)}`, TOKEN_SECONDS)
  }

  /**
   * Ends a transaction that had no success. A denial is counted once, by the first who learns of it.
   * @returns true for the first caller only
   */
  async end(transaction: Ending, key: string | undefined, wasDenied: boolean): Promise<boolean> {
    const isFirst = await this.claim(transaction)
    if (wasDenied && key !== undefined && (await this.isNewDenial(transaction, isFirst))) await this.noteDenial(key)
    return isFirst
  }

  /** A transaction that was moved has one name before and one after: its denial counts once, whichever handle learns of it. */
  private async isNewDenial(transaction: Ending, isFirst: boolean): Promise<boolean> {
    const { id, moves } = transaction
    const wasMoved = moves !== undefined || (!isFirst && (await this.ledger.look(`moved:${id}`)) > 0)
    return wasMoved ? this.ledger.claim(`denial:${id}`, this.secondsToKeep(transaction)) : isFirst
  }

  /**
   * Ends a transaction for the session of before: it goes on in a new one, under the number of its moves.
   * @returns true for the first caller only
   */
  async claimMove(transaction: Ending): Promise<boolean> {
    if (!(await this.claim(transaction))) return false
    await this.ledger.claim(`moved:${transaction.id}`, this.secondsToKeep(transaction))
    return true
  }

  /** After this end another factor may be tried for a while: it was not a success, and not a cancellation. */
  async noteCanGoOn(transaction: Ending): Promise<void> {
    await this.ledger.claim(`goes-on:${transaction.id}`, this.secondsToKeep(transaction))
  }

  /** Whatever it has ended by, no other factor may be tried from now on. */
  async noteCancelled(transaction: Ending): Promise<void> {
    if (await this.hasEnded(transaction)) await this.ledger.claim(`cancelled:${transaction.id}`, this.secondsToKeep(transaction))
  }

  /** May another factor be tried in place of this transaction? A kept session cookie still shows it as it was. */
  async canGoOn(transaction: Ending): Promise<boolean> {
    const { id } = transaction
    if (!(await this.hasEnded(transaction))) return true
    return (await this.ledger.look(`goes-on:${id}`)) > 0 && (await this.ledger.look(`cancelled:${id}`)) === 0
  }

  async hasEnded(transaction: Ending): Promise<boolean> {
    return (await this.ledger.look(nameOf(transaction))) > 0
  }

  /** For a session that is all in a cookie: a sign-in makes every cookie of before useless for going on without a password. */
  async noteSignIn(key: string): Promise<void> {
    await this.ledger.forget(`signed-in:${key}`)
    await this.ledger.claim(`signed-in:${key}`, this.signInSeconds())
  }

  /** Has the subject signed in since this time, in milliseconds since 1970? A ledger tells whole seconds: in doubt, yes. */
  async hasSignedInSince(key: string, time: number): Promise<boolean> {
    const left = await this.ledger.look(`signed-in:${key}`)
    return left > 0 && Date.now() - (this.signInSeconds() - left) * 1000 >= time
  }

  private signInSeconds(): number {
    return Math.ceil(this.settings.firstFactorLifetimeMs / 1000) + MARGIN_SECONDS
  }

  /** Was the start at this place made less than so many seconds ago? */
  async wasJustStarted(key: string, slot: number, seconds: number): Promise<boolean> {
    return (await this.ledger.look(`start:${key}:${slot}`)) > DAY_SECONDS - seconds
  }

  /** One denial is a slip. From the second in a day on there is a pause, longer each time. */
  private async noteDenial(key: string): Promise<void> {
    const denials = await this.ledger.count(`denials:${key}`, DAY_SECONDS)
    // A count cannot be looked up, a mark can. The marks end with the count.
    await this.ledger.claim(`denied:${key}:${denials}`, Math.max(1, await this.ledger.look(`denials:${key}`)))
    if (denials < 2) return
    await this.ledger.claim(`pause:${key}`, this.capped(FIRST_DENIAL_PAUSE_SECONDS * 2 ** (denials - 2)))
  }

  /** How often the subject has denied in this day, if more than once. */
  async denialsOf(key: string): Promise<number> {
    let denials = 1
    while (denials < MAX_DENIALS && (await this.ledger.look(`denied:${key}:${denials + 1}`)) > 0) denials++
    return denials === 1 ? 0 : denials
  }

  /** A phone number may be sent so many texts in a day, whichever accounts ask for them. */
  async spendPhone(phone: string): Promise<{ over: boolean; limit: number; retryAfterSeconds?: number }> {
    const name = `phone:${this.digest(`phone:${withoutTrunkZero(`+${phone.replace(/\D/g, '').replace(/^0+/, '')}`)}`).slice(0, 22)}`
    const limit = TEXTS_PER_PHONE_AND_DAY
    if ((await this.takePlace(name, DAY_SECONDS, 1, limit)) > 0) return { over: false, limit }
    return { over: true, limit, retryAfterSeconds: Math.max(1, await this.ledger.look(`${name}:1`)) }
  }

  /**
   * One enrolment of a subject is alive at a time: a newer one ends the one before.
   * @returns the generation of this enrolment
   */
  async startEnrolment(key: string): Promise<number> {
    // The numbers start anew after a year and not after a day: a number that comes again must not meet the mark of its namesake.
    const generation = await this.ledger.count(`enrolment:${key}`, YEAR_SECONDS)
    if (generation > 1) await this.ledger.claim(`superseded:${key}:${generation - 1}`, DAY_SECONDS)
    return generation
  }

  async isCurrentEnrolment(key: string, generation: number): Promise<boolean> {
    return (await this.ledger.look(`superseded:${key}:${generation}`)) === 0
  }

  /** Forgets every limit of a subject: lock, wrong codes, codes, pause, denials and held starts. */
  async lift(key: string): Promise<void> {
    const { startBudget, attemptBudget } = this.settings
    const denials = await this.denialsOf(key)
    await Promise.all([
      ...['locked', 'pause', 'denials', 'wrong'].map((name) => this.ledger.forget(`${name}:${key}`)),
      this.forgetPlaces(`code:${key}`, upTo(attemptBudget.attempts)),
      this.forgetPlaces(`denied:${key}`, upTo(Math.max(1, denials))),
      this.forgetPlaces(`start:${key}`, upTo(startBudget.starts + MORE_STARTS)),
    ])
  }

  /** As long as a session, or a kept session cookie, may hold the transaction, and the margin. */
  private secondsToKeep({ expiresAt }: Ending): number {
    const endsAt = expiresAt + this.settings.firstFactorLifetimeMs
    return Math.max(0, Math.ceil((endsAt - Date.now()) / 1000)) + MARGIN_SECONDS
  }

  /** @returns the lowest place that was free, and is taken now; 0 if none was */
  private async takePlace(name: string, seconds: number, first: number, last: number): Promise<number> {
    for (let place = first; place <= last; place++) if (await this.ledger.claim(`${name}:${place}`, seconds)) return place
    return 0
  }

  private async forgetPlaces(name: string, places: readonly number[]): Promise<void> {
    await Promise.all(places.map((place) => this.ledger.forget(`${name}:${place}`)))
  }

  private digest(name: string): string {
    return sha256(`${this.settings.client.baseURL}\n${name}`)
  }
}

const nameOf = ({ id, moves }: Ending): string => (moves === undefined ? `transaction:${id}` : `transaction:${id}:${moves}`)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
