/**
 * The only error class of this client. Its stable code says what went wrong with a call to Nevis.
 *
 * Out of scope: programming mistakes (those are `TypeError`s, see `checks.ts`), and a user's denied approval or wrong code (those
 * are results).
 *
 * Apps log errors, send them to error trackers and print them on error pages. So an error must not contain an access key, token, code, phone
 * number, URL or body, and the constructor accepts only values that are safe to print.
 */
import { isInstance } from './same-class'

/**
 * What went wrong with a call to Nevis:
 *
 * | code | raised when | what to do |
 * |---|---|---|
 * | `NEVIS_UNREACHABLE` | DNS, TLS, connection refused or closed before the answer was complete | try again later; see `cause.code` |
 * | `NEVIS_TIMEOUT` | no complete answer within `timeoutMs`, retries and pauses included | try again later |
 * | `NEVIS_RATE_LIMITED` | HTTP 429 | wait `retryAfterSeconds`, or offer another channel |
 * | `NEVIS_UNAUTHORIZED` | HTTP 401 or 403 | check the access key |
 * | `NEVIS_NOT_FOUND` | HTTP 404 with Nevis's own error body, for a user or an authenticator | the id or username is not known to this instance |
 * | `NEVIS_REJECTED` | any other 4xx | the request breaks a rule of Nevis; see `nevisStatus` |
 * | `NEVIS_UNEXPECTED_RESPONSE` | 5xx, 3xx, not JSON, a 404 that is not Nevis's own, a required field missing or unusable, an impossible combination | check `baseURL`, or report it to Nevis |
 */
export type NevisErrorCode =
  | 'NEVIS_UNREACHABLE'
  | 'NEVIS_TIMEOUT'
  | 'NEVIS_RATE_LIMITED'
  | 'NEVIS_UNAUTHORIZED'
  | 'NEVIS_NOT_FOUND'
  | 'NEVIS_REJECTED'
  | 'NEVIS_UNEXPECTED_RESPONSE'

/** The client's method that failed. */
export type NevisMethod =
  | 'ping'
  | 'enroll'
  | 'approve'
  | 'verifyCode'
  | 'getStatus'
  | 'introspect'
  | 'getUser'
  | 'findUserByUsername'
  | 'deleteUser'
  | 'renameAuthenticator'
  | 'deleteAuthenticator'
  | 'createIntent'

/**
 * Each code with its default text, and with the HTTP status that the app should answer to its own user: Express turns `err.status` into the response.
 */
const TABLE: Readonly<Record<NevisErrorCode, { status: number; words: string }>> = {
  NEVIS_UNREACHABLE: { status: 503, words: 'no connection, or the connection was closed early' },
  NEVIS_TIMEOUT: { status: 504, words: 'no complete answer in time' },
  NEVIS_RATE_LIMITED: { status: 503, words: 'too many requests' },
  NEVIS_UNAUTHORIZED: { status: 500, words: 'the access key was not accepted' },
  NEVIS_NOT_FOUND: { status: 500, words: 'no such user or authenticator' },
  NEVIS_REJECTED: { status: 500, words: 'the request was rejected' },
  NEVIS_UNEXPECTED_RESPONSE: { status: 502, words: 'the answer is not as documented' },
}

/** Details about a failed call, in addition to its code. */
export interface NevisErrorDetails {
  /** A text that replaces the code's default text in the message. Apps log the message, so it must contain nothing that was sent or received. */
  readonly reason?: string | undefined
  /** The HTTP status that Nevis answered with. */
  readonly nevisStatus?: number | undefined
  /** Nevis's `Retry-After`, in seconds. */
  readonly retryAfterSeconds?: number | undefined
  /** The code of the underlying system error, for example `ECONNREFUSED`. */
  readonly causeCode?: string | undefined
}

/**
 * The `cause` of a NevisError. It has only the code of a network error, because the original error contains the request with its Authorization
 * header.
 */
class NetworkFault extends Error {
  override readonly name = 'NetworkFault'
  constructor(readonly code: string) {
    super(code)
  }
}

const MARK = Symbol.for('passport-nevis.NevisError')
/** Errors whose answer had a page or plain text as its body. Such an answer comes from a gateway or a firewall, not from Nevis. */
const fromPages = new WeakSet<NevisError>()

/**
 * Marks an error whose answer had a page or plain text as its body.
 * @internal
 */
export function asFromPage(error: NevisError): NevisError {
  fromPages.add(error)
  return error
}

/**
 * True for an error that `asFromPage` has marked.
 * @internal
 */
export function isFromPage(error: NevisError): boolean {
  return fromPages.has(error)
}

/**
 * A call to Nevis failed for a technical reason, which is neither a denial nor a mistake of the user.
 *
 * Match on `code`, never on the message.
 */
export class NevisError extends Error {
  /**
   * True also for an error of another copy of this package.
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(NevisError, this, MARK, value)
  }

  /** The class name, for logs. To distinguish errors, compare `code`. */
  override readonly name = 'NevisError'
  /** What went wrong; see {@link NevisErrorCode}. The codes are stable. */
  readonly code: NevisErrorCode
  /** The client's method that failed, for example `approve`. */
  readonly operation: NevisMethod
  /** The HTTP status that *this* app should answer with: 500, 502, 503 or 504. The status that Nevis answered with is `nevisStatus`. */
  readonly status: number
  /** The HTTP status that Nevis answered with; absent when there was no answer. */
  declare readonly nevisStatus?: number
  /** Nevis's `Retry-After`, in seconds; absent if Nevis sent none. */
  declare readonly retryAfterSeconds?: number

  /** @internal */
  get [MARK](): true {
    return true
  }

  /**
   * Only a factor that you write yourself needs this constructor. All other code only catches the error.
   * @param code what went wrong; it decides `status`
   * @param operation the client's method
   * @param details only values that may be printed
   */
  constructor(code: NevisErrorCode, operation: NevisMethod, details: NevisErrorDetails = {}) {
    const { reason, nevisStatus, retryAfterSeconds, causeCode } = details
    const row = TABLE[code]
    const http = nevisStatus === undefined ? '' : ` (HTTP ${nevisStatus})`
    super(
      `Nevis ${operation} failed: ${code}${http}, ${reason ?? row.words}`,
      causeCode === undefined ? {} : { cause: new NetworkFault(causeCode) },
    )
    this.code = code
    this.operation = operation
    this.status = row.status
    if (nevisStatus !== undefined) this.nevisStatus = nevisStatus
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds
  }
}
