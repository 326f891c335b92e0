/**
 * Finds and ends the transaction that a start replaces, because the user switches to another factor or has the same one sent again.
 *
 * Out of scope: starting the new transaction (`start.ts`).
 */
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { isInSmallCookie } from '../host/session'
import type { ReplacedTransaction } from './start-context'
import { isPendingFor } from './start-parameters'
import type { Field, StrategyRequest } from './strategy-request'

/**
 * Returns the transaction that the request names. It must have been started in the current login.
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
 * Returns the transaction to replace. If another click or tab has already replaced the one that the request names, the newest replacement is returned.
 * @throws Refusal `expired_transaction`, `cancelled`, `used_transaction`, and those of `openTransactionForStart`
 * @internal
 */
export async function transactionToReplace(request: StrategyRequest, handle: Field): Promise<ReplacedTransaction> {
  const { budgets, settings, session } = request
  const named = openTransactionForStart(request, handle)
  const transaction = newestAfter(request, named)
  if (Date.now() >= transaction.firstFactorAt + settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
  if (transaction.closed === 'cancelled') throw new Refusal('cancelled')
  if (settings.afterDenial === 'stop') await assertNotDenied(request, transaction)
  // An old session cookie can still contain a transaction that has succeeded or was cancelled meanwhile, so the ledger decides.
  if (!(await budgets.endings.mayTryOtherFactor(transaction))) throw new Refusal('used_transaction')
  if (isInSmallCookie(session) && transaction.budget !== undefined && (await budgets.signIns.hasSignedInSince(transaction.budget, transaction.firstFactorAt))) {
    throw new Refusal('used_transaction')
  }
  return { ...transaction, isNewerThanNamed: transaction !== named }
}

/**
 * Asks Nevis whether the user has denied the transaction. Otherwise an attacker who has the password could switch to another factor before a waiting
 * page or a callback has learned of the denial.
 * @throws Refusal `not_approved`; NevisError
 */
async function assertNotDenied(request: StrategyRequest, transaction: Transaction): Promise<void> {
  if (transaction.closed === 'not_approved') throw new Refusal('not_approved')
  if (transaction.closed !== undefined || Date.now() >= transaction.expiresAt) return
  const known = await request.settings.watch.decide(transaction)
  if (known?.answer.status === 'failed') await request.close(transaction, 'not_approved', { wasDenied: true, canGoOn: false })
}

/** Follows `next` to the newest transaction. Stops at a loop, because an attacker who can change the session could create one. */
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
 * Ends the replaced transaction in the ledger. If this start replaces none, it ends an older pending one of the same kind that could not be reused.
 * @returns the transaction that was ended, which the caller must still close in the session; undefined if there is none
 * @throws Refusal `cancelled` if the older transaction was cancelled or has succeeded meanwhile. The new transaction is then ended, too
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
