/**
 * Sends the requests of `passport-nevis/browser` to one origin only, and follows no redirect.
 *
 * `fetch` would follow a redirect to another origin and send the code and the CSRF token there. So the server responds with `{ next: url }`, and this
 * file checks the origin of that URL. Out of scope: which request to send (`second-factor.mts`).
 */
import type { SecondFactorErrorCode, StepUpOptions } from './contract.mjs'

/** With this media type in `Accept`, the strategy responds with `{ next: url }` instead of a redirect. */
const NEXT = 'application/vnd.passport-nevis.next+json'
/** A failed request is repeated for at most eleven minutes: a transaction lives at most ten minutes, except while the user saves recovery codes. */
const LONGEST_MS = 660_000
/** Time limit of one request. A connection can break unnoticed, so even an event stream is requested again after this time. */
const REQUEST_MS = 60_000

/** Why a second factor was not completed. Contains no code and no token. */
export class SecondFactorError extends Error {
  /** The error code. Compare the code, never the message. */
  declare readonly code: SecondFactorErrorCode
  /** HTTP status of the response; 0 if there was none. */
  declare readonly status: number
  /** Seconds to wait before the next attempt, if the server sent a number. */
  declare readonly retryAfterSeconds: number | undefined

  /** @param message the server's message for the user; if there is none, a text for the developer */
  constructor(code: SecondFactorErrorCode, message: string = code, status = 0, retryAfterSeconds?: number) {
    super(message)
    Object.assign(this, { name: 'SecondFactorError', code, status, retryAfterSeconds })
  }
}

/**
 * A response of the server.
 * @internal
 */
export interface Answer {
  /** The waiting URL to request next; false if the response is the final result. */
  readonly next: string | false
  readonly body: unknown
}

/** @internal */
export interface Requests {
  /**
   * Resolves a URL that the server has returned.
   * @throws SecondFactorError `foreign_origin` for another origin; TypeError if the text is not a URL
   */
  resolve(url: string): URL
  /**
   * Sends a GET, or a POST if there are fields.
   * @param isRepeated true: repeat the request if the network fails, or if the server responds with 429 or 503; a GET after any other 5xx except 500, too
   */
  send(isRepeated: boolean, url: string, fields?: object): Promise<Answer>
  sleep(seconds: number): Promise<void>
}

/**
 * @param base all requests go to the origin of this URL
 * @internal
 */
export function requestsTo(base: string, headers: StepUpOptions['headers'], signal: AbortSignal): Requests {
  function resolve(url: string): URL {
    const resolved = new URL(url, base)
    if (resolved.origin !== new URL(base).origin) throw new SecondFactorError('foreign_origin')
    return resolved
  }

  async function send(isRepeated: boolean, url: string, fields?: object): Promise<Answer> {
    const to = resolve(url)
    const own = await headers?.()
    const until = Date.now() + LONGEST_MS
    // `AbortSignal.any` holds the signals that it combines only weakly. So in Node.js 20, garbage collection could remove the signal of the time limit. The
    // variable `limit`, which the `catch` reads, keeps this signal.
    let limit!: AbortSignal
    for (let failures = 1; ; failures++) {
      try {
        return await answerOf(
          await fetch(to, {
            redirect: 'manual',
            credentials: 'include',
            signal: AbortSignal.any([signal, (limit = AbortSignal.timeout(REQUEST_MS))]),
            headers: { ...own, Accept: `${NEXT}, application/json, text/event-stream` },
            ...(fields && { method: 'POST', body: new Blob([JSON.stringify(fields)], { type: 'application/json' }) }),
          }),
          to.pathname,
        )
      } catch (error) {
        // An error without a status comes from the network: treat it like a 503. If the time limit has passed, repeat the request at once: this is normal for
        // an event stream while the user has not answered.
        if (limit.aborted) failures = 0
        const { status = 503, retryAfterSeconds = failures * 2 } = error as Partial<SecondFactorError>
        // Repeat a GET after any 5xx except 500. Do not repeat a POST after 502 or 504: the gateway may already have passed the request on.
        const isPassing = [429, 503].includes(status) || (!fields && status > 500)
        if (!isRepeated || !isPassing || signal.aborted || Date.now() + retryAfterSeconds * 1000 > until) throw error
        await sleep(retryAfterSeconds)
      }
    }
  }

  const sleep = (seconds: number) => orAborted(signal, new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000)))
  return { resolve, send, sleep }
}

/**
 * Waits for the promise; rejects as soon as the signal is aborted.
 * @internal
 */
export function orAborted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
    promise.then(resolve, reject)
  })
}

/** @throws SecondFactorError if the server refuses the request, redirects, or does not respond with JSON */
async function answerOf(response: Response, path: string): Promise<Answer> {
  const { status, ok, headers } = response
  const fail = (code: SecondFactorErrorCode, message: unknown = `${code}: ${path}`, seconds?: number) => new SecondFactorError(code, String(message), status, seconds)
  // With `redirect: 'manual'`, a browser reports status 0 for a redirect.
  if (!status) throw fail('redirected')
  const contentType = String(headers.get('content-type'))
  let text = await response.text()
  // If the event stream has ended without a status, treat it as pending, so that the caller requests it again.
  if (contentType.startsWith('text/event-stream')) text = /data: (.+)\n\n$/.exec(text)?.[1] ?? '{"status":"pending"}'
  let body: Record<string, unknown> | null | undefined
  try {
    body = text ? (JSON.parse(text) as Record<string, unknown>) : undefined
  } catch {
    if (ok) throw fail('unexpected_answer')
  }
  // A 404 with the status `unknown` is a result and no error: it says that the server cannot decrypt the handle (the encrypted id of the transaction in the
  // URL), so no transaction waits.
  if (!ok && body?.['status'] !== 'unknown') {
    throw fail(String((body?.['code'] as string | undefined) ?? 'refused'), body?.['message'], secondsIn(body?.['retryAfterSeconds'] ?? headers.get('retry-after')))
  }
  return { body, next: contentType.startsWith(NEXT) && String(body?.['next']) }
}

/** Converts `Retry-After` to seconds: a number or a date (RFC 9110, 10.2.3). */
function secondsIn(value: unknown): number | undefined {
  return Math.ceil(Math.max(0, Number(value) || (Date.parse(String(value)) - Date.now()) / 1000)) || undefined
}
