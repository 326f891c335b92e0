/**
 * Finds and ends the transaction that a start replaces. This happens if the user switches to another factor, or has the same push or SMS sent again.
 *
 * Out of scope: starting the new transaction (`start.ts`).
 */
import type { Factor } from '../factors/factor'
import { Refusal, type FailureCode } from '../factors/failures'
import { outcomeByStatus } from '../factors/shared'
import type { Transaction } from '../factors/transaction'
import { isInSmallCookie } from '../host/session'
import type { Settings } from './settings'
import type { ReplacedTransaction } from './start-context'
import { isPendingFor } from './start-parameters'
import type { Field, StrategyRequest } from './strategy-request'

/**
 * Returns the transaction that the request names. If a user was signed in when the transaction was started, the same user must be signed in now.
 * @throws Refusal `unknown_transaction`, `used_transaction`, `binding_mismatch`
 * @internal
 */
export function openTransactionForStart(request: StrategyRequest, handle: Field): Transaction {
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw request.missingTransactionRefusal()
  if (transaction.login !== undefined && transaction.login !== request.login()) throw new Refusal('unknown_transaction')
  return transaction
}

/**
 * Returns the transaction to replace. This is the transaction that the request names. If another click or tab has already replaced that transaction,
 * it is the newest replacement.
 * @throws Refusal `expired_transaction`, `cancelled`, `used_transaction`, those of `openTransactionForStart`, and those of `assertNotDenied`
 * @internal
 */
export async function transactionToReplace(request: StrategyRequest, handle: Field): Promise<ReplacedTransaction> {
  const { budgets, settings, session } = request
  const named = openTransactionForStart(request, handle)
  const transaction = newestAfter(request, named)
  if (Date.now() >= transaction.firstFactorAt + settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
  if (transaction.closed === 'cancelled') throw new Refusal('cancelled')
  if (settings.afterDenial === 'stop') await assertNotDenied(request, transaction)
  // Ask the ledger, because an old session cookie can still contain a transaction that has succeeded or was cancelled meanwhile.
  if (!(await budgets.endings.mayTryOtherFactor(transaction))) throw new Refusal('used_transaction')
  if (isInSmallCookie(session) && transaction.budget !== undefined && (await budgets.signIns.hasSignedInSince(transaction.budget, transaction.firstFactorAt))) {
    throw new Refusal('used_transaction')
  }
  return { ...transaction, isNewerThanNamed: transaction !== named }
}

/**
 * Asks Nevis whether the user has denied the transaction. Otherwise an attacker who has the password could switch to another factor before this
 * package has learned of the denial. If the transaction has ended, Nevis cannot be asked any more. Then this function throws if the user may have
 * denied the request.
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError
 */
async function assertNotDenied(request: StrategyRequest, transaction: Transaction): Promise<void> {
  const ended = transaction.closed ?? (Date.now() >= transaction.expiresAt ? 'expired_transaction' : undefined)
  if (mayHaveBeenDenied(request.settings, transaction, ended)) throw new Refusal(ended)
  if (ended !== undefined) return
  const known = await request.settings.watch.decide(transaction)
  if (known?.answer.status === 'failed') await request.close(transaction, 'not_approved', { wasDenied: true, canGoOn: false })
}

/**
 * True if the user has denied the transaction, or may have denied it. An attacker can hide a denial: they wait until the denied push has expired, or
 * send wrong codes until the transaction is closed. The result is false for an enrolment, an SMS and a recovery code, because a user cannot deny
 * these.
 * @param ended why the transaction has ended; undefined while it is pending
 * @internal
 */
export function mayHaveBeenDenied({ factors }: Pick<Settings, 'factors'>, { factor: name, operation }: Transaction, ended: FailureCode | undefined): ended is FailureCode {
  if (ended === 'not_approved') return true
  if (operation !== 'approve' || (ended !== 'expired_transaction' && ended !== 'too_many_attempts')) return false
  const factor = factors.find((one) => one.name === name)
  return factor === undefined || factor.prompt === 'wait' || factor.check === outcomeByStatus
}

/**
 * Follows the field `next` from each replaced transaction to its replacement, up to the newest one. Stops at a loop, because an attacker who can
 * change the session could create one.
 */
function newestAfter(request: StrategyRequest, named: Transaction): Transaction {
  let newest = named
  const visited = new Set([named.id])
  while (newest.next !== undefined && !visited.has(newest.next)) {
    visited.add(newest.next)
    const next = request.transactionById(newest.next)
    if (next === undefined) break
    newest = next
  }
  return newest
}

/**
 * Ends the replaced transaction in the ledger. If this start replaces no transaction, this function looks for an older pending transaction that asks
 * the same user for the same thing. It ends that transaction if its waiting page cannot be shown a second time.
 * @returns the transaction that was ended, which the caller must still close in the session; undefined if there is none
 * @throws Refusal `cancelled` if the older transaction was cancelled or has succeeded meanwhile. This function then also ends the new transaction
 * @internal
 */
export async function endReplaced(request: StrategyRequest, transaction: Transaction, replaced: Transaction | undefined): Promise<Transaction | undefined> {
  const { endings } = request.budgets
  const older = replaced ?? findOlder(request, transaction)
  if (older === undefined || older.id === transaction.id) return undefined
  request.settings.watch.settle(older.id)
  if (!(await endings.end(older, older.budget, false)) && !(await endings.mayTryOtherFactor(older))) {
    await endings.end(transaction, transaction.budget, false)
    throw new Refusal('cancelled')
  }
  return older
}

function findOlder({ transactions, keys }: StrategyRequest, transaction: Transaction): Transaction | undefined {
  const isPending = isPendingFor(transaction, { name: transaction.factor } as Factor, transaction.authenticatorId, Date.now())
  return transactions.find((one) => one.id !== transaction.id && isPending(one) && keys.digests.matches(one))
}
