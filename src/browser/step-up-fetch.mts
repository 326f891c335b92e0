/**
 * A `fetch` that repeats a request once, after the user has given the fresh second factor that the server asks for.
 *
 * Out of scope: going through the second factor (`second-factor.mts`).
 */
import type { StepUpOptions } from './contract.mjs'
import { orAborted } from './requests.mjs'
import { secondFactor } from './second-factor.mjs'

/** A step-up that is under way, and how many requests wait for it. */
interface StepUp {
  readonly done: Promise<unknown>
  readonly stop: AbortController
  waiting: number
}

/**
 * Makes a `fetch` for your API. If `requireSecondFactor` refuses a request with 401, this `fetch` starts a step-up, and after it sends the
 * same request once more. Requests that are refused meanwhile wait for the same step-up. Every other answer is returned unchanged, and so is a
 * second refusal.
 *
 * If the signal of a request aborts, that request stops waiting. If no request waits any more, the step-up is cancelled.
 * @param url the POST route that starts the step-up. Refusals of other origins are ignored
 * @param options what shows the steps
 * @returns a function like `fetch`. It throws what `fetch` and `secondFactor` throw, and a TypeError for a body that is a stream, because a
 * stream cannot be sent twice
 */
export function stepUpFetch(url: string | URL, options: StepUpOptions): typeof fetch {
  let current: StepUp | undefined
  let previous: Promise<unknown> = Promise.resolve()

  function start(): StepUp {
    const stop = new AbortController()
    const done = previous
      // The cancellation of an earlier step-up must reach the server before this start.
      .catch(() => undefined)
      .then(() => secondFactor(url, {}, { ...options, signal: stop.signal }))
    previous = done
    return { done, stop, waiting: 0 }
  }

  async function freshSecondFactor(signal: AbortSignal): Promise<void> {
    const stepUp = (current ??= start())
    stepUp.waiting++
    try {
      await orAborted(signal, stepUp.done)
    } finally {
      if (--stepUp.waiting === 0) {
        if (current === stepUp) current = undefined
        stepUp.stop.abort()
      }
    }
  }

  return async (input, init) => {
    if (init?.body instanceof ReadableStream) throw new TypeError('stepUpFetch: body is a stream')
    // A Request resolves relative URLs, and keeps the body as it is now.
    const request = new Request(input, init)
    const { origin } = new URL(new Request(url).url)
    const headers = new URL(request.url).origin === origin ? options.headers : undefined
    const before = previous
    const response = await send(request.clone(), headers)
    // A response that a script made has no URL.
    if (response.status !== 401 || new URL(response.url || request.url).origin !== origin) return response
    const refusal = (await response.clone().json().catch(() => undefined)) as { error?: unknown } | null | undefined
    if (refusal?.error !== 'insufficient_user_authentication') return response
    // If a step-up has begun and ended since this request was sent, the request is sent again at once: the user is not asked twice.
    if (current || before === previous) await freshSecondFactor(request.signal)
    return send(request, headers)
  }
}

async function send(request: Request, headers: StepUpOptions['headers']): Promise<Response> {
  for (const [name, value] of Object.entries((await headers?.()) ?? {})) request.headers.set(name, value)
  return fetch(request)
}
