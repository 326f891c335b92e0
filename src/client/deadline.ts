/**
 * One deadline over a piece of work, however many requests, retries and pauses it is made of.
 *
 * Not its job: to know what the work is. A time-out per request would start anew with every byte or retry, so that
 * a server that drips its answer could hold a login for ever.
 */

/** What the work is told about its deadline. */
export interface Deadline {
  /** Aborted when the time is up: pass it to whatever holds a socket or a timer. */
  readonly signal: AbortSignal
  readonly remainingMs: () => number
}

/**
 * @param timeoutMs milliseconds for the whole of the work
 * @param expired makes the error to reject with when the time is up
 * @returns what the work returns
 */
export async function withDeadline<T>(
  timeoutMs: number,
  expired: () => Error,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const alarm = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // Rejected first, so that the error of the aborted request cannot be taken for the cause.
      reject(expired())
      controller.abort()
    }, timeoutMs)
  })
  try {
    return await Promise.race([
      work({ signal: controller.signal, remainingMs: () => endsAt - performance.now() }),
      alarm,
    ])
  } finally {
    clearTimeout(timer)
  }
}
