/**
 * One complete HTTP answer of Nevis: its status, its text, and the two ways to refuse it.
 *
 * Out of scope: which fields an answer must have (`decode.ts`), and how it came here (`http.ts`).
 */
import { NevisError, type NevisErrorCode, type NevisMethod } from './errors'

/** A JSON object as received, unknown fields included. */
export type RawAnswer = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is RawAnswer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export class Answer {
  readonly #date: unknown

  /** @param date its `Date` header, as it came */
  constructor(
    readonly operation: NevisMethod,
    readonly status: number,
    readonly text: string,
    readonly retryAfterSeconds: number | undefined,
    date?: unknown,
    /** Nobody can say whether the body is whole: its end was the end of the connection, with no length before it. */
    readonly isOpenEnded = false,
  ) {
    this.#date = date
  }

  /** Its `Date` header, in milliseconds since 1970. */
  get date(): number | undefined {
    return httpDate(this.#date)
  }

  /** No body at all, or white space; and known to be whole. */
  get isEmpty(): boolean {
    return this.text.trim() === '' && !this.isOpenEnded
  }

  /** @returns the JSON object in the body, or `undefined` if the body is anything else. */
  jsonObject(): RawAnswer | undefined {
    try {
      const value: unknown = JSON.parse(this.text)
      return isJsonObject(value) ? value : undefined
    } catch {
      // The parser's message quotes the body, which may hold a token: it goes no further.
      return undefined
    }
  }

  /** The JSON object of an answer with one of these statuses; everything else is thrown as a NevisError. */
  json(...statuses: readonly number[]): RawAnswer {
    if (!statuses.includes(this.status)) throw this.statusError()
    const json = this.jsonObject()
    if (json === undefined) throw this.unexpected('the answer is not a JSON object')
    return json
  }

  /** @param reason names a field or a rule, never a value. */
  unexpected(reason?: string): NevisError {
    return this.#error('NEVIS_UNEXPECTED_RESPONSE', reason)
  }

  /** The error that the HTTP status alone stands for. */
  statusError(): NevisError {
    const { status } = this
    if (status === 429) return this.#error('NEVIS_RATE_LIMITED')
    if (status === 401 || status === 403) return this.#error('NEVIS_UNAUTHORIZED')
    if (status === 404) return this.#isNotFound() ? this.#error('NEVIS_NOT_FOUND') : this.unexpected('this 404 is not in the form of Nevis')
    if (status >= 300 && status < 400) return this.unexpected('a redirect, which is not followed')
    if (status >= 400 && status < 500) return this.#error('NEVIS_REJECTED')
    return this.unexpected()
  }

  /**
   * Does Nevis itself say that somebody is not there? Its documents show errors with the HTTP status as a number in `status`
   * (beside `error`, `path` and `timestamp`). Gateways that lost their way answer 404 too: with a text, a page, nothing, or
   * other JSON. Reading that as "unknown user" would let a password thief enrol the "first" phone of somebody who has one.
   * A gateway that happens to use the same form cannot be told from Nevis.
   *
   * Source: https://docs.nevis.net/apidoc/authcloud/ (Errors)
   */
  #isNotFound(): boolean {
    const json = this.jsonObject()
    return json !== undefined && Object.hasOwn(json, 'status') && json['status'] === 404
  }

  #error(code: NevisErrorCode, reason?: string): NevisError {
    return new NevisError(code, this.operation, {
      reason,
      nevisStatus: this.status,
      retryAfterSeconds: this.retryAfterSeconds,
    })
  }
}

/** Milliseconds since 1970: RFC 9110, section 5.6.7. */
export function httpDate(value: unknown): number | undefined {
  const at = typeof value === 'string' && /^\w{3}, .* GMT$/.test(value) ? Date.parse(value) : NaN
  return Number.isNaN(at) ? undefined : at
}
