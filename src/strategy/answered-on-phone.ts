/**
 * Finds the requests that the user answers on the phone, and could deny there.
 *
 * Out of scope: what follows from a denial (`after-denial.ts`).
 */
import type { FailureCode } from '../factors/failures'
import { outcomeByStatus } from '../factors/shared'
import type { Transaction } from '../factors/transaction'
import type { Settings } from './settings'

/**
 * True for an approval that the user accepts or denies on the phone. For a factor that the app no longer has, the answer is true.
 * @internal
 */
export function isAnsweredOnPhone({ factors }: Pick<Settings, 'factors'>, { factor: name, operation }: Pick<Transaction, 'factor' | 'operation'>): boolean {
  if (operation !== 'approve') return false
  const factor = factors.find((one) => one.name === name)
  return factor === undefined || factor.prompt === 'wait' || factor.check === outcomeByStatus
}

/**
 * True if the user may have denied the request. An attacker can hide a denial: they let the denied push expire, or send wrong codes until the
 * transaction is closed.
 * @param ended why the transaction has ended; undefined while it is pending
 * @internal
 */
export function mayHaveBeenDenied(settings: Pick<Settings, 'factors'>, transaction: Transaction, ended: FailureCode | undefined): ended is FailureCode {
  if (ended === 'not_approved') return true
  return (ended === 'expired_transaction' || ended === 'too_many_attempts') && isAnsweredOnPhone(settings, transaction)
}
