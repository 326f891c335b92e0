/**
 * A complete HTTP response of Nevis: status and body. If the response reports a failure, this file creates the NevisError.
 *
 * Out of scope: which fields a response must have (`decode.ts`), and sending the request (`http.ts`).
 */
import { asFromPage, NevisError, type NevisErrorCode, type NevisMethod } from './errors'

/** The JSON object of a response, unchanged, with all fields. */
export type RawAnswer = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is RawAnswer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A response with more JSON values than this is rejected. Nevis's responses have a few hundred. Searching many more would block the process for seconds. */
const MAX_VALUES = 20_000

const SUCCESSES: readonly number[] = [200, 201, 202]

export class Answer {
  readonly #date: unknown
  #hasTooManyValues = false

  /**
   * @param text the body
   * @param date the `Date` header as received
   */
  constructor(
    readonly operation: NevisMethod,
    readonly status: number,
    readonly text: string,
    readonly retryAfterSeconds: number | undefined,
    date?: unknown,
    /** True if the response declared no length and ended when the connection closed. The body may then be cut off. */
    readonly isOpenEnded = false,
    /** The path of the request, without the base URL. */
    readonly requestedPath?: string,
  ) {
    this.#date = date
  }

  /** The `Date` header of the response, in milliseconds since 1970. */
  get date(): number | undefined {
    return httpDate(this.#date)
  }

  /** True if the body is empty or white space. Always false if the body may be cut off (`isOpenEnded`). */
  get isEmpty(): boolean {
    return this.text.trim() === '' && !this.isOpenEnded
  }

  jsonObject(): RawAnswer | undefined {
    const value = this.jsonValue()
    return isJsonObject(value) ? value : undefined
  }

  jsonValue(): unknown {
    try {
      const value = JSON.parse(this.text) as unknown
      this.#hasTooManyValues = hasTooManyValues(value)
      return this.#hasTooManyValues ? undefined : value
    } catch {
      // Do not throw the parser's error: its message quotes the body, which may contain a token.
      return undefined
    }
  }

  /**
   * Returns the JSON object of a response with status 200, 201 or 202. All three statuses are accepted, because Nevis does not document for every endpoint which
   * of these three it sends.
   * @throws NevisError for any other HTTP status, or if the body is not a JSON object
   */
  json(): RawAnswer {
    if (!SUCCESSES.includes(this.status)) throw this.statusError()
    const json = this.jsonObject()
    if (json === undefined) throw this.notAnObject()
    return json
  }

  /**
   * True for an error body as Nevis documents it: JSON with the HTTP status as a number, for example `{"status": 404, "error": "Not Found", …}`.
   *
   * A misconfigured gateway also responds with 404, but without such an error body. If the gateway's 404 counted as "unknown user", an attacker who has the
   * password could enrol a phone for a user who already has one.
   *
   * Source: https://docs.nevis.net/apidoc/authcloud/ (Errors)
   */
  get isErrorOfNevis(): boolean {
    const json = this.jsonObject()
    return json !== undefined && Object.hasOwn(json, 'status') && json['status'] === this.status
  }

  /**
   * Creates a `NEVIS_UNEXPECTED_RESPONSE` for a response that contradicts Nevis's documentation.
   * @param reason names a field or a rule, never a value from the response
   */
  unexpected(reason?: string): NevisError {
    return this.#error('NEVIS_UNEXPECTED_RESPONSE', reason)
  }

  /** True if the body is neither empty nor a JSON object, for example an HTML page or a text of a gateway or a firewall. */
  get isPage(): boolean {
    return !this.isEmpty && this.jsonObject() === undefined
  }

  /** Creates the NevisError for a body that `jsonObject` could not read. */
  notAnObject(): NevisError {
    return this.unexpected(this.#hasTooManyValues ? `the answer has more than ${MAX_VALUES} values` : 'the answer is not a JSON object')
  }

  /** Creates the NevisError for the HTTP status. A 404 becomes `NEVIS_NOT_FOUND` only if the body is Nevis's error body about this request. */
  statusError(): NevisError {
    const { status } = this
    if (status === 429) return this.#error('NEVIS_RATE_LIMITED')
    if (status === 401 || status === 403) return this.#error('NEVIS_UNAUTHORIZED')
    if (status === 404) {
      if (!this.isErrorOfNevis) return this.unexpected('the body of this 404 is not an error body of Nevis')
      if (namesOtherPath(this.jsonObject(), this.requestedPath)) return this.unexpected('the body of this 404 names another path than the request')
      return this.#error('NEVIS_NOT_FOUND')
    }
    if (status >= 300 && status < 400) return this.unexpected('the answer is a redirect, which this client does not follow')
    if (status >= 400 && status < 500) return this.#error('NEVIS_REJECTED')
    return status >= 500 ? this.unexpected('the server reported an error') : this.unexpected()
  }

  #error(code: NevisErrorCode, reason?: string): NevisError {
    const error = new NevisError(code, this.operation, {
      reason,
      nevisStatus: this.status,
      retryAfterSeconds: this.retryAfterSeconds,
    })
    return this.isPage ? asFromPage(error) : error
  }
}

/**
 * True if the field `path` of an error body is another path than that of the request. Nevis's error body contains the path of the request. So a body with
 * another path comes from a gateway, for example about the page to which the gateway has forwarded the request.
 *
 * A missing `path` is accepted. The query, and percent-encoding, make no difference. The field may also begin with the base URL or its path.
 * @param json the error body
 * @param requested the path of the request, without the base URL
 */
export function namesOtherPath(json: unknown, requested: string | undefined): boolean {
  const { path } = Object(json) as { path?: unknown }
  return typeof path === 'string' && requested !== undefined && !comparablePath(path).endsWith(comparablePath(requested))
}

function comparablePath(path: string): string {
  const withoutQuery = path.split('?')[0] as string
  try {
    return decodeURIComponent(withoutQuery)
  } catch {
    return withoutQuery
  }
}

/** True if the JSON has more than `MAX_VALUES` values, the nested ones included. */
function hasTooManyValues(json: unknown): boolean {
  let count = 0
  const rest: unknown[] = [json]
  while (rest.length > 0) {
    const value = rest.pop()
    if (typeof value !== 'object' || value === null) continue
    const parts: unknown[] = Object.values(value)
    count += parts.length
    if (count > MAX_VALUES) return true
    for (const part of parts) rest.push(part)
  }
  return false
}

/**
 * Parses an HTTP date (RFC 9110, section 5.6.7).
 * @returns milliseconds since 1970; undefined if the value is not an HTTP date
 */
export function httpDate(value: unknown): number | undefined {
  const at = typeof value === 'string' && /^\w{3}, .* GMT$/.test(value) ? Date.parse(value) : NaN
  return Number.isNaN(at) ? undefined : at
}
