/**
 * A `fetch` that asks the user for a recent second factor if the server requires one, and then repeats the request once.
 *
 * Out of scope: running the second factor (`second-factor.mts`).
 */
import type { StepUpOptions } from './contract.mjs'
import { orAborted } from './requests.mjs'
import { secondFactor } from './second-factor.mjs'

/** A running step-up (a second factor for a signed-in user), and the number of requests that wait for it. */
interface StepUp {
  readonly done: Promise<unknown>
  readonly stop: AbortController
  waiting: number
}

/**
 * Creates a `fetch` for your API. If `requireSecondFactor` refuses a request with 401, this `fetch` asks the user for a second factor, and then sends
 * the request once more. Requests that are refused meanwhile wait for the same second factor. Any other response, and a second refusal, is returned
 * unchanged.
 *
 * If you abort the signal of a request, that request stops waiting. When no request waits any longer, the second factor is cancelled.
 * @param url the POST route that starts the second factor. A 401 from another origin is returned unchanged
 * @param options the function that shows each step, and others
 * @returns a function like `fetch`. It throws the errors of `fetch` and of `secondFactor`, and a TypeError if the body is a stream, which cannot be sent
 * twice
 */
export function stepUpFetch(url: string | URL, options: StepUpOptions): typeof fetch {
  let current: StepUp | undefined
  let previous: Promise<unknown> = Promise.resolve()

  function start(): StepUp {
    const stop = new AbortController()
    const done = previous
      // Start only after the previous step-up has ended, even with an error. A late cancellation of the previous step-up could otherwise cancel the new
      // step-up.
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
    // `new Request` resolves a relative URL. It also copies the body, which the caller may change later.
    const request = new Request(input, init)
    const { origin } = new URL(new Request(url).url)
    const headers = new URL(request.url).origin === origin ? options.headers : undefined
    const before = previous
    const response = await send(request.clone(), headers)
    // `response.url` is empty if a script, such as a service worker, has created the response.
    if (response.status !== 401 || new URL(response.url || request.url).origin !== origin) return response
    const refusal = (await response.clone().json().catch(() => undefined)) as { error?: unknown } | null | undefined
    if (refusal?.error !== 'insufficient_user_authentication') return response
    // Wait for a running step-up, or start one. But if one has begun and ended since this request was sent, do not ask the user again.
    if (current || before === previous) await freshSecondFactor(request.signal)
    return send(request, headers)
  }
}

async function send(request: Request, headers: StepUpOptions['headers']): Promise<Response> {
  for (const [name, value] of Object.entries((await headers?.()) ?? {})) request.headers.set(name, value)
  // If headers were added, refuse a redirect: it could send these headers, such as a CSRF token, and the body to another origin.
  return fetch(request, headers && { redirect: 'error' })
}
