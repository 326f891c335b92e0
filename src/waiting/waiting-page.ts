/**
 * The waiting page: shows the user what to do while an approval is pending, and then goes to the callback.
 *
 * The folder `waiting/` contains everything that a browser sees while an approval is pending: this page, the status endpoint, the outage page, the texts, the
 * script and the style. Out of scope: starting or finishing a transaction; the page's forms post to the strategy's routes for that.
 */
import { createHash } from 'node:crypto'
import { isJsonObject } from '../client/answer'
import { json, middleware, completeAnswer, type Answer, type HostResponse, type Middleware } from '../host/answer'
import { failures, type FailureCode } from '../factors/failures'
import type { Subject, Transaction } from '../factors/transaction'
import { endSession } from '../host/ended-session'
import { loginOf } from '../host/login'
import { queryFieldOf, sessionOf, userOf, type HostRequest } from '../host/request'
import { StorageError } from '../host/storage'
import { isEnrolmentFinished } from '../strategy/enrolment'
import { secondsUntilCode } from '../strategy/from-waiting-page'
import { isWaitingForCookie } from '../strategy/renewed-session'
import { secondsUntilResend } from '../strategy/resend'
import type { NevisStrategy } from '../strategy/strategy'
import { sitePathOf, withPrefix } from '../session/return-to'
import { secondFactorOf } from '../session/second-factor'
import { SessionTransactions } from '../session/transactions'
import { settingsOf, type Settings } from '../strategy/settings'
import { provedIn } from '../trust/handle'
import { withQuery } from '../host/url'
import { AuthenticatorChoice } from './authenticators'
import { assetNamed } from './asset-files'
import type { PageParts } from './document'
import { maskedPhoneFor } from './masked-phone'
import { startHtml, unknownTransactionHtml, usedHtml } from './notices'
import { pageHtml } from './page'
import { page, POLICY, policyForWidget, REFERRER_POLICY } from './page-answer'
import { checkOptions, PAGE_TYPES, type PageOptions } from './page-options'
import { pageLanguages, pageSettingsOf } from './page-settings'
import { isOpenReplacement, newestReplacement } from './replacement'
import { isSentAgain } from './sent-again-part'
import { unmarked } from './texts/fallback'
import { failureIn, viewOf, type Detail } from './view'
import { showsWidget } from './widget-part'

/** Options of {@link waitingPage}. */
export interface WaitingPageOptions<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse> extends PageOptions<Req, Res> {
  /**
   * Returns the CSRF token for the hidden field `_csrf` of every form. Default: no field.
   * @returns the token
   */
  readonly csrfToken?: { of(req: Req, res: Res): string }['of'] | undefined
  /**
   * Returns a list of what the user confirms, for example `[{ label: 'Amount', value: 'CHF 120.00' }]`. The page shows this list; the phone shows only the
   * message. Default: no list.
   * @param data the value of your option `data` at the start of the transaction
   * @param language tag of the page's language
   * @param hasFailed true if the transaction has ended without success: the user has denied or cancelled it, or has not answered in time
   */
  readonly details?: ((data: unknown, language: string, hasFailed: boolean) => readonly Detail[] | false | undefined) | undefined
  /** Returns the language tag of the message, so that screen readers pronounce it correctly. Default: the language of the page. */
  readonly messageLanguage?: { of(data: unknown, req: Req): string | undefined }['of'] | undefined
  /** Returns the user's name for the printed recovery codes. Default: `req.user.username`. */
  readonly accountName?: { of(req: Req): string | undefined }['of'] | undefined
  /**
   * Returns the phone number to which this user gets SMS. Mask it: `•••• 0001`. The page shows the last four digits at most, also to an attacker who
   * has the user's password. Default: no number.
   * @param subject the user, as your option `subject` returned it
   */
  readonly maskedPhone?: { of(subject: Subject, req: Req): string | undefined | Promise<string | undefined> }['of'] | undefined
  /**
   * URL of your own script that starts Nevis's widget; required with the factor `widget`. It must define `window.startNevisWidget`, which the page
   * calls once with `{ intentToken, element, succeeded(token), failed() }`: show the widget in `element`, and call `succeeded` or `failed`.
   *
   * The page loads Nevis's `/widget/auth.js` before your script. Nevis describes `auth.js` only in its guide for customers, so you write the few
   * lines that call it.
   * @see https://docs.nevis.net/authcloud/widget/auth-widget
   */
  readonly widgetScript?: string | undefined
}

const TYPES = { ...PAGE_TYPES, csrfToken: 'function', details: 'function', messageLanguage: 'function', accountName: 'function', maskedPhone: 'function', widgetScript: 'string' } as const

/**
 * `GET waitingURL?transaction=<handle>` → the page, or with `Accept: application/json` a `WaitingView`. Without a transaction, a signed-in user gets a page
 * with a button that starts a transaction: `requireSecondFactor({ redirectTo: waitingURL })` redirects to that page. Mount `waitingPage` after the session
 * middleware. The page has a strict Content-Security-Policy, unless your app has set one.
 * @param strategy the strategy whose transactions the page shows
 * @param options the app's name and logo, its links, CSRF token, texts and style
 * @returns middleware for a GET route; without a session it passes on a StorageError `SESSION_REQUIRED`
 * @throws TypeError if `strategy` is no NevisStrategy, an option is wrong or unknown, or `widgetScript` is missing
 */
export function waitingPage<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse>(
  strategy: NevisStrategy,
  options: WaitingPageOptions<Req, Res> = {},
): Middleware<Req, Res> {
  const settings = settingsOf('waitingPage', strategy)
  checkOptions('waitingPage', options, TYPES)
  const settingsFor = pageSettingsOf('waitingPage', settings, options)
  const choice = new AuthenticatorChoice(settings)
  const { widgetScript } = options
  if (widgetScript === undefined && settings.hasWidget) {
    throw new TypeError('waitingPage: widgetScript is needed with the factor widget')
  }
  const widgetScripts = widgetScript === undefined ? [] : [`${settings.client.baseURL}/widget/auth.js`, widgetScript]
  const widgetPolicy = policyForWidget(new URL(settings.client.baseURL).origin)
  const languages = pageLanguages('waitingPage', options)
  // On Koa, the app's function `language` expects Koa's context. So pass the context instead of `req`.
  settings.wording.typedCodeLine = (req) => languages.of(((req as { ctx?: unknown }).ctx ?? req) as Req).texts.typedCodeLine

  return middleware(async (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return completeAnswer(405, { Allow: 'GET, HEAD' })
    const asset = assetNamed(queryFieldOf(req, 'asset'), queryFieldOf(req, 'v'))
    if (asset !== undefined) return asset

    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    const common: PageParts = { ...settingsFor(req, res), widgetScripts, csrfToken: options.csrfToken?.(req, res), accountName: options.accountName === undefined ? usernameOf(req) : options.accountName(req) }
    const { isSignedIn } = common
    const handle = queryFieldOf(req, 'transaction')
    const keys = await settings.keys()
    const named = keys.handles.open(handle)
    const transactions = new SessionTransactions(session, settings.sessionKey, settings.firstFactorLifetimeMs, keys.shown)
    // If another user has signed in to this session since the transaction was started, do not show the transaction.
    const held = named && transactions.get(named.id)
    const own = held?.login === undefined || held.login === loginOf(session) ? held : undefined
    const wantsJson = (req.headers.accept ?? '').includes('application/json')
    const parts = { ...common, returnTo: own && pageBefore(own, settings, req) }
    const newest = own?.closed === undefined ? own : newestReplacement(transactions, own)
    const isConfirmedSince = own !== undefined && newest === undefined && isSignedIn && !wantsJson
    if (handle === undefined && isSignedIn && !wantsJson) return page(res, 200, startHtml(parts).text, parts)
    if (wantsJson && named !== undefined && own === undefined && (await isWaitingForCookie(settings, named, loginOf(session)))) {
      // The cookie of a new, empty session would replace the cookie that the browser is waiting for.
      endSession(req)
      return json(503, { code: 'unavailable', message: unmarked(parts.language.texts.unavailableHint) }, { 'Retry-After': '1' })
    }
    if (named === undefined || own === undefined || isConfirmedSince) {
      const isDone = named !== undefined && secondFactorOf(req, { sessionKey: settings.sessionKey })?.transactionId === named.id
      const isEnrolled = named !== undefined && isSignedIn && !isDone && !wantsJson && (await isEnrolmentFinished(settings, req, named))
      if ((isDone && !wantsJson) || isEnrolled) return page(res, 200, usedHtml(parts, { transaction: handle as string }, isDone ? 'done' : 'enrolled').text, parts)
      const code: FailureCode = named !== undefined && isSignedIn ? 'used_transaction' : 'unknown_transaction'
      const { status } = failures[code]
      if (wantsJson) return json(status, { code, message: unmarked(parts.language.texts.failure[code]) })
      const notice = code === 'used_transaction' ? usedHtml : unknownTransactionHtml
      return page(res, status, notice(parts, handle ? { transaction: handle } : {}).text, parts)
    }
    const newer = newest !== undefined && newest !== own && isOpenReplacement(settings, keys, req, newest, own) ? newest : undefined
    if (newer !== undefined && !wantsJson) return redirectTo(parts.waitingURL, keys.handles.seal(newer))
    const transaction = newer ?? own
    const sealed = newer ?? named
    const { isCodeTyped } = transaction
    // If the user has typed the code since this URL was made, make a new handle. The handle in the URL says that the code is missing, so the status would
    // stay `pending`.
    const current = newer === undefined && (isCodeTyped === sealed.isCodeTyped || provedIn(named) !== undefined) ? (handle as string) : keys.handles.seal({ ...sealed, ...(isCodeTyped !== undefined && { isCodeTyped }) })
    const isChoosing = queryFieldOf(req, 'authenticators') !== undefined
    const [seen, offer] = await Promise.all([
      viewOf(settings, current, sealed, transaction),
      choice.offer(current, transaction, session, isChoosing),
    ])
    const { data } = transaction
    const hasFailed = seen.status === 'failed' || seen.status === 'expired'
    // The user may have confirmed a newer transaction that replaced this failed one. So show no details: they may say that nothing was confirmed.
    const details = hasFailed && transaction.next !== undefined ? undefined : detailsIn(options.details?.(data, parts.language.tag, hasFailed))
    const maskedPhone = options.maskedPhone && (await maskedPhoneFor((subject) => options.maskedPhone?.(subject, req), settings, transaction, seen))
    const view = { ...seen, ...(seen.factors.includes(seen.factor) && offer), ...(details && { details }), ...(maskedPhone !== undefined && { maskedPhone }) }
    if (wantsJson) return json(200, view)
    if (view.status === 'succeeded' || view.status === 'unreadable') return redirectTo(parts.callbackURL, view.transaction)
    const soon = queryFieldOf(req, 'soon')
    const { text } = pageHtml(view, {
      ...parts,
      messageLanguage: options.messageLanguage?.(data, req),
      secondsUntilResend: secondsUntilResend(transaction, soon),
      sharedName: createHash('sha256').update(transaction.id).digest('base64url'),
      refusedAfterEnd: transaction.refusedAfterEnd && failureIn(transaction.refusedAfterEnd, transaction.refusedFactor ?? transaction.factor),
      isTooSoon: soon !== undefined,
      isCodeMissing: queryFieldOf(req, 'missing') !== undefined,
      secondsUntilCode: secondsUntilCode(settings, queryFieldOf(req, 'wait')),
      hasChecked: queryFieldOf(req, 'checked') !== undefined,
      sentAgain: isSentAgain(transactions, transaction) ? await choice.phonesIfChosen(transaction, session) : undefined,
    })
    return page(res, 200, text, parts, showsWidget(view) ? widgetPolicy : POLICY)
  }, strategy.name)
}

function redirectTo(url: string, transaction: string): Answer {
  return completeAnswer(303, { Location: withQuery(url, { transaction }), 'Referrer-Policy': REFERRER_POLICY })
}

/** The page of this site from which the signed-in user has started the step-up. */
function pageBefore({ login, returnTo }: Transaction, settings: Settings, req: HostRequest): string | undefined {
  const path = login === undefined ? undefined : sitePathOf(returnTo)
  return path && withPrefix(path, settings, req)
}

/**
 * Checks the list that the app's option `details` returns. Converts labels and values to text, because an app without TypeScript may give a number or `null`.
 * @throws TypeError if the value is not a list of objects
 */
function detailsIn(value: unknown): readonly Detail[] | undefined {
  if (!value) return undefined
  if (!Array.isArray(value) || !value.every(isJsonObject)) throw new TypeError('waitingPage: details must return a list of objects with label and value')
  return value.map(({ label, value: text }) => ({ label: String(label), value: String(text) }))
}

function usernameOf(req: HostRequest): string | undefined {
  const { username } = (userOf(req) ?? {}) as { username?: unknown }
  return typeof username === 'string' ? username : undefined
}
