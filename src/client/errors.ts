/**
 * The error class of this client. Its stable `code` says why a call to Nevis failed.
 *
 * Applications log errors and show them on error pages. So an error contains no access key, token, code, phone number, URL or body.
 * Out of scope: programming mistakes, which are `TypeError`s (`checks.ts`). A denied approval or a wrong code is a result, not an error.
 */
import { isInstance } from './same-class'

/**
 * Why a call to Nevis failed:
 *
 * | code | raised when | what to do |
 * |---|---|---|
 * | `NEVIS_UNREACHABLE` | DNS, TLS, connection refused or closed before the response was complete | try again later; see `cause.code` |
 * | `NEVIS_TIMEOUT` | no complete response within `timeoutMs`, retries and pauses included | try again later |
 * | `NEVIS_RATE_LIMITED` | HTTP 429 | wait `retryAfterSeconds`, or offer another channel |
 * | `NEVIS_UNAUTHORIZED` | HTTP 401 or 403 | check the access key |
 * | `NEVIS_NOT_FOUND` | HTTP 404 with Nevis's own error body, for a user or an authenticator | the id or username is not known to this instance |
 * | `NEVIS_REJECTED` | any other 4xx | the request breaks a rule of Nevis; see `nevisStatus` |
 * | `NEVIS_UNEXPECTED_RESPONSE` | 5xx, 3xx, not JSON, a 404 that is not Nevis's own, a required field missing or unusable | check `baseURL`, or report it |
 */
export type NevisErrorCode =
  | 'NEVIS_UNREACHABLE'
  | 'NEVIS_TIMEOUT'
  | 'NEVIS_RATE_LIMITED'
  | 'NEVIS_UNAUTHORIZED'
  | 'NEVIS_NOT_FOUND'
  | 'NEVIS_REJECTED'
  | 'NEVIS_UNEXPECTED_RESPONSE'

/** A method of NevisClient, named in errors and events. */
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

/** For each code: the default message, and the HTTP status with which the application should respond to its own user. Express uses `err.status`. */
const TABLE: Readonly<Record<NevisErrorCode, { status: number; words: string }>> = {
  NEVIS_UNREACHABLE: { status: 503, words: 'no connection, or the connection was closed early' },
  NEVIS_TIMEOUT: { status: 504, words: 'no complete answer in time' },
  NEVIS_RATE_LIMITED: { status: 503, words: 'too many requests' },
  NEVIS_UNAUTHORIZED: { status: 500, words: 'the access key was not accepted' },
  NEVIS_NOT_FOUND: { status: 500, words: 'no such user or authenticator' },
  NEVIS_REJECTED: { status: 500, words: 'the request was rejected' },
  NEVIS_UNEXPECTED_RESPONSE: { status: 502, words: 'the answer is not as documented' },
}

/** Details of a failed call to Nevis. The constructor of NevisError takes them. */
export interface NevisErrorDetails {
  /** A text that replaces the default message of the code. Never put a part of the request or of the response into it, because applications log it. */
  readonly reason?: string | undefined
  /** The HTTP status of Nevis's response. */
  readonly nevisStatus?: number | undefined
  /** The `Retry-After` header of Nevis's response, in seconds. */
  readonly retryAfterSeconds?: number | undefined
  /** The code of the underlying system error, for example `ECONNREFUSED`. */
  readonly causeCode?: string | undefined
}

/** The `cause` of a NevisError: only the code of the network error. The original error of axios contains the access key. */
class NetworkFault extends Error {
  override readonly name = 'NetworkFault'
  constructor(readonly code: string) {
    super(code)
  }
}

const MARK = Symbol.for('passport-nevis.NevisError')
/** Errors for a response with an HTML page or plain text as its body. Such a response came from a gateway or a firewall, not from Nevis. */
const fromPages = new WeakSet<NevisError>()

/**
 * Marks an error whose response was an HTML page or plain text, and so came from a gateway or a firewall.
 * @internal
 */
export function asFromPage(error: NevisError): NevisError {
  fromPages.add(error)
  return error
}

/**
 * True for an error whose response was an HTML page or plain text.
 * @internal
 */
export function isFromPage(error: NevisError): boolean {
  return fromPages.has(error)
}

/** For each error that `asUndecided` has marked: the transaction id in the answer. */
const undecided = new WeakMap<NevisError, string>()

/**
 * Marks an error for a status answer that has an unknown word as its status. The transaction may still be waiting for the user.
 * @internal
 */
export function asUndecided(error: NevisError, transactionId: string | undefined): NevisError {
  if (transactionId !== undefined) undecided.set(error, transactionId)
  return error
}

/**
 * The transaction id in a status answer that has an unknown word as its status; undefined for any other error.
 * @internal
 */
export function undecidedTransactionOf(error: unknown): string | undefined {
  return undecided.get(error as NevisError)
}

/** Codes of network errors that come while the connection is opened, before any byte of the request is sent. */
const BEFORE_SENDING: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'PROXY_REFUSED', 'PROXY_AUTHENTICATION_REQUIRED'])

/**
 * True for an error of a call whose request was certainly not sent to Nevis.
 * @internal
 */
export function wasNeverSent({ cause }: NevisError): boolean {
  return BEFORE_SENDING.has((Object(cause) as { code?: unknown }).code)
}

/** Errors for a status answer with a word of refusal, such as `failed`, under an HTTP status that Nevis does not document for it. */
const refused = new WeakSet<NevisError>()

/** @internal */
export function asRefused(error: NevisError): NevisError {
  refused.add(error)
  return error
}

/**
 * True for an error whose answer had a word of refusal as its status.
 * @internal
 */
export function saysRefused(error: NevisError): boolean {
  return refused.has(error)
}

/**
 * A call to Nevis failed for a technical reason. A user's denial or wrong code is never a NevisError.
 *
 * To distinguish errors, compare `code`. The message may change.
 */
export class NevisError extends Error {
  /**
   * Makes `instanceof NevisError` true also for errors of a second copy of this package in `node_modules`.
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(NevisError, this, MARK, value)
  }

  /** The class name, for logs. To distinguish errors, compare `code`. */
  override readonly name = 'NevisError'
  /** Why the call failed: see {@link NevisErrorCode}. The codes are stable. */
  readonly code: NevisErrorCode
  /** The method of NevisClient that failed, for example `approve`. */
  readonly operation: NevisMethod
  /** The HTTP status with which *your application* should respond: 500, 502, 503 or 504. The status of Nevis's response is `nevisStatus`. */
  readonly status: number
  /** The HTTP status of Nevis's response; absent if there was no response. */
  declare readonly nevisStatus?: number
  /** The `Retry-After` header of Nevis's response, in seconds; absent if Nevis sent none. */
  declare readonly retryAfterSeconds?: number

  /** @internal */
  get [MARK](): true {
    return true
  }

  /**
   * You need this constructor only if you write a factor of your own.
   * @param code why the call failed; it decides `status`
   * @param operation the method of NevisClient that failed
   * @param details only values that may be printed
   */
  constructor(code: NevisErrorCode, operation: NevisMethod, details: NevisErrorDetails = {}) {
    const { reason, nevisStatus, retryAfterSeconds, causeCode } = details
    const row = TABLE[code]
    const http = nevisStatus === undefined ? '' : ` (HTTP ${nevisStatus})`
    const word = causeCode === undefined ? '' : ` (${causeCode})`
    super(
      `Nevis ${operation} failed: ${code}${http}, ${reason ?? row.words}${word}`,
      causeCode === undefined ? {} : { cause: new NetworkFault(causeCode) },
    )
    this.code = code
    this.operation = operation
    this.status = row.status
    if (nevisStatus !== undefined) this.nevisStatus = nevisStatus
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds
  }
}
