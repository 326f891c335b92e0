/**
 * Numbered slots in the ledger: each use takes the lowest free slot for a while.
 *
 * Why no counter: a counter starts anew at the end of its window, so twice the limit could be used around that moment. Each slot has its own
 * lifetime, so the limit holds in any period of that length. Out of scope: what a slot stands for (`start-budget.ts`, `code-budget.ts`).
 */
import type { Ledger } from './ledger'

/** @internal */
export class Slots {
  /** @param ledger where the slots are claimed, each atomically */
  constructor(private readonly ledger: Ledger) {}

  /** @returns the lowest slot from `first` to `last` that was free and is now taken; 0 if none was free */
  async take(name: string, seconds: number, first: number, last: number): Promise<number> {
    for (let slot = first; slot <= last; slot++) if (await this.ledger.claim(`${name}:${slot}`, seconds)) return slot
    return 0
  }

  async free(name: string, slots: readonly number[]): Promise<void> {
    await Promise.all(slots.map((slot) => this.ledger.forget(`${name}:${slot}`)))
  }

  freeUpTo(name: string, last: number): Promise<void> {
    return this.free(name, Array.from({ length: last }, (_, i) => i + 1))
  }
}
