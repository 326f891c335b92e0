/**
 * One transaction that is watched: one loop of calls, whoever listens, looks, or comes to the callback.
 *
 * It asks only while somebody listens, looks or comes, remembers what was decided until the transaction's end, and leaves
 * no timer behind. Out of scope: which transactions there are (`watch.ts`).
 */
import type { Introspection, NevisClient, Status } from '../client/client'
import { NevisError } from '../client/errors'
import type { Sealed } from '../trust/handle'
import type { Seen } from '../trust/proof'
import { withJitter, type FairRate } from './schedule'

/** @inline */
export type Watched = 'pending' | 'succeeded' | 'failed' | 'expired'

export type Listener = (status: Watched) => void

/** However many look at a transaction, Nevis is asked for it about once in this time … */
const LOOK_EVERY_MS = 1000
/** … after so many looks at once, each of which may be the one that finds the answer; less often while Nevis fails. */
const LOOKS_AT_ONCE = 3
const MAX_LOOK_EVERY_MS = 30_000
/** So many callbacks of a transaction may ask one after another; then one a second. Callbacks at the same moment share a call. */
const DECISIONS_AT_ONCE = 10
/** Nobody's page waits longer for Nevis than this; the answer is kept for the next look. */
const PATIENCE_MS = 2000
/** A success older than this is asked for once more: a browser takes less to get to the callback. */
const FRESH_MS = 5000

/** How the last call ended: with an answer, or with an error. */
interface Last {
  /** Of `performance.now()`. */
  readonly at: number
  readonly answer?: Status
  readonly error?: unknown
  introspection?: Promise<Introspection>
  /** A callback has had it. */
  isTaken?: true
}

/** @internal */
export class WatchedTransaction {
  /** How often in a row Nevis has not answered. */
  failures = 0
  private status: Watched = 'pending'
  /** Milliseconds of `performance.now()`. */
  private nextLookAt = -Infinity
  private quietUntil = -Infinity
  private nextDecisionAt = -Infinity
  private asking: Promise<void> | undefined
  /** Not to be printed with the strategy, like the next one: both hold tokens. */
  #last: Last | undefined
  readonly #sealed: Sealed
  private deciding = 0
  private timer: NodeJS.Timeout | undefined
  private isTurning = false
  private readonly listeners = new Set<Listener>()

  constructor(
    sealed: Sealed,
    private readonly client: NevisClient,
    private readonly rate: FairRate,
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

  /** For the callback; see `StatusWatch.decide`. */
  async decide(): Promise<Seen> {
    const last = this.#last
    const isNews = last?.answer?.status === 'succeeded' && last.isTaken === undefined && performance.now() - last.at < FRESH_MS
    if (isNews) return this.taken()
    const isAnswered = this.asking === undefined && !this.takesDecision()
    this.deciding += 1
    if (!isAnswered) await this.ask()
    const isShared = isAnswered || this.deciding > 1
    this.deciding -= 1
    // Callbacks that share an answer share what follows from it: a flood of them is one introspection, too.
    if (isShared) this.introspect()
    return this.taken()
  }

  private taken(): Seen {
    const last = this.#last as Last
    if (last.answer === undefined) throw last.error
    last.isTaken = true
    const { answer, introspection } = last
    return { answer, ...(introspection && { introspection }) }
  }

  /** The end of its time outweighs whatever Nevis said: the callback will refuse it. */
  now(): Watched {
    return Date.now() >= this.#sealed.expiresAt ? 'expired' : this.status
  }

  private isAskable(): boolean {
    return this.now() === 'pending' && this.#sealed.statusToken !== undefined
  }

  private takesLook(): boolean {
    const now = performance.now()
    if (now < this.quietUntil || now < this.nextLookAt - LOOK_EVERY_MS * (LOOKS_AT_ONCE - 1) || !this.rate.tryTake()) return false
    this.nextLookAt = Math.max(now, this.nextLookAt) + Math.min(LOOK_EVERY_MS * 2 ** this.failures, MAX_LOOK_EVERY_MS)
    return true
  }

  /**
   * Callbacks have calls of their own, so that a page that has just looked delays no sign-in; and not less often while Nevis fails:
   * a callback gets an answer of this second.
   */
  private takesDecision(): boolean {
    const now = performance.now()
    if (now < this.nextDecisionAt - LOOK_EVERY_MS * (DECISIONS_AT_ONCE - 1)) return false
    this.nextDecisionAt = Math.max(now, this.nextDecisionAt) + LOOK_EVERY_MS
    return true
  }

  /** One timer at a time, and none while it is its turn or nobody listens. */
  private schedule(): void {
    if (this.timer !== undefined || this.isTurning || this.listeners.size === 0) return
    const left = this.#sealed.expiresAt - Date.now()
    const pause = Math.max(withJitter(this.delayMs(this.failures)), this.quietUntil - performance.now())
    const wait = this.#sealed.statusToken === undefined ? left : Math.min(pause, left)
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
      await this.learn(await this.client.getStatus(this.#sealed.statusToken as string))
    } catch (error) {
      this.#last = { at: performance.now(), error }
      this.failures += 1
      const { retryAfterSeconds = 0 } = error instanceof NevisError ? error : {}
      this.quietUntil = performance.now() + Math.min(retryAfterSeconds * 1000, MAX_LOOK_EVERY_MS)
    }
    this.rate.report(this.failures === 0)
    this.settle()
  }

  private async learn(answer: Status): Promise<void> {
    this.#last = { at: performance.now(), answer }
    const status = answer.status === 'unknown' ? 'failed' : answer.status
    // Before anybody is told, so that the next start finds it noted.
    if (status === 'failed' && this.status !== 'failed') await this.end()
    this.status = status
    this.failures = 0
    // Whoever listens goes to the callback now.
    if (this.listeners.size > 0) this.introspect()
  }

  private async end(): Promise<void> {
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

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
