/**
 * Rate limits for pushes and SMS. After too many pushes or SMS, the user is blocked for five minutes: requests get 429 with `Retry-After`. Nevis documents
 * neither the numbers nor the HTTP status.
 *
 * Out of scope: other channels, which have no limit here.
 */
import type { Clock } from './clock'
import { Problem } from './problem'

const BLOCK_SECONDS = 300

/** @inline */
export type LimitedChannel = 'push' | 'sms'

interface Count {
  starts: number
  blockedUntil: number | undefined
}

export class Limits {
  private readonly counts = new Map<string, Count>()

  /**
   * Sets the limits.
   * @param allowed how many pushes or SMS each user may get before the block; `undefined` means no limit
   */
  constructor(
    private readonly clock: Clock,
    private readonly allowed: Readonly<Record<LimitedChannel, number | undefined>>,
  ) {}

  /**
   * Counts one push or SMS to the user, and blocks the user after too many of them.
   * @throws Problem with status 429 while the user is blocked
   */
  countStart(channel: LimitedChannel, userId: string): void {
    const allowed = this.allowed[channel]
    if (allowed === undefined) return
    const now = this.clock.now()
    const key = `${channel} ${userId}`
    let count = this.counts.get(key)
    if (count === undefined || (count.blockedUntil ?? Infinity) <= now) {
      count = { starts: 0, blockedUntil: undefined }
      this.counts.set(key, count)
    }
    if (++count.starts <= allowed) return
    count.blockedUntil ??= now + BLOCK_SECONDS * 1000
    const seconds = Math.ceil((count.blockedUntil - now) / 1000)
    throw new Problem(429, `The user is blocked for ${channel}`, { 'retry-after': String(seconds) }, 'blocked')
  }

  forget(userId: string): void {
    this.counts.delete(`push ${userId}`)
    this.counts.delete(`sms ${userId}`)
  }

  blockedChannels(userId: string): LimitedChannel[] {
    const now = this.clock.now()
    return (['push', 'sms'] as const).filter((channel) => (this.counts.get(`${channel} ${userId}`)?.blockedUntil ?? 0) > now)
  }
}
