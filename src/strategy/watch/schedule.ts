/**
 * Decides when this process next asks Nevis for a status, and limits how many such calls it makes per second.
 *
 * Out of scope: the call itself (`watched-transaction.ts`).
 */

import { NevisError } from '../../client/errors'

/** One step of the schedule: the interval between status calls until the transaction has a given age. */
export interface PollStep {
  /** The step applies until the transaction has this age, in seconds. */
  readonly untilSeconds: number
  /** Seconds between two status calls; at least 0.5. */
  readonly everySeconds: number
}

/**
 * The default of the option `pollSchedule`. Most users answer within seconds, few after a minute. On average, this schedule makes 8.9 status calls for a
 * login, and half of the answers are noticed within 0.64 s: see `docs/performance.md`.
 */
export const defaultSchedule: readonly PollStep[] = [
  { untilSeconds: 2, everySeconds: 2 },
  { untilSeconds: 20, everySeconds: 1.2 },
  { untilSeconds: 60, everySeconds: 1.4 },
  { untilSeconds: Infinity, everySeconds: 4 },
]

/**
 * The longest interval after failed calls (unless the schedule's own interval is longer). Short, because only the next call shows that Nevis responds again.
 */
const MAX_BACKOFF_SECONDS = 10
/** Each interval varies at random by up to a tenth, so that the status calls of transactions that started together are not made together. */
const JITTER = 0.1

/**
 * Computes the time until the next status call.
 * @param ageMs milliseconds since the transaction was started
 * @param failures how many calls have failed in a row; each doubles the interval
 * @returns milliseconds until the next call, without jitter
 */
export function delayMs(schedule: readonly PollStep[], ageMs: number, failures = 0): number {
  const step = schedule.find(({ untilSeconds }) => ageMs < untilSeconds * 1000) ?? schedule[schedule.length - 1]
  const seconds = (step as PollStep).everySeconds * 2 ** failures
  return Math.min(seconds, Math.max(MAX_BACKOFF_SECONDS, (step as PollStep).everySeconds)) * 1000
}

export function withJitter(ms: number): number {
  return ms * (1 - JITTER + 2 * JITTER * Math.random())
}

/** After an idle time, all calls that are allowed in 0.1 s may be made at once: at 200 calls per second, about 20 calls. */
const BURST_SECONDS = 0.1
/** While calls to Nevis fail, the rate of calls falls, but not below 2 % of the maximum. */
const MIN_SHARE = 0.02

/** Limits the calls to Nevis per second, and serves waiting transactions in order of arrival. A call without an answer (`isAnswered`) halves the rate. */
export class RateLimiter {
  private readonly queue: (() => void)[] = []
  private timer: NodeJS.Timeout | undefined
  private nextAt = 0
  private perSecond: number

  private taken = 0

  constructor(private readonly maxPerSecond: number) {
    this.perSecond = maxPerSecond
  }

  /** For `metricsOf`: how many status calls wait (`queued`), how many were allowed so far (`taken`), and how many are now allowed per second. */
  usage(): { readonly queued: number; readonly taken: number; readonly perSecond: number } {
    return { queued: this.queue.length, taken: this.taken, perSecond: this.perSecond }
  }

  /**
   * Allows a call to Nevis immediately, if the rate permits it and no other transaction is waiting.
   * @returns true if the call is allowed
   */
  tryAcquire(): boolean {
    const now = performance.now()
    if (this.queue.length > 0 || now < this.nextAt - BURST_SECONDS * 1000) return false
    this.take(now)
    return true
  }

  /** Waits until a call is allowed. The queue has at most one entry for each transaction, because `watched-transaction.ts` makes one call at a time. */
  async acquire(): Promise<void> {
    if (this.tryAcquire()) return
    await new Promise<void>((resolve) => {
      this.queue.push(resolve)
      this.pump()
    })
  }

  adapt(answered: boolean): void {
    const rate = answered ? this.perSecond + this.maxPerSecond * 0.01 : this.perSecond / 2
    this.perSecond = Math.min(this.maxPerSecond, Math.max(this.maxPerSecond * MIN_SHARE, rate))
  }

  private take(now: number): void {
    this.nextAt = Math.max(now, this.nextAt) + 1000 / this.perSecond
    this.taken += 1
  }

  private pump(): void {
    if (this.timer !== undefined) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      const now = performance.now()
      while (this.queue.length > 0 && now >= this.nextAt - BURST_SECONDS * 1000) {
        this.take(now)
        this.queue.shift()?.()
      }
      if (this.queue.length > 0) this.pump()
    }, Math.max(1, this.nextAt - BURST_SECONDS * 1000 - performance.now()))
    this.timer.unref()
  }
}

/**
 * Requests to the callback route may ask Nevis for the status of one transaction this many times in quick succession; after that, once each second. Requests
 * that run at the same time share one call.
 */
const DECISION_BURST = 10
const DECISION_INTERVAL_MS = 1000

/** Limits the calls to Nevis for the callbacks of one transaction. Waiting pages have a limit of their own, so that page requests do not delay a sign-in. */
export class DecisionLimit {
  private nextAt = -Infinity

  /** @returns true if the callback may call Nevis now */
  tryAcquire(): boolean {
    const now = performance.now()
    if (now < this.nextAt - DECISION_INTERVAL_MS * (DECISION_BURST - 1)) return false
    this.nextAt = Math.max(now, this.nextAt) + DECISION_INTERVAL_MS
    return true
  }
}

/** True if Nevis answered a status call, but not with a transaction's status. False for HTTP 429 and 5xx, because such a call may succeed later. */
export function isAnswered(error: unknown): boolean {
  return error instanceof NevisError && error.nevisStatus !== undefined && error.nevisStatus < 500 && error.nevisStatus !== 429
}

/** Waits until `work` has ended, but not longer than this many milliseconds. */
export async function waitAtMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
