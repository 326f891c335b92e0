/**
 * Runs a second factor: starts it, waits for the user's approval, sends what the user types, and returns the response of the callback route.
 *
 * The folder `browser/` is the entry point `passport-nevis/browser`, for single-page apps. `step-up-fetch.mts` is the other function that it exports.
 * Out of scope: HTTP (`requests.mts`), what the user sees (your app), and whether the approval is valid, which only the server decides.
 */
import type { SecondFactorFields, SecondFactorOptions, SecondFactorStep, SecondFactorView } from './contract.mjs'
import { orAborted, requestsTo, SecondFactorError, type Requests } from './requests.mjs'

/** Pause before the view (the data of the waiting page) is requested again: one server process may learn of an approval seconds later than another. */
const PAUSE_SECONDS = 1
/** Time limit of the request that cancels the transaction. */
const CANCEL_MS = 5000

/**
 * Starts a second factor and runs it to its end.
 * @param url a POST route with `passport.authenticate('nevis')` or `passport.authorize('nevis')`, for example your login route. All requests go
 * to the origin of this URL
 * @param fields what to send to this route as JSON, for example username and password
 * @param options `show`, your function that shows each step to the user; and optionally `headers` and `signal`
 * @returns the JSON of your callback route; if no second factor was needed, the JSON of the route `url`
 * @throws SecondFactorError; the signal's reason, if `signal` was aborted; a TypeError of `fetch`, if a request failed and must not be repeated
 */
export async function secondFactor<Result = unknown>(url: string | URL, fields: object, options: SecondFactorOptions): Promise<Result> {
  const { show, headers, signal } = options
  const cancelled = new AbortController()
  const stopped = AbortSignal.any([signal ?? cancelled.signal, cancelled.signal])
  const cancel = () => cancelled.abort(new SecondFactorError('cancelled'))
  // `new Request` resolves a relative URL in the same way as `fetch`.
  const base = new Request(url).url
  const requests = requestsTo(base, headers, stopped)
  let waitingURL = ''
  let view: SecondFactorView | undefined
  /** Why the last `send` failed, until `show` has been called with this error. */
  let error: Error | undefined

  async function run(): Promise<unknown> {
    let { next, body } = await requests.send(false, base, fields)
    while (next) {
      const [page] = requests.resolve(next).href.split('?') as [string]
      // If `next` is not the waiting page but a page of your app, the approval has already been used, for example in another tab. Then return `next`.
      if ((waitingURL ||= page) !== page) return { next }
      view = (await requests.send(true, next)).body as SecondFactorView | undefined
      if (!view?.transaction) throw new SecondFactorError('unexpected_answer')
      const { transaction, callbackURL } = view
      // After `failed` or `expired`, the status no longer changes. So send no status requests, and wait only for the user's next choice.
      const isOver = ['failed', 'expired'].includes(view.status)
      if (isOver && !view.factors.length) throw new SecondFactorError(view.failure ?? 'refused')

      const watching = new AbortController()
      const sent = new Promise<SecondFactorFields>((resolve) => {
        const submit: SecondFactorStep['submit'] = (event) => {
          event.preventDefault()
          // The build compiles this file with the types of Node.js, whose `FormData` takes no form.
          const Form = FormData as new (form: unknown) => FormData
          resolve(Object.fromEntries(new Form(event.target)))
        }
        show({ view: view as SecondFactorView, error, cancel, submit, send: (chosen = {}) => resolve(chosen) })
      })
      const learnt = isOver ? orAborted(stopped, sent) : isApproved(view, requestsTo(base, headers, AbortSignal.any([stopped, watching.signal])))
      error = undefined
      const action = await Promise.race([sent, learnt]).finally(() => watching.abort())
      if (action === true) ({ next, body } = await requests.send(true, callbackURL, { transaction }))
      else if (action) {
        try {
          const isStart = action.factor || action.extend
          // With `retry`, the server responds to a wrong code with the URL of the view. The view contains the number of attempts left.
          ;({ next, body } = await requests.send(false, isStart ? waitingURL : callbackURL, { ...action, transaction, ...(!isStart && { retry: '1' }) }))
        } catch (reason) {
          // The network failed, or the server refused the request. The user can try again, so the next call of `show` gets the error.
          if (stopped.aborted || (reason as SecondFactorError).status < 400) throw reason
          error = reason as Error
        }
      }
      if (next && typeof action === 'boolean') await requests.sleep(PAUSE_SECONDS)
    }
    return body
  }

  try {
    return (await run().finally(() => show(undefined))) as Result
  } catch (reason) {
    if (view && (stopped.aborted || !(reason instanceof SecondFactorError))) {
      await requestsTo(base, headers, AbortSignal.timeout(CANCEL_MS)).send(false, waitingURL, { transaction: view.transaction, cancel: '1' }).catch(() => undefined)
    }
    // If a `send` failed, and another request then failed before `show` got the error of the `send`, throw that first error: it is the cause.
    throw stopped.aborted ? reason : (error ?? reason)
  }
}

/**
 * Requests the status until it is no longer `pending`.
 * @returns true if the callback must be called; false if the view must be requested again
 */
async function isApproved(view: SecondFactorView, requests: Requests): Promise<boolean> {
  let { status } = view
  let seconds = 0
  const url = requests.resolve(view.statusURL)
  url.searchParams.set('transaction', view.transaction)
  while (status === 'pending') {
    if (seconds > 0) await requests.sleep(seconds)
    const { body } = await requests.send(true, url.href)
    ;({ status, retryAfterSeconds: seconds = 2 } = body as { status: SecondFactorView['status']; retryAfterSeconds?: number })
  }
  // Call the callback also if Nevis's answer cannot be read (`unreadable`): the callback route then passes the error to your app.
  return status === 'succeeded' || status === 'unreadable'
}
