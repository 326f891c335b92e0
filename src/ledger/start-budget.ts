/**
 * Limits how many transactions one user may start without approving them, over all sessions and processes.
 *
 * This limits push bombing (MITRE ATT&CK T1621; OWASP ASVS 5.0, 6.6.4): an attacker who has the password sends pushes until the user accepts one. How
 * starts are counted, with `startBudget: { starts: 5, perSeconds: 300 }` as an example:
 * - Each user has numbered slots in the ledger. A start takes the lowest free slot for a day. When the user approves a transaction, its slots are freed: the
 *   slot of its start, and the slots of the starts that it replaced (for example by another factor).
 * - A start that takes slot 5 or a higher one also begins a pause, in which the user can start nothing: 300 s for slot 5, 600 s for slot 6, and so on, up to
 *   four hours.
 * - Denials begin pauses, too: the second denial in a day a pause of 15 s, the third one of 30 s, and so on, up to four hours.
 * - If slot 1 is free, a start can take it even during a pause.
 *
 * Out of scope: what the user is told when no start is allowed (`strategy/start.ts`).
 */
import type { Transaction } from '../factors/transaction'
import type { Ledger } from './ledger'
import { DAY_SECONDS } from './lifetimes'
import { Slots } from './slots'

/** The longest pause in which a user may start nothing, in seconds, unless `startBudget.perSeconds` is longer. */
const MAX_PAUSE_SECONDS = 14_400
/** After the second denial in a day, the user may start nothing for this many seconds. Each further denial doubles the pause. */
const FIRST_DENIAL_PAUSE_SECONDS = 15
/**
 * Number of slots above the slot `startBudget.starts`. Each start that takes one of these slots begins a pause. The 32 pauses together last more than a day,
 * and each slot is free again after a day. So after a pause, there is always a free slot.
 */
const EXTRA_SLOTS = 32
/** `denialsOf` stops searching after this many denials, even if a faulty ledger reports every key as claimed. */
const MAX_DENIALS = 100

export interface SpentStart {
  /** The number of the slot that this start has taken, from 1; 0 if the start was refused. */
  readonly slot: number
  /** Why the start was refused: because of a pause after too many starts (`starts`), or of a pause after denials (`pause`). */
  readonly over?: 'starts' | 'pause'
  readonly limit: number
  readonly retryAfterSeconds?: number
}

interface StartBudgetSettings {
  readonly ledger: Ledger
  readonly startBudget: { readonly starts: number; readonly perSeconds: number }
}

/** @internal */
export class StartBudget {
  private readonly ledger: Ledger
  private readonly slots: Slots

  constructor(private readonly settings: StartBudgetSettings) {
    this.ledger = settings.ledger
    this.slots = new Slots(settings.ledger)
  }

  /**
   * Counts a start, before Nevis notifies the user: takes the user's lowest free slot, as the top of this file explains. Tries slot 1 before it looks for a
   * pause, so a start can take slot 1 even during a pause. Exception: if `startBudget.starts` is 1, slot 1 cannot be taken during a pause.
   * @param askAgain finds out whether an earlier approval request was answered; true if one was. Called only if there is no pause, and either slot 1 is
   * taken or `startBudget.starts` is 1. A denial found in this way can begin a pause, which then refuses this start
   */
  async spend(key: string, askAgain: () => Promise<boolean>): Promise<SpentStart> {
    const { starts: limit } = this.settings.startBudget
    // At nearly every sign-in, slot 1 is free, so the start needs only this one call to the ledger.
    if (limit > 1 && (await this.ledger.claim(`start:${key}:1`, DAY_SECONDS))) return { slot: 1, limit }
    const refused = (await this.refusedByPause(key)) ?? ((await askAgain()) ? await this.refusedByPause(key) : undefined)
    if (refused !== undefined) return refused
    const slot = (await this.slots.take(`start:${key}`, DAY_SECONDS, 2, limit - 1)) || (await this.takeWithPause(key))
    if (slot > 0) return { slot, limit }
    return { slot: 0, limit, over: 'starts', retryAfterSeconds: Math.max(1, await this.ledger.look(`pause:${key}`)) }
  }

  /** Returns the refusal that `spend` would give now because of a pause; undefined if no pause would refuse the start. Does not count a start. */
  async refusalInPause(key: string): Promise<SpentStart | undefined> {
    const canTakeFirst = this.settings.startBudget.starts > 1 && (await this.ledger.look(`start:${key}:1`)) <= 0
    return canTakeFirst ? undefined : this.refusedByPause(key)
  }

  /**
   * Counts a start under a second name of the user as well: takes the lowest free slot of this name, even during a pause. An app may name a user to Nevis by
   * username at one start and by userId at another, and each name has slots of its own.
   * @returns the slot; 0 if no slot is free
   */
  async countUnderSecondName(key: string): Promise<number> {
    const { starts } = this.settings.startBudget
    const slot = await this.slots.take(`start:${key}`, DAY_SECONDS, 1, starts + EXTRA_SLOTS)
    await this.pauseOtherName(key, slot)
    return slot
  }

  /**
   * Begins a pause under the user's other name (userId or username), too, if a start in this slot begins one. Otherwise an attacker could start again under the
   * other name.
   */
  async pauseOtherName(key: string, slot: number): Promise<void> {
    if (slot >= this.settings.startBudget.starts) await this.ledger.claim(`pause:${key}`, this.pauseSecondsOf(slot))
  }

  /**
   * Frees the slots of an approved transaction, so that its starts no longer count. If taking the highest of these slots has begun a pause, also ends the
   * pause. Exception: if a later start has taken the next slot, the pause belongs to that start. If the ledger fails, this method only emits a warning: the
   * approval is valid in any case.
   * @param alsoHeld the slots that the same starts have taken under the user's second name (`countUnderSecondName`)
   */
  async freeSlots(key: string, slots: readonly number[], alsoHeld?: Transaction['alsoHeld']): Promise<void> {
    await this.freeSlotsUnderBothNames(key, slots, alsoHeld).catch(() => {
      process.emitWarning('NevisStrategy: the ledger could not give back the starts of an approval; they count against the user for a day', { code: 'PASSPORT_NEVIS_LEDGER' })
    })
  }

  /**
   * Frees the slot of a start that has failed before the user was notified, and ends the pause that the slot has begun. If the user has denied twice or more in
   * a day (`denialsOf`), the pause stays. The reason: a user has only one pause at a time. So a denial that came during this start's pause could not begin a
   * pause of its own.
   */
  async freeSlotOfFailedStart(key: string, slot: number): Promise<void> {
    const denials = await this.denialsOf(key).catch(() => 0)
    await (denials > 0 ? this.slots.free(`start:${key}`, [slot]).catch(() => undefined) : this.freeSlots(key, [slot]))
  }

  /** Whole seconds until the user may start again. At least 1, because the number is sent as `Retry-After`. */
  async secondsToWait(key: string): Promise<number> {
    return Math.max(1, await this.ledger.look(`pause:${key}`))
  }

  /** True if a start of the user took this slot less than `seconds` seconds ago. */
  async wasJustStarted(key: string, slot: number, seconds: number): Promise<boolean> {
    return (await this.ledger.look(`start:${key}:${slot}`)) > DAY_SECONDS - seconds
  }

  /**
   * Counts a denial. The first denial in a day begins no pause, because it may be a mistake. Each further denial begins a pause, in which the user may start
   * nothing, and which is twice as long as the pause before.
   */
  async noteDenial(key: string): Promise<void> {
    const denials = await this.ledger.count(`denials:${key}`, DAY_SECONDS)
    // A ledger returns a count only when it increases the count. So each denial also claims a key that contains the denial's number. `denialsOf` looks for
    // these keys.
    await this.ledger.claim(`denied:${key}:${denials}`, Math.max(1, await this.ledger.look(`denials:${key}`)))
    if (denials < 2) return
    await this.ledger.claim(`pause:${key}`, this.capped(FIRST_DENIAL_PAUSE_SECONDS * 2 ** (denials - 2)))
  }

  /** Returns how many approval requests the user has denied within a day. Returns 0 for a single denial, which may be a mistake. */
  async denialsOf(key: string): Promise<number> {
    let denials = 1
    while (denials < MAX_DENIALS && (await this.ledger.look(`denied:${key}:${denials + 1}`)) > 0) denials++
    return denials === 1 ? 0 : denials
  }

  /** True if the user has a taken slot, a counted denial or a pause. Then `lift` has something to delete. */
  async holds(key: string): Promise<boolean> {
    const left = await Promise.all(['pause', 'denials'].map((name) => this.ledger.look(`${name}:${key}`)))
    return left.some((seconds) => seconds > 0) || this.slots.hasTaken(`start:${key}`, this.settings.startBudget.starts + EXTRA_SLOTS)
  }

  async lift(key: string): Promise<void> {
    const denials = await this.denialsOf(key)
    await Promise.all([
      this.ledger.forget(`pause:${key}`),
      this.ledger.forget(`denials:${key}`),
      this.slots.freeUpTo(`denied:${key}`, Math.max(1, denials)),
      this.slots.freeUpTo(`start:${key}`, this.settings.startBudget.starts + EXTRA_SLOTS),
    ])
  }

  private async refusedByPause(key: string): Promise<SpentStart | undefined> {
    const { starts: limit } = this.settings.startBudget
    const retryAfterSeconds = await this.ledger.look(`pause:${key}`)
    if (retryAfterSeconds <= 0) return undefined
    const isUsedUp = (await this.ledger.look(`start:${key}:${limit}`)) > 0
    return { slot: 0, limit, over: isUsedUp ? 'starts' : 'pause', retryAfterSeconds }
  }

  /**
   * Takes the slot `startBudget.starts` or a higher one, and begins a pause. Claims the pause's key in the ledger before the slot: of many concurrent starts,
   * only one can claim this key, and only that start takes a slot.
   * @returns the slot; 0 if another start has begun a pause first
   */
  private async takeWithPause(key: string): Promise<number> {
    const { starts } = this.settings.startBudget
    for (let slot = starts; slot <= starts + EXTRA_SLOTS; slot++) {
      if ((await this.ledger.look(`start:${key}:${slot}`)) > 0) continue
      if (!(await this.ledger.claim(`pause:${key}`, this.pauseSecondsOf(slot)))) return 0
      return this.slots.take(`start:${key}`, DAY_SECONDS, slot, starts + EXTRA_SLOTS)
    }
    return 0
  }

  private async freeSlotsUnderBothNames(key: string, slots: readonly number[], alsoHeld: Transaction['alsoHeld']): Promise<void> {
    await this.slots.free(`start:${key}`, slots)
    // A slot under the user's second name (`alsoHeld`) may have begun the pause under `key`: see `pauseOtherName`.
    const hasEndedPause = alsoHeld !== undefined && (await this.freeSlotsUnder(alsoHeld.budget, alsoHeld.slots))
    await this.endPauseBegunBy(key, slots, hasEndedPause)
  }

  private async freeSlotsUnder(key: string, slots: readonly number[]): Promise<boolean> {
    await this.slots.free(`start:${key}`, slots)
    return this.endPauseBegunBy(key, slots, false)
  }

  /**
   * Ends the pause that these slots have begun, unless a later start has begun a pause of its own.
   * @param isShared true if a slot under the user's second name has begun this pause
   * @returns true if these slots had begun the pause and this method has ended it
   */
  private async endPauseBegunBy(key: string, slots: readonly number[], isShared: boolean): Promise<boolean> {
    const { starts } = this.settings.startBudget
    const last = Math.max(...slots)
    if (last < starts && !isShared) return false
    if ((await this.ledger.look(`start:${key}:${Math.max(last + 1, starts)}`)) > 0) return false
    await this.ledger.forget(`pause:${key}`)
    return true
  }

  private pauseSecondsOf(slot: number): number {
    const { starts, perSeconds } = this.settings.startBudget
    return this.capped(perSeconds * 2 ** (slot - starts))
  }

  private capped(seconds: number): number {
    return Math.min(seconds, Math.max(this.settings.startBudget.perSeconds, MAX_PAUSE_SECONDS))
  }
}
