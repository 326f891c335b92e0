/**
 * The transaction that a start replaces, because the user switches to another factor or sends the same one again.
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
 * Opens the transaction that the request names, in the login that started it.
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
 * The transaction to replace. If another click or tab has already replaced it, the newest of those that took its place.
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
  // An old session cookie still holds a transaction that has succeeded or was cancelled since, so the ledger decides.
  if (!(await budgets.endings.mayTryOtherFactor(transaction))) throw new Refusal('used_transaction')
  if (isInSmallCookie(session) && transaction.budget !== undefined && (await budgets.signIns.hasSignedInSince(transaction.budget, transaction.firstFactorAt))) {
    throw new Refusal('used_transaction')
  }
  return { ...transaction, isNewerThanNamed: transaction !== named }
}

/**
 * An attacker who has the password may switch to another factor before any page or callback has learned that the user denied. So Nevis is asked.
 * @throws Refusal `not_approved`; NevisError
 */
async function assertNotDenied(request: StrategyRequest, transaction: Transaction): Promise<void> {
  if (transaction.closed === 'not_approved') throw new Refusal('not_approved')
  if (transaction.closed !== undefined || Date.now() >= transaction.expiresAt) return
  const known = await request.settings.watch.decide(transaction)
  if (known?.answer.status === 'failed') await request.close(transaction, 'not_approved', { wasDenied: true, canGoOn: false })
}

/** Follows `next` from transaction to transaction. Stops at a loop, which a changed session could contain. */
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
 * Ends the replaced transaction, or else an older one of the same kind that could not be reused.
 * @returns the transaction that was ended, still to be closed in the session; undefined if there is none
 * @throws Refusal `cancelled` if the older one was cancelled or has succeeded meanwhile: the new one is then ended, too
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
