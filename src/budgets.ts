/**
 * How often a subject may be asked, and how often codes may be tried, over all sessions and processes.
 *
 * Against push bombing (MITRE ATT&CK T1621; OWASP ASVS 5.0, 6.6.4) and guessed codes. Not its job: single use
 * (`ledger.claim` at the callback). No name of a person and no token leaves the process: keys hold digests.
 */
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ledger } from './ledger'
import type { Settings } from './options'
import type { Subject, Transaction } from './transactions'

/** Denials and time-outs are remembered this long. */
const DENIALS_PER_SECONDS = 3600
/** One denial is a slip. Pause after the second; each further one doubles it, up to the window of the start budget. */
const FIRST_PAUSE_SECONDS = 15
/** Only to look whether a claim is there: the shortest time that every ledger keeps. */
const GLANCE_MS = 1
const GLANCE_SECONDS = GLANCE_MS / 1000
/** So often a pause is looked for before it is believed. */
const PAUSE_LOOKS = 5
/** Seconds that a claim or count outlives its transaction: more than the clocks of two processes differ. */
const MARGIN_SECONDS = 300

/**
 * A token counts for no transaction that was started more than a minute after it was issued, and none of those lives longer
 * than ten minutes: then the token is too old for all of them.
 */
const TOKEN_SECONDS = 600 + MARGIN_SECONDS

export interface Spent {
  readonly count: number
  /** The budget that is used up, if one is. */
  readonly over?: 'starts' | 'pause' | 'attempts' | 'subjectAttempts'
  readonly limit: number
}

/** @internal */
export class Budgets {
  private readonly ledger: Ledger

  constructor(private readonly settings: Settings) {
    this.ledger = settings.ledger
  }

  /** Counts a start before anybody is asked, and looks whether a pause is running. */
  async spendStart(subject: Subject): Promise<Spent> {
    const { starts: limit, perSeconds } = this.settings.startBudget
    const key = this.keyOf(subject)
    const count = await this.ledger.count(`starts:${key}`, perSeconds)
    if (count > limit) return { count, limit, over: 'starts' }
    // The first start of a window is free to go: a usual sign-in costs one call of the ledger here.
    if (count > 1 && !(await this.claimPause(key, GLANCE_SECONDS, count))) return { count, limit, over: 'pause' }
    return { count, limit }
  }

  /** Counts a code before it is tried: of fifty at once only as many reach Nevis as are allowed. */
  async spendCode(transaction: Transaction): Promise<Spent> {
    const { maxAttempts: limit, attemptBudget } = this.settings
    const count = await this.ledger.count(`attempts:${transaction.id}`, secondsToKeep(transaction))
    if (count > limit) return { count, limit, over: 'attempts' }
    const { userId, subject } = transaction
    const all = await this.ledger.count(`codes:${this.keyOf(userId === undefined ? subject : { userId })}`, attemptBudget.perSeconds)
    if (all > attemptBudget.attempts) return { count, limit: attemptBudget.attempts, over: 'subjectAttempts' }
    return { count, limit }
  }

  /** After denials nobody is asked again for a while, and for longer each time. */
  async noteDenial(subject: Subject): Promise<void> {
    const key = this.keyOf(subject)
    const denials = await this.ledger.count(`denials:${key}`, DENIALS_PER_SECONDS)
    await this.ledger.claim(`denied:${key}:${denials}`, DENIALS_PER_SECONDS)
    if (denials < 2) return
    const seconds = Math.min(FIRST_PAUSE_SECONDS * 2 ** (denials - 2), this.settings.startBudget.perSeconds)
    await this.claimPause(key, seconds, 1)
  }

  /**
   * What is in the way may be only somebody's glance at the same moment: then it is gone a little later. Each start has
   * its place in the row, so that those which met once do not meet again.
   * @returns false while a pause is running
   */
  private async claimPause(key: string, seconds: number, place: number): Promise<boolean> {
    for (let look = 1; look < PAUSE_LOOKS; look++) {
      if (await this.ledger.claim(`pause:${key}`, seconds)) return true
      await wait(GLANCE_MS * 2 * place)
    }
    return this.ledger.claim(`pause:${key}`, seconds)
  }

  /** How often the subject has lately denied, if more than once. A look must not count: each denial left a mark. */
  async denialsOf(subject: Subject): Promise<number> {
    const key = this.keyOf(subject)
    let denials = 1
    while (!(await this.ledger.claim(`denied:${key}:${denials + 1}`, GLANCE_SECONDS))) denials++
    return denials === 1 ? 0 : denials
  }

  /** @returns true for one caller only, in whatever process */
  claim(transaction: Transaction): Promise<boolean> {
    return this.ledger.claim(`transaction:${transaction.id}`, secondsToKeep(transaction))
  }

  /**
   * A token that a browser was given, or has brought as its proof: in no transaction, of no session or process, does it
   * count again.
   * @returns true for the first caller only
   */
  claimToken(token: string): Promise<boolean> {
    return this.ledger.claim(`token:${digest(token)}`, TOKEN_SECONDS)
  }

  private keyOf({ userId, username }: Subject): string {
    const name = userId === undefined ? `username:${username}` : `userId:${userId}`
    return digest(`${this.settings.client.baseURL}\n${name}`)
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function secondsToKeep({ expiresAt }: Transaction): number {
  return Math.ceil((expiresAt - Date.now()) / 1000) + MARGIN_SECONDS
}
