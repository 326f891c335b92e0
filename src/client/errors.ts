/**
 * The one error of this client: what went wrong with a call to Nevis, by a code that does not change.
 *
 * Out of scope: mistakes of the programmer (those are `TypeError`s, see `checks.ts`), or refusals of a person
 * (a denied approval, a wrong code: those are results).
 *
 * Nothing here may hold the access key, a token, a code, a phone number, a URL or a body. Errors are logged, sent
 * to trackers and printed on error pages, so the constructor takes only what is safe to print.
 */

/**
 * | code | raised when | what to do |
 * |---|---|---|
 * | `NEVIS_UNREACHABLE` | DNS, TLS, connection refused or closed before the answer was complete | try again later; see `cause.code` |
 * | `NEVIS_TIMEOUT` | no complete answer within `timeoutMs`, retries and pauses included | try again later |
 * | `NEVIS_RATE_LIMITED` | HTTP 429 | wait `retryAfterSeconds`, or offer another channel |
 * | `NEVIS_UNAUTHORIZED` | HTTP 401 or 403 | check the access key |
 * | `NEVIS_NOT_FOUND` | HTTP 404 with Nevis's own error body, for a user or an authenticator | the id or username is not known to this instance |
 * | `NEVIS_REJECTED` | any other 4xx | the request breaks a rule of Nevis; see `nevisStatus` |
 * | `NEVIS_UNEXPECTED_RESPONSE` | 5xx, 3xx, not JSON, a 404 that is not Nevis's own, a promised field missing or not usable, an impossible combination | check `baseURL`, or report it to Nevis |
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

/** `status` is what the app should answer to its own visitor: Express turns `err.status` into the response. */
const TABLE: Readonly<Record<NevisErrorCode, { status: number; words: string }>> = {
  NEVIS_UNREACHABLE: { status: 503, words: 'no connection, or it was closed early' },
  NEVIS_TIMEOUT: { status: 504, words: 'no complete answer in time' },
  NEVIS_RATE_LIMITED: { status: 503, words: 'too many requests' },
  NEVIS_UNAUTHORIZED: { status: 500, words: 'the access key was not accepted' },
  NEVIS_NOT_FOUND: { status: 500, words: 'no such user or authenticator' },
  NEVIS_REJECTED: { status: 500, words: 'the request was rejected' },
  NEVIS_UNEXPECTED_RESPONSE: { status: 502, words: 'the answer is not as documented' },
}

/** What is known about a failed call beyond its code. */
export interface NevisErrorDetails {
  /** A few words that replace the code's own. They end up in logs: never anything that was sent or received. */
  readonly reason?: string | undefined
  /** The HTTP status that Nevis answered with. */
  readonly nevisStatus?: number | undefined
  /** Nevis's `Retry-After`, in seconds. */
  readonly retryAfterSeconds?: number | undefined
  /** The code of the system error underneath, for example `ECONNREFUSED`. */
  readonly causeCode?: string | undefined
}

/** What is left of an error of the network: its code. The original holds the request with its Authorization header. */
class NetworkFault extends Error {
  override readonly name = 'NetworkFault'
  constructor(readonly code: string) {
    super(code)
  }
}

/**
 * A call to Nevis failed, and it is not the person's doing.
 *
 * Match on `code`, never on the message.
 */
export class NevisError extends Error {
  /** For logs; whoever asks what an error is looks at `code`. */
  override readonly name = 'NevisError'
  /** Stable; see {@link NevisErrorCode}. */
  readonly code: NevisErrorCode
  /** The client's method that failed, for example `approve`. */
  readonly operation: NevisMethod
  /** The HTTP status that *this* app should answer with: 500, 502, 503 or 504. Nevis's own is `nevisStatus`. */
  readonly status: number
  /** The HTTP status that Nevis answered with; absent when there was no answer. */
  declare readonly nevisStatus?: number
  /** How long Nevis asks to wait, in seconds; absent when it does not say. */
  declare readonly retryAfterSeconds?: number

  /**
   * For a factor of your own; everybody else only catches it.
   * @param code what went wrong; it decides `status`
   * @param operation the client's method
   * @param details only what may be printed
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
