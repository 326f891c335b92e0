/** The profile of a succeeded approval or enrolment, which `verify` gets. */
import type { Operation } from '../client/wire'
import type { Succeeded } from './factor'
import type { FactorName } from './names'
import type { Transaction } from './transaction'

/** The user who approved, and what was approved, in Passport's terms. */
export interface NevisProfile {
  /** Passport's field for the origin of a profile. */
  readonly provider: 'nevis'
  /** Nevis's lifelong userId. */
  readonly id: string
  /** The app's own identifier of the user, if Nevis or the start names it. */
  readonly username?: string
  /** Name of the factor that was used. */
  readonly factor: FactorName
  /** `approve` or `enroll`. Check it before you sign a user in: an enrolment is not an approval. */
  readonly operation: Operation
  /** For audit logs. */
  readonly transactionId: string
  /** The message that was shown on the phone, unchanged. */
  readonly message?: string
  /** The `data` that the app gave at the start, unchanged. */
  readonly data?: unknown
}

/** @internal */
export function profileOf(transaction: Transaction, outcome: Succeeded): NevisProfile {
  const { factor, operation, id, subject, message, data } = transaction
  const username = outcome.username ?? subject.username
  return Object.freeze({
    provider: 'nevis',
    id: outcome.userId as string,
    ...(username !== undefined && { username }),
    factor,
    operation,
    transactionId: id,
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
  })
}
