/**
 * Limits how many transactions one user may start without approving them, over all sessions and processes.
 *
 * This limits push bombing (MITRE ATT&CK T1621; OWASP ASVS 5.0, 6.6.4): an attacker who has the password sends pushes until the user accepts one. Each start
 * takes a numbered slot for a day, and an approval frees the slot. When the last slot is taken, or the user denies repeatedly, a pause without starts begins.
 * Out of scope: what the user is told when no start is allowed (`strategy/start.ts`).
 */
import type { Ledger } from './ledger'
import { DAY_SECONDS } from './lifetimes'
import { Slots } from './slots'

/** The longest pause in which a user may start nothing, in seconds, unless `startBudget.perSeconds` is longer. */
const MAX_PAUSE_SECONDS = 14_400
/** After the second denial in a day, the user may start nothing for this many seconds. Each further denial doubles the pause. */
const FIRST_DENIAL_PAUSE_SECONDS = 15
/**
 * Number of extra slots after the first `startBudget.starts` slots. (Each start takes a numbered slot.) A start that takes an extra slot begins a pause. All
 * these pauses together last more than a day, and each slot is free again after a day. So there is always a free slot.
 */
const EXTRA_SLOTS = 32
/** `denialsOf` stops searching after this many denials, even if a faulty ledger reports every key as claimed. */
const MAX_DENIALS = 100

export interface SpentStart {
  /** The number of the slot that this start has taken, from 1; 0 if the start was refused. The slot is free again after a day, or after an approval. */
  readonly slot: number
  /** Why the start was refused: the limit is reached (`starts`), or a pause after denials is in effect (`pause`). */
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
   * Takes a slot before Nevis is called. The slot stays taken for a day, or until `giveBack`. Taking the last slot of `startBudget.starts`, or any slot after
   * it, begins a pause; each pause is twice as long as the one before. During a pause, only slot 1 can be taken, if `starts` is at least 2: `spend` tries
   * slot 1 before it looks for a pause.
   */
  async spend(key: string): Promise<SpentStart> {
    const { starts: limit } = this.settings.startBudget
    // Slot 1 is free at most sign-ins, so most starts need only this one command to the ledger.
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
   * Takes the last slot of `startBudget.starts` or an extra slot, and begins a pause. Claims the key of the pause before the slot: of many concurrent starts,
   * only one can claim this key, and only that start takes a slot.
   * @returns the slot; 0 if another start claimed the pause first
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
   * Counts a start under the user's second name in the ledger. The app may know a user by two names (userId and username), and the limit holds for each name.
   * @returns the slot; 0 if no slot is free
   */
  async hold(key: string): Promise<number> {
    const { starts } = this.settings.startBudget
    const slot = await this.slots.take(`start:${key}`, DAY_SECONDS, 1, starts + EXTRA_SLOTS)
    await this.pauseLike(key, slot)
    return slot
  }

  /** Begins the pause of this slot under the user's other name (userId or username) as well. Otherwise an attacker could start again under that name. */
  async pauseLike(key: string, slot: number): Promise<void> {
    if (slot >= this.settings.startBudget.starts) await this.ledger.claim(`pause:${key}`, this.pauseSecondsOf(slot))
  }

  /**
   * Frees the slots of starts that the user has approved. Also ends the pause that these starts have begun, unless a later start has taken a higher slot and so
   * begun a pause of its own. If the ledger fails, this method only emits a warning: the approval is valid in any case.
   */
  async giveBack(key: string, slots: readonly number[]): Promise<void> {
    await this.release(key, slots).catch(() => {
      process.emitWarning('NevisStrategy: the ledger could not give back the starts of an approval; they count against the user for a day', { code: 'PASSPORT_NEVIS_LEDGER' })
    })
  }

  /** Frees the slot of a start that was not sent to Nevis. Keeps the pause, because a denial may have begun it. */
  async free(key: string, slot: number): Promise<void> {
    await this.slots.free(`start:${key}`, [slot])
  }

  private async release(key: string, slots: readonly number[]): Promise<void> {
    await this.slots.free(`start:${key}`, slots)
    const last = Math.max(...slots)
    if (last < this.settings.startBudget.starts) return
    if ((await this.ledger.look(`start:${key}:${last + 1}`)) === 0) await this.ledger.forget(`pause:${key}`)
  }

  /** Whole seconds until the user may start again. At least 1, because the number is sent as `Retry-After`. */
  async secondsToWait(key: string): Promise<number> {
    return Math.max(1, await this.ledger.look(`pause:${key}`))
  }

  /** True if a start took this slot less than `seconds` seconds ago. */
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

  /** Returns how many approval requests the user has denied, for a day after the first denial. Returns 0 for a single denial, which may be a mistake. */
  async denialsOf(key: string): Promise<number> {
    let denials = 1
    while (denials < MAX_DENIALS && (await this.ledger.look(`denied:${key}:${denials + 1}`)) > 0) denials++
    return denials === 1 ? 0 : denials
  }

  /** True if the ledger counts a start or a denial of this user, or if a pause is in effect. Then `lift` has something to reset. */
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

  private pauseSecondsOf(slot: number): number {
    const { starts, perSeconds } = this.settings.startBudget
    return this.capped(perSeconds * 2 ** (slot - starts))
  }

  private capped(seconds: number): number {
    return Math.min(seconds, Math.max(this.settings.startBudget.perSeconds, MAX_PAUSE_SECONDS))
  }
}
