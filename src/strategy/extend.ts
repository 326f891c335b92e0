/**
 * Gives a user more time to save new recovery codes. The codes cannot be shown a second time.
 *
 * Out of scope: the codes themselves (`trust/recovery-codes.ts`). Source: WCAG 2.2, 2.2.1, which requires that a user can extend a time limit at
 * least ten times.
 */
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { waitUntil } from './parallel'
import { openTransactionForStart } from './replaced-transaction'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/**
 * The user has at most this many times `firstFactorLifetimeSeconds` to save the recovery codes: once at the start, and ten extensions. An unattended screen
 * must not show the codes for ever.
 */
const MAX_LIFETIMES = 11

/**
 * Extends the time for saving recovery codes by `firstFactorLifetimeSeconds`, and reloads the waiting page.
 * @throws Refusal `unknown_factor` for a transaction without recovery codes; `expired_transaction`; `used_transaction`; the failure code of a closed
 * transaction; and every Refusal of `openTransactionForStart`
 * @internal
 */
export async function extend(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const { settings, keys, budgets } = request
  const transaction = openTransactionForStart(request, handle)
  if (transaction.closed !== undefined) throw new Refusal(transaction.closed)
  if (transaction.codesKey === undefined) throw new Refusal('unknown_factor')
  const now = Date.now()
  const lifetimeMs = settings.firstFactorLifetimeMs
  if (now >= transaction.expiresAt || now + lifetimeMs > transaction.startedAt + MAX_LIFETIMES * lifetimeMs) throw new Refusal('expired_transaction')
  // The transaction gets a new key in the ledger (`moves`), and its old key is claimed. So the transaction does not end when a process that knows only the
  // handle from before the extension reports that the time is over.
  const moves = (transaction.moves ?? 0) + 1
  const isFirst = await budgets.endings.claim(transaction)
  const current = isFirst ? await pendingCodes(request, transaction) : await extendedByOther(request, transaction, moves)
  if (current === undefined) throw new Refusal('used_transaction')
  const { digest: _digest, ...rest } = current
  const extended: Transaction = isFirst ? keys.digests.withDigest({ ...rest, expiresAt: now + lifetimeMs, moves }) : current
  return request.saveAndWait(extended, keys.handles.open(handle)?.encryptedCodes)
}

/** Reads the session again, and returns the transaction if its recovery codes are still shown. */
async function pendingCodes(request: StrategyRequest, { id }: Transaction): Promise<Transaction | undefined> {
  await request.refresh()
  const current = request.transactionById(id)
  return current?.closed === undefined && current?.codesKey !== undefined ? current : undefined
}

/** At a double click, waits until the other request has stored the extended transaction. Returns undefined if there is no such request. */
async function extendedByOther(request: StrategyRequest, transaction: Transaction, moves: number): Promise<Transaction | undefined> {
  let current: Transaction | undefined
  const isStored = await waitUntil(async () => {
    current = await pendingCodes(request, transaction)
    return current?.moves === moves
  })
  return isStored ? current : undefined
}
