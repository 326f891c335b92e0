/**
 * The page that users see while Nevis or one of the app's stores is down.
 *
 * Out of scope: signing in without Nevis. The page offers no weaker factor, and signs no user in.
 */
import type { ServerResponse } from 'node:http'
import { isOnNode, sendOrContinue, json, plainAnswerOf, type Answer, type HostResponse, type PlainAnswer } from '../host/answer'
import { NevisError } from '../client/errors'
import { loginOf } from '../host/login'
import { bodyOf, fieldOf, sessionOf, wantsPage, type HostRequest } from '../host/request'
import { isAppTimeout } from '../host/app-function'
import { publishFault } from '../host/faults'
import { couldNotLoadSession } from '../host/session'
import { StorageError } from '../host/storage'
import { sitePathIn } from '../session/return-to'
import { settingsOf } from '../strategy/settings'
import type { NevisStrategy } from '../strategy/strategy'
import { withQuery } from '../host/url'
import type { PageSettings } from './document'
import { outageHtml } from './notices'
import { page } from './page-answer'
import { checkOptions, PAGE_TYPES, type PageOptions } from './page-options'
import { pageSettingsOf } from './page-settings'
import { unmarked } from './texts/fallback'

/** Options of {@link outagePage}. `waitingPage` accepts all of these options as well, so you can pass the same object to both. */
export type OutagePageOptions<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse> = PageOptions<Req, Res>

/** Seconds for the header `Retry-After`, if Nevis sends none. */
const RETRY_AFTER_SECONDS = 10
/** Upper limit for the header `Retry-After`, in seconds. The value comes from the failed call to Nevis, where a gateway in between may send any number. */
const LONGEST_RETRY_AFTER_SECONDS = 3600

/** Express error middleware; its method `answer` is for other web frameworks. */
export interface OutagePage<Req = HostRequest, Res = HostResponse> {
  (error: unknown, req: Omit<Req, 'body' | 'query'>, res: Res & ServerResponse, next: (error?: unknown) => void): void
  /**
   * Handles the error on a web framework other than Express, and returns the response instead of sending it. Log the error yourself; in Koa, by
   * `app.emit('error', error, ctx)`.
   * @returns the response to send, or undefined if the error is not an outage
   */
  answer(error: unknown, req: Req, res?: Res): Promise<PlainAnswer | undefined>
}

/**
 * Creates error-handling middleware. Mount the middleware after all routes with `passport.authenticate('nevis')` or `waitingPage`, and after your error
 * logger, because the middleware logs nothing. The middleware answers 503 if Nevis, the session store or the ledger (the store that all processes share) is
 * down, or if a function of the app gives no result in time. The answer has `Retry-After`, and is a page or `{ code: 'unavailable', message }`. Every other
 * error is passed on. If express-session cannot load a session, this middleware publishes the event `passport-nevis:fault`, because no other code of this
 * package has seen the error.
 * @param strategy the strategy that caused the errors; its `waitingPage` serves the stylesheet
 * @param options the sign-in URL and the look of the page, as for `waitingPage`
 * @throws TypeError if `strategy` is no NevisStrategy, or an option is wrong or unknown
 */
export function outagePage<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse>(
  strategy: NevisStrategy,
  options: OutagePageOptions<Req, Res> = {},
): OutagePage<Req, Res> {
  const settings = settingsOf('outagePage', strategy)
  checkOptions('outagePage', options, PAGE_TYPES)
  const settingsFor = pageSettingsOf('outagePage', settings, options)

  async function answerTo(error: unknown, req: Req, res: Res): Promise<Answer | undefined> {
    if (!isOutage(error)) {
      if (!(await couldNotLoadSession(req))) return undefined
      publishFault(new StorageError('SESSION_UNAVAILABLE', error), 'request')
    }
    const { retryAfterSeconds = RETRY_AFTER_SECONDS } = error instanceof NevisError ? error : {}
    const retryAfter = { 'Retry-After': String(Math.min(Math.max(1, retryAfterSeconds), LONGEST_RETRY_AFTER_SECONDS)) }
    const parts = settingsFor(req, res)
    if (!wantsPage(req)) return json(503, { code: 'unavailable', message: unmarked(parts.language.texts.unavailableHint) }, retryAfter)
    const { query, originalUrl, url } = req
    const transaction = fieldOf({ body: bodyOf(req), query, originalUrl, url }, 'transaction')
    // If the request names a transaction, "Try again" opens the waiting page, unless Nevis's status answer was unreadable: the waiting page would then send the
    // browser back to this outage page. In all other cases, "Try again" opens the sign-in page for a user who is not signed in. For a signed-in user, it opens
    // the app's home page if the request names a transaction, or else the page where the user was.
    const waiting = transaction && !isUnreadableStatus(error) ? { transaction } : undefined
    const again = waiting ? withQuery(parts.waitingURL, waiting) : isSignedIn(req) ? (transaction ? parts.homeURL : pageBefore(req, parts)) : parts.signInURL
    const answer = page(res, 503, outageHtml(again, parts, waiting).text, parts)
    return { ...answer, headers: { ...answer.headers, ...retryAfter } }
  }

  const express = (error: unknown, req: Omit<Req, 'body' | 'query'>, res: Res & ServerResponse, next: (error?: unknown) => void): void => {
    if (!isOnNode(res, next)) return
    if (res.headersSent) return next(error)
    void sendOrContinue(res, (thrown = error) => next(thrown), () => answerTo(error, req as Req, res))
  }
  return Object.assign(express, { answer: async (error: unknown, req: Req, res?: Res) => plainAnswerOf(await answerTo(error, req, res as Res)) })
}

/** True if the session has a login. Do not read `req.user`: after the password alone, Passport has set it, but the user is not signed in yet. */
function isSignedIn(req: HostRequest): boolean {
  const session = sessionOf(req)
  return session !== undefined && loginOf(session) !== undefined
}

/**
 * The page that "Try again" opens. After a GET, it is the same page (an empty URL, which works behind any proxy). After any other request, it is the page with
 * the form that was sent.
 */
function pageBefore(req: HostRequest, { homeURL }: PageSettings): string {
  return req.method === 'GET' || req.method === 'HEAD' ? '' : (sitePathIn(req, req.headers.referer) ?? homeURL)
}

/** True if Nevis's answer to a status call contained no status. The waiting page then goes to the callback, which fails with this error. */
function isUnreadableStatus(error: unknown): boolean {
  return error instanceof NevisError && error.operation === 'getStatus' && error.code === 'NEVIS_UNEXPECTED_RESPONSE' && (error.nevisStatus ?? 0) < 500
}

/** True if Nevis, a store or a function of the app has failed and will probably recover by itself. False for a wrong access key. */
function isOutage(error: unknown): boolean {
  if (isAppTimeout(error)) return true
  if (error instanceof StorageError) return error.status === 503
  if (!(error instanceof NevisError)) return false
  const { code, nevisStatus = 0 } = error
  return isUnreadableStatus(error) || ['NEVIS_UNREACHABLE', 'NEVIS_TIMEOUT', 'NEVIS_RATE_LIMITED'].includes(code) || nevisStatus >= 500
}
