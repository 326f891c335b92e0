/**
 * If the user clicks twice, shows the waiting page of the first click, and does not notify the user again (MITRE ATT&CK T1621).
 *
 * Out of scope: a second click while the first one still waits for Nevis (`parallel.ts`).
 */
import type { Factor } from '../factors/factor'
import type { Transaction } from '../factors/transaction'
import { isAnsweredOnPhone } from './answered-on-phone'
import { publish } from './events'
import { OTHER_PROCESS_WAIT_SECONDS } from './parallel'
import { rereadRememberChoice } from './remembered'
import { returnToOf } from './return-to'
import { isFromSameBrowser } from './same-browser'
import { mayRenew, renewForSubject } from './session-fixation'
import { waitForDecision, type StartContext } from './start-context'
import { factorFor } from './factor-choice'
import { authenticatorFor, isPendingFor, isReusable, type StartParameters } from './start-parameters'
import type { StartResult } from './start-queue'
import type { Field, StrategyRequest } from './strategy-request'

/**
 * Shows the waiting page of a pending transaction, if this request asks for the same user, factor and parameters again.
 * @param isStartedElsewhere true if another process has just started a transaction for the same double click. Perhaps the cookie of that start has not
 * reached this browser yet. So this browser gets the transaction even without the cookie, if `isJustStartedHere` returns true
 * @returns undefined if the session has no such transaction, or if a new transaction must be started
 * @internal
 */
export async function reusePending(request: StrategyRequest, context: StartContext, isStartedElsewhere = false): Promise<StartResult | undefined> {
  const { replaced, isAfterFirstFactor } = context
  // "Send again" starts a new transaction. If "Send again" was clicked twice, the second click shows the transaction that the first click has started.
  if (replaced !== undefined && !replaced.isNewerThanNamed) return undefined
  const pending = await findPending(request, context, (one) => (replaced === undefined ? isOfThisBrowser(request, context, one, isStartedElsewhere) : one.id === replaced.id))
  if (pending === undefined || !isReusable(pending)) return undefined
  const box = replaced === undefined ? await rereadRememberChoice(request, context, pending) : {}
  if (box === undefined) return undefined
  // If this start gives the session a new id, as after the password, never show an enrolment that was already pending. An attacker who planted the session
  // (session fixation) could otherwise register the attacker's own phone with the QR code of this enrolment.
  if (context.renewsSession && pending.operation === 'enroll') return undefined
  const renewsSession = mayRenew(request, context, pending)
  if (renewsSession) {
    if (!isAfterFirstFactor) await request.refresh()
    // The session gets a new id, and the transaction gets a new ledger key. `endings.claim` claims the old key, so that a copy of the session with the old id
    // cannot finish the transaction.
    if (!(await request.budgets.endings.claim(pending))) return undefined
    await renewForSubject(request, pending, context)
  } else {
    await request.refresh()
  }
  // Use the transaction as it is in the session now: the user may have changed it in another tab, for example by typing the right code.
  const stored = request.transactionById(pending.id)
  const isOpen = stored !== undefined && stored.closed === undefined
  if (!isOpen && !renewsSession) return undefined
  // If this request has given the session a new id, another request may have ended the transaction meanwhile, for example after the user has pressed "Cancel".
  // Then end it in this session, too. Do not start a new transaction: the start could fail, because it would read the session from the store again, but the
  // session with the new id is not stored yet.
  const { digest: _pendingDigest, ...unsigned } = stored ?? pending
  const moved = request.keys.digests.withDigest({ ...unsigned, moves: (pending.moves ?? 0) + 1 })
  if (renewsSession && (stored?.closed !== undefined || (await request.budgets.endings.hasEnded(moved)))) return request.close(moved, stored?.closed ?? 'cancelled', { canGoOn: false })
  const current = isOpen ? stored : pending
  publish('reused', () => request.about())
  const returnTo = replaced === undefined ? returnToOf(request) : undefined
  const { digest: _before, login, ...rest } = current
  const transaction = request.keys.digests.withDigest({
    ...rest,
    ...box,
    ...(replaced === undefined && { firstFactorAt: context.requestedAt }),
    ...(login !== undefined && !context.endsLogin && { login }),
    ...(renewsSession && { moves: moved.moves }),
    ...(returnTo !== undefined && { returnTo }),
  })
  if (renewsSession && isAnsweredOnPhone(request.settings, transaction)) request.settings.watch.begin(transaction)
  return waitForDecision(request, context, transaction)
}

/**
 * True if this browser may get the transaction.
 *
 * An attacker may have a copy of the session's cookie. So the transaction is shown only to the browser that started it, even if the present request gives the
 * session a new id. Right after the first factor, such as the password, the same address and headers (`client`) are enough to recognise the browser. At a
 * step-up, the browser needs the cookie with the secret of the transaction's start (`same-browser.ts`). The browser also needs this cookie at every start of an
 * app with the option `subject`, because the session may already contain the first factor. A transaction that needs the cookie has no field `client`.
 */
function isOfThisBrowser(request: StrategyRequest, context: StartContext, one: Transaction, isStartedElsewhere: boolean): boolean {
  if (context.isAfterFirstFactor && one.client !== undefined) return one.client === context.source.client
  return isFromSameBrowser(request, one) || (isStartedElsewhere && isJustStartedHere(one, context))
}

/**
 * True if this browser has started the transaction a moment ago, in another process. That process's response sets the cookie by which
 * `same-browser.ts` recognises the browser, but perhaps this response has not reached the browser yet.
 * @internal
 */
export function isJustStartedHere({ startedAt, origin }: Transaction, { source }: StartContext): boolean {
  return origin === source.origin && Date.now() - startedAt < 2 * OTHER_PROCESS_WAIT_SECONDS * 1000
}

/**
 * Looks in the session for a pending transaction with the same user, factor and parameters as this request.
 * @param isOfBrowser false for a transaction that this browser must not get
 * @internal
 */
export async function findPending(
  request: StrategyRequest,
  { parameters, replaced, factorName }: StartContext,
  isOfBrowser: (transaction: Transaction) => boolean,
): Promise<Transaction | undefined> {
  const { options, req, keys, transactions, budgets } = request
  const operations = parameters.operation === 'approve-or-enroll' ? (['approve', 'enroll'] as const) : [parameters.operation]
  for (const operation of operations) {
    const resolved: StartParameters = { ...parameters, operation }
    const factor = factorIfOffered(request, resolved, factorName)
    if (factor === undefined) continue
    const authenticatorId = await authenticatorFor(req, options, resolved, factor, replaced)
    const isPending = isPendingFor(resolved, factor, authenticatorId, Date.now())
    // Skip transactions whose digest (HMAC) was not made by this strategy: another strategy may store its transactions in the same session.
    const pending = transactions.find((one) => isPending(one) && isOfBrowser(one) && keys.digests.matches(one))
    if (pending !== undefined && !(await budgets.endings.hasEnded(pending))) return pending
  }
  return undefined
}

/**
 * The factor to start.
 * @throws Refusal `unknown_factor`, `not_enrolled`; TypeError for a route whose factor the strategy does not have
 * @internal
 */
export function offeredFactor({ settings, options }: StrategyRequest, parameters: StartParameters, factorName: Field): Factor {
  return factorFor(settings, parameters, factorName, options.factor)
}

/**
 * The factor to start; undefined if `offeredFactor` throws.
 * @internal
 */
export function factorIfOffered(request: StrategyRequest, parameters: StartParameters, factorName: Field): Factor | undefined {
  try {
    return offeredFactor(request, parameters, factorName)
  } catch {
    return undefined
  }
}
