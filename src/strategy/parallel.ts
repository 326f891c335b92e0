/**
 * Handles a double click, or five equal requests at once: only one of them calls Nevis, and the others share its result or are refused.
 *
 * Out of scope: the order within one process (`start-queue.ts`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from '../factors/transaction'
import type { NevisRequest } from '../host/request'
import { hasContent, reloadSession } from '../host/session'
import { renewForSubject } from './session-fixation'
import { waitForDecision, type StartContext } from './start-context'
import { comparable } from './start-parameters'
import type { StartResult } from './start-queue'
import type { StrategyRequest } from './strategy-request'

/** How many seconds a start waits if another process is making the same start. */
export const OTHER_PROCESS_WAIT_SECONDS = 2
const CHECK_INTERVAL_MS = 250

/**
 * The second request of a double click shares the result of the first one.
 * @param previous the result of the first request; undefined if there is none
 * @returns undefined if the second request has another session or asks for something else
 * @internal
 */
export async function shareResult(request: StrategyRequest, previous: StartResult | undefined, context: StartContext): Promise<StartResult | undefined> {
  if (previous === undefined || context.replaced !== undefined || !asksForSame(context, previous)) return undefined
  const isSameBrowser = previous.origin === context.source.origin
  // If the user is signed in, a start does not give the session a new id. So an attacker who has copied the session's cookie could send the second request. In
  // this case, share the result only with the browser that has sent the first request.
  if (!previous.hasDisconnected()) return context.renewsSession || isSameBrowser ? previous : undefined
  // The browser has closed the connection of the first request, so it never got the cookie of the new session. Give the session another new id, whose cookie is
  // sent with the second response, but only to the same browser: an attacker may know the old session id.
  if (!isSameBrowser) return undefined
  const { transaction, lockedCodes, sessionId, origin } = previous
  request.current = transaction
  await renewForSubject(request, transaction, context.isAfterFirstFactor)
  return waitForDecision(request, { source: { sessionId, origin } }, transaction, lockedCodes)
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

/** The IP address and headers of a request. If two requests have the same IP address and headers, this package assumes that one browser has sent both. */
export function originOf({ socket, headers }: NevisRequest): string {
  const { 'content-length': _length, ...rest } = headers
  return JSON.stringify([socket?.remoteAddress, Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/**
 * Waits up to two seconds, and finds out whether another process is making the same start for this session.
 * @param slot the slot of this start. Each start takes the user's lowest free slot in the ledger (`ledger/start-budget.ts`), so an equal start just before this
 * one has taken the slot below. At least 2: if this start has slot 1, there is no other start
 * @param findPending finds the transaction that the other process has started, once that process has stored it in the session
 * @internal
 */
export async function isStartedByOtherProcess(
  request: StrategyRequest,
  budget: string,
  slot: number,
  findPending: () => Promise<Transaction | undefined>,
): Promise<boolean> {
  const { budgets, settings, req } = request
  // With a ledger in memory, there is only one process, and the start queue of this process already prevents two equal starts.
  if (settings.ledger.isInMemory || !(await budgets.starts.wasJustStarted(budget, slot - 1, OTHER_PROCESS_WAIT_SECONDS))) return false
  const isSignedIn = request.login() !== undefined
  if (!isSignedIn && !hasContent(request.session)) return false
  for (let waitedMs = 0; waitedMs < OTHER_PROCESS_WAIT_SECONDS * 1000; waitedMs += CHECK_INTERVAL_MS) {
    if (isSignedIn) {
      await request.refresh()
      if ((await findPending()) !== undefined) return true
      // If the start in the other process succeeds, that process gives the session a new id. So if the session's old id is gone, the other start has succeeded.
    } else if ((await reloadSession(req)) === undefined) return true
    await pause(CHECK_INTERVAL_MS)
  }
  return false
}
