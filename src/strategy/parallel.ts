/**
 * Handles a double click, or five equal requests at once: only one of them calls Nevis, and the others share its result or are refused.
 *
 * Only requests of the same browser share a result. A request of another browser always makes a start of its own, because an attacker may use the same session:
 * the attacker has planted the session or stolen its cookie. If the two browsers shared a result, the user and the attacker would wait for the same
 * transaction. The user would see only one request on the phone, and accept it.
 * Out of scope: the order within one process (`start-queue.ts`), and what identifies a browser (`request-origin.ts`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from '../factors/transaction'
import { hasContent, reloadSession } from '../host/session'
import { mayRenew, renewForSubject } from './session-fixation'
import { waitForDecision, type StartContext } from './start-context'
import { comparable } from './start-parameters'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

/** How many seconds a start waits if another process is making the same start. */
export const OTHER_PROCESS_WAIT_SECONDS = 2
const CHECK_INTERVAL_MS = 250

/**
 * The second request of a double click shares the result of the first one.
 * @param previous the result of the first request
 * @returns undefined if the second request has another session, comes from another browser or asks for something else
 * @internal
 */
export async function shareResult(request: StrategyRequest, previous: StartResult | undefined, context: StartContext): Promise<StartResult | undefined> {
  if (previous === undefined || context.replaced !== undefined || !asksForSame(context, previous)) return undefined
  if (previous.origin !== context.source.origin) return undefined
  if (!previous.hasDisconnected()) {
    // After a first factor, the first request has given the session a new id. So this request must not send the cookie with the old id, even if the app has
    // changed the session: that cookie could replace the new one in the browser.
    if (context.isAfterFirstFactor) request.abandonSession()
    else if (context.renewsSession) await request.reload()
    return previous
  }
  // The browser has closed the connection of the first request, so it never got the cookies of the first response. If this start must give the session
  // a new id, do so in the second request, whose response the browser gets.
  const { transaction, encryptedCodes, sessionId, origin } = previous
  request.current = transaction
  if (mayRenew(request, context, transaction)) await renewForSubject(request, transaction, context)
  else await request.refresh()
  return waitForDecision(request, { source: { ...context.source, sessionId, origin } }, transaction, encryptedCodes)
}

function asksForSame({ parameters, factorName, source }: StartContext, { transaction, sessionId }: StartResult): boolean {
  return (
    source.sessionId !== undefined &&
    source.sessionId === sessionId &&
    transaction.closed === undefined &&
    [transaction.operation, 'approve-or-enroll'].includes(parameters.operation) &&
    (typeof factorName !== 'string' || factorName === transaction.factor) &&
    isDeepStrictEqual(
      [parameters.subject, comparable(parameters)],
      [transaction.subject, comparable(transaction)],
    )
  )
}

/**
 * Notes in the ledger which browser makes a start after the first factor, such as the password. At a double click, two processes may get the same start. The
 * first process gives the session a new id, so the second process cannot find the first one's transaction in the session. Only this note shows that the start
 * is repeated.
 * @returns true if the same browser has just made the same start, probably in another process
 * @internal
 */
export async function isRepeated(request: StrategyRequest, context: StartContext): Promise<boolean> {
  return isNoted(request, context) && !(await request.budgets.parallelStarts.note(nameOf(context), OTHER_PROCESS_WAIT_SECONDS))
}

/**
 * Forgets what `isRepeated` has noted, because the start has failed. The next start then need not wait for the result of this one.
 * @internal
 */
export async function forgetStart(request: StrategyRequest, context: StartContext): Promise<void> {
  if (isNoted(request, context)) await request.budgets.parallelStarts.forget(nameOf(context)).catch(() => undefined)
}

function isNoted(request: StrategyRequest, { isAfterFirstFactor }: StartContext): boolean {
  // Record only starts that another process may repeat. With a ledger in memory, there is only one process, and its start queue prevents two equal starts.
  // Record no start with an empty session either: such a session is usually new at each request. So the two requests of a double click would have different
  // session ids, and the second request would not find the note of the first one.
  return isAfterFirstFactor && !request.settings.ledger.isInMemory && (request.login() !== undefined || hasContent(request.session))
}

function nameOf({ parameters: { budget }, source: { sessionId, origin } }: StartContext): unknown[] {
  return [budget, sessionId, origin]
}

/**
 * Waits up to two seconds until the other process that makes the same start has finished that start. That process then gives the session a new id. So if the
 * session's old id is gone, the other start has succeeded.
 * @returns false if the other start has not succeeded
 * @internal
 */
export function isSessionRenewedElsewhere({ req }: StrategyRequest): Promise<boolean> {
  return waitUntil(async () => (await reloadSession(req)) === undefined)
}

/**
 * Waits up to two seconds, and finds out whether another process is making the same step-up for this session.
 * @param slot the slot of this start in the ledger (`ledger/start-budget.ts`). At least 2: if this start has slot 1, there is no other start
 * @param findPending finds the transaction that the other process has started, once that process has stored it in the session
 * @internal
 */
export async function isStartedByOtherProcess(
  request: StrategyRequest,
  budget: string,
  slot: number,
  findPending: () => Promise<Transaction | undefined>,
): Promise<boolean> {
  const { budgets, settings } = request
  if (settings.ledger.isInMemory || !(await budgets.starts.wasJustStarted(budget, slot - 1, OTHER_PROCESS_WAIT_SECONDS))) return false
  return waitUntil(async () => {
    await request.refresh()
    return (await findPending()) !== undefined
  })
}

async function waitUntil(isDone: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < OTHER_PROCESS_WAIT_SECONDS * 1000; waitedMs += CHECK_INTERVAL_MS) {
    if (await isDone()) return true
    await pause(CHECK_INTERVAL_MS)
  }
  return false
}
