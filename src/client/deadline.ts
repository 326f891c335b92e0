/**
 * Limits the total time of an async function, with all its requests, retries and pauses.
 *
 * Other time-outs do not limit the total time: a time-out per request begins again with every retry, and an idle time-out begins again with every byte that a
 * slow server sends. Out of scope: what the function does.
 */

export interface Deadline {
  remainingMs(): number
  /** Is aborted when the time is up. */
  readonly signal: AbortSignal
}

/**
 * Calls `work`, and rejects if its promise is not settled when the time is up.
 * @param timeoutMs milliseconds for all of `work`
 * @param expired creates the error for the rejection
 * @returns what `work` returns
 */
export function withDeadline<T>(timeoutMs: number, expired: () => Error, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  const expiry = new AbortController()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Reject before aborting the request. Otherwise the caller would get the error of the aborted request instead of the time-out.
      reject(expired())
      expiry.abort()
    }, timeoutMs)
    const settled = <V>(settle: (value: V) => void) => (value: V) => {
      clearTimeout(timer)
      settle(value)
    }
    const deadline: Deadline = { remainingMs: () => endsAt - performance.now(), signal: expiry.signal }
    // `async`, so that the timer is also cleared if `work` throws before it returns a promise.
    const run = async () => work(deadline)
    run().then(settled(resolve), settled(reject))
  })
}
