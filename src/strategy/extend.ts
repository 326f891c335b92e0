/**
 * Gives a user more time to save new recovery codes. The codes cannot be shown a second time.
 *
 * Out of scope: the codes themselves (`trust/recovery-codes.ts`). Source: WCAG 2.2, 2.2.1, which requires that a user can extend a time limit at
 * least ten times.
 */
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { openTransactionForStart } from './replaced-transaction'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/**
 * The user has at most this many times `firstFactorLifetimeSeconds` to save the recovery codes: once from the start, and ten extensions. There is a maximum
 * because an unattended screen must not show the codes for ever.
 */
const MAX_LIFETIMES = 11

/** An extension must gain at least this part of `firstFactorLifetimeSeconds`. */
const SMALLEST_GAIN = 0.1

/**
 * Lets the time for saving recovery codes end in `firstFactorLifetimeSeconds` from now, and reloads the waiting page.
 * @throws Refusal `unknown_factor` for a transaction without recovery codes; `expired_transaction`; `used_transaction`; the failure code of a closed
 * transaction; and every Refusal of `openTransactionForStart`
 * @internal
 */
export async function extend(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const { settings, keys, budgets } = request
  const transaction = await openTransactionForStart(request, handle)
  if (transaction.closed !== undefined) throw new Refusal(transaction.closed)
  if (transaction.codesKey === undefined) throw new Refusal('unknown_factor')
  const now = Date.now()
  const lifetimeMs = settings.firstFactorLifetimeMs
  if (now >= transaction.expiresAt || now + lifetimeMs > transaction.startedAt + MAX_LIFETIMES * lifetimeMs) throw new Refusal('expired_transaction')
  // The session may be an old copy, in which an ended transaction is still open. So ask the ledger.
  if (await budgets.endings.hasEnded(transaction)) throw new Refusal('used_transaction')
  await request.refresh()
  const current = request.transactionById(transaction.id)
  if (current?.closed !== undefined || current?.codesKey === undefined) throw new Refusal('used_transaction')
  const { digest: _digest, ...rest } = current
  // A request that would gain little time changes nothing: a script must not make this package write the session over and over.
  const isWorthIt = now + lifetimeMs - current.expiresAt >= lifetimeMs * SMALLEST_GAIN
  const extended: Transaction = isWorthIt ? keys.digests.withDigest({ ...rest, expiresAt: now + lifetimeMs }) : current
  return request.saveAndWait(extended, keys.handles.open(handle)?.encryptedCodes)
}
