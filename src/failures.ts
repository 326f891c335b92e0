/**
 * Every way in which a person can fail: code, HTTP status, sentence.
 *
 * Not its job: faults of the cloud or of the application's own stores, which are errors (`client/errors.ts`,
 * `storage.ts`). A sentence here tells no more than Nevis does: who refused and who was too slow sound alike.
 */

export const failures = {
  no_subject: { status: 400, message: 'Sign in first: nobody is known whom the second factor could ask.' },
  unknown_factor: { status: 400, message: 'This second factor is not offered here.' },
  unknown_authenticator: { status: 400, message: 'This phone is not set up for the account.' },
  missing_code: { status: 400, message: 'Enter the code.' },
  phone_refused: { status: 400, message: 'This phone number cannot be used.' },
  start_requires_post: { status: 405, message: 'A second factor is started with POST.' },
  not_enrolled: { status: 403, message: 'This second factor is not set up for the account.' },
  already_enrolled: { status: 403, message: 'This account has a second factor already. Use it first.' },
  too_many_authenticators: { status: 409, message: 'This account has as many devices as it may have. Remove one first.' },
  cancelled: { status: 401, message: 'The request was cancelled.' },
  too_many_attempts: { status: 429, message: 'Too many wrong codes. Start again.' },
  rejected: { status: 401, message: 'The account was not accepted.' },
  not_approved: { status: 401, message: 'The request was not approved.' },
  wrong_code: { status: 401, message: 'The code is not right.' },
  expired_transaction: { status: 401, message: 'The time to approve is over. Start again.' },
  unknown_transaction: { status: 403, message: 'This request was not started in this browser. Start again.' },
  used_transaction: { status: 403, message: 'This approval has already been used.' },
  binding_mismatch: { status: 403, message: 'The approval does not belong to this request.' },
  too_many_starts: { status: 429, message: 'Too many requests for this account. Wait a few minutes.' },
} as const satisfies Record<string, { status: number; message: string }>

/** Why a person was refused: the `code` of Passport's `info`. Closed; each has its HTTP status in the README. */
export type FailureCode = keyof typeof failures

/** What Passport's `fail` gets: an object, because it would turn a string into a WWW-Authenticate header. */
export interface Failure {
  readonly code: FailureCode
  readonly message: string
}

/**
 * Thrown inside the strategy to leave by `fail`; never reaches the application.
 * @internal
 */
export class Refusal extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode, message: string = failures[code].message) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }

  get status(): number {
    return failures[this.code].status
  }

  toFailure(): Failure {
    return { code: this.code, message: this.message }
  }
}
