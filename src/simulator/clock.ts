/**
 * The simulator's clock: the machine's clock plus an offset. `simulator.advance` increases the offset.
 *
 * Out of scope: timers. When a request comes, the simulator compares expiry times with `now()`.
 */

export class Clock {
  private offsetMs: number

  /**
   * Creates the clock.
   * @param aheadMs milliseconds by which the new clock is ahead of the machine's clock; negative if it is behind
   */
  constructor(aheadMs = 0) {
    this.offsetMs = aheadMs
  }

  /** The simulator's time, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offsetMs
  }

  advance(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError('NevisSimulator: advance() takes zero or more milliseconds')
    this.offsetMs += ms
  }
}

/** Formats a time in whole seconds, for example `2020-10-09T12:52:48Z`. Nevis uses this form in status responses and in user data. */
export const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

/**
 * Formats a time in microseconds, for example `2020-10-09T12:13:11.845958Z`. Nevis uses this form in enrolment responses, so clients must parse times with and
 * without microseconds.
 */
export const isoMicroseconds = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')
