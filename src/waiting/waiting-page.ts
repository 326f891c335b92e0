/**
 * Serves the waiting page, its JSON view, and its own script and style, all under the waiting URL.
 *
 * Out of scope: to start, decide or end anything: it only reads.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { headerOf, isHeaderSet, json, middleware, whole, type Answer, type HostResponse, type Middleware } from '../host/answer'
import { failures, type FailureCode } from '../factors/failures'
import type { Settings } from '../strategy/options'
import { loginOf } from '../host/login'
import { queryFieldOf, sessionOf, userOf, type HostRequest } from '../host/request'
import { StorageError } from '../host/storage'
import type { NevisStrategy } from '../strategy/strategy'
import { SessionTransactions } from '../session/transactions'
import { withQuery } from '../host/url'
import { AuthenticatorChoice } from './authenticators'
import { askHtml, pageHtml, showsWidget, strangerHtml, type PageParts, type ShellParts } from './page'
import { preferred, speakable, type Locales } from './texts/languages'
import { viewOf } from './view'

/** Options of {@link waitingPage}. */
export interface WaitingPageOptions<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse> {
  /**
   * Token for the hidden field `_csrf` of every form. Default: none.
   * @returns the token
   */
  csrfToken?(req: Req, res: Res): string
  /**
   * Nonce for the script and style tags, for a policy without `'self'`. Default: none.
   * @returns the nonce
   */
  nonce?(req: Req, res: Res): string
  /** Address of a stylesheet of your own, which comes after ours and may set its custom properties. Default: none. */
  readonly stylesheet?: string
  /** Texts of your own by language tag, over ours or as more languages. */
  readonly locales?: Locales
  /**
   * Address of a script of your own that starts Nevis's widget; needed with the factor `widget`. It sets
   * `window.startNevisWidget`, which the page calls once with `{ intentToken, element, succeeded(token), failed() }`: make
   * the widget with the intent token, in the element or wherever it shows itself, and call back with its result.
   *
   * The page loads Nevis's `/widget/auth.js` before. What that script defines, and how it is told the intent token and the
   * callback, is in Nevis's guide for customers and not in the documents that this package was made from: that is why
   * these few lines are yours.
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
 * The address of the page holds the handle. The next page and other sites learn no more than the origin; and the forms of the
 * page keep their `Origin`, which `no-referrer` would make "null" and with which apps tell forged posts from their own.
 */
const REFERRER_POLICY = 'strict-origin'

const TYPES = { csrfToken: 'function', nonce: 'function', stylesheet: 'string', locales: 'object', widgetScript: 'string' } as const

const assets = {
  script: asset('waiting.js', 'text/javascript; charset=utf-8'),
  style: asset('waiting.css', 'text/css; charset=utf-8'),
}

/**
 * `GET waitingURL?transaction=<handle>` → the page, or with `Accept: application/json` a `WaitingView`. Without a transaction,
 * whoever is signed in gets a button that starts one: `requireSecondFactor({ redirectTo: waitingURL })`.
 * Needs the session; sets a strict Content-Security-Policy unless one is set already, opened for the widget only where the
 * page holds it. The language is the browser's.
 * @param strategy the one whose transactions it shows
 * @param options the app's own token, words and looks
 * @returns middleware for a GET route; it passes on a StorageError `SESSION_REQUIRED` without a session
 * @throws TypeError when an option is wrong or unknown, or `widgetScript` is missing
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
  const languages = speakable(options.locales)

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
    // Where one user has signed in after another in the same session, what the other one started is nobody's.
    const held = sealed && transactions.get(sealed.id)
    const transaction = held?.login === undefined || held.login === loginOf(session) ? held : undefined
    const wantsJson = (req.headers.accept ?? '').includes('application/json')
    const isSignedIn = userOf(req) !== undefined
    if (handle === undefined && isSignedIn && !wantsJson) return page(res, 200, askHtml(parts).text, parts)
    if (sealed === undefined || transaction === undefined) {
      const code: FailureCode = sealed !== undefined && isSignedIn ? 'used_transaction' : 'unknown_transaction'
      const { status, message } = failures[code]
      if (wantsJson) return json(status, { code, message })
      return page(res, status, strangerHtml(parts.language.texts.failure[code], parts).text, parts)
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
 * Where our own script and style are, and the app's style after them.
 * @internal
 */
export function linksOf({ waitingURL }: Settings, stylesheet: string | undefined): PageParts['assets'] {
  const link = (name: keyof typeof assets) => withQuery(waitingURL, { asset: name, v: assets[name].hash })
  return { script: link('script'), styles: [link('style'), ...(stylesheet === undefined ? [] : [stylesheet])] }
}

/** What Nevis's reference of the widget asks for: https://docs.nevis.net/authcloud/widget/auth-widget-ref */
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
 * Our policy, unless the app has one of its own: two would both count, and ours would bar what the app lets in. Where the
 * app's leaves out `frame-ancestors`, or cannot be read, the older header keeps the page out of other sites' frames;
 * browsers ignore it where a policy has `frame-ancestors` (Content Security Policy Level 3, 6.4.2.1).
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
  const body = readFileSync(join(__dirname, 'assets', file))
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return { body, hash, type }
}

/**
 * Served behind the session, where hosts may put the session's cookie on every answer (`rolling: true`; @fastify/session by
 * default). A shared cache that kept such an answer would give one person's session to everybody: nothing here is `public`,
 * and `private` (RFC 9111, 5.2.2.7) bars shared caches while the browser keeps its own copy, a year long because the address
 * changes with the content. At any other address (an older page's, a foreign `v`) nothing is kept.
 */
function assetAnswer({ body, hash, type }: ReturnType<typeof asset>, version: unknown): Answer {
  const caching = version === hash ? 'private, max-age=31536000, immutable' : 'no-store'
  return whole(200, { 'Content-Type': type, 'Cache-Control': caching }, body)
}
