/**
 * If a start fails because the user does not have the factor at Nevis, shows the waiting page, where the user can choose another factor.
 *
 * Out of scope: which factors are offered (`factor-choice.ts`), and enrolling the missing factor.
 */
import { randomUUID } from 'node:crypto'
import { Refusal } from '../factors/failures'
import type { FactorName } from '../factors/names'
import type { Transaction } from '../factors/transaction'
import { publish } from './events'
import { offeredFactors } from './factor-choice'
import { newTransaction } from './new-transaction'
import { renewForSubject } from './session-fixation'
import { waitForDecision, type PreparedStart, type StartContext } from './start-context'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

/**
 * Shows the waiting page instead of the error `not_enrolled`, if the user can choose another factor there.
 * @param reason the error of the start
 * @param slot the number of this start among the user's counted starts
 * @param startedAt milliseconds since 1970
 * @returns undefined if the start must fail: another error, or no other factor
 * @internal
 */
export async function waitForOtherWay(
  request: StrategyRequest,
  context: StartContext,
  prepared: PreparedStart,
  reason: unknown,
  slot: number,
  startedAt: number,
): Promise<StartResult | undefined> {
  if (!(reason instanceof Refusal) || reason.code !== 'not_enrolled' || prepared.parameters.operation !== 'approve') return undefined
  const about = request.about()
  const left = offeredFactors(request.settings, prepared.parameters).map(({ name }) => name).filter((name) => name !== prepared.factor.name)
  const without = { ...prepared, parameters: { ...prepared.parameters, available: left } }
  const result = context.replaced === undefined
    ? prepared.parameters.available && (await keepFirst(request, context, without, slot, startedAt))
    : await keepReplaced(request, context, context.replaced.id, prepared.factor.name, left, slot)
  if (result !== undefined) publish('failed', () => ({ ...about, code: 'not_enrolled' }))
  return result
}

/**
 * For a start whose factor the user has not set up, so that Nevis has started nothing. Stores a closed transaction in the session: its waiting page offers the
 * other factors. Only used with the option `availableFactors`, which says that the user has other factors. Nevis may not know the user at all.
 */
async function keepFirst(request: StrategyRequest, context: StartContext, prepared: PreparedStart, slot: number, startedAt: number): Promise<StartResult | undefined> {
  const { parameters } = prepared
  if (parameters.available?.length === 0) return undefined
  const { transaction } = await newTransaction(request, context, prepared, { server: { id: randomUUID() }, browser: {} }, slot, startedAt)
  if (context.renewsSession) await renewForSubject(request, parameters, context.isAfterFirstFactor)
  else await request.refresh()
  return waitForDecision(request, context, { ...transaction, closed: 'not_enrolled' })
}

/** For a switch to a factor that the user has not set up. Shows the waiting page of the earlier transaction, which the user may still approve. */
async function keepReplaced(request: StrategyRequest, context: StartContext, id: string, refusedFactor: FactorName, left: readonly FactorName[], slot: number): Promise<StartResult | undefined> {
  await request.refresh()
  const current = request.transactionById(id)
  if (current === undefined || current.closed === 'cancelled') return undefined
  const isOver = current.closed !== undefined || Date.now() >= current.expiresAt
  if (isOver && left.length === 0) return undefined
  const { digest: _digest, slots = [], ...rest } = current
  const transaction: Transaction = request.keys.digests.withDigest({ ...rest, available: left, slots: [...slots, slot] })
  return waitForDecision(request, context, { ...transaction, refused: 'not_enrolled', refusedFactor })
}
