/**
 * Finds and ends the transaction that a start replaces: the user has chosen another factor, or has pressed "Send again".
 *
 * Out of scope: starting the new transaction (`start.ts`).
 */
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { isInSmallCookie } from '../host/session'
import { assertNotDenied } from './after-denial'
import type { ReplacedTransaction } from './start-context'
import { isPendingFor } from './start-parameters'
import { isFromSameBrowser } from './same-browser'
import type { Field, StrategyRequest } from './strategy-request'

/**
 * Returns the transaction that the request names. If a user was signed in at its start, the same user must be signed in now.
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
 * Returns the transaction to replace: the one that the request names, or its newest replacement if another click has already replaced it.
 * @throws Refusal `expired_transaction`, `cancelled`, `used_transaction`, those of `openTransactionForStart`, and those of `assertNotDenied`
 * @internal
 */
export async function transactionToReplace(request: StrategyRequest, handle: Field): Promise<ReplacedTransaction> {
  const { budgets, settings, session } = request
  const named = openTransactionForStart(request, handle)
  const transaction = newestAfter(request, named)
  if (Date.now() >= transaction.firstFactorAt + settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
  if (transaction.closed === 'cancelled') throw new Refusal('cancelled')
  await assertNotDenied(request, transaction)
  // An old session cookie can still contain a transaction that has ended meanwhile. So ask the ledger.
  if (!(await budgets.endings.mayTryOtherFactor(transaction))) throw new Refusal('used_transaction')
  for (const key of isInSmallCookie(session) ? budgets.keysOf(transaction) : []) {
    if (await budgets.signIns.hasSignedInSince(key, transaction.firstFactorAt)) throw new Refusal('used_transaction')
  }
  return { ...transaction, isNewerThanNamed: transaction !== named }
}

/** Follows `next` from a replaced transaction to its newest replacement. Stops at a loop, which an attacker who can change the session could create. */
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
 * Ends the older transaction that this start replaces, by an entry in the ledger. If this start replaces none, ends an older pending transaction with the
 * same user, factor and parameters.
 * @param transaction the new transaction
 * @returns the older transaction, which the caller must still close in the session
 * @throws Refusal `cancelled` if the user has meanwhile cancelled the older transaction or finished it with success. The user then needs no new one, so this
 * function ends the new transaction before it throws
 * @internal
 */
export async function endReplaced(request: StrategyRequest, transaction: Transaction, replaced: Transaction | undefined): Promise<Transaction | undefined> {
  const { endings } = request.budgets
  const older = replaced ?? findOlder(request, transaction)
  if (older === undefined || older.id === transaction.id) return undefined
  // With `afterDenial: 'stop'`, a user who has denied cannot switch to another factor, but can start again with the password.
  const mayGoOn = async () => (await endings.mayTryOtherFactor(older)) || (replaced === undefined && (await endings.wasDenied(older)))
  if (!(await request.abandon(older)) && !(await mayGoOn())) {
    await request.abandon(transaction)
    throw new Refusal('cancelled')
  }
  return older
}

function findOlder(request: StrategyRequest, transaction: Transaction): Transaction | undefined {
  const isPending = isPendingFor(transaction, { name: transaction.factor } as Factor, transaction.authenticatorId, Date.now())
  // Do not end a transaction that another browser has started with the same session cookie: see `same-browser.ts`.
  const isOfThisBrowser = (one: Transaction) => one.browser === undefined || isFromSameBrowser(request, one)
  return request.transactions.find((one) => one.id !== transaction.id && isPending(one) && isOfThisBrowser(one) && request.keys.digests.matches(one))
}
