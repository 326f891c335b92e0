/**
 * Sets one deadline for a piece of work as a whole, with all its requests, retries and pauses.
 *
 * Other time-outs are not enough. A time-out per request restarts with every retry. An idle time-out restarts with every byte, so a server
 * that sends its answer byte by byte could delay a login for ever. Out of scope: what the work is.
 */

/** The deadline, as the work sees it. */
export interface Deadline {
  /** Aborted when the time is up. Pass it to each request, so that the request ends then. */
  readonly signal: AbortSignal
  remainingMs(): number
}

/**
 * @param timeoutMs milliseconds for the whole of the work
 * @param expired creates the error with which the promise is rejected when the time is up
 * @returns what the work returns
 */
export function withDeadline<T>(timeoutMs: number, expired: () => Error, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  // Created only on use: most work needs no signal, and an AbortController is expensive.
  let controller: AbortController | undefined
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Reject first and abort afterwards: otherwise the caller would get the error of the aborted request instead of this one.
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
