/**
 * Recognises the forms of the waiting page. If a request from such a form fails, and the user can correct the mistake or choose another factor, the strategy
 * redirects the browser back to the waiting page.
 *
 * Out of scope: which site has sent the form (`cross-site.ts`).
 */
import { Refusal, type FailureCode } from '../factors/failures'
import { bodyFieldOf } from '../host/request'
import { withQuery } from '../host/url'
import { publish } from './events'
import type { Settings } from './settings'
import type { Redirect, StrategyRequest } from './strategy-request'

/** How a transaction can end so that the waiting page offers nothing more. The app must then lead the user on. */
const LAST: readonly FailureCode[] = ['cancelled', 'already_enrolled']

/**
 * True for a form of the waiting page: only these forms have the field `retry`. A field in the URL does not count, because any link could contain it.
 * @internal
 */
export function isFromWaitingPage({ req }: StrategyRequest): boolean {
  return bodyFieldOf(req, 'retry') !== undefined
}

/**
 * Redirects the browser back to the waiting page, if the form of that page has sent a code that is wrong or missing, a code above the user's limit, or a code
 * after the transaction has ended. The page then says what was refused, or how the transaction has ended. Publishes the failure, because Passport does not learn
 * of it.
 * @param id the transaction's id
 * @param error the error of the callback
 * @throws the error, if another form or a script sent the request, and in every other case; Refusal `unknown_transaction` if the session is gone by now
 * @internal
 */
export async function backToPage(request: StrategyRequest, id: string, error: unknown): Promise<Redirect> {
  if (!(error instanceof Refusal) || !isFromWaitingPage(request)) throw error
  const { code, retryAfterSeconds } = error
  // After a double click, the other request may have ended the transaction since this request has read the session. So read the session again.
  if (code === 'too_many_attempts' || code === 'codes_locked') await request.refresh()
  const transaction = request.transactions.get(id)
  const isMissing = code === 'missing_code'
  const isOverLimit = code === 'too_many_attempts' && transaction?.closed === undefined && retryAfterSeconds !== undefined
  const isShown = isMissing || isOverLimit || code === 'wrong_code' || (code === transaction?.closed && !LAST.includes(code))
  if (transaction === undefined || !isShown || !request.keys.digests.matches(transaction)) throw error
  publish('failed', () => ({ ...request.about(), code, ageMs: request.ageMs() }))
  const to = request.waitingURL(transaction)
  // A request with a missing code, or above the user's limit, must not write the session. So the URL tells the waiting page what was refused.
  if (isOverLimit) return { to: withQuery(to, { wait: String(Date.now() + retryAfterSeconds * 1000) }) }
  return { to: isMissing ? withQuery(to, { missing: '1' }) : to }
}

/**
 * In how many seconds the user may try a code again, after too many codes in all sessions together; 0 if the user may try one now.
 * @param wait the field `wait` in the URL of the waiting page: when the wait ends, in milliseconds since 1970
 * @internal
 */
export function secondsUntilCode({ attemptBudget }: Pick<Settings, 'attemptBudget'>, wait: string | null | undefined): number {
  const seconds = Math.ceil(((Number(wait ?? 0) || 0) - Date.now()) / 1000)
  return Math.min(attemptBudget.perSeconds, Math.max(0, seconds))
}
