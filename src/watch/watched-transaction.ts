/**
 * One transaction that is watched: one loop of calls, whoever listens, looks, or comes to the callback.
 *
 * It asks only while somebody listens, looks or comes, remembers what was decided until the transaction's end, and leaves
 * no timer behind. Out of scope: which transactions there are (`watch.ts`).
 */
import type { Introspection, NevisClient, Status } from '../client/client'
import { NevisError } from '../client/errors'
import type { Sealed } from '../trust/handle'
import type { KnownStatus } from '../trust/proof'
import { withJitter, type RateLimiter } from './schedule'

/** @inline */
export type WatchedStatus = 'pending' | 'succeeded' | 'failed' | 'expired'

export type Listener = (status: WatchedStatus) => void

/** However many look at a transaction, Nevis is asked for it about once in this time … */
const LOOK_INTERVAL_MS = 1000
/** … after so many looks at once, each of which may be the one that finds the answer; less often while Nevis fails. */
const LOOK_BURST = 3
const MAX_LOOK_INTERVAL_MS = 30_000
/** So many callbacks of a transaction may ask one after another; then one a second. Callbacks at the same moment share a call. */
const DECISION_BURST = 10
/** Nobody's page waits longer for Nevis than this; the answer is kept for the next look. */
const MAX_WAIT_MS = 2000
/** A success older than this is asked for once more: a browser takes less to get to the callback. */
const MAX_SUCCESS_AGE_MS = 5000

/** How the last call ended: with an answer, or with an error. */
interface LastCall {
  /** Of `performance.now()`. */
  readonly at: number
  readonly answer?: Status
  readonly error?: unknown
  introspection?: Promise<Introspection>
  /** A callback has had it. */
  isUsed?: true
}

/** @internal */
export class WatchedTransaction {
  /** How often in a row Nevis has not answered. */
  failures = 0
  private status: WatchedStatus = 'pending'
  /** Milliseconds of `performance.now()`. */
  private nextLookAt = -Infinity
  private backOffUntil = -Infinity
  private nextDecisionAt = -Infinity
  private asking: Promise<void> | undefined
  /** Not to be printed with the strategy, like the next one: both hold tokens. */
  #last: LastCall | undefined
  readonly #sealed: Sealed
  private deciding = 0
  private timer: NodeJS.Timeout | undefined
  private isPolling = false
  private readonly listeners = new Set<Listener>()

  constructor(
    sealed: Sealed,
    private readonly client: NevisClient,
    private readonly rate: RateLimiter,
    private readonly delayMs: (failures: number) => number,
    private readonly ended: ((sealed: Sealed) => void | Promise<void>) | undefined,
  ) {
    this.#sealed = sealed
  }

  /** Is this the transaction of the status token, too, and not only of the same id? */
  isOf(statusToken: string): boolean {
    return this.#sealed.statusToken === statusToken
  }

  isOver(now: number): boolean {
    return now >= this.#sealed.expiresAt
  }

  isIdle(): boolean {
    return this.listeners.size === 0 && this.asking === undefined
  }

  /** Where somebody listens already, the loop asks soon enough: one more tab costs no call. */
  async look(): Promise<WatchedStatus> {
    const mayAsk = this.isAskable() && this.listeners.size === 0
    if (mayAsk && (this.asking !== undefined || this.mayLookNow())) await waitAtMost(MAX_WAIT_MS, this.ask())
    return this.now()
  }

  follow(listener: Listener): () => void {
    this.listeners.add(listener)
    this.notifyIfDecided()
    // Unless the page itself has just looked.
    if (this.listeners.size === 1 && this.isAskable() && performance.now() >= this.nextLookAt && this.mayLookNow()) void this.ask()
    this.schedule()
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.stop()
    }
  }

  /** For the callback; see `StatusWatch.decide`. */
  async decide(): Promise<KnownStatus> {
    const last = this.#last
    const isNews = last?.answer?.status === 'succeeded' && last.isUsed === undefined && performance.now() - last.at < MAX_SUCCESS_AGE_MS
    if (isNews) return this.taken()
    const isAnswered = this.asking === undefined && !this.mayDecideNow()
    this.deciding += 1
    if (!isAnswered) await this.ask()
    const isShared = isAnswered || this.deciding > 1
    this.deciding -= 1
    // Callbacks that share an answer share what follows from it: a flood of them is one introspection, too.
    if (isShared) this.introspect()
    return this.taken()
  }

  private taken(): KnownStatus {
    const last = this.#last as LastCall
    if (last.answer === undefined) throw last.error
    last.isUsed = true
    const { answer, introspection } = last
    return { answer, ...(introspection && { introspection }) }
  }

  /** The end of its time outweighs whatever Nevis said: the callback will refuse it. */
  now(): WatchedStatus {
    return Date.now() >= this.#sealed.expiresAt ? 'expired' : this.status
  }

  private isAskable(): boolean {
    return this.now() === 'pending' && this.#sealed.statusToken !== undefined
  }

  private mayLookNow(): boolean {
    const now = performance.now()
    if (now < this.backOffUntil || now < this.nextLookAt - LOOK_INTERVAL_MS * (LOOK_BURST - 1) || !this.rate.tryAcquire()) return false
    this.nextLookAt = Math.max(now, this.nextLookAt) + Math.min(LOOK_INTERVAL_MS * 2 ** this.failures, MAX_LOOK_INTERVAL_MS)
    return true
  }

  /**
   * Callbacks have calls of their own, so that a page that has just looked delays no sign-in; and not less often while Nevis fails:
   * a callback gets an answer of this second.
   */
  private mayDecideNow(): boolean {
    const now = performance.now()
    if (now < this.nextDecisionAt - LOOK_INTERVAL_MS * (DECISION_BURST - 1)) return false
    this.nextDecisionAt = Math.max(now, this.nextDecisionAt) + LOOK_INTERVAL_MS
    return true
  }

  /** One timer at a time, and none while it is its turn or nobody listens. */
  private schedule(): void {
    if (this.timer !== undefined || this.isPolling || this.listeners.size === 0) return
    const left = this.#sealed.expiresAt - Date.now()
    const pause = Math.max(withJitter(this.delayMs(this.failures)), this.backOffUntil - performance.now())
    const wait = this.#sealed.statusToken === undefined ? left : Math.min(pause, left)
    this.timer = setTimeout(() => void this.poll(), Math.max(0, wait)).unref()
  }

  private async poll(): Promise<void> {
    this.stop()
    this.isPolling = true
    if (this.isAskable() && performance.now() >= this.backOffUntil) {
      await this.rate.acquire()
      if (this.listeners.size > 0) await this.ask()
    }
    this.isPolling = false
    this.notifyIfDecided()
    this.schedule()
  }

  private stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  /** Tells everybody who listens, once it is decided or over. */
  private notifyIfDecided(): void {
    const status = this.now()
    if (status === 'pending') return
    this.stop()
    const listeners = [...this.listeners]
    this.listeners.clear()
    for (const listener of listeners) {
      try {
        listener(status)
      } catch {
        // Nobody awaits this loop: an error of one listener would end the process, and the others would hear nothing.
      }
    }
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
      await this.accept(await this.client.getStatus(this.#sealed.statusToken as string))
    } catch (error) {
      this.#last = { at: performance.now(), error }
      this.failures += 1
      const { retryAfterSeconds = 0 } = error instanceof NevisError ? error : {}
      this.backOffUntil = performance.now() + Math.min(retryAfterSeconds * 1000, MAX_LOOK_INTERVAL_MS)
    }
    this.rate.adapt(this.failures === 0)
    this.notifyIfDecided()
  }

  private async accept(answer: Status): Promise<void> {
    this.#last = { at: performance.now(), answer }
    const status = answer.status === 'unknown' ? 'failed' : answer.status
    // Before anybody is told, so that the next start finds it noted.
    if (status === 'failed' && this.status !== 'failed') await this.reportEnd()
    this.status = status
    this.failures = 0
    // Whoever listens goes to the callback now.
    if (this.listeners.size > 0) this.introspect()
  }

  private async reportEnd(): Promise<void> {
    try {
      await this.ended?.(this.#sealed)
    } catch {
      // The ledger, as a rule: the callback, or the next start, learns of the end for itself.
    }
  }

  private introspect(): void {
    const last = this.#last
    if (last?.answer?.status !== 'succeeded' || last.introspection !== undefined) return
    last.introspection = this.client.introspect(last.answer.token)
    // Its failure is the callback's, if one comes.
    last.introspection.catch(() => {})
  }
}

async function waitAtMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
