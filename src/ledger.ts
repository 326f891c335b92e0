/**
 * What every process must agree on: "this was claimed once", "this was tried n times".
 *
 * Not its job: to know what a key means, or to hold anything about a person; keys arrive as digests.
 * The session cannot do this: of ten parallel callbacks all ten read it before the first one writes it.
 */

import { inTime, StorageError } from './storage'

/**
 * What every process must agree on. {@link MemoryLedger} and {@link RedisLedger} are there; one of your own keeps both promises
 * for callers at the same moment, too. A ledger that rejects, or takes longer than 5 s, lets nobody in (`LEDGER_UNAVAILABLE`).
 */
export interface Ledger {
  /**
   * Claims a key.
   * @param key what is claimed; any string
   * @param ttlSeconds seconds for which the claim is remembered
   * @returns true for exactly one caller within that time, in whatever process
   */
  claim(key: string, ttlSeconds: number): Promise<boolean>

  /**
   * Counts one more use of a key.
   * @param key what is counted; any string
   * @param ttlSeconds seconds from the first count until the count starts anew
   * @returns the count, this call included: 1 for the first
   */
  count(key: string, ttlSeconds: number): Promise<number>
}

interface Entry {
  count: number
  readonly endsAt: number
}

const SWEEP_EVERY_MS = 30_000

/**
 * A ledger in this process's memory. Not for several processes: each would let the same approval in once.
 * Use `RedisLedger` there.
 */
export class MemoryLedger implements Ledger {
  private readonly entries = new Map<string, Entry>()
  private nextSweepAt = 0

  async claim(key: string, ttlSeconds: number): Promise<boolean> {
    return this.add(`claim:${key}`, ttlSeconds) === 1
  }

  async count(key: string, ttlSeconds: number): Promise<number> {
    return this.add(`count:${key}`, ttlSeconds)
  }

  /** Reads and writes without an await between them: two callers never see the same count. */
  private add(key: string, ttlSeconds: number): number {
    const now = Date.now()
    this.sweep(now)
    const entry = this.entries.get(key)
    if (entry !== undefined && now < entry.endsAt) return ++entry.count
    this.entries.set(key, { count: 1, endsAt: now + ttlSeconds * 1000 })
    return 1
  }

  /** Forgets what is over while it works, so that no timer keeps the process alive. */
  private sweep(now: number): void {
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, entry] of this.entries) if (now >= entry.endsAt) this.entries.delete(key)
  }
}

/** @internal */
export interface ClosedLedger extends Ledger {
  /** The class of the ledger inside. */
  readonly kind: string
}

/**
 * The same ledger, but whatever goes wrong in it lets nobody in.
 * @throws StorageError `LEDGER_UNAVAILABLE` when it rejects, takes too long, or answers with something else than promised
 * @internal
 */
export function failClosed(ledger: Ledger): ClosedLedger {
  const asked = async <T>(answer: () => Promise<T>, isPromised: (value: T) => boolean): Promise<T> => {
    const value = await inTime('LEDGER_UNAVAILABLE', async () => answer())
    if (isPromised(value)) return value
    throw new StorageError('LEDGER_UNAVAILABLE')
  }
  return {
    kind: ledger.constructor?.name ?? '',
    claim: (key, ttlSeconds) => asked(() => ledger.claim(key, ttlSeconds), (value) => typeof value === 'boolean'),
    count: (key, ttlSeconds) => asked(() => ledger.count(key, ttlSeconds), (value) => Number.isInteger(value) && value >= 1),
  }
}
