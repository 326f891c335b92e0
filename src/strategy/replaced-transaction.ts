/**
 * Finds and ends the transaction that a start replaces: the user has chosen another factor, or has pressed "Send again".
 *
 * Out of scope: starting the new transaction (`start.ts`).
 */
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { logsIn } from '../host/request'
import { isInSmallCookie } from '../host/session'
import { assertNotDenied } from './after-denial'
import type { PreparedStart, ReplacedTransaction, StartContext } from './start-context'
import { isForUserOf, isPendingFor } from './start-parameters'
import { isFromSameBrowser } from './same-browser'
import type { Field, StrategyRequest } from './strategy-request'

/**
 * Returns the transaction that the request names. If a user was signed in at its start, the same user must be signed in now. If a user has signed in since its
 * start, it must be of this user.
 * @throws Refusal `unknown_transaction`, `used_transaction`, `binding_mismatch`
 * @internal
 */
export async function openTransactionForStart(request: StrategyRequest, handle: Field): Promise<Transaction> {
  const { req, options, settings } = request
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw request.missingTransactionRefusal()
  if (transaction.login !== undefined && transaction.login !== request.login()) throw new Refusal('unknown_transaction')
  if (logsIn(options) && !(await isForUserOf(req, options, settings, transaction))) throw request.mismatchRefusal('login')
  return transaction
}

/**
 * Returns the transaction to replace: the one that the request names, or its newest replacement if another click has already replaced it.
 * @param isPaused true if no new start is allowed. Then Nevis is not asked whether the user has denied
 * @throws Refusal `expired_transaction`, `cancelled`, `used_transaction`, and the Refusals of `openTransactionForStart` and `assertNotDenied`
 * @internal
 */
export async function transactionToReplace(request: StrategyRequest, handle: Field, isPaused: boolean): Promise<ReplacedTransaction> {
  const { budgets, settings, session } = request
  const named = await openTransactionForStart(request, handle)
  const transaction = newestAfter(request, named)
  if (Date.now() >= transaction.firstFactorAt + settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
  if (transaction.closed === 'cancelled') throw new Refusal('cancelled')
  if (!isPaused) await assertNotDenied(request, transaction)
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

/** The older transaction that a start replaces. */
interface Older {
  readonly transaction: Transaction
  /**
   * True if the transaction had ended before this start. Only the ledger shows this. In the session, the transaction is still open, for example because polling
   * records a denial only in the ledger.
   */
  readonly hasEnded: boolean
}

/**
 * The older transaction that this start replaces: the one that the request names, else a pending transaction with the same user, factor and parameters. Called
 * before Nevis notifies the user, to find out whether that transaction has ended before this start or during it.
 * @internal
 */
export async function olderTransaction(request: StrategyRequest, { replaced }: Pick<StartContext, 'replaced'>, { parameters, factor, authenticatorId }: PreparedStart): Promise<Older | undefined> {
  if (replaced !== undefined) {
    // The session stores this transaction, so leave out what only this start needs.
    const { isNewerThanNamed: _, ...transaction } = replaced
    return { transaction, hasEnded: false }
  }
  const isPending = isPendingFor(parameters, factor, authenticatorId, Date.now())
  // Do not replace a step-up that another browser has started with the same session cookie: see `same-browser.ts`. A transaction that does not record its
  // browser, such as most sign-ins, is replaced in any case.
  const isOfThisBrowser = (one: Transaction) => one.browser === undefined || isFromSameBrowser(request, one)
  const transaction = request.transactions.find((one) => isPending(one) && isOfThisBrowser(one) && request.keys.digests.matches(one))
  return transaction && { transaction, hasEnded: await request.budgets.endings.hasEnded(transaction) }
}

/**
 * Ends the older transaction that this start replaces, by an entry in the ledger, unless the older transaction had ended before this start. The caller must
 * still close the older transaction in the session.
 * @param transaction the new transaction
 * @throws Refusal `cancelled` if the user has meanwhile cancelled the older transaction or finished it with success. The user then needs no new transaction,
 * so this function ends the new transaction before it throws
 * @internal
 */
export async function endReplaced(request: StrategyRequest, transaction: Transaction, { transaction: older, hasEnded }: Older, { replaced }: Pick<StartContext, 'replaced'>): Promise<void> {
  if (hasEnded) return
  const { endings } = request.budgets
  // With `afterDenial: 'stop'`, a user who has denied cannot switch to another factor, but can start again with the password.
  const mayGoOn = async () => (await endings.mayTryOtherFactor(older)) || (replaced === undefined && (await endings.wasDenied(older)))
  if (!(await request.abandon(older)) && !(await mayGoOn())) {
    await request.abandon(transaction)
    throw new Refusal('cancelled')
  }
}
