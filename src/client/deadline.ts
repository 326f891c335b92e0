/**
 * One deadline over a piece of work, however many requests, retries and pauses it is made of.
 *
 * Not its job: to know what the work is. A time-out per request would start anew with every byte or retry, so that
 * a server that drips its answer could hold a login for ever.
 */

/**
 * What the work is told about its deadline; also what axios takes for an `AbortSignal` (its `GenericAbortSignal`). A real
 * one is an `EventTarget`, and costs a tenth of the call that it guards.
 */
export class Deadline {
  /** True when the time is up. */
  aborted = false
  private readonly endsAt: number
  /** Of the request that is under way: there is one at a time. */
  private listener: (() => void) | undefined

  constructor(timeoutMs: number) {
    this.endsAt = performance.now() + timeoutMs
  }

  remainingMs(): number {
    return this.endsAt - performance.now()
  }

  /** Whatever holds a socket is told when the time is up. */
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
      // Rejected first, so that the error of the aborted request cannot be taken for the cause.
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
