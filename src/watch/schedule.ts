/**
 * When to ask Nevis again, and how often a process may ask at all.
 *
 * Not its job: to ask.
 */

/** Up to this age of a transaction, ask this often. */
export interface PollStep {
  /** Seconds since the start. */
  readonly untilSeconds: number
  /** Seconds between two calls; 0.5 at least. */
  readonly everySeconds: number
}

/**
 * Most people answer within seconds, few after a minute. Against answers that are spread log-normally around 8 s this
 * asks less often than once a second and finds half of the answers within 0.63 s; see `docs/performance.md`.
 */
export const defaultSchedule: readonly PollStep[] = [
  { untilSeconds: 2, everySeconds: 2 },
  { untilSeconds: 20, everySeconds: 1.2 },
  { untilSeconds: 60, everySeconds: 1.4 },
  { untilSeconds: Infinity, everySeconds: 4 },
]

const MAX_BACKOFF_SECONDS = 30
/** Share by which an interval varies, so that those who started together do not ask together. */
const JITTER = 0.1

/**
 * @param ageMs milliseconds since the transaction was started
 * @param failures how often in a row Nevis has not answered: each doubles the pause
 * @returns milliseconds until it is worth asking again, without jitter
 */
export function delayMs(schedule: readonly PollStep[], ageMs: number, failures = 0): number {
  const step = schedule.find(({ untilSeconds }) => ageMs < untilSeconds * 1000) ?? schedule[schedule.length - 1]
  const seconds = (step as PollStep).everySeconds * 2 ** failures
  return Math.min(seconds, Math.max(MAX_BACKOFF_SECONDS, (step as PollStep).everySeconds)) * 1000
}

export function withJitter(ms: number): number {
  return ms * (1 - JITTER + 2 * JITTER * Math.random())
}

/** Calls that may go at once after a quiet while, as seconds of the rate. */
const BURST_SECONDS = 0.1
/** However badly Nevis does, this share of the rate is tried. */
const MIN_SHARE = 0.02

/**
 * A fair share of calls for everybody who waits: first come, first served. The rate halves when Nevis fails and grows
 * back while it answers.
 */
export class RateLimiter {
  private readonly queue: (() => void)[] = []
  private timer: NodeJS.Timeout | undefined
  private nextAt = 0
  private perSecond: number

  constructor(private readonly maxPerSecond: number) {
    this.perSecond = maxPerSecond
  }

  /** Takes a turn if one is free now and nobody waits for it. */
  tryAcquire(): boolean {
    const now = performance.now()
    if (this.queue.length > 0 || now < this.nextAt - BURST_SECONDS * 1000) return false
    this.nextAt = Math.max(now, this.nextAt) + 1000 / this.perSecond
    return true
  }

  /** Waits for a turn. Everybody who waits for one has one turn outstanding, so the queue is as long as the crowd. */
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

  private pump(): void {
    if (this.timer !== undefined) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      const now = performance.now()
      while (this.queue.length > 0 && now >= this.nextAt - BURST_SECONDS * 1000) {
        this.nextAt = Math.max(now, this.nextAt) + 1000 / this.perSecond
        this.queue.shift()?.()
      }
      if (this.queue.length > 0) this.pump()
    }, Math.max(1, this.nextAt - BURST_SECONDS * 1000 - performance.now()))
    this.timer.unref()
  }
}
