/**
 * Goes through a second factor: starts it, follows its status, sends what the user types, and returns what the callback answers.
 *
 * Out of scope: HTTP (`requests.mts`), what the user sees (your app), and whether the approval counts: the server decides that.
 */
import type { SecondFactorFields, SecondFactorOptions, SecondFactorView } from './contract.mjs'
import { orAborted, requestsTo, SecondFactorError, type Requests } from './requests.mjs'

/** Two processes of the server can learn of a decision at different times. This pause keeps the requests from becoming a fast loop meanwhile. */
const PAUSE_MS = 1000
/** Time limit of the request that cancels. */
const CANCEL_MS = 5000

/**
 * Starts a second factor, and goes through it to its end.
 * @param url a POST route with `passport.authenticate('nevis')` or `passport.authorize('nevis')`, such as your login route. Every request goes
 * to the origin of this URL
 * @param fields what to send to that route as JSON, such as username and password
 * @param options what shows the steps
 * @returns the JSON that your callback route answers; or your start route, if no second factor was needed
 * @throws SecondFactorError; the reason of the signal; a TypeError of `fetch` if a request that may not be repeated did not arrive
 */
export async function secondFactor<Result = unknown>(url: string | URL, fields: object, options: SecondFactorOptions): Promise<Result> {
  const { show, headers, signal } = options
  const cancelled = new AbortController()
  const stopped = AbortSignal.any([signal ?? cancelled.signal, cancelled.signal])
  const cancel = () => cancelled.abort(new SecondFactorError('cancelled'))
  // A Request resolves a relative URL as the browser does.
  const base = new Request(url).url
  const requests = requestsTo(base, headers, stopped)
  let waitingURL = ''
  let view: SecondFactorView | undefined
  /** Why the last `send` has failed. */
  let error: Error | undefined

  async function run(): Promise<unknown> {
    let { next, body } = await requests.send(false, base, fields)
    while (next) {
      const [page] = requests.resolve(next).href.split('?') as [string]
      // After an approval that was used before, the strategy names the app's own page.
      if (waitingURL && waitingURL !== page) return { next }
      waitingURL = page
      view = (await requests.send(true, next)).body as SecondFactorView | undefined
      if (!view?.transaction) throw new SecondFactorError('unexpected_answer')
      const { transaction, callbackURL } = view
      // After the end, only the user can go on, or cancel.
      const isOver = ['failed', 'expired'].includes(view.status)
      if (isOver && !view.factors.length) throw error ?? new SecondFactorError(view.failure ?? 'refused')

      const watching = new AbortController()
      const shown = view
      const sent = new Promise<SecondFactorFields>((resolve) => show({ view: shown, error, cancel, send: (chosen = {}) => resolve(chosen) }))
      const learnt = isOver ? orAborted(stopped, sent) : isApproved(view, requestsTo(base, headers, AbortSignal.any([stopped, watching.signal])))
      const action = await Promise.race([sent, learnt]).finally(() => watching.abort())
      error = undefined
      if (action === true) ({ next, body } = await requests.send(true, callbackURL, { transaction }))
      else if (action) {
        try {
          const isStart = action.factor || action.extend
          // With `retry`, a wrong code leads back to the view, which says how many codes may still be tried.
          ;({ next, body } = await requests.send(false, isStart ? waitingURL : callbackURL, { ...action, transaction, ...(!isStart && { retry: '1' }) }))
        } catch (reason) {
          // The network failed, or the server refused. The transaction may still be open, so the user can try again or choose something else.
          if (stopped.aborted || (reason as SecondFactorError).status < 400) throw reason
          error = reason as Error
        }
      }
      if (next && typeof action === 'boolean') await requests.sleep(PAUSE_MS)
    }
    return body
  }

  try {
    return (await run().finally(() => show(undefined))) as Result
  } catch (reason) {
    if (view && (stopped.aborted || !(reason instanceof SecondFactorError))) {
      await requestsTo(base, headers, AbortSignal.timeout(CANCEL_MS)).send(false, waitingURL, { transaction: view.transaction, cancel: '1' }).catch(() => undefined)
    }
    throw reason
  }
}

/**
 * Waits for the server's decision.
 * @returns true if the callback must be sent; false if the view must be fetched again
 */
async function isApproved(view: SecondFactorView, requests: Requests): Promise<boolean> {
  let { status } = view
  let seconds = 0
  const url = requests.resolve(view.statusURL)
  url.searchParams.set('transaction', view.transaction)
  while (status === 'pending') {
    if (seconds > 0) await requests.sleep(seconds * 1000)
    const { body } = await requests.send(true, url.href)
    ;({ status, retryAfterSeconds: seconds = 2 } = body as { status: SecondFactorView['status']; retryAfterSeconds?: number })
  }
  // After `unreadable`, the callback passes the error to the app.
  return status === 'succeeded' || status === 'unreadable'
}
