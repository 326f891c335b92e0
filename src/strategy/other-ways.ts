/**
 * What happens when Nevis says that the user does not have the factor: the user stays on the waiting page and chooses another way. What was
 * to be confirmed (message, data, purpose and the page to return to) is kept.
 *
 * Out of scope: which factors are offered (`factor-choice.ts`), and enrolling the missing one.
 */
import { randomUUID } from 'node:crypto'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { publish } from './events'
import { offeredFactors } from './factor-choice'
import { newTransaction } from './new-transaction'
import { renewForSubject } from './session-fixation'
import { waitForDecision, type PreparedStart, type StartContext } from './start-context'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

/**
 * @param reason why the start has failed
 * @param slot the slot that this start holds in the start budget; an approval by another factor gives it back
 * @param startedAt milliseconds since 1970
 * @returns undefined if the start is to fail: for another reason, or because there is no other way
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
    ? await keepFirst(request, context, without, slot, startedAt)
    : await keepReplaced(request, context, context.replaced.id, left, slot)
  if (result !== undefined) publish('failed', () => ({ ...about, code: 'not_enrolled' }))
  return result
}

/**
 * There is no transaction yet, so one is kept that never was sent to anybody. Only where the app has said that the user has other factors:
 * a user whom Nevis does not know at all would be offered one useless way after another.
 */
async function keepFirst(request: StrategyRequest, context: StartContext, prepared: PreparedStart, slot: number, startedAt: number): Promise<StartResult | undefined> {
  const { parameters } = prepared
  if (request.settings.availableFactors === undefined || parameters.available?.length === 0) return undefined
  const { transaction } = await newTransaction(request, context, prepared, { server: { id: randomUUID() }, browser: {} }, slot, startedAt)
  if (context.isAfterFirstFactor) await renewForSubject(request, parameters)
  else await request.refresh()
  return waitForDecision(request, context, { ...transaction, closed: 'not_enrolled' })
}

/** The transaction that was to be replaced goes on: the user may still approve it. */
async function keepReplaced(request: StrategyRequest, context: StartContext, id: string, left: readonly string[], slot: number): Promise<StartResult | undefined> {
  await request.refresh()
  const current = request.transactionById(id)
  if (current === undefined || current.closed === 'cancelled') return undefined
  const isOver = current.closed !== undefined || Date.now() >= current.expiresAt
  if (isOver && left.length === 0) return undefined
  const { digest: _digest, slots = [], ...rest } = current
  const transaction: Transaction = request.keys.digests.withDigest({ ...rest, available: left, slots: [...slots, slot] })
  return waitForDecision(request, context, { ...transaction, refused: 'not_enrolled' })
}
