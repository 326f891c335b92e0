/**
 * Handles callbacks that the browser sends more than once, as after a reload or a double click.
 *
 * Out of scope: that an approval counts only once (`ledger/endings.ts`).
 */
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { userOf } from '../host/request'
import { sitePathIn } from '../session/return-to'
import { publish } from './events'
import { isGone, sendBack } from './renewed-session'
import type { StrategyRequest, StrategyResult } from './strategy-request'

/**
 * Handles a callback for a transaction that the ledger reports as ended.
 * @internal
 */
export async function handleUsedTransaction(request: StrategyRequest, transaction: Transaction): Promise<StrategyResult> {
  if (await isGone(request)) {
    // At a sign-in, the first callback has replaced the session, so this one has no session to go on with.
    if (request.login() === undefined) throw new Refusal('unknown_transaction')
    return sendBack(request, transaction)
  }
  const closed = request.transactionById(transaction.id)?.closed
  if (closed !== undefined) throw new Refusal(closed)
  publish('suspicious', () => ({ ...request.about(), reason: 'used_transaction' }))
  if (!request.sessionContinues()) request.abandonSession()
  return handleRepeatedCallback(request, new Refusal('used_transaction'))
}

/**
 * Handles a callback whose session does not contain the transaction. Usually, the transaction has succeeded, or the user has signed in in another tab. But if
 * this package has sent the browser back to this callback, Passport's login may have removed an approved transaction from the session. Then do not redirect the
 * user as after a success.
 * @param refusal thrown if the transaction has not succeeded
 * @internal
 */
export async function handleMissingTransaction(request: StrategyRequest, refusal: Refusal): Promise<StrategyResult> {
  const { sealed } = request
  if (sealed?.sentBackUntil !== undefined && !(await request.budgets.endings.hasSucceeded(sealed))) throw refusal
  return handleRepeatedCallback(request, refusal)
}

/**
 * Handles a callback that the browser sends again after a reload or a double click. A signed-in user is redirected to the page in the route's option
 * `repeatedCallbackRedirect`.
 * @internal
 */
export function handleRepeatedCallback({ options, req, session }: StrategyRequest, refusal: Refusal): StrategyResult {
  const { repeatedCallbackRedirect, successReturnToOrRedirect, successRedirect } = options
  const success = successReturnToOrRedirect ? (sitePathIn(req, session['returnTo']) ?? successReturnToOrRedirect) : successRedirect
  const to = repeatedCallbackRedirect ?? success
  if (userOf(req) !== undefined && to) return { to }
  throw refusal
}
