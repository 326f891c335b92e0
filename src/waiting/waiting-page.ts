/**
 * This wing is what the browser talks to while an approval is pending: the waiting page (this file), the status endpoint and the
 * outage page, with their texts, script and style. The waiting page shows the user what to do, learns when the approval is decided,
 * and goes to the callback. No code here starts, decides or ends a transaction; the page's forms post to routes of the strategy.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { headerOf, isHeaderSet, json, middleware, whole, type Answer, type HostResponse, type Middleware } from '../host/answer'
import { failures, type FailureCode } from '../factors/failures'
import type { Settings } from '../strategy/settings'
import { loginOf } from '../host/login'
import { queryFieldOf, sessionOf, userOf, type HostRequest } from '../host/request'
import { StorageError } from '../host/storage'
import type { NevisStrategy } from '../strategy/strategy'
import { SessionTransactions } from '../session/transactions'
import { withQuery } from '../host/url'
import { AuthenticatorChoice } from './authenticators'
import { startHtml, pageHtml, showsWidget, unknownTransactionHtml, type PageParts, type ShellParts } from './page'
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

type Policy = Readonly<Record<string, string>>

const POLICY: Policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
}

/**
 * The URL of the page contains the handle. With this policy the next page and other sites see only the origin. Not
 * `no-referrer`: it would set the `Origin` of the page's forms to "null", and apps use `Origin` to detect forged posts.
 */
const REFERRER_POLICY = 'strict-origin'

const TYPES = { csrfToken: 'function', nonce: 'function', stylesheet: 'string', locales: 'object', widgetScript: 'string' } as const

const assets = {
  script: asset('waiting.js', 'text/javascript; charset=utf-8'),
  style: asset('waiting.css', 'text/css; charset=utf-8'),
}

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
    const name = queryFieldOf(req, 'asset')
    if (name === 'script' || name === 'style') return assetAnswer(assets[name], queryFieldOf(req, 'v'))

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
    const view = { ...seen, ...offer }
    if (wantsJson) return json(200, view)
    if (view.status === 'succeeded') return whole(303, { Location: withQuery(settings.callbackURL, { transaction: view.transaction }), 'Referrer-Policy': REFERRER_POLICY })
    return page(res, 200, pageHtml(view, parts).text, parts, showsWidget(view) ? widgetPolicy : POLICY)
  })
}

/**
 * @throws TypeError that names the page and the option
 * @internal
 */
export function checkOptions(owner: string, options: object, types: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(types, name)) throw new TypeError(`${owner}: unknown option "${name}"`)
    if (value !== undefined && (typeof value !== types[name] || value === null)) throw new TypeError(`${owner}: ${name} must be of type ${types[name]}`)
  }
}

/**
 * URLs of our script and style, with the app's stylesheet last.
 * @internal
 */
export function linksOf({ waitingURL }: Settings, stylesheet: string | undefined): PageParts['assets'] {
  const link = (name: keyof typeof assets) => withQuery(waitingURL, { asset: name, v: assets[name].hash })
  return { script: link('script'), styles: [link('style'), ...(stylesheet === undefined ? [] : [stylesheet])] }
}

/** The exceptions that Nevis's widget reference requires: https://docs.nevis.net/authcloud/widget/auth-widget-ref */
function policyForWidget(origin: string): Policy {
  return { ...POLICY, 'script-src': `'self' ${origin}`, 'child-src': origin, 'style-src': "'self' 'unsafe-inline'" }
}

/** @internal */
export function page(res: HostResponse | undefined, status: number, body: string, { language }: ShellParts, policy = POLICY): Answer {
  return whole(
    status,
    {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language.tag,
      'Referrer-Policy': REFERRER_POLICY,
      ...framing(res, policy),
    },
    body,
  )
}

/**
 * Our policy, unless the app has set its own: browsers enforce both, so ours would block what the app allows. If the app's policy
 * has no `frame-ancestors`, or cannot be read, `X-Frame-Options` keeps the page out of other sites' frames; browsers ignore it if
 * the policy has `frame-ancestors` (Content Security Policy Level 3, 6.4.2.1).
 */
function framing(res: HostResponse | undefined, policy: Policy): Readonly<Record<string, string>> {
  if (!isHeaderSet(res, 'Content-Security-Policy')) {
    return { 'Content-Security-Policy': Object.entries(policy).map(([name, sources]) => `${name} ${sources}`).join('; ') }
  }
  const own = headerOf(res, 'Content-Security-Policy') ?? ''
  const isFramingSaid = own.split(/[;,]/).some((directive) => /^\s*frame-ancestors(\s|$)/i.test(directive))
  return isFramingSaid || isHeaderSet(res, 'X-Frame-Options') ? {} : { 'X-Frame-Options': 'DENY' }
}

function asset(file: string, type: string) {
  // The build's folder, whether this file runs from `dist` or, in tests, from `src`.
  const body = readFileSync(join(__dirname, '../../dist/waiting/assets', file))
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return { body, hash, type }
}

/**
 * The assets are served behind the session, and hosts may set the session cookie on every response (`rolling: true`; the default of
 * @fastify/session). A shared cache that stored such a response would hand one user's session to other users. So no response is
 * `public`: `private` (RFC 9111, 5.2.2.7) keeps it out of shared caches, and the browser caches it for a year, because the URL
 * changes with the content. A URL with another `v` (of an older page, or made up) is not cached at all.
 */
function assetAnswer({ body, hash, type }: ReturnType<typeof asset>, version: unknown): Answer {
  const caching = version === hash ? 'private, max-age=31536000, immutable' : 'no-store'
  return whole(200, { 'Content-Type': type, 'Cache-Control': caching }, body)
}
