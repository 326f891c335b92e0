/**
 * The requests of the browser entry: sent to one origin only, and never redirected.
 *
 * A redirect could lead to another origin, and `fetch` would send it the code and the CSRF token. So this file asks the strategy for `{ next }`
 * instead of a redirect, and compares the origin itself. Out of scope: which request follows (`second-factor.mts`).
 */
import type { SecondFactorErrorCode, StepUpOptions } from './contract.mjs'

/** The media type of `{ next }`: in `Accept`, it asks the strategy for that instead of a redirect. */
const NEXT = 'application/vnd.passport-nevis.next+json'
/** Longer than a transaction can live. After this time, a request that keeps failing is given up. */
const LONGEST_MS = 660_000
/** Time limit of a request. An event stream is then requested again, because a connection can break without notice. */
const REQUEST_MS = 60_000

/** Why a second factor was not completed. It contains no code and no token. */
export class SecondFactorError extends Error {
  /** Compare this one. */
  declare readonly code: SecondFactorErrorCode
  /** HTTP status of the answer; 0 without one. */
  declare readonly status: number
  /** Seconds after which the next attempt can succeed, if the server says so. */
  declare readonly retryAfterSeconds: number | undefined

  /** @param message for the user if the server sent it, else for the developer */
  constructor(code: SecondFactorErrorCode, message: string = code, status = 0, retryAfterSeconds?: number) {
    super(message)
    Object.assign(this, { name: 'SecondFactorError', code, status, retryAfterSeconds })
  }
}

/**
 * What a route has answered.
 * @internal
 */
export interface Answer {
  /** The waiting URL to go on with; nothing if the route itself has answered. */
  readonly next: string | false | null
  readonly body: unknown
}

/** @internal */
export interface Requests {
  /**
   * Resolves a URL that the server named.
   * @throws SecondFactorError `foreign_origin`; a TypeError if it is no URL
   */
  resolve(url: string): URL
  /**
   * Sends a POST with these fields, or a GET without fields.
   * @param isRepeated true: repeats the request while the network fails, or the server asks for a later try
   */
  send(isRepeated: boolean, url: string, fields?: object): Promise<Answer>
  sleep(ms: number): Promise<void>
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
    for (let failures = 1; ; failures++) {
      try {
        const response = await fetch(to, {
          redirect: 'manual',
          credentials: 'include',
          signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
          headers: { ...own, Accept: `${NEXT}, application/json, text/event-stream` },
          ...(fields && { method: 'POST', body: new Blob([JSON.stringify(fields)], { type: 'application/json' }) }),
        })
        return await answerOf(response, to.pathname)
      } catch (error) {
        // Without a status, the network has failed.
        const { status = 503, retryAfterSeconds = failures * 2 } = error as Partial<SecondFactorError>
        // A gateway that answers 502 or 504 may have passed a POST on.
        const isPassing = status === 429 || status === 503 || (!fields && status > 500)
        const waitMs = retryAfterSeconds * 1000
        if (!isRepeated || !isPassing || signal.aborted || Date.now() + waitMs > until) throw error
        await sleep(waitMs)
      }
    }
  }

  const sleep = (ms: number) => orAborted(signal, new Promise<void>((resolve) => setTimeout(resolve, ms)))
  return { resolve, send, sleep }
}

/**
 * Waits for the promise, or rejects as soon as the signal aborts.
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

/** @throws SecondFactorError for a refusal, a redirect, or an answer that is not JSON */
async function answerOf(response: Response, path: string): Promise<Answer> {
  const { status, ok, headers } = response
  const fail = (code: SecondFactorErrorCode, message: unknown = `${code}: ${path}`, seconds?: number) => new SecondFactorError(code, String(message), status, seconds)
  // A browser hides the status of a redirect that it does not follow.
  if (!status) throw fail('redirected')
  const contentType = String(headers.get('content-type'))
  let text = await response.text()
  // The stream ends with the decision. If it ends earlier, it is requested again.
  if (contentType.startsWith('text/event-stream')) text = /data: (.+)\n\n$/.exec(text)?.[1] ?? '{"status":"pending"}'
  let body: Record<string, unknown> | null | undefined
  try {
    body = text ? (JSON.parse(text) as Record<string, unknown>) : undefined
  } catch {
    if (ok) throw fail('unexpected_answer')
  }
  // The status endpoint answers 404 with `unknown` for a handle that it cannot decrypt.
  if (!ok && body?.['status'] !== 'unknown') {
    throw fail(String((body?.['code'] as string | undefined) ?? 'refused'), body?.['message'], secondsIn(body?.['retryAfterSeconds'] ?? headers.get('retry-after')))
  }
  // On Fastify, the strategy can set a Location, but no body.
  const next = contentType.startsWith(NEXT) ? String(body?.['next']) : status === 200 && !text && headers.get('location')
  return { body, next }
}

/** A number of seconds, or a date (Retry-After: RFC 9110, 10.2.3). */
function secondsIn(value: unknown): number | undefined {
  return Math.ceil(Math.max(0, Number(value) || (Date.parse(String(value)) - Date.now()) / 1000)) || undefined
}
