/**
 * The start budget: how many starts that the user did not approve a subject may have, over all sessions and processes.
 *
 * It limits push bombing (MITRE ATT&CK T1621; OWASP ASVS 5.0, 6.6.4): an attacker who has the password sends pushes until the user
 * accepts one. Each start takes a slot for a day, and an approval gives it back. From the last slot of the budget on, and after repeated
 * denials, further starts are paused. Out of scope: what the user is told when the budget is used up (`strategy-request.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS } from './lifetimes'
import { Slots } from './slots'

/** The longest pause, unless `startBudget.perSeconds` is longer. */
const MAX_PAUSE_SECONDS = 14_400
/** The second denial in a day starts a pause of this length; each further denial doubles it. */
const FIRST_DENIAL_PAUSE_SECONDS = 15
/** Slots beyond the budget. Their pauses add up to more than a day, so the first slot is free again before the last one is needed. */
const EXTRA_SLOTS = 32
/** Upper limit of the search in `denialsOf`: a faulty ledger may answer that every key is claimed. */
const MAX_DENIALS = 100

/** The result of spending a start. */
export interface SpentStart {
  /** The slot that the start holds, from 1; 0 if the start was refused. */
  readonly slot: number
  /** Why the start was refused: the budget is used up, or a pause after denials is running. */
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
   * Takes a slot before Nevis is called. The slot is held for a day, or until `giveBack`. The last slot of the budget and each slot
   * after it start a pause, each twice as long as the one before. During a pause only slot 1 can be taken. A refused start changes
   * nothing in the ledger.
   */
  async spend(key: string): Promise<SpentStart> {
    const { starts: limit } = this.settings.startBudget
    // Most sign-ins take slot 1 and cost only this command.
    if (limit > 1 && (await this.ledger.claim(`start:${key}:1`, DAY_SECONDS))) return { slot: 1, limit }
    const pauseSeconds = await this.ledger.look(`pause:${key}`)
    if (pauseSeconds > 0) {
      const isUsedUp = (await this.ledger.look(`start:${key}:${limit}`)) > 0
      return { slot: 0, limit, over: isUsedUp ? 'starts' : 'pause', retryAfterSeconds: pauseSeconds }
    }
    const slot = (await this.slots.take(`start:${key}`, DAY_SECONDS, 2, limit - 1)) || (await this.takeWithPause(key))
    if (slot > 0) return { slot, limit }
    return { slot: 0, limit, over: 'starts', retryAfterSeconds: Math.max(1, await this.ledger.look(`pause:${key}`)) }
  }

  /**
   * Claims the pause first and then takes the slot, so that only one of many concurrent starts gets through.
   * @returns 0 if another start claimed the pause first
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

  /**
   * Takes a slot under a second name of the same user, for a start that was already allowed under the first name.
   * @returns the slot; 0 if none is free
   */
  async hold(key: string): Promise<number> {
    const { starts } = this.settings.startBudget
    const slot = await this.slots.take(`start:${key}`, DAY_SECONDS, 1, starts + EXTRA_SLOTS)
    await this.pauseLike(key, slot)
    return slot
  }

  /** Starts the pause of this slot under the user's other name too: otherwise each name would have a budget of its own. */
  async pauseLike(key: string, slot: number): Promise<void> {
    if (slot >= this.settings.startBudget.starts) await this.ledger.claim(`pause:${key}`, this.pauseSecondsOf(slot))
  }

  /**
   * Frees the slots of an approved start, and ends the pause that they started unless a later start holds a higher slot. If the ledger
   * fails, the slots stay taken and this method only warns: a ledger fault must not lose a valid approval.
   */
  async giveBack(key: string, slots: readonly number[]): Promise<void> {
    await this.release(key, slots).catch(() => {
      process.emitWarning('NevisStrategy: the ledger could not give back the starts of an approval; they count against the user for a day', { code: 'PASSPORT_NEVIS_LEDGER' })
    })
  }

  private async release(key: string, slots: readonly number[]): Promise<void> {
    await this.slots.free(`start:${key}`, slots)
    const last = Math.max(...slots)
    if (last < this.settings.startBudget.starts) return
    if ((await this.ledger.look(`start:${key}:${last + 1}`)) === 0) await this.ledger.forget(`pause:${key}`)
  }

  /** Whole seconds until another start is allowed; 1 if it is allowed now. */
  async secondsToWait(key: string): Promise<number> {
    return Math.max(1, await this.ledger.look(`pause:${key}`))
  }

  /** True if the start that holds this slot was made less than so many seconds ago. */
  async wasJustStarted(key: string, slot: number, seconds: number): Promise<boolean> {
    return (await this.ledger.look(`start:${key}:${slot}`)) > DAY_SECONDS - seconds
  }

  /** Counts a denial. The first in a day may be a mistake and has no effect; from the second on, each starts a longer pause. */
  async noteDenial(key: string): Promise<void> {
    const denials = await this.ledger.count(`denials:${key}`, DAY_SECONDS)
    // The ledger can look up a claim but not the value of a count, so each denial is also claimed. The claim ends with the count.
    await this.ledger.claim(`denied:${key}:${denials}`, Math.max(1, await this.ledger.look(`denials:${key}`)))
    if (denials < 2) return
    await this.ledger.claim(`pause:${key}`, this.capped(FIRST_DENIAL_PAUSE_SECONDS * 2 ** (denials - 2)))
  }

  /** How many times the subject has denied in this day; 0 if only once. */
  async denialsOf(key: string): Promise<number> {
    let denials = 1
    while (denials < MAX_DENIALS && (await this.ledger.look(`denied:${key}:${denials + 1}`)) > 0) denials++
    return denials === 1 ? 0 : denials
  }

  /** Forgets slots, pause and denials of a subject. */
  async lift(key: string): Promise<void> {
    const denials = await this.denialsOf(key)
    await Promise.all([
      this.ledger.forget(`pause:${key}`),
      this.ledger.forget(`denials:${key}`),
      this.slots.freeUpTo(`denied:${key}`, Math.max(1, denials)),
      this.slots.freeUpTo(`start:${key}`, this.settings.startBudget.starts + EXTRA_SLOTS),
    ])
  }

  private pauseSecondsOf(slot: number): number {
    const { starts, perSeconds } = this.settings.startBudget
    return this.capped(perSeconds * 2 ** (slot - starts))
  }

  private capped(seconds: number): number {
    return Math.min(seconds, Math.max(this.settings.startBudget.perSeconds, MAX_PAUSE_SECONDS))
  }
}
