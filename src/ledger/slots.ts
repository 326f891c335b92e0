/**
 * Numbered slots in the ledger, to count towards a limit. For example, if the limit is 30 codes in an hour, each code takes the lowest free slot, from 1 to 30,
 * for an hour. If no slot is free, the limit is reached.
 *
 * A counter that restarts each hour would not be enough: a user could reach the limit just before the restart and again just after it. Slots prevent this,
 * because each slot becomes free exactly one hour after it was taken. Out of scope: what takes a slot (starts in `start-budget.ts`, codes in `code-budget.ts`,
 * SMS in `budgets.ts`), and when.
 */
import type { Ledger } from './ledger'

/** @internal */
export class Slots {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Takes the lowest free slot.
   * @returns the number of the slot, from `first` to `last`; 0 if no slot was free
   */
  async take(name: string, seconds: number, first: number, last: number): Promise<number> {
    for (let slot = first; slot <= last; slot++) if (await this.ledger.claim(`${name}:${slot}`, seconds)) return slot
    return 0
  }

  async hasTaken(name: string, last: number): Promise<boolean> {
    return (await this.secondsLeft(name, last)).some((seconds) => seconds > 0)
  }

  /** True if no slot is free. Looks at the last slot first: as long as it is free, one call to the ledger is enough. */
  async isFull(name: string, last: number): Promise<boolean> {
    return (await this.ledger.look(`${name}:${last}`)) > 0 && (await this.secondsLeft(name, last)).every((seconds) => seconds > 0)
  }

  /** Whole seconds until the first of the taken slots is free. At least 1, because the number is sent as `Retry-After`. */
  async secondsUntilFree(name: string, last: number): Promise<number> {
    return Math.max(1, Math.min(...(await this.secondsLeft(name, last))))
  }

  private secondsLeft(name: string, last: number): Promise<number[]> {
    return Promise.all(numbersUpTo(last).map((slot) => this.ledger.look(`${name}:${slot}`)))
  }

  async free(name: string, slots: readonly number[]): Promise<void> {
    await Promise.all(slots.map((slot) => this.ledger.forget(`${name}:${slot}`)))
  }

  freeUpTo(name: string, last: number): Promise<void> {
    return this.free(name, numbersUpTo(last))
  }
}

function numbersUpTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1)
}
