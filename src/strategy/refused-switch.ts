/**
 * Keeps the user on the waiting page if another factor or phone, which the user has chosen there, or "Send again" is refused. If the earlier transaction is
 * pending, the user can still approve it. If the earlier transaction has ended, the user can choose again.
 *
 * Out of scope: a factor that the user does not have (`unavailable-factor.ts`), and the pause before the same push or SMS is sent again (`resend.ts`).
 */
import { Refusal, type FailureCode } from '../factors/failures'
import type { FactorName } from '../factors/names'
import type { Transaction } from '../factors/transaction'
import { publish } from './events'
import { isFromWaitingPage } from './from-waiting-page'
import { waitForDecision, type StartContext } from './start-context'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

/** The failures that are only about the new start. After any other failure, such as `already_enrolled`, the earlier transaction cannot go on either. */
const ONLY_OF_START: readonly FailureCode[] = [
  'too_many_starts', 'unknown_factor', 'unknown_authenticator', 'phone_refused', 'not_enrolled', 'user_blocked', 'too_many_authenticators', 'factor_exists',
]

/**
 * Shows the waiting page of the earlier transaction, with the reason why the start was refused. Only for a form of the waiting page: other clients
 * get the failure.
 * @param reason the error of the start
 * @returns a redirect to the waiting page
 * @throws the error of the start, if the user cannot stay on the waiting page
 * @internal
 */
export async function stayOnPage(request: StrategyRequest, { replaced, source }: StartContext, reason: unknown): Promise<StartResult> {
  const isSwitch = replaced !== undefined && isFromWaitingPage(request)
  if (!isSwitch || !(reason instanceof Refusal) || !ONLY_OF_START.includes(reason.code)) throw reason
  const about = request.about()
  // Polling records the user's denial in the ledger only. So ask the ledger, too. Ask before the session is read again: a logout must not come between the last
  // read of the session and its write.
  const { endings } = request.budgets
  const [hasEnded, canGoOn] = [await endings.hasEnded(replaced), await endings.mayTryOtherFactor(replaced)]
  await request.refresh()
  const current = request.transactionById(replaced.id)
  if (!canGoOn || current === undefined || current.closed === 'cancelled') throw reason
  publish('failed', () => ({ ...about, code: reason.code }))
  const isOver = hasEnded || current.closed !== undefined || Date.now() >= current.expiresAt
  const refusal = refusalOf(reason.code, about.factor, isOver)
  if (request.takenSlot === undefined) return waitForDecision(request, { source }, { ...current, ...refusal })
  // This start has taken a slot. An approval of the earlier transaction must free this slot, too.
  const { digest: _digest, slots = [], ...rest } = current
  const kept = request.keys.digests.withDigest({ ...rest, slots: [...slots, request.takenSlot] })
  return waitForDecision(request, { source }, { ...kept, ...refusal })
}

/**
 * The fields of the earlier transaction from which its waiting page says why the new start was refused.
 * @param factor the factor that the user has chosen
 * @param isOver true if the earlier transaction has ended
 * @internal
 */
export function refusalOf(code: FailureCode, factor: FactorName | undefined, isOver: boolean): Pick<Transaction, 'refused' | 'refusedFactor' | 'refusedAfterEnd'> {
  return { ...(isOver ? { refusedAfterEnd: code } : { refused: code }), ...(factor !== undefined && { refusedFactor: factor }) }
}
