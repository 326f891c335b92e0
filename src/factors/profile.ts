/** What `verify` gets of an approval or enrolment that has succeeded. */
import type { Operation } from '../client/wire'
import type { Succeeded } from './factor'
import type { FactorName } from './names'
import type { Transaction } from './transaction'

/** Who approved what, in Passport's words. */
export interface NevisProfile {
  /** Passport's word for where a profile comes from. */
  readonly provider: 'nevis'
  /** Nevis's lifelong userId. */
  readonly id: string
  /** The app's own identifier, where Nevis or the start names it. */
  readonly username?: string
  /** Name of the factor that was given. */
  readonly factor: FactorName
  /** An enrolment never passes for an approval: look here before you let somebody in on one. */
  readonly operation: Operation
  /** For audit logs. */
  readonly transactionId: string
  /** Exactly what was shown on the phone. */
  readonly message?: string
  /** Exactly what the application gave at the start. */
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
