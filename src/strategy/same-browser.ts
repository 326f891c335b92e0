/**
 * Recognises the browser that started a step-up. An attacker who has copied the cookie of a user's session can start the same step-up as the user.
 * So the strategy shows a pending step-up again only to the browser that started it; any other browser starts its own, and the user sees a second request.
 *
 * Each start adds a new random secret to a second cookie. An attacker who copied the browser's cookies before this start does not have the secret. The second
 * cookie keeps the last four secrets, for step-ups in several tabs. The transaction stores only a digest of its secret, because an attacker may be able to read
 * the session store.
 * In an app with the option `subject`, the same applies to sign-ins. Out of scope: sign-ins in other apps (`request-origin.ts`, `pending-start.ts`).
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Transaction } from '../factors/transaction'
import { cookieFor, cookieIn, cookieSetter } from '../host/cookies'
import type { HostRequest } from '../host/request'
import type { StrategyRequest } from './strategy-request'

const KEPT_SECRETS = 4

/** A request to the strategy or for the waiting page. */
type AnyRequest = Pick<StrategyRequest, 'settings'> & { readonly req: HostRequest }

/**
 * Adds a secret to the cookie of the browser that starts a transaction.
 * @returns the digest of the secret, for the transaction; undefined if the cookie cannot be set, for example because the response headers were already sent
 * @internal
 */
export function markBrowser(request: StrategyRequest): string | undefined {
  const { req, settings } = request
  const setCookie = cookieSetter(req)
  if (setCookie === undefined) return undefined
  const secret = randomBytes(16).toString('base64url')
  const longestMs = Math.max(settings.lifetimeMs, settings.enrollmentLifetimeMs, settings.firstFactorLifetimeMs)
  const kept = [secret, ...secretsIn(request)].slice(0, KEPT_SECRETS)
  setCookie(cookieFor(req, settings.name, 'start'), kept.join('.'), Math.ceil(longestMs / 1000))
  return digestOf(secret)
}

/**
 * True if this request comes from the browser that started the transaction. False also if no cookie could be set at the start.
 * @internal
 */
export function isFromSameBrowser(request: AnyRequest, { browser }: Pick<Transaction, 'browser'>): boolean {
  return browser !== undefined && secretsIn(request).some((secret) => digestOf(secret) === browser)
}

function secretsIn({ req, settings }: AnyRequest): string[] {
  const value = cookieIn(req, cookieFor(req, settings.name, 'start')) ?? ''
  return value.split('.', KEPT_SECRETS).filter((secret) => /^[\w-]{22}$/.test(secret))
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
