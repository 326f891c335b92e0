/**
 * The profile that `verify` gets: who approved or enrolled, and what.
 *
 * Out of scope: checking the approval (`trust/`).
 */
import type { Operation } from '../client/wire'
import { amrOf } from './amr'
import { approverIdOf, type Factor, type Succeeded } from './factor'
import type { FactorName } from './names'
import type { Transaction } from './transaction'

/** The user who approved, and what was approved. `provider` and `id` are the usual fields of a Passport profile. */
export interface NevisProfile {
  /** Passport's field for the origin of a profile. */
  readonly provider: 'nevis'
  /** Nevis's lifelong userId. */
  readonly id: string
  /** The username, if your app has started the second factor with one, or if Nevis's answer contains one. */
  readonly username?: string
  /** Name of the factor that was used. */
  readonly factor: FactorName
  /** `approve` or `enroll`. Check it before you sign a user in: an enrolment is not an approval. */
  readonly operation: Operation
  /**
   * How the user proved who they are, in values of RFC 8176. The list has the values of the second factor. With the option `firstFactorAmr`, it also has the
   * values of the first factor and `mfa`. A factor of your own without `amr` adds no values.
   */
  readonly amr: readonly string[]
  /** When the approval was accepted, in seconds since 1970. */
  readonly authTime: number
  /** True if the phone showed a code, and the user typed this code into the waiting page: `push({ typedCode: true })`. */
  readonly typedCode?: true
  /** Nevis's id of the transaction, for audit logs; a random id if Nevis gives none. */
  readonly transactionId: string
  /**
   * The message that the app gave at the start, unchanged: without the line that `push({ typedCode: true })` adds on the phone. Only for an approval.
   */
  readonly message?: string
  /**
   * The end of the phone number that the user has enrolled by SMS, such as `•••• 0001`. Only for an enrolment by SMS. Your app can store it, for its own pages
   * and for the option `maskedPhone` of `waitingPage`.
   */
  readonly maskedPhone?: string
  /** The `data` that the app gave at the start, unchanged. Only for an approval, because an enrolment confirms no payment. */
  readonly data?: unknown
  /**
   * True if the user gave no second factor this time, because this browser is remembered (option `rememberBrowser`). Then `factor`, `transactionId` and
   * `authTime` come from the approval after which the browser was remembered. `amr` has only the values of the first factor, and `message` and `data` are
   * absent.
   */
  readonly remembered?: true
}

/**
 * Builds the profile of an approved transaction.
 * @internal
 */
export function profileOf(transaction: Transaction, outcome: Succeeded, { amr }: Pick<Factor, 'amr'>): NevisProfile {
  const { factor, operation, id, subject, message, data, firstFactorAmr, isCodeTyped, isInPlaceOfApproval, shown } = transaction
  // Use the app's own spelling of the username. Nevis may return `Anna` for `anna`, and `Anna` may be another user of the app.
  const username = subject.username ?? outcome.username
  return Object.freeze({
    provider: 'nevis',
    id: approverIdOf(transaction, outcome) as string,
    ...(username !== undefined && { username }),
    factor,
    operation,
    amr: amrOf(operation, firstFactorAmr, amr),
    authTime: Math.floor(Date.now() / 1000),
    ...(isCodeTyped === true && { typedCode: true as const }),
    transactionId: id,
    // The phone does not show the message of an enrolment, so the user has not agreed to it.
    ...(operation === 'approve' && message !== undefined && { message }),
    ...(operation === 'enroll' && shown.maskedPhone !== undefined && { maskedPhone: shown.maskedPhone }),
    // Leave out the data if `approve-or-enroll` started an enrolment: the user has not approved the data, for example a payment.
    ...(isInPlaceOfApproval !== true && data !== undefined && { data }),
  })
}
