/**
 * The simulator's clock: the machine's time plus an offset that tests can increase.
 *
 * Out of scope: timers. The simulator has none: code with a deadline compares the deadline with `now()`.
 */

export class Clock {
  private offsetMs: number

  /**
   * Starts the clock.
   * @param aheadMs how far this clock is ahead of the machine's clock at the start, in milliseconds; negative if behind
   */
  constructor(aheadMs = 0) {
    this.offsetMs = aheadMs
  }

  /** The simulator's time, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offsetMs
  }

  /**
   * Moves the clock forward.
   * @param ms milliseconds, zero or more
   */
  advance(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError('NevisSimulator: advance() takes zero or more milliseconds')
    this.offsetMs += ms
  }
}

/** Formats a time in whole seconds, such as `2020-10-09T12:52:48Z`, as in status answers and users. */
export const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

/** Formats a time in microseconds, such as `2020-10-09T12:13:11.845958Z`, as in enrolment responses. A client must be able to parse both forms. */
export const isoMicroseconds = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')
