/**
 * Tells a person that the second factor is not available just now, in place of the app's own error page.
 *
 * Out of scope: any way around. Nothing is tried again by itself, no weaker factor takes over, and nobody is let in.
 */
import type { ServerResponse } from 'node:http'
import { conclude, json, plain, type Answer, type HostResponse, type PlainAnswer } from '../host/answer'
import { NevisError } from '../client/errors'
import { bodyOf, fieldOf, wantsPage, type HostRequest } from '../host/request'
import { StorageError } from '../host/storage'
import type { NevisStrategy } from '../strategy/strategy'
import { withQuery } from '../host/url'
import { outageHtml } from './page'
import { preferred, availableLanguages, type Locales } from './texts/languages'
import { checkOptions, linksOf, page } from './waiting-page'

/** Options of {@link outagePage}. */
export interface OutagePageOptions<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse> {
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
/** A gateway may say anything. */
const LONGEST_RETRY_AFTER_SECONDS = 3600

/** Error-handling middleware of Express, and in `answer` the same for other hosts. */
export interface OutagePage<Req = HostRequest, Res = HostResponse> {
  (error: unknown, req: Req, res: Res & ServerResponse, next: (error?: unknown) => void): void
  /** @returns what to send, or undefined for an error that is none of an outage */
  answer(error: unknown, req: Req, res?: Res): Promise<PlainAnswer | undefined>
}

/**
 * Error-handling middleware, for after all routes with `passport.authenticate('nevis')` or `waitingPage`: an outage of Nevis, of
 * the session store or of the ledger is answered with 503, `Retry-After` and a page, or `{ code: 'unavailable', message }`.
 * Every other error is passed on. It logs nothing: mount what logs errors before it.
 * @param strategy the one whose errors these are; its `waitingPage` serves the style
 * @param options where to sign in again, and how the page looks
 * @throws TypeError when an option is wrong or unknown
 */
export function outagePage<Req extends HostRequest = HostRequest, Res extends HostResponse = HostResponse>(
  strategy: NevisStrategy,
  options: OutagePageOptions<Req, Res> = {},
): OutagePage<Req, Res> {
  checkOptions('outagePage', options, TYPES)
  const { waitingURL } = strategy.settings
  const { signInURL = '/', stylesheet, locales } = options
  const assets = linksOf(strategy.settings, stylesheet)
  const languages = availableLanguages(locales)

  function answerTo(error: unknown, req: Req, res: Res): Answer | undefined {
    if (!isOutage(error)) return undefined
    const { retryAfterSeconds = RETRY_AFTER_SECONDS } = error as { retryAfterSeconds?: number }
    const retryAfter = { 'Retry-After': String(Math.min(Math.max(1, retryAfterSeconds), LONGEST_RETRY_AFTER_SECONDS)) }
    const language = preferred(req.headers['accept-language'], languages)
    if (!wantsPage(req)) return json(503, { code: 'unavailable', message: language.texts.unavailableHint }, retryAfter)
    const { query, originalUrl, url } = req
    const transaction = fieldOf({ body: bodyOf(req), query, originalUrl, url }, 'transaction')
    // What is under way is not lost: its page goes on from where it stands.
    const again = transaction ? withQuery(waitingURL, { transaction }) : signInURL
    const parts = { language, assets, nonce: options.nonce?.(req, res) }
    const answer = page(res, 503, outageHtml(again, parts).text, parts)
    return { ...answer, headers: { ...answer.headers, ...retryAfter } }
  }

  const express = (error: unknown, req: Req, res: Res & ServerResponse, next: (error?: unknown) => void): void => {
    if (res.headersSent) return next(error)
    void conclude(res, (thrown = error) => next(thrown), async () => answerTo(error, req, res))
  }
  return Object.assign(express, { answer: async (error: unknown, req: Req, res?: Res) => plain(answerTo(error, req, res as Res)) })
}

/** Somebody else's trouble, which passes. A wrong access key, or an answer that cannot be read, does not by itself. */
function isOutage(error: unknown): boolean {
  if (error instanceof StorageError) return error.status === 503
  if (!(error instanceof NevisError)) return false
  const { code, nevisStatus = 0 } = error
  return ['NEVIS_UNREACHABLE', 'NEVIS_TIMEOUT', 'NEVIS_RATE_LIMITED'].includes(code) || nevisStatus >= 500
}
