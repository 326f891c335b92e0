/**
 * The interface of a ledger, and the ledger in memory.
 *
 * The folder `ledger/` records what all processes must agree on, such as "this approval was used" and "3 codes were tried". The session cannot record this for
 * all processes, because ten concurrent callbacks all read the session before the first one writes it.
 * Out of scope of this file: what a key means (`budgets.ts` and the files that it imports).
 */

import { storageCall, StorageError } from '../host/storage'
import { checkedSeconds } from './lifetimes'

/**
 * Stores claims ("used once") and counts for all processes of your app. Use {@link MemoryLedger}, {@link RedisLedger} or {@link PostgresLedger}, or write
 * your own: each method must be atomic. A key is either claimed or counted, never both. A ledger may keep a key up to a second longer than its lifetime. If a
 * method of the ledger rejects or takes longer than 5 s, the request fails with `LEDGER_UNAVAILABLE`, and no user is signed in.
 */
export interface Ledger {
  /**
   * Claims a key: only the first caller gets true.
   * @param key what is claimed; any string
   * @param ttlSeconds whole seconds for which the claim is remembered, 1 or more
   * @returns true for exactly one caller within that time, in any process
   */
  claim(key: string, ttlSeconds: number): Promise<boolean>

  /**
   * Counts one more use of a key.
   * @param key what is counted; any string
   * @param ttlSeconds whole seconds from the first count until the count restarts, 1 or more
   * @returns the count, this call included: 1 for the first
   */
  count(key: string, ttlSeconds: number): Promise<number>

  /**
   * Reads a key without changing it.
   * @param key what may have been claimed or counted
   * @returns whole seconds, rounded up, until the claim or the count ends; 0 if the key is neither claimed nor counted
   */
  look(key: string): Promise<number>

  /**
   * Deletes a key: afterwards it is neither claimed nor counted. Deleting a missing key is no error.
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
 * A ledger in this process's memory. Do not use this ledger if your app runs in several processes: each process would accept the same approval once.
 * For several processes, use {@link RedisLedger} or {@link PostgresLedger}.
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

  /** Counts one more use of a key. There is no `await` between the read and the write, so two callers never get the same count. */
  private add(key: string, ttlSeconds: number): number {
    const [now, lifetimeMs] = [Date.now(), checkedSeconds('MemoryLedger', ttlSeconds) * 1000]
    this.sweep(now)
    const entry = this.entries.get(key)
    if (entry !== undefined && now < entry.endsAt) return ++entry.count
    this.entries.set(key, { count: 1, endsAt: now + lifetimeMs })
    return 1
  }

  /** Deletes expired entries. No timer does this, because a timer would keep the process alive. */
  private sweep(now: number): void {
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [key, entry] of this.entries) if (now >= entry.endsAt) this.entries.delete(key)
  }
}

/**
 * The ledger that `failClosed` returns: it throws a StorageError if the app's ledger fails, is too slow, or returns a value of the wrong type.
 * @internal
 */
export interface FailClosedLedger extends Ledger {
  readonly kind: string
  /** True if the ledger is in the memory of this process, so that no other process shares it. */
  readonly isInMemory: boolean
  /** Moving average of the duration of a call to the app's ledger, in milliseconds; undefined before the first call. */
  latencyMs(): number | undefined
}

/** Weight of the newest call in the moving average of `latencyMs`. With 0.1, about the last twenty calls determine the average. */
const LATENCY_WEIGHT = 0.1

/**
 * Wraps a ledger so that it fails closed: if the ledger does not answer properly, the request fails and no user is signed in. While the ledger is
 * unavailable (for example while Redis is down), a start fails before Nevis notifies the user, and a callback fails. Waiting pages go on,
 * because the status endpoint needs no ledger.
 *
 * The callers of this ledger ignore its failure only in these cases. In none of them does the failure alone let a user in:
 * - `noteSignIn` (`strategy/callback.ts`): Nevis has already enrolled the factor or approved the sign-in. Without the note, an older enrolment or an
 *   older session cookie is not refused for its age. Neither of them lets anybody in without an approval.
 * - `denialsBefore` (`strategy/callback.ts`): the number of denials is only for the event `suspicious`.
 * - `freeSlots` (`ledger/start-budget.ts`): the approval is valid; its starts count against the user for a day, which is stricter.
 * - `freeSlotOfFailedStart` (`ledger/start-budget.ts`): the start has failed already; it still counts, which is stricter. If only the denials cannot be read, a
 *   pause after denials may end too early.
 * - `giveBack` (`strategy/code-attempts.ts`): the code is right; it counts until its slot expires, which is stricter.
 * - `noteOf` (`strategy/code-attempts.ts`): without the note, a right code that comes again counts as wrong, which is stricter.
 * - `tryToForget` (`ledger/endings.ts`): it takes back a claim after a failure. That failure is thrown, and the transaction stays ended. Or it ends the turn of a
 *   callback, which also ends by itself.
 * - `forgetStart` (`strategy/parallel.ts`): the next start waits for a result that does not come, for at most a few seconds.
 * - `browsers.use` and `rememberBrowser` (`strategy/remembered.ts`): the user must give the second factor; an event reports the failure.
 * - `isEnrolmentFinished` (`strategy/enrolment.ts`): the page says that there is nothing to confirm, instead of that the enrolment is finished.
 * - the polling (`strategy/watch-reports.ts`): the end of the transaction is not noted yet. The callback route notes it; an event reports the failure.
 * @throws StorageError `LEDGER_UNAVAILABLE` if the ledger rejects, takes too long, or returns a value of the wrong type
 * @internal
 */
export function failClosed(ledger: Ledger): FailClosedLedger {
  let latencyMs: number | undefined
  const measured = async <T>(answer: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now()
    try {
      return await storageCall('LEDGER_UNAVAILABLE', async () => answer())
    } finally {
      const ms = performance.now() - startedAt
      latencyMs = latencyMs === undefined ? ms : latencyMs + LATENCY_WEIGHT * (ms - latencyMs)
    }
  }
  const checked = async <T>(answer: () => Promise<T>, isValid: (value: T) => boolean): Promise<T> => {
    const value = await measured(answer)
    if (isValid(value)) return value
    throw new StorageError('LEDGER_UNAVAILABLE')
  }
  return {
    kind: ledger.constructor?.name ?? '',
    isInMemory: ledger instanceof MemoryLedger,
    latencyMs: () => latencyMs,
    claim: (key, ttlSeconds) => checked(() => ledger.claim(key, ttlSeconds), (value) => typeof value === 'boolean'),
    count: (key, ttlSeconds) => checked(() => ledger.count(key, ttlSeconds), (value) => Number.isInteger(value) && value >= 1),
    look: (key) => checked(() => ledger.look(key), (value) => Number.isInteger(value) && value >= 0),
    forget: async (key) => void (await checked(() => ledger.forget(key), () => true)),
  }
}
