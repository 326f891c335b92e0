/**
 * Watches transactions, each of them once, however many tabs, clients and callbacks ask.
 *
 * Out of scope: when a transaction's status is asked for (`watched-transaction.ts`), to tell a browser
 * (`status-endpoint.ts`), or to log anybody in.
 */
import type { NevisClient } from '../client/client'
import type { Sealed } from '../trust/handle'
import type { KnownStatus } from '../trust/proof'
import type { Transaction } from '../factors/transaction'
import { delayMs, RateLimiter, type PollStep } from './schedule'
import { WatchedTransaction, type Listener, type WatchedStatus } from './watched-transaction'

export type { WatchedStatus as Watched } from './watched-transaction'

export interface WatchOptions {
  readonly lifetimeMs: number
  readonly schedule: readonly PollStep[]
  readonly maxCallsPerSecond: number
  /** Called once per transaction, when Nevis says that it was denied, is over or is unknown. What it throws is dropped. */
  readonly ended?: (sealed: Sealed) => void | Promise<void>
}

const SWEEP_EVERY_MS = 10_000
/** Of some hundred bytes each. Beyond it, those are forgotten that nobody listens to: Nevis is asked for them once more. */
const MAX_TRANSACTIONS = 50_000

/** @internal */
export class StatusWatch {
  private readonly transactions = new Map<string, WatchedTransaction>()
  private readonly rate: RateLimiter
  private nextSweepAt = 0

  constructor(
    private readonly client: NevisClient,
    private readonly options: WatchOptions,
  ) {
    this.rate = new RateLimiter(options.maxCallsPerSecond)
  }

  /** How a transaction stands. Asks Nevis unless somebody just has, or its turn has not come. */
  look(sealed: Sealed): Promise<WatchedStatus> {
    return this.watchedFor(sealed).look()
  }

  /** How it stands as far as this process knows; asks nobody. */
  peek(sealed: Sealed): WatchedStatus {
    return this.watchedFor(sealed).now()
  }

  /**
   * Calls the listener once, as soon as the transaction is decided or over.
   * @returns a function that stops listening
   */
  follow(sealed: Sealed, listener: Listener): () => void {
    return this.watchedFor(sealed).follow(listener)
  }

  /**
   * What Nevis says of exactly this transaction, for its callback: a success that was learned a moment ago, which is given
   * once; else its answer to a call, which callbacks at the same moment share; else, after ten calls one after another, which gain
   * one a second, the answer to the last of them.
   * @returns undefined where the transaction has no status token
   * @throws NevisError when Nevis did not answer: to the callback an error is an error, never "pending"
   */
  async decide({ id, factor, operation, statusToken, expiresAt, budget }: Transaction): Promise<KnownStatus | undefined> {
    if (statusToken === undefined) return undefined
    const sealed = { id, factor, operation, statusToken, expiresAt, ...(budget !== undefined && { budget }) }
    const watched = this.watchedFor(sealed)
    // The token out of the session is what was started; what is known of another token says nothing about it.
    return (watched.isOf(statusToken) ? watched : this.newWatch(sealed)).decide()
  }

  /** Milliseconds after which it is worth looking again. */
  delayMs(sealed: Sealed): number {
    return delayMs(this.options.schedule, this.ageMs(sealed), this.transactions.get(sealed.id)?.failures)
  }

  private watchedFor(sealed: Sealed): WatchedTransaction {
    const now = Date.now()
    this.sweep(now)
    const known = this.transactions.get(sealed.id)
    if (known !== undefined) return known
    const watched = this.newWatch(sealed)
    if (now < sealed.expiresAt) this.transactions.set(sealed.id, watched)
    return watched
  }

  private newWatch(sealed: Sealed): WatchedTransaction {
    const delay = (failures: number) => delayMs(this.options.schedule, this.ageMs(sealed), failures)
    return new WatchedTransaction(sealed, this.client, this.rate, delay, this.options.ended)
  }

  private ageMs({ expiresAt }: Sealed): number {
    return Date.now() - (expiresAt - this.options.lifetimeMs)
  }

  private sweep(now: number): void {
    if (this.transactions.size >= MAX_TRANSACTIONS) this.forgetIdle(MAX_TRANSACTIONS / 2)
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [id, watched] of this.transactions) if (watched.isOver(now)) this.transactions.delete(id)
  }

  /** The oldest first. Many at once, so that the search for them is rare. */
  private forgetIdle(count: number): void {
    let left = count
    for (const [id, watched] of this.transactions) {
      if (left === 0) return
      if (!watched.isIdle()) continue
      this.transactions.delete(id)
      left -= 1
    }
  }
}
