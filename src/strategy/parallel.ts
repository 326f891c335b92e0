/**
 * Starts that meet: a double click, five requests at once, a session id that two browsers know.
 *
 * One of them asks Nevis; the others get what it got, or are refused. What is kept in a session after a first factor is kept under a new
 * id, which only one browser learns. Out of scope: the order within one process (`turns.ts`), and the start itself (`start.ts`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Exchange, Field } from './exchange'
import type { Started } from './turns'
import type { NevisRequest } from '../host/request'
import { hasContent, isOfAnotherLogin, isStored, reloadSession, renewSession } from '../host/session'
import type { Transaction } from '../factors/transaction'
import type { Asked, Wanted } from './wanted'

/** A start that another process made less than this long ago may still be waiting for Nevis. */
export const ELSEWHERE_SECONDS = 2
const LOOK_EVERY_MS = 250

/**
 * Has the user just given a first factor in this request? Then nothing may be kept under a session id that somebody else could know,
 * and nothing of that session may be shown. It is so in a session without a login; where Passport has set `req.authInfo`, as it does when a
 * strategy succeeds; and where the request's user is not the one who is signed in, as after `req.logIn(user, { session: false })`.
 * @internal
 */
export async function isAfterFirstFactor(exchange: Exchange): Promise<boolean> {
  const { req, session } = exchange
  return exchange.login() === undefined || req.authInfo != null || isOfAnotherLogin(req, session)
}

/**
 * Session fixation (OWASP ASVS 5.0, 7.2.4): a new id; and of our own transactions only those of the subject whose password was just right.
 * @internal
 */
export async function renew(exchange: Exchange, { subject }: Pick<Wanted, 'subject'>): Promise<void> {
  const { req, session } = exchange
  if (hasContent(session) && isStored(req)) await exchange.reload()
  // Also where the session looks as if it was made in this request: whoever sends the cookie decides how that looks.
  exchange.useSession(await renewSession(req), true)
  exchange.transactions.keepOnly((one) => isDeepStrictEqual({ ...one.subject }, { ...subject }))
}

/**
 * A second request of the very session of the first one, whose start has just ended in this process.
 * @returns what the first one got; undefined if this request asks for something else
 * @internal
 */
export async function sharedWith(exchange: Exchange, before: Started, asked: Asked, factorName: Field, { sessionId, origin }: Pick<Started, 'sessionId' | 'origin'>): Promise<Started | undefined> {
  const { transaction, lockedCodes } = before
  const isSame =
    sessionId !== undefined && sessionId === before.sessionId && transaction.closed === undefined &&
    [transaction.operation, 'approve-or-enroll'].includes(asked.operation) &&
    (typeof factorName !== 'string' || factorName === transaction.factor) &&
    isDeepStrictEqual(
      [asked.subject, asked.message, asked.data, asked.factors, asked.purpose],
      [transaction.subject, transaction.message, transaction.data, transaction.factors, transaction.purpose],
    )
  if (!isSame) return undefined
  // The renewed session belongs to the browser that gets its cookie. A browser that has gone never gets it, as with the first request of a
  // double click: then the second request takes over, if it comes from there and not from somebody else who knows the session.
  if (!before.isGone()) return before
  if (before.origin !== origin) return undefined
  exchange.current = transaction
  await renew(exchange, transaction)
  const exit = (await exchange.wait(transaction, lockedCodes)) as { to: string }
  return { ...before, exit, isGone: () => exchange.req.socket?.destroyed === true }
}

/** Where a request comes from, as far as that can be seen: the proxy's words for it are among the headers. */
export function originOf({ socket, headers }: NevisRequest): string {
  const { 'content-length': _length, ...rest } = headers
  return JSON.stringify([socket?.remoteAddress, Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/**
 * Is another process starting the same for this session right now? Waits a moment for what it gets.
 * @param slot this start's place in the subject's budget, from the second one on
 * @param pending finds what the other process has started, once it is in the session
 * @internal
 */
export async function startedElsewhere(
  exchange: Exchange,
  budget: string,
  slot: number,
  pending: () => Promise<Transaction | undefined>,
): Promise<boolean> {
  const { budgets, settings, req } = exchange
  // Within one process they take turns.
  if (settings.ledger.isInMemory || !(await budgets.wasJustStarted(budget, slot - 1, ELSEWHERE_SECONDS))) return false
  const isSignedIn = exchange.login() !== undefined
  if (!isSignedIn && !hasContent(exchange.session)) return false
  for (let waitedMs = 0; waitedMs < ELSEWHERE_SECONDS * 1000; waitedMs += LOOK_EVERY_MS) {
    if (isSignedIn) {
      await exchange.refresh()
      if ((await pending()) !== undefined) return true
      // The other one has renewed this session: whoever else knew its id is refused.
    } else if ((await reloadSession(req)) === undefined) return true
    await pause(LOOK_EVERY_MS)
  }
  return false
}
