/**
 * Every reason for which a user can be refused: code, HTTP status, and a message for the user.
 *
 * No message distinguishes a denial from a time-out: Nevis reports both alike, and an attacker who has the password must not learn which of the two it was.
 * Out of scope: errors of Nevis (`client/errors.ts`) and of the app's stores (`host/storage.ts`).
 */

/** The HTTP status and the message of a failure. */
export interface FailureAnswer {
  /** HTTP status. */
  readonly status: number
  /** A sentence for the user, in English. */
  readonly message: string
}

/** Each failure with the HTTP status that Passport's `fail` gets, and the message for the user, in English. */
export const failures: Readonly<Record<FailureCode, FailureAnswer>> = {
  no_subject: { status: 400, message: 'Please sign in with your password first.' },
  unknown_factor: { status: 400, message: 'This way to confirm is not available here. Please choose another one.' },
  unknown_authenticator: { status: 400, message: 'This phone is not registered for your account. Please choose another one.' },
  missing_code: { status: 400, message: 'Please enter the code.' },
  invalid_username: { status: 400, message: 'Your username cannot be used for this sign-in. Please contact support.' },
  phone_refused: { status: 400, message: 'This phone number cannot be used. Please enter another one.' },
  start_requires_post: { status: 405, message: 'Please start again from the sign-in page.' },
  cross_site_post: { status: 403, message: 'This request came from another website, so it was refused. Please start again from the sign-in page.' },
  not_enrolled: { status: 403, message: 'This way to confirm is not set up for your account. Please choose another one.' },
  already_enrolled: { status: 403, message: 'You can set this up only after you have confirmed with another second factor.' },
  too_many_authenticators: { status: 409, message: 'Your account cannot have more devices. Please remove one first.' },
  factor_exists: { status: 409, message: 'This way to confirm is already set up for your account. To replace it, please remove it first.' },
  user_blocked: { status: 429, message: 'This way to confirm is blocked for your account for a while, because of many requests. Please choose another one, or try again later.' },
  cancelled: { status: 401, message: 'The request was cancelled.' },
  too_many_attempts: { status: 429, message: 'Too many wrong codes. Request a new one.' },
  codes_locked: { status: 403, message: 'Your codes are locked because too many wrong codes were entered. Please use the Access App, or contact support.' },
  rejected: { status: 401, message: 'You cannot sign in with this account. Contact support.' },
  not_approved: { status: 401, message: 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.' },
  wrong_code: { status: 401, message: 'The code is incorrect. Please try again.' },
  expired_transaction: { status: 401, message: 'This request has expired. Send a new one.' },
  unknown_transaction: { status: 403, message: 'This request was started in another browser or has ended. Please sign in again.' },
  used_transaction: { status: 403, message: 'This approval has already been used. Please start again.' },
  binding_mismatch: { status: 403, message: 'Something did not match, so nothing was approved. Please start again.' },
  too_many_starts: { status: 429, message: 'Too many requests. Try again in a few minutes. If you did not send them, change your password.' },
}

/**
 * Why a user was refused: the `code` in Passport's `info`. There are no other values. The guide "Failure codes" explains each code, and what to do
 * about it.
 */
export type FailureCode =
  | 'no_subject'
  | 'unknown_factor'
  | 'unknown_authenticator'
  | 'missing_code'
  | 'invalid_username'
  | 'phone_refused'
  | 'start_requires_post'
  | 'cross_site_post'
  | 'not_enrolled'
  | 'already_enrolled'
  | 'too_many_authenticators'
  | 'factor_exists'
  | 'user_blocked'
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

/** The object that Passport's `fail` gets: not a string, because Passport would send a string as a WWW-Authenticate header. */
export interface Failure {
  /** The failure code. Compare codes: they do not change, but messages may. */
  readonly code: FailureCode
  /** A sentence for the user, in English. With `failureMessage: true`, Passport stores it in the session. */
  readonly message: string
  /** Seconds after which the user can try again, if this is known. For codes such as `too_many_starts` and `too_many_attempts`. */
  readonly retryAfterSeconds?: number
  /** The page of this site from which the user started the failed request. After a failed step-up, redirect a signed-in user to this page. */
  readonly returnTo?: string
}

/**
 * Thrown inside the strategy to end a request with Passport's `fail`; never reaches the app.
 * @internal
 */
export class Refusal extends Error {
  readonly code: FailureCode
  readonly retryAfterSeconds: number | undefined
  /** True if Passport must not write the failure message into the session, because another tab has replaced the session. */
  isUnkept = false
  /** The page of this site from which the user started the failed request: see `Failure`. */
  returnTo: string | undefined

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
    const { code, message, retryAfterSeconds, returnTo } = this
    return { code, message, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }), ...(returnTo !== undefined && { returnTo }) }
  }
}
