/**
 * Shows the waiting page if a start fails because the user does not have the factor at Nevis, or because Nevis has blocked the user for this factor. On that
 * page, the user can choose another factor.
 *
 * Out of scope: which factors are offered (`factor-choice.ts`), and enrolling the missing factor.
 */
import { randomUUID } from 'node:crypto'
import { Refusal, type FailureCode } from '../factors/failures'
import type { FactorName } from '../factors/names'
import { fetchUser } from '../factors/shared'
import type { Transaction } from '../factors/transaction'
import { secondFactorsIn } from '../session/second-factors'
import { publish } from './events'
import { offeredFactors } from './factor-choice'
import { newTransaction } from './new-transaction'
import { mayRenew, renewForSubject } from './session-fixation'
import { waitForDecision, type PreparedStart, type StartContext } from './start-context'
import type { StartResult } from './start-queue'
import { refusalOf } from './refused-switch'
import type { StrategyRequest } from './strategy-request'

const UNUSABLE: readonly FailureCode[] = ['not_enrolled', 'user_blocked']

/**
 * Shows the waiting page instead of the failure `not_enrolled` or `user_blocked`, if the user can choose another factor there.
 * @param reason the error of the start
 * @param slot the slot that this start has taken, to count towards the user's limit on starts (`ledger/start-budget.ts`)
 * @param startedAt milliseconds since 1970
 * @returns undefined if the start must fail: because of another error, or because the user has no other factor
 * @internal
 */
export async function waitForOtherFactor(
  request: StrategyRequest,
  context: StartContext,
  prepared: PreparedStart,
  reason: unknown,
  slot: number,
  startedAt: number,
): Promise<StartResult | undefined> {
  if (!isUnusable(reason) || prepared.parameters.operation !== 'approve') return undefined
  const { code } = reason
  const about = request.about()
  const left = offeredFactors(request.settings, prepared.parameters).map(({ name }) => name).filter((name) => name !== prepared.factor.name)
  const without = { ...prepared, parameters: { ...prepared.parameters, available: left } }
  const result = context.replaced === undefined
    ? prepared.parameters.available && (await keepFirst(request, context, without, code, slot, startedAt))
    : await keepReplaced(request, context, context.replaced, { code, factor: prepared.factor.name }, left, slot)
  if (result !== undefined) publish('failed', () => ({ ...about, code }))
  return result
}

/**
 * If the user cannot use the requested factor, Nevis has started nothing. This function then stores a transaction in the session that cannot be approved, so
 * that the waiting page can show the failure and offer the other factors. The function needs the option `availableFactors`, which says that the user has other
 * factors, because Nevis may not know the user at all.
 */
async function keepFirst(request: StrategyRequest, context: StartContext, prepared: PreparedStart, code: FailureCode, slot: number, startedAt: number): Promise<StartResult | undefined> {
  const { parameters } = prepared
  if (parameters.available?.length === 0) return undefined
  const created = await newTransaction(request, context, prepared, { server: { id: randomUUID() }, browser: {} }, slot, startedAt)
  const { digest: _digest, ...rest } = created.transaction
  const transaction = request.keys.digests.withDigest({ ...rest, isUnsent: true })
  if (mayRenew(request, context, { ...transaction, ...(await confirmedUser(request, context, transaction)) })) await renewForSubject(request, transaction, context)
  else await request.refresh()
  return waitForDecision(request, context, { ...transaction, closed: code })
}

/**
 * Asks Nevis for the userId if the app has named the user by username only, and the session records a second factor. `mayRenew` needs the userId: if the record
 * is of the same user, the session keeps its id. So an attacker with a copy of the session's cookie gets no new session id by a start that fails.
 * @returns an empty object if the userId is not needed, or if Nevis does not know the user or fails
 */
async function confirmedUser({ req, settings }: StrategyRequest, { isAfterFirstFactor, renewsSession }: StartContext, { subject }: Transaction): Promise<{ userId?: string }> {
  if (!renewsSession || isAfterFirstFactor || subject.userId !== undefined || secondFactorsIn(req).length === 0) return {}
  return fetchUser(settings.client, subject).then(({ userId }) => ({ userId }), () => ({}))
}

/**
 * If the user switches to a factor that the user cannot use, shows the waiting page of the earlier transaction. If that transaction is pending, the user may
 * still approve it.
 */
async function keepReplaced(
  request: StrategyRequest,
  context: StartContext,
  replaced: Transaction,
  refused: { readonly code: FailureCode; readonly factor: FactorName },
  left: readonly FactorName[],
  slot: number,
): Promise<StartResult | undefined> {
  // Polling records the user's denial in the ledger only. Ask the ledger before the session is read again: a logout must not come between the last read of the
  // session and its write.
  const hasEnded = await request.budgets.endings.hasEnded(replaced)
  await request.refresh()
  const current = request.transactionById(replaced.id)
  if (current === undefined || current.closed === 'cancelled') return undefined
  const isOver = hasEnded || current.closed !== undefined || Date.now() >= current.expiresAt
  if (isOver && left.length === 0) return undefined
  const { digest: _digest, slots = [], ...rest } = current
  const transaction: Transaction = request.keys.digests.withDigest({ ...rest, available: left, slots: [...slots, slot] })
  return waitForDecision(request, context, { ...transaction, ...refusalOf(refused.code, refused.factor, isOver) })
}

/**
 * True if the user does not have the factor, or if Nevis has blocked the user for the factor. Another factor may work: for example, QR codes work while push is
 * blocked.
 */
function isUnusable(reason: unknown): reason is Refusal {
  return reason instanceof Refusal && UNUSABLE.includes(reason.code)
}
