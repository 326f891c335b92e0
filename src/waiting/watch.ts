/**
 * Watches a transaction once, however many tabs and clients ask: one loop of calls per transaction and process.
 *
 * It asks only while somebody listens or looks, remembers what was decided until the transaction's end, and leaves no
 * timer behind. Not its job: to tell a browser (`status-endpoint.ts`), or to log anybody in.
 */
import type { Introspection, NevisClient, SucceededStatus } from '../client/client'
import { NevisError } from '../client/errors'
import type { Sealed } from '../handle'
import type { Transaction } from '../transactions'
import { delayMs, FairRate, withJitter, type PollStep } from './schedule'

/** @inline */
export type Watched = 'pending' | 'succeeded' | 'failed' | 'expired'

export interface WatchOptions {
  readonly lifetimeMs: number
  readonly schedule: readonly PollStep[]
  readonly maxCallsPerSecond: number
}

/** A success that this process has just learned from Nevis itself. */
export interface Seen {
  readonly answer: SucceededStatus
  /** The introspection of its token, under way while the browser goes to the callback. */
  readonly introspection?: Promise<Introspection>
}

type Listener = (status: Watched) => void

/** However many look at a transaction, Nevis is asked for it about once in this time … */
const LOOK_EVERY_MS = 1000
/** … after so many looks at once, each of which may be the one that finds the answer; less often while Nevis fails. */
const LOOKS_AT_ONCE = 3
const MAX_LOOK_EVERY_MS = 30_000
/** Nobody's page waits longer for Nevis than this; the answer is kept for the next look. */
const PATIENCE_MS = 2000
/** A success older than this is asked for once more: a browser takes less to get to the callback. */
const FRESH_MS = 5000
const SWEEP_EVERY_MS = 10_000

/** @internal */
export class StatusWatch {
  private readonly transactions = new Map<string, WatchedTransaction>()
  private readonly rate: FairRate
  private nextSweepAt = 0

  constructor(
    private readonly client: NevisClient,
    private readonly options: WatchOptions,
  ) {
    this.rate = new FairRate(options.maxCallsPerSecond)
  }

  /** How a transaction stands. Asks Nevis unless somebody just has, or its turn has not come. */
  look(sealed: Sealed): Promise<Watched> {
    return this.of(sealed).look()
  }

  /** How it stands as far as this process knows; asks nobody. */
  peek(sealed: Sealed): Watched {
    return this.of(sealed).now()
  }

  /**
   * Calls the listener once, as soon as the transaction is decided or over.
   * @returns a function that stops listening
   */
  follow(sealed: Sealed, listener: Listener): () => void {
    return this.of(sealed).follow(listener)
  }

  /**
   * The success of exactly this transaction, if it was learned a moment ago. Gives it once and forgets it: a second
   * callback asks Nevis.
   */
  take({ id, statusToken }: Transaction): Seen | undefined {
    return statusToken === undefined ? undefined : this.transactions.get(id)?.take(statusToken)
  }

  async decide(transaction: Transaction): Promise<Seen | 'pending' | undefined> {
    return this.take(transaction)
  }

  /** Milliseconds after which it is worth looking again. */
  delayMs(sealed: Sealed): number {
    return delayMs(this.options.schedule, this.ageMs(sealed), this.transactions.get(sealed.id)?.failures)
  }

  private of(sealed: Sealed): WatchedTransaction {
    const now = Date.now()
    this.sweep(now)
    const known = this.transactions.get(sealed.id)
    if (known !== undefined) return known
    const watched = new WatchedTransaction(sealed, this.client, this.rate, (failures) =>
      delayMs(this.options.schedule, this.ageMs(sealed), failures),
    )
    if (now < sealed.expiresAt) this.transactions.set(sealed.id, watched)
    return watched
  }

  private ageMs({ expiresAt }: Sealed): number {
    return Date.now() - (expiresAt - this.options.lifetimeMs)
  }

  private sweep(now: number): void {
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [id, watched] of this.transactions) if (watched.isOver(now)) this.transactions.delete(id)
  }
}

class WatchedTransaction {
  /** How often in a row Nevis has not answered. */
  failures = 0
  private status: Watched = 'pending'
  /** Milliseconds of `performance.now()`. */
  private nextLookAt = -Infinity
  private quietUntil = -Infinity
  private asking: Promise<void> | undefined
  private seen: (Seen & { readonly at: number }) | undefined
  private timer: NodeJS.Timeout | undefined
  private isTurning = false
  private readonly listeners = new Set<Listener>()

  constructor(
    private readonly sealed: Sealed,
    private readonly client: NevisClient,
    private readonly rate: FairRate,
    private readonly delayMs: (failures: number) => number,
  ) {}

  isOver(now: number): boolean {
    return now >= this.sealed.expiresAt
  }

  /** Where somebody listens already, the loop asks soon enough: one more tab costs no call. */
  async look(): Promise<Watched> {
    const mayAsk = this.isAskable() && this.listeners.size === 0
    if (mayAsk && (this.asking !== undefined || this.takesLook())) await atMost(PATIENCE_MS, this.ask())
    return this.now()
  }

  follow(listener: Listener): () => void {
    this.listeners.add(listener)
    this.settle()
    // Unless the page itself has just looked.
    if (this.listeners.size === 1 && this.isAskable() && performance.now() >= this.nextLookAt && this.takesLook()) void this.ask()
    this.schedule()
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.stop()
    }
  }

  take(statusToken: string): Seen | undefined {
    const { seen } = this
    this.seen = undefined
    const isFresh = seen !== undefined && performance.now() - seen.at < FRESH_MS && this.sealed.statusToken === statusToken
    return isFresh ? seen : undefined
  }

  /** The end of its time outweighs whatever Nevis said: the callback will refuse it. */
  now(): Watched {
    return Date.now() >= this.sealed.expiresAt ? 'expired' : this.status
  }

  private isAskable(): boolean {
    return this.now() === 'pending' && this.sealed.statusToken !== undefined
  }

  private takesLook(): boolean {
    const now = performance.now()
    if (now < this.quietUntil || now < this.nextLookAt - LOOK_EVERY_MS * (LOOKS_AT_ONCE - 1) || !this.rate.tryTake()) return false
    this.nextLookAt = Math.max(now, this.nextLookAt) + Math.min(LOOK_EVERY_MS * 2 ** this.failures, MAX_LOOK_EVERY_MS)
    return true
  }

  /** One timer at a time, and none while it is its turn or nobody listens. */
  private schedule(): void {
    if (this.timer !== undefined || this.isTurning || this.listeners.size === 0) return
    const left = this.sealed.expiresAt - Date.now()
    const pause = Math.max(withJitter(this.delayMs(this.failures)), this.quietUntil - performance.now())
    const wait = this.sealed.statusToken === undefined ? left : Math.min(pause, left)
    this.timer = setTimeout(() => void this.turn(), Math.max(0, wait)).unref()
  }

  private async turn(): Promise<void> {
    this.stop()
    this.isTurning = true
    if (this.isAskable() && performance.now() >= this.quietUntil) {
      await this.rate.take()
      if (this.listeners.size > 0) await this.ask()
    }
    this.isTurning = false
    this.settle()
    this.schedule()
  }

  private stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  /** Tells everybody who listens, once it is decided or over. */
  private settle(): void {
    const status = this.now()
    if (status === 'pending') return
    this.stop()
    const listeners = [...this.listeners]
    this.listeners.clear()
    for (const listener of listeners) listener(status)
  }

  private ask(): Promise<void> {
    this.asking ??= this.askOnce().finally(() => {
      this.asking = undefined
    })
    return this.asking
  }

  /** While Nevis cannot be reached the transaction is still pending: nothing has been decided. */
  private async askOnce(): Promise<void> {
    try {
      const answer = await this.client.getStatus(this.sealed.statusToken as string)
      this.status = answer.status === 'unknown' ? 'failed' : answer.status
      this.failures = 0
      if (answer.status === 'succeeded') this.see(answer)
    } catch (error) {
      this.failures += 1
      const { retryAfterSeconds = 0 } = error instanceof NevisError ? error : {}
      this.quietUntil = performance.now() + retryAfterSeconds * 1000
    }
    this.rate.report(this.failures === 0)
    this.settle()
  }

  private see(answer: SucceededStatus): void {
    // Whoever listens goes to the callback now.
    const introspection = this.listeners.size > 0 ? this.client.introspect(answer.token) : undefined
    // Its failure is the callback's, if one comes.
    introspection?.catch(() => {})
    this.seen = { answer, at: performance.now(), ...(introspection && { introspection }) }
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
