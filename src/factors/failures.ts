/**
 * Every way in which a person can fail: code, HTTP status, sentence.
 *
 * Out of scope: faults of the cloud or of the application's own stores, which are errors (`client/errors.ts`,
 * `storage.ts`). A sentence here tells no more than Nevis does: who refused and who was too slow sound alike.
 */

/** How a failure is answered. */
export interface FailureAnswer {
  /** HTTP status. */
  readonly status: number
  /** A sentence for the person, in English. */
  readonly message: string
}

/** Each failure with the HTTP status that Passport's `fail` gets, and the sentence for the person, in English. */
export const failures: Readonly<Record<FailureCode, FailureAnswer>> = {
  no_subject: { status: 400, message: 'Sign in first: nobody is known whom the second factor could ask.' },
  unknown_factor: { status: 400, message: 'This second factor is not offered here.' },
  unknown_authenticator: { status: 400, message: 'This phone is not set up for the account.' },
  missing_code: { status: 400, message: 'Enter the code.' },
  invalid_username: { status: 400, message: 'Your user name cannot be used with a second factor. Contact support.' },
  phone_refused: { status: 400, message: 'This phone number cannot be used.' },
  start_requires_post: { status: 405, message: 'A second factor is started with POST.' },
  not_enrolled: { status: 403, message: 'This second factor is not set up for the account.' },
  already_enrolled: { status: 403, message: 'This account has a second factor already. Use it first.' },
  too_many_authenticators: { status: 409, message: 'This account has as many devices as it may have. Remove one first.' },
  cancelled: { status: 401, message: 'The request was cancelled.' },
  too_many_attempts: { status: 429, message: 'Too many wrong codes. Start again.' },
  codes_locked: { status: 403, message: 'Your codes are locked after too many wrong ones. Use the Access App, or contact support.' },
  rejected: { status: 401, message: 'The account was not accepted.' },
  not_approved: { status: 401, message: 'The request was not approved.' },
  wrong_code: { status: 401, message: 'The code is not right.' },
  expired_transaction: { status: 401, message: 'The time to approve is over. Start again.' },
  unknown_transaction: { status: 403, message: 'This request was not started in this browser. Start again.' },
  used_transaction: { status: 403, message: 'This approval has already been used.' },
  binding_mismatch: { status: 403, message: 'The approval does not belong to this request.' },
  too_many_starts: { status: 429, message: 'Too many requests for this account. Wait a few minutes.' },
}

/**
 * Why a person was refused: the `code` of Passport's `info`. No other value comes. What each means, and what to do about it:
 * the guide "Failure codes".
 */
export type FailureCode =
  | 'no_subject'
  | 'unknown_factor'
  | 'unknown_authenticator'
  | 'missing_code'
  | 'invalid_username'
  | 'phone_refused'
  | 'start_requires_post'
  | 'not_enrolled'
  | 'already_enrolled'
  | 'too_many_authenticators'
  | 'cancelled'
  | 'too_many_attempts'
  | 'codes_locked'
  | 'rejected'
  | 'not_approved'
  | 'wrong_code'
  | 'expired_transaction'
  | 'unknown_transaction'
  | 'used_transaction'
  | 'binding_mismatch'
  | 'too_many_starts'

/** What Passport's `fail` gets: an object, because it would turn a string into a WWW-Authenticate header. */
export interface Failure {
  /** Match on this one. */
  readonly code: FailureCode
  /** For the person, in English; `failureMessage: true` keeps it in the session. */
  readonly message: string
  /** Seconds until it is worth trying again; with `too_many_starts` and `too_many_attempts`, where that is known. */
  readonly retryAfterSeconds?: number
}

/**
 * Thrown inside the strategy to leave by `fail`; never reaches the application.
 * @internal
 */
export class Refusal extends Error {
  readonly code: FailureCode
  readonly retryAfterSeconds: number | undefined
  /** Its message is not to be kept in the session. */
  isUnkept = false

  constructor(code: FailureCode, message: string = failures[code].message, retryAfterSeconds?: number) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }

  get status(): number {
    return failures[this.code].status
  }

  toFailure(): Failure {
    const { code, message, retryAfterSeconds } = this
    return { code, message, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
  }
}
