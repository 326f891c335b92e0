/**
 * This wing is what the browser talks to while an approval is pending: the waiting page (this file), the status endpoint and the
 * outage page, with their texts, script and style. The waiting page shows the user what to do, learns when the approval is decided,
 * and goes to the callback. No code here starts, decides or ends a transaction; the page's forms post to routes of the strategy.
 */
import { json, middleware, whole, type HostResponse, type Middleware } from '../host/answer'
import { failures, type FailureCode } from '../factors/failures'
import { loginOf } from '../host/login'
import { queryFieldOf, sessionOf, userOf, type HostRequest } from '../host/request'
import { StorageError } from '../host/storage'
import type { NevisStrategy } from '../strategy/strategy'
import { SessionTransactions } from '../session/transactions'
import { withQuery } from '../host/url'
import { AuthenticatorChoice } from './authenticators'
import { assetNamed, linksOf } from './asset-files'
import { showsWidget } from './challenge-parts'
import type { PageParts } from './document'
import { startHtml, unknownTransactionHtml } from './notices'
import { pageHtml } from './page'
import { page, POLICY, policyForWidget, REFERRER_POLICY } from './page-answer'
import { checkOptions } from './page-options'
import { preferred, availableLanguages, type Locales } from './texts/languages'
import { viewOf } from './view'

/** Options of {@link waitingPage}. */
export interface WaitingPageOptions<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse> {
  /**
   * Returns the CSRF token for the hidden field `_csrf` of every form. Default: no field.
   * @returns the token
   */
  csrfToken?(req: Req, res: Res): string
  /**
   * Returns the nonce for script and style tags, if your policy has no `'self'`. Default: no nonce.
   * @returns the nonce
   */
  nonce?(req: Req, res: Res): string
  /** URL of your own stylesheet, loaded after ours; it may set our custom properties. Default: none. */
  readonly stylesheet?: string
  /** Your own texts by language tag: they replace ours or add a language. */
  readonly locales?: Locales
  /**
   * URL of your own script that starts Nevis's widget; required with the factor `widget`. The script sets
   * `window.startNevisWidget`, which the page calls once with `{ intentToken, element, succeeded(token), failed() }`: create
   * the widget with the intent token, in the element or wherever the widget displays itself, and call back with its result.
   *
   * The page loads Nevis's `/widget/auth.js` first. What that script defines, and how it takes the intent token and the callback,
   * is described in Nevis's guide for customers, not in the public documents that this package is based on. So you write these few
   * lines.
   * @see https://docs.nevis.net/authcloud/widget/auth-widget
   */
  readonly widgetScript?: string
}

const TYPES = { csrfToken: 'function', nonce: 'function', stylesheet: 'string', locales: 'object', widgetScript: 'string' } as const

/**
 * `GET waitingURL?transaction=<handle>` → the page, or with `Accept: application/json` a `WaitingView`. Without a transaction, a
 * signed-in user gets a button that starts one: `requireSecondFactor({ redirectTo: waitingURL })`.
 * It needs the session. It sets a strict Content-Security-Policy unless your app has set one, with exceptions for the widget only
 * while the page shows the widget. The language is the browser's.
 * @param strategy the strategy whose transactions it shows
 * @param options the app's CSRF token, texts and style
 * @returns middleware for a GET route; without a session it passes on a StorageError `SESSION_REQUIRED`
 * @throws TypeError if an option is wrong or unknown, or `widgetScript` is missing
 */
export function waitingPage<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse>(
  strategy: NevisStrategy,
  options: WaitingPageOptions<Req, Res> = {},
): Middleware<Req, Res> {
  checkOptions('waitingPage', options, TYPES)
  const { settings } = strategy
  const links = linksOf(settings, options.stylesheet)
  const choice = new AuthenticatorChoice(settings)
  const { widgetScript } = options
  if (widgetScript === undefined && settings.factors.some(({ prompt }) => prompt === 'widget')) {
    throw new TypeError('waitingPage: widgetScript is needed with the factor widget')
  }
  const widgetScripts = widgetScript === undefined ? [] : [`${settings.client.baseURL}/widget/auth.js`, widgetScript]
  const widgetPolicy = policyForWidget(new URL(settings.client.baseURL).origin)
  const languages = availableLanguages(options.locales)

  return middleware(async (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return whole(405, { Allow: 'GET, HEAD' })
    const asset = assetNamed(queryFieldOf(req, 'asset'), queryFieldOf(req, 'v'))
    if (asset !== undefined) return asset

    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    const parts: PageParts = {
      waitingURL: settings.waitingURL,
      language: preferred(req.headers['accept-language'], languages),
      assets: links,
      widgetScripts,
      csrfToken: options.csrfToken?.(req, res),
      nonce: options.nonce?.(req, res),
    }
    const handle = queryFieldOf(req, 'transaction')
    const seals = await settings.keys()
    const sealed = seals.handles.open(handle)
    const transactions = new SessionTransactions(session, settings.sessionKey, settings.firstFactorLifetimeMs, seals.shown)
    // If another user signed in later in the same session, the earlier user's transaction is not shown.
    const held = sealed && transactions.get(sealed.id)
    const transaction = held?.login === undefined || held.login === loginOf(session) ? held : undefined
    const wantsJson = (req.headers.accept ?? '').includes('application/json')
    const isSignedIn = userOf(req) !== undefined
    if (handle === undefined && isSignedIn && !wantsJson) return page(res, 200, startHtml(parts).text, parts)
    if (sealed === undefined || transaction === undefined) {
      const code: FailureCode = sealed !== undefined && isSignedIn ? 'used_transaction' : 'unknown_transaction'
      const { status, message } = failures[code]
      if (wantsJson) return json(status, { code, message })
      return page(res, status, unknownTransactionHtml(parts.language.texts.failure[code], parts).text, parts)
    }
    const isChoosing = queryFieldOf(req, 'authenticators') !== undefined
    const [seen, offer] = await Promise.all([
      viewOf(settings, handle as string, sealed, transaction),
      choice.offer(handle as string, transaction, session, isChoosing),
    ])
    const view = { ...seen, ...(seen.factors.includes(seen.factor) && offer) }
    if (wantsJson) return json(200, view)
    if (view.status === 'succeeded') return whole(303, { Location: withQuery(settings.callbackURL, { transaction: view.transaction }), 'Referrer-Policy': REFERRER_POLICY })
    return page(res, 200, pageHtml(view, parts).text, parts, showsWidget(view) ? widgetPolicy : POLICY)
  }, strategy.name)
}

