/**
 * Limits the time of a piece of work as a whole, with all its requests, retries and pauses.
 *
 * Other time-outs are not enough. A time-out per request restarts with every retry. An idle time-out restarts with every byte, so a server that sends
 * its answer byte by byte could delay a login for ever. Out of scope: what the work does.
 */

/** The deadline that the work gets as its parameter. */
export interface Deadline {
  /** True once the time is up. */
  isOver(): boolean
  remainingMs(): number
  /** Destroys the request when the time is up, or at once if it is up already. Only the last request of the work is destroyed. */
  applyTo(request: Request): void
}

interface Request {
  destroy(): void
}

/**
 * Runs the work, and rejects when the time is up.
 * @param timeoutMs milliseconds for the whole of the work
 * @param expired creates the error with which the promise is rejected when the time is up
 * @returns what the work returns
 */
export function withDeadline<T>(timeoutMs: number, expired: () => Error, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  let isOver = false
  let current: Request | undefined
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      isOver = true
      // Reject first and destroy afterwards: otherwise the caller would get the error of the destroyed request instead of this one.
      reject(expired())
      current?.destroy()
    }, timeoutMs)
    const settled = <V>(settle: (value: V) => void) => (value: V) => {
      clearTimeout(timer)
      settle(value)
    }
    const deadline: Deadline = {
      isOver: () => isOver,
      remainingMs: () => endsAt - performance.now(),
      applyTo: (request) => {
        current = request
        if (isOver) request.destroy()
      },
    }
    work(deadline).then(settled(resolve), settled(reject))
  })
}
