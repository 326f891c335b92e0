/**
 * The pause before a request is sent again. The waiting page counts it down, and the server keeps it: a script does not count.
 *
 * Out of scope: how many requests a user may get in a day (`ledger/start-budget.ts`), and a second click of the same resend, which shows what
 * the first click has sent (`pending-start.ts`).
 */
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { bodyFieldOf } from '../host/request'
import { offeredFactor } from './pending-start'
import { resultFor, type StartContext } from './start-context'
import { authenticatorFor, type StartParameters } from './start-parameters'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

/** Seconds after a push or a text in which it is not sent again. */
export const RESEND_PAUSE_SECONDS = 15

/**
 * Keeps the pause. The waiting page's own form sends `retry`: its user stays on the page.
 * @returns the transaction that is still pending; undefined if the request may be sent
 * @throws Refusal `too_many_starts`
 * @internal
 */
export async function waitBeforeResend(request: StrategyRequest, context: StartContext): Promise<StartResult | undefined> {
  const { replaced } = context
  if (replaced === undefined || !(await isResend(request, context, replaced))) return undefined
  const seconds = await pauseOf(request, replaced)
  if (seconds === 0) return undefined
  if (bodyFieldOf(request.req, 'retry') !== undefined) return resultFor(request, context, { to: request.waitingURL(replaced) }, replaced)
  throw new Refusal('too_many_starts', undefined, seconds)
}

/** True if a push or a text that is still pending is to be sent again, to the same phone. */
async function isResend(request: StrategyRequest, { parameters, factorName }: StartContext, replaced: Transaction): Promise<boolean> {
  const { factor: name, shown, closed, expiresAt, authenticatorId } = replaced
  const wasSent = name !== 'recovery' && shown.appLinkUri === undefined && shown.intentToken === undefined
  if (!wasSent || closed !== undefined || Date.now() >= expiresAt) return false
  const factor = offeredFactor(request, parameters as StartParameters, factorName)
  if (factor.name !== name) return false
  const same = (await authenticatorFor(request.req, request.options, parameters as StartParameters, factor, replaced)) === authenticatorId
  // A denial may be known to the ledger alone.
  return same && !(await request.budgets.endings.hasEnded(replaced))
}

/** @returns whole seconds until the request may be sent again; 0 for one caller only, in any process */
async function pauseOf({ budgets }: StrategyRequest, replaced: Transaction): Promise<number> {
  const left = Math.ceil(RESEND_PAUSE_SECONDS - (Date.now() - replaced.startedAt) / 1000)
  if (left > 0) return Math.min(left, RESEND_PAUSE_SECONDS)
  return budgets.endings.claimResend(replaced, RESEND_PAUSE_SECONDS)
}
