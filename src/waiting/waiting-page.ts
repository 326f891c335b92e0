/**
 * Serves the waiting page, its JSON view, and its own script and style, all under the waiting URL.
 *
 * Not its job: to start, decide or end anything: it only reads.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { failures, type FailureCode } from '../failures'
import { queryFieldOf, sessionOf } from '../request'
import type { Middleware } from '../second-factor'
import { StorageError } from '../storage'
import type { NevisStrategy } from '../strategy'
import { SessionTransactions } from '../transactions'
import { pageHtml, strangerHtml, type PageParts } from './page'
import { respond, respondJson } from './respond'
import { en, type Texts } from './texts'
import { viewOf } from './view'

export interface WaitingPageOptions<Req extends IncomingMessage = IncomingMessage, Res extends ServerResponse = ServerResponse> {
  /** Token for the hidden field `_csrf` of every form. Default: none. */
  csrfToken?(req: Req, res: Res): string
  /** Nonce for the script and style tags, for a policy without `'self'`. Default: none. */
  nonce?(req: Req, res: Res): string
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const assets = {
  script: asset('waiting.js', 'text/javascript; charset=utf-8'),
  style: asset('waiting.css', 'text/css; charset=utf-8'),
}

/**
 * `GET waitingURL?transaction=<handle>` → the page, or with `Accept: application/json` a `WaitingView`.
 * Needs the session; sets a strict Content-Security-Policy unless one is set already.
 * @param strategy the one whose transactions it shows
 */
export function waitingPage<Req extends IncomingMessage, Res extends ServerResponse>(
  strategy: NevisStrategy,
  options: WaitingPageOptions<Req, Res> = {},
): (req: Req, res: Res, next: Parameters<Middleware>[2]) => void {
  const { settings } = strategy
  const link = (name: keyof typeof assets) => `${settings.waitingURL}?asset=${name}&v=${assets[name].hash}`
  const links = { script: link('script'), style: link('style') }

  async function serve(req: Req, res: Res): Promise<void> {
    const name = queryFieldOf(req, 'asset')
    if (name === 'script' || name === 'style') return respond(res, 200, assets[name].headers, assets[name].body)

    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    const texts: Texts = en
    const parts: PageParts = {
      waitingURL: settings.waitingURL,
      texts,
      lang: 'en',
      assets: links,
      csrfToken: options.csrfToken?.(req, res),
      nonce: options.nonce?.(req, res),
    }
    const handle = queryFieldOf(req, 'transaction')
    const sealed = await settings.handles.open(handle)
    const transactions = new SessionTransactions(session, settings.sessionKey, settings.firstFactorLifetimeMs)
    const transaction = sealed && transactions.get(sealed.id)
    const wantsJson = (req.headers.accept ?? '').includes('application/json')
    if (transaction === undefined) {
      const code: FailureCode = sealed !== undefined && (req as { user?: unknown }).user ? 'used_transaction' : 'unknown_transaction'
      const { status, message } = failures[code]
      if (wantsJson) return respondJson(res, status, { code, message })
      return respondPage(res, status, strangerHtml(texts.failure[code], parts).text)
    }
    const view = await viewOf(settings, handle as string, transaction)
    if (wantsJson) return respondJson(res, 200, view)
    if (view.status === 'succeeded') {
      const { callbackURL } = settings
      return respond(res, 303, { Location: `${callbackURL}${callbackURL.includes('?') ? '&' : '?'}transaction=${handle}` })
    }
    respondPage(res, 200, pageHtml(view, parts).text)
  }

  return (req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return respond(res, 405, { Allow: 'GET, HEAD' })
    serve(req, res).catch(next)
  }
}

function respondPage(res: ServerResponse, status: number, body: string): void {
  const policy = res.hasHeader('Content-Security-Policy') ? {} : { 'Content-Security-Policy': POLICY }
  // The address holds the handle: no other site may learn it.
  respond(res, status, { 'Content-Type': 'text/html; charset=utf-8', 'Referrer-Policy': 'same-origin', ...policy }, body)
}

function asset(file: string, type: string) {
  const body = readFileSync(join(__dirname, 'assets', file))
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return { body, hash, headers: { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' } }
}
