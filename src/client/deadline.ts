/**
 * One deadline for a piece of work, across all its requests, retries and pauses.
 *
 * A time-out per request would restart with every byte or retry, so a server that sends one byte at a time could block a login
 * indefinitely. Out of scope: what the work is.
 */

/**
 * Passed to the work, and to axios in place of an `AbortSignal` (its `GenericAbortSignal`). A real `AbortSignal` is an
 * `EventTarget`, whose cost is a tenth of the call that it guards.
 */
export class Deadline {
  /** True when the time is up. */
  aborted = false
  private readonly endsAt: number
  /** Set by the request that is running; there is one at a time. */
  private listener: (() => void) | undefined

  constructor(timeoutMs: number) {
    this.endsAt = performance.now() + timeoutMs
  }

  remainingMs(): number {
    return this.endsAt - performance.now()
  }

  /** Registers the abort handler of the running request, which holds the socket. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.listener = listener
  }

  removeEventListener(): void {
    this.listener = undefined
  }

  abort(): void {
    this.aborted = true
    this.listener?.()
  }
}

/**
 * @param timeoutMs milliseconds for the whole of the work
 * @param expired makes the error to reject with when the time is up
 * @returns what the work returns
 */
export function withDeadline<T>(timeoutMs: number, expired: () => Error, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = new Deadline(timeoutMs)
    const timer = setTimeout(() => {
      // Reject before aborting, so that the caller sees the time-out and not the error of the aborted request.
      reject(expired())
      deadline.abort()
    }, timeoutMs)
    const settled = <V>(settle: (value: V) => void) => (value: V) => {
      clearTimeout(timer)
      settle(value)
    }
    work(deadline).then(settled(resolve), settled(reject))
  })
}
