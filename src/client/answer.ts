/**
 * One complete HTTP response of Nevis: its status and body. It also creates the NevisError for a response that reports a failure.
 *
 * Out of scope: which fields a response must have (`decode.ts`), and the HTTP call itself (`http.ts`).
 */
import { NevisError, type NevisErrorCode, type NevisMethod } from './errors'

/** A JSON object as received, unknown fields included. */
export type RawAnswer = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is RawAnswer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const SUCCESSES: readonly number[] = [200, 201, 202]

export class Answer {
  readonly #date: unknown

  /**
   * Stores the parts of a response.
   * @param date the `Date` header as received
   */
  constructor(
    readonly operation: NevisMethod,
    readonly status: number,
    readonly text: string,
    readonly retryAfterSeconds: number | undefined,
    date?: unknown,
    /** True if the body had no declared length and ended with the connection, so a truncated body cannot be detected. */
    readonly isOpenEnded = false,
  ) {
    this.#date = date
  }

  /** The `Date` header, in milliseconds since 1970. */
  get date(): number | undefined {
    return httpDate(this.#date)
  }

  /** True if the body is empty or white space, and was not cut off. */
  get isEmpty(): boolean {
    return this.text.trim() === '' && !this.isOpenEnded
  }

  /**
   * Parses the body.
   * @returns the JSON object in the body; undefined if the body is not a JSON object
   */
  jsonObject(): RawAnswer | undefined {
    const value = this.jsonValue()
    return isJsonObject(value) ? value : undefined
  }

  /**
   * Parses the body.
   * @returns the JSON in the body; undefined if the body is not JSON
   */
  jsonValue(): unknown {
    try {
      return JSON.parse(this.text) as unknown
    } catch {
      // Do not throw the parser's error: its message quotes the body, which may contain a token.
      return undefined
    }
  }

  /**
   * Returns the JSON object of a successful response.
   * @throws NevisError for any other HTTP status, or if the body is not a JSON object
   */
  json(): RawAnswer {
    const json = this.successJson()
    if (!isJsonObject(json)) throw this.unexpected('the answer is not a JSON object')
    return json
  }

  /**
   * Returns the JSON of a successful response; undefined if the body is not JSON. Success is 200, 201 or 202, because Nevis does not document
   * for every endpoint which of them it sends.
   * @throws NevisError for any other HTTP status
   */
  successJson(): unknown {
    if (!SUCCESSES.includes(this.status)) throw this.statusError()
    return this.jsonValue()
  }

  /**
   * True for an error in the form that Nevis documents: JSON with the HTTP status as a number in `status` (beside `error`, `path` and
   * `timestamp`). A misconfigured gateway answers 404 too: with text, a page, nothing, or other JSON. If such a 404 counted as
   * "unknown user", an attacker who has the password could enrol a "first" phone for a user who already has one. A gateway whose body
   * has the same form cannot be distinguished from Nevis.
   *
   * Source: https://docs.nevis.net/apidoc/authcloud/ (Errors)
   */
  get isErrorOfNevis(): boolean {
    const json = this.jsonObject()
    return json !== undefined && Object.hasOwn(json, 'status') && json['status'] === this.status
  }

  /**
   * Makes the NevisError for a response that breaks Nevis's documentation.
   * @param reason names a field or a rule, never a value from the response
   */
  unexpected(reason?: string): NevisError {
    return this.#error('NEVIS_UNEXPECTED_RESPONSE', reason)
  }

  /** Returns the NevisError for this HTTP status. The body makes no difference, except that a 404 must be Nevis's own (`isErrorOfNevis`). */
  statusError(): NevisError {
    const { status } = this
    if (status === 429) return this.#error('NEVIS_RATE_LIMITED')
    if (status === 401 || status === 403) return this.#error('NEVIS_UNAUTHORIZED')
    if (status === 404) return this.isErrorOfNevis ? this.#error('NEVIS_NOT_FOUND') : this.unexpected('this 404 is not in the form of Nevis')
    if (status >= 300 && status < 400) return this.unexpected('a redirect, which is not followed')
    if (status >= 400 && status < 500) return this.#error('NEVIS_REJECTED')
    return status >= 500 ? this.unexpected('the server reported an error') : this.unexpected()
  }

  #error(code: NevisErrorCode, reason?: string): NevisError {
    return new NevisError(code, this.operation, {
      reason,
      nevisStatus: this.status,
      retryAfterSeconds: this.retryAfterSeconds,
    })
  }
}

/**
 * Parses an HTTP date.
 * @returns milliseconds since 1970: RFC 9110, section 5.6.7
 */
export function httpDate(value: unknown): number | undefined {
  const at = typeof value === 'string' && /^\w{3}, .* GMT$/.test(value) ? Date.parse(value) : NaN
  return Number.isNaN(at) ? undefined : at
}
