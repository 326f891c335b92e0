/**
 * Tells a person that the second factor is not available just now, in place of the app's own error page.
 *
 * Not its job: any way around. Nothing is tried again by itself, no weaker factor takes over, and nobody is let in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { NevisError } from '../client/errors'
import { fieldOf, wantsPage } from '../request'
import { StorageError } from '../storage'
import type { NevisStrategy } from '../strategy'
import { withQuery } from '../url'
import { outageHtml } from './page'
import { respondJson } from './respond'
import { preferred, speakable, type Locales } from './texts/languages'
import { checkOptions, linksOf, respondPage } from './waiting-page'

export interface OutagePageOptions<Req extends IncomingMessage = IncomingMessage, Res extends ServerResponse = ServerResponse> {
  /** Where the link leads when no transaction is under way: the page with the password. Default `/`. */
  readonly signInURL?: string
  /** As for `waitingPage`. */
  nonce?(req: Req, res: Res): string
  /** As for `waitingPage`. */
  readonly stylesheet?: string
  /** As for `waitingPage`. */
  readonly locales?: Locales
}

const TYPES = { signInURL: 'string', nonce: 'function', stylesheet: 'string', locales: 'object' } as const
/** Seconds after which it is worth trying again, where Nevis names none. */
const RETRY_AFTER_SECONDS = 10

/**
 * Error-handling middleware, for after all routes with `passport.authenticate('nevis')` or `waitingPage`: an outage of Nevis, of
 * the session store or of the ledger is answered with 503, `Retry-After` and a page, or `{ code: 'unavailable', message }`.
 * Every other error is passed on. It logs nothing: mount what logs errors before it.
 * @param strategy the one whose errors these are; its `waitingPage` serves the style
 * @throws TypeError when an option is wrong or unknown
 */
export function outagePage<Req extends IncomingMessage, Res extends ServerResponse>(
  strategy: NevisStrategy,
  options: OutagePageOptions<Req, Res> = {},
): (error: unknown, req: Req, res: Res, next: (error?: unknown) => void) => void {
  checkOptions('outagePage', options, TYPES)
  const { waitingURL } = strategy.settings
  const { signInURL = '/', stylesheet, locales } = options
  const assets = linksOf(strategy.settings, stylesheet)
  const languages = speakable(locales)

  return (error, req, res, next) => {
    if (!isOutage(error) || res.headersSent) return next(error)
    const { retryAfterSeconds = RETRY_AFTER_SECONDS } = error as { retryAfterSeconds?: number }
    res.setHeader('Retry-After', Math.max(1, retryAfterSeconds))
    const language = preferred(req.headers['accept-language'], languages)
    if (!wantsPage(req)) return respondJson(res, 503, { code: 'unavailable', message: language.texts.unavailableHint })
    const transaction = fieldOf(req, 'transaction')
    // What is under way is not lost: its page goes on from where it stands.
    const again = transaction ? withQuery(waitingURL, { transaction }) : signInURL
    const parts = { waitingURL, language, assets, nonce: options.nonce?.(req, res), widgetScripts: [] }
    respondPage(res, 503, outageHtml(again, parts).text, parts)
  }
}

/** Somebody else's trouble, which passes. A wrong access key, or an answer that cannot be read, does not by itself. */
function isOutage(error: unknown): boolean {
  if (error instanceof StorageError) return error.status === 503
  if (!(error instanceof NevisError)) return false
  const { code, nevisStatus = 0 } = error
  return ['NEVIS_UNREACHABLE', 'NEVIS_TIMEOUT', 'NEVIS_RATE_LIMITED'].includes(code) || nevisStatus >= 500
}
