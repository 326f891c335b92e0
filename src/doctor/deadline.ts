/**
 * Limits how long a request of the doctor or of the probe may take.
 *
 * This file does not combine `AbortSignal.timeout` with `AbortSignal.any`. In Node.js 20, the combined signal has only a weak reference to the time limit, so
 * garbage collection may remove the time limit. Out of scope: the request.
 */

/**
 * Runs a task with a signal that is aborted after `ms` milliseconds, with a `TimeoutError`, or as soon as the signal `outer` is aborted.
 * @returns the result of the task
 */
export async function withDeadline<Value>(ms: number, outer: AbortSignal | undefined, task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const controller = new AbortController()
  const stop = () => controller.abort(outer?.reason)
  const timer = setTimeout(() => controller.abort(new DOMException('no response in time', 'TimeoutError')), ms)
  outer?.addEventListener('abort', stop)
  if (outer?.aborted === true) stop()
  try {
    return await task(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', stop)
  }
}
