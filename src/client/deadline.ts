/**
 * One deadline over a piece of work, however many requests, retries and pauses the work is made of.
 *
 * A time-out per request starts anew with every retry, and an idle time-out with every byte: a server that sends its answer byte by byte
 * could hold a login for ever. Out of scope: what the work is.
 */

/** What the work is told about its deadline. */
export interface Deadline {
  /** Aborted when the time is up; for the request under way. */
  readonly signal: AbortSignal
  remainingMs(): number
}

/**
 * @param timeoutMs milliseconds for the whole of the work
 * @param expired makes the error to reject with when the time is up
 * @returns what the work returns
 */
export function withDeadline<T>(timeoutMs: number, expired: () => Error, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  // Most work needs no signal, and an AbortController is expensive.
  let controller: AbortController | undefined
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Rejected before the request is aborted, so that the error of the aborted request is not taken for the cause.
      reject(expired())
      controller ??= new AbortController()
      controller.abort()
    }, timeoutMs)
    const settled = <V>(settle: (value: V) => void) => (value: V) => {
      clearTimeout(timer)
      settle(value)
    }
    const deadline = {
      get signal() {
        controller ??= new AbortController()
        return controller.signal
      },
      remainingMs: () => endsAt - performance.now(),
    }
    work(deadline).then(settled(resolve), settled(reject))
  })
}
