/**
 * Lets a callback go on after another callback of the same session has given the session a new id.
 *
 * A signed-in user may confirm several things at once, such as two payments in two tabs. The callback that finishes first gives the session a new id. The other
 * callback has then read a session that no longer exists, and cannot tell whether the session has a new id or the user has logged out. So this callback uses
 * nothing up, and sends the browser to the callback again. By then, the browser has the cookie with the new id, and the session with this id contains the
 * transaction. This package itself never looks for the new id: an attacker with a copy of the old cookie would get the new session. After a log-out, the
 * browser has no session with the transaction, and the repeated callback fails.
 *
 * Out of scope: giving the session a new id (`host/session.ts`), and starts that meet a new id (`start.ts`).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { onAnswered, wantsNext } from '../host/answer'
import { withQuery } from '../host/url'
import { Budgets } from '../ledger/budgets'
import { sitePathOf, withPrefix } from '../session/return-to'
import { idDigestOf } from '../session/second-factor'
import type { HandleContent } from '../trust/handle'
import { assertConnected } from './code-attempts'
import type { Settings } from './settings'
import type { Redirect, StrategyRequest } from './strategy-request'

/** Pause before a callback tries again to take its turn. */
const TURN_PAUSE_MS = 100
/** A turn that is older than this is not ended: it may have expired, and the key in the ledger may belong to another callback. */
const OLD_TURN_MS = 2500

/** For how long the browser is sent back. By then, the browser must have the answer of the other callback, which comes only after the app's handler. */
const SENT_BACK_MS = 10_000
const COOKIE_PAUSE_MS = 1000

/**
 * Reads the session again.
 * @returns true if the store no longer has the session
 * @throws Refusal `unknown_transaction` if the signed-in user has changed; StorageError
 * @internal
 */
export async function isGone(request: StrategyRequest): Promise<boolean> {
  try {
    await request.refresh()
    return false
  } catch (error) {
    if (request.hasAbandonedSession) return true
    throw error
  }
}

/**
 * Lets the callbacks of a session finish one after the other, and reads the session again. Without this order, one callback could give the session a new id while
 * another one has already used up its approval, but not yet told the app.
 *
 * A turn ends when the app has answered: by then, the session has its new id, if it gets one. If the browser disconnects before, the turn ends by itself.
 * @param code the code that this request contains, if any
 * @returns `gone` if the store no longer has the session; `used` if the transaction has ended
 * @throws Refusal `unknown_transaction` if the signed-in user has changed, `cancelled` if the browser has disconnected; StorageError
 * @internal
 */
export async function takeTurn(request: StrategyRequest, transaction: Transaction, code?: string): Promise<'mine' | 'gone' | 'used'> {
  const { endings } = request.budgets
  // A session without an id (koa-session, or in a cookie) has no turns: this callback could not notice a new id.
  const session = idDigestOf(request.req)
  let until: number
  for (;;) {
    until = performance.now() + OLD_TURN_MS
    const isMine = session === '' || (await endings.takeTurn(session))
    if (await isGone(request)) return 'gone'
    if (isMine) break
    await assertConnected(request, transaction, code)
    if (await endings.hasEnded(transaction)) return 'used'
    await pause(TURN_PAUSE_MS)
  }
  if (session !== '') onAnswered(request.req, () => void (performance.now() < until && endings.endTurn(session)))
  const { budget } = transaction
  if (budget !== undefined) await endings.noteFinishing(budget)
  return 'mine'
}

/**
 * Sends the browser to the callback again, and a script that asks for JSON to the waiting page, which sends the script on.
 * @param proved the user's approval, after all checks. The repeated callback must not check it again: Nevis accepts a code only once
 * @throws Refusal `unknown_transaction` if the browser has been sent back for too long
 * @internal
 */
export function sendBack(request: StrategyRequest, content: HandleContent, proved?: object): Redirect {
  const { sentBackUntil = Date.now() + SENT_BACK_MS } = request.sealed ?? {}
  if (Date.now() >= sentBackUntil) throw new Refusal('unknown_transaction')
  const { statusToken: _token, ...withoutToken } = content
  const withProof: HandleContent = { ...withoutToken, sentBackUntil, ...(proved && { proved }) }
  // Nevis's transaction token can be so long that the handle does not fit into a URL. Then the repeated callback asks Nevis again.
  const sealed = proved !== undefined && request.keys.handles.fits(withProof) ? withProof : { ...content, sentBackUntil }
  if (wantsNext(request.req)) return { to: request.waitingURL(sealed) }
  return { to: urlOf(request, request.keys.handles.seal(sealed)) }
}

/** The URL of this callback, with another handle. Not always `callbackURL`: an app may have a callback route for payments only, with a handler of its own. */
function urlOf({ req, settings }: StrategyRequest, transaction: string): string {
  const [, path = '', query] = /^([^?]*)\??(.*)$/s.exec(req.originalUrl ?? req.url ?? '') ?? []
  const fields = new URLSearchParams(query)
  for (const name of ['transaction', 'code', 'token']) fields.delete(name)
  const own = sitePathOf(fields.size > 0 ? `${path}?${String(fields)}` : path)
  return own === undefined ? withQuery(settings.callbackURL, { transaction }) : withPrefix(withQuery(own, { transaction }), settings, req)
}

/**
 * Handles a callback whose session does not contain the transaction, while another callback of the same user is finishing: the browser may not have the new
 * cookie yet. Waits, and sends the browser back.
 * @returns undefined for every other callback
 * @internal
 */
export async function waitForCookie(request: StrategyRequest): Promise<Redirect | undefined> {
  const { sealed, settings } = request
  if (sealed === undefined || !(await isWaitingForCookie(settings, sealed, request.login()))) return undefined
  await pause(COOKIE_PAUSE_MS)
  // Send no cookie: it could replace the new one in the browser.
  request.abandonSession()
  return sendBack(request, sealed, sealed.proved)
}

/**
 * True if nobody is signed in to the session of this request, but the browser may soon have the cookie of a session that contains the transaction.
 * @internal
 */
export async function isWaitingForCookie(settings: Settings, { budget, expiresAt, sentBackUntil = expiresAt }: HandleContent, login: string | undefined): Promise<boolean> {
  // An old handle must not show that the user has just confirmed something.
  if (login !== undefined || budget === undefined || Date.now() >= sentBackUntil) return false
  return new Budgets(settings).endings.isFinishing(budget)
}
