/**
 * Tells which transactions the user answers on the phone, and so could deny there.
 *
 * Out of scope: what follows from a denial (`after-denial.ts`).
 */
import type { FailureCode } from '../factors/failures'
import { outcomeByStatus } from '../factors/shared'
import type { Transaction } from '../factors/transaction'
import type { Settings } from './settings'

/**
 * True for an approval that the user accepts or denies on the phone. Also true if the app's option `factors` no longer contains the factor, because that factor
 * may have asked on the phone. False if Nevis has refused to send the approval.
 * @internal
 */
export function isAnsweredOnPhone({ factors }: Pick<Settings, 'factors'>, { factor: name, operation, isUnsent }: Pick<Transaction, 'factor' | 'operation' | 'isUnsent'>): boolean {
  if (operation !== 'approve' || isUnsent === true) return false
  const factor = factors.find((one) => one.name === name)
  return factor === undefined || factor.prompt === 'wait' || factor.check === outcomeByStatus
}

/**
 * True if the user may have denied the approval request. An attacker could hide a denial by letting the denied request expire, or by sending wrong codes until
 * the transaction is closed. So this function also returns true for a transaction that ended in one of these two ways.
 * @param ended why the transaction has ended; undefined while it is pending
 * @internal
 */
export function mayHaveBeenDenied(settings: Pick<Settings, 'factors'>, transaction: Transaction, ended: FailureCode | undefined): ended is FailureCode {
  if (ended === 'not_approved') return true
  return (ended === 'expired_transaction' || ended === 'too_many_attempts' || ended === 'codes_locked') && isAnsweredOnPhone(settings, transaction)
}

/**
 * True for a step-up that the user can deny on the phone, if the option `afterDenial` is `stop`. After the denial, the signed-in user must enter the password.
 *
 * A session keeps only eight transactions. When a session is full, it first drops transactions for which this function returns false. The
 * attack: an attacker with the session starts eight sign-ins with other accounts. If the session dropped its oldest transaction first, it would no longer
 * contain the denied step-up, and the strategy would not require the password.
 * @internal
 */
export function mayStopStepUp(settings: Pick<Settings, 'factors' | 'afterDenial'>, transaction: Pick<Transaction, 'factor' | 'operation' | 'isStepUp' | 'isUnsent'>): boolean {
  return settings.afterDenial === 'stop' && transaction.isStepUp === true && isAnsweredOnPhone(settings, transaction)
}
