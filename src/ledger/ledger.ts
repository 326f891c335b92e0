/**
 * What every process must agree on: "this was claimed once", "this was tried n times".
 *
 * Out of scope: what a key means, and anything about a person; keys arrive as digests.
 * The session cannot do this: of ten parallel callbacks all ten read the session before the first one writes it.
 */

import { storageCall, StorageError } from '../host/storage'

/**
 * What every process must agree on. {@link MemoryLedger} and {@link RedisLedger} are there; a ledger of your own keeps these promises
 * for callers at the same moment, too. Claims and counts share their keys: a key is either claimed or counted, never both.
 * Lifetimes are whole seconds, 1 or more; a ledger may keep a key up to a second longer.
 * A ledger that rejects, or takes longer than 5 s, lets nobody in (`LEDGER_UNAVAILABLE`).
 */
export interface Ledger {
  /**
   * Claims a key.
   * @param key what is claimed; any string
   * @param ttlSeconds whole seconds for which the claim is remembered, 1 or more
   * @returns true for exactly one caller within that time, in whatever process
   */
  claim(key: string, ttlSeconds: number): Promise<boolean>

  /**
   * Counts one more use of a key.
   * @param key what is counted; any string
   * @param ttlSeconds whole seconds from the first count until the count starts anew, 1 or more
   * @returns the count, this call included: 1 for the first
   */
  count(key: string, ttlSeconds: number): Promise<number>

  /**
   * Looks at a key and changes nothing.
   * @param key what may have been claimed or counted
   * @returns whole seconds, rounded up, until the claim or the count ends; 0 if there is none
   */
  look(key: string): Promise<number>

  /**
   * Forgets a key: afterwards nothing is claimed or counted under it. To forget a key that is not there is no error.
   * @param key what may have been claimed or counted
   */
  forget(key: string): Promise<void>
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
    return this.add(key, ttlSeconds) === 1
  }

  async count(key: string, ttlSeconds: number): Promise<number> {
    return this.add(key, ttlSeconds)
  }

  async look(key: string): Promise<number> {
    const leftMs = (this.entries.get(key)?.endsAt ?? 0) - Date.now()
    return Math.max(0, Math.ceil(leftMs / 1000))
  }

  async forget(key: string): Promise<void> {
    this.entries.delete(key)
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

  /** Forgets entries that have ended while it works, so that no timer keeps the process alive. */
  private sweep(now: number): void {
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, entry] of this.entries) if (now >= entry.endsAt) this.entries.delete(key)
  }
}

/** @internal */
export interface FailClosedLedger extends Ledger {
  /** The class of the ledger inside. */
  readonly kind: string
  /** Does no other process know what is in it? */
  readonly isInMemory: boolean
}

/**
 * The same ledger, but any fault in it lets nobody in.
 * @throws StorageError `LEDGER_UNAVAILABLE` when the ledger rejects, takes too long, or gives an answer of another kind than promised
 * @internal
 */
export function failClosed(ledger: Ledger): FailClosedLedger {
  const asked = async <T>(answer: () => Promise<T>, isPromised: (value: T) => boolean): Promise<T> => {
    const value = await storageCall('LEDGER_UNAVAILABLE', async () => answer())
    if (isPromised(value)) return value
    throw new StorageError('LEDGER_UNAVAILABLE')
  }
  return {
    kind: ledger.constructor?.name ?? '',
    isInMemory: ledger instanceof MemoryLedger,
    claim: (key, ttlSeconds) => asked(() => ledger.claim(key, ttlSeconds), (value) => typeof value === 'boolean'),
    count: (key, ttlSeconds) => asked(() => ledger.count(key, ttlSeconds), (value) => Number.isInteger(value) && value >= 1),
    look: (key) => asked(() => ledger.look(key), (value) => Number.isInteger(value) && value >= 0),
    forget: async (key) => void (await asked(() => ledger.forget(key), () => true)),
  }
}
