/**
 * Enforces a pause of 15 seconds before the same push or SMS is sent again, because a script could ignore the countdown on the waiting page.
 *
 * Out of scope: how often a user may start (`ledger/start-budget.ts`), and a double click on "Send again" (`pending-start.ts`).
 */
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { withQuery } from '../host/url'
import { isFromWaitingPage } from './from-waiting-page'
import { offeredFactor } from './pending-start'
import { resultFor, type StartContext } from './start-context'
import { authenticatorFor, phoneOf, type StartParameters } from './start-parameters'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

const RESEND_PAUSE_SECONDS = 15

/**
 * Refuses to send the push or SMS again during the pause of 15 seconds.
 * @returns a redirect to the waiting page, which then says how long to wait, if the form of that page sent the request; undefined if the push or SMS may be sent
 * @throws Refusal `too_many_starts` during the pause, if another form or a script sent the request
 * @internal
 */
export async function waitBeforeResend(request: StrategyRequest, context: StartContext): Promise<StartResult | undefined> {
  const { replaced } = context
  if (replaced === undefined || !(await isResend(request, context, replaced))) return undefined
  const seconds = await pauseOf(request, replaced)
  if (seconds === 0) return undefined
  // If the pause began after the start of the transaction, only the ledger knows of it. So the URL says when the pause ends, in milliseconds since 1970.
  const soon = String(Date.now() + seconds * 1000)
  if (isFromWaitingPage(request)) return resultFor(request, context, { to: withQuery(request.waitingURL(replaced), { soon }) }, replaced)
  throw new Refusal('too_many_starts', undefined, seconds)
}

/**
 * How many whole seconds of the pause are left; 0 after the pause. At most the whole pause, even if another server, whose clock is ahead, has started the
 * transaction.
 * @param soon the field `soon` in the URL of the waiting page: when the pause ends, if the pause began after the start of the transaction
 * @internal
 */
export function secondsUntilResend({ startedAt }: Transaction, soon?: string | null): number {
  const endsAt = Math.max(startedAt + RESEND_PAUSE_SECONDS * 1000, Number(soon ?? 0) || 0)
  return Math.min(RESEND_PAUSE_SECONDS, Math.max(0, Math.ceil((endsAt - Date.now()) / 1000)))
}

/** True if this start would send a pending push or SMS a second time to the same phone. */
async function isResend(request: StrategyRequest, { parameters, factorName }: StartContext, replaced: Transaction): Promise<boolean> {
  const { factor: name, shown, closed, expiresAt, authenticatorId } = replaced
  const wasSent = name !== 'recovery' && shown.appLinkUri === undefined && shown.intentToken === undefined
  if (!wasSent || closed !== undefined || Date.now() >= expiresAt) return false
  const factor = offeredFactor(request, parameters as StartParameters, factorName)
  if (factor.name !== name || !isSamePhone(request, replaced)) return false
  const same = (await authenticatorFor(request.req, request.options, parameters as StartParameters, factor, replaced)) === authenticatorId
  // Polling records the user's denial in the ledger only. The session contains the denial only after a request to the callback route. So ask the ledger.
  return same && !(await request.budgets.endings.hasEnded(replaced))
}

/** False if this start enrols another phone number than the transaction `replaced`: the user has corrected the number since the SMS was sent. */
function isSamePhone({ req, keys }: StrategyRequest, replaced: Transaction): boolean {
  if (replaced.textedPhone === undefined) return true
  const phone = phoneOf(req, replaced)
  return phone !== undefined && keys.digests.isPhone(replaced.textedPhone, phone, replaced.id)
}

/**
 * Returns for how many seconds the user must still wait before the push or SMS may be sent again. 0: this request may send it now. If several requests come at
 * the same time, only one of them gets 0, even if they reach different processes: the ledger notes who may send.
 */
async function pauseOf({ budgets }: StrategyRequest, replaced: Transaction): Promise<number> {
  const left = secondsUntilResend(replaced)
  if (left > 0) return left
  return budgets.endings.claimResend(replaced, RESEND_PAUSE_SECONDS)
}
