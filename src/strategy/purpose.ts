/**
 * Checks that the route that finishes a transaction has the same purpose (what the user confirms, and how) as the route that started the transaction.
 *
 * The attack: the user approves something harmless, and the attacker sends this approval to the route of a payment (`passport.authorize('nevis', {
 * message, data, factors })`), whose handler then runs. Out of scope: which user may finish a transaction (`start-parameters.ts`).
 */
import { createHash } from 'node:crypto'
import type { AuthenticateOptions } from 'passport'
import { withSortedNames } from '../host/canonical'
import type { Settings } from './settings'
import { logsIn, type NevisRequest } from '../host/request'
import type { Transaction } from '../factors/transaction'
import { strippedPrefix } from '../session/return-to'
import type { NevisAuthenticateOptions } from './route-options'

/** The options that make up the purpose of a route: what a user confirms there, and how. */
const NAMES = ['authenticatorId', 'data', 'factor', 'factors', 'message', 'operation', 'phone'] as const
const STARTING = ['data', 'message', 'phone'] as const

/**
 * Computes the purpose of a route.
 * @returns a digest of the route's options in `NAMES` and a digest of its path; undefined if the route has none of these options
 * @internal
 */
export function purposeOf(req: NevisRequest, options: NevisAuthenticateOptions): string | undefined {
  const given = NAMES.filter((name) => options[name] !== undefined)
  if (given.length === 0) return undefined
  // Two processes cannot compare functions. So two routes whose options are functions differ only in their paths.
  const values = given.map((name) => [name, typeof options[name] === 'function' ? 'function' : withSortedNames(options[name])])
  const digest = digestOf(JSON.stringify(values))
  return `${digest} ${digestOf(pathOf(req))}`
}

/**
 * The operation that the route requires. A route of `passport.authorize` with `factors`, `message` or `data` requires an approval, because its
 * handler may carry out a payment.
 * @returns undefined if the strategy's option `operation` decides
 * @internal
 */
export function operationOf(options: AuthenticateOptions): AuthenticateOptions['operation'] {
  const isConfirmation = !logsIn(options) && [options.factors, options.message, options.data].some((value) => value !== undefined)
  return options.operation ?? (isConfirmation ? 'approve' : undefined)
}

/**
 * Checks whether this route may finish the transaction.
 *
 * - A route without the options in `NAMES` may finish any transaction.
 * - A route with one of these options may finish only transactions that it has started itself. At the callback route, other rules apply:
 *   - With `factors`: only transactions with one of these factors.
 *   - If the route requires the operation `approve` or `enroll` (see `operationOf`): only transactions with this operation.
 *   - With `message`, `data` or `phone`: only transactions of routes with equal options (those in `NAMES`).
 * @returns the option that does not match, or undefined
 * @internal
 */
export function purposeMismatch(
  req: NevisRequest,
  options: AuthenticateOptions,
  settings: Settings,
  { factor, operation, purpose }: Transaction,
): 'factors' | 'operation' | 'purpose' | undefined {
  const { factors } = options
  const expected = operationOf(options)
  if (factors !== undefined && !factors.includes(factor)) return 'factors'
  if ((expected === 'approve' || expected === 'enroll') && expected !== operation) return 'operation'
  const own = purposeOf(req, options)
  if (own === undefined) return undefined
  const isShared = isCallbackRoute(req, settings)
  // A route without the options in `STARTING` demands only a factor and an operation, and the code above has compared both with those of the transaction. So the
  // transaction fits the route if `callbackURL` ends with the route's path.
  const asksForContent = STARTING.some((name) => options[name] !== undefined)
  if (!asksForContent && (isShared || strippedPrefix(settings.callbackURL, { url: pathOf(req) }) !== undefined)) return undefined
  const fits = isShared ? digestIn(purpose) === digestIn(own) : purpose === own
  return fits ? undefined : 'purpose'
}

/**
 * True for a request to the callback route, also if a proxy has removed a prefix from its path.
 *
 * The attack: `callbackURL` is `/2fa/login`, the app has a password route `/login`, and an attacker puts a handle into a link to the password page. Only on the
 * callback route does the strategy accept a handle in the URL of a POST (`handleOf` in `dispatch.ts`). So `/login` must not count as the callback route: a path
 * without the prefix counts only if `callbackURL` is below `waitingURL` (as by default), and `waitingURL` begins with the same prefix.
 * @internal
 */
export function isCallbackRoute(req: NevisRequest, { callbackURL, waitingURL }: Settings): boolean {
  const [callback, waiting] = [callbackURL, waitingURL].map((url) => new URL(url, 'http://site').pathname) as [string, string]
  if (pathOf(req) === pathOf({ url: callback } as NevisRequest)) return true
  const prefix = strippedPrefix(callbackURL, { url: pathOf(req) })
  return prefix !== undefined && waiting.startsWith(`${prefix}/`) && callback.startsWith(waiting.endsWith('/') ? waiting : `${waiting}/`)
}

function digestIn(purpose: string | undefined): string | undefined {
  return purpose?.split(' ')[0]
}

function pathOf(req: NevisRequest): string {
  // Express serves `/callback` and `/callback/` with the same route.
  return ((req.originalUrl ?? req.url ?? '').split('?')[0] as string).replace(/(.)\/$/, '$1')
}

/** 22 characters (132 bits) of a SHA-256 digest: enough to be unique, and short, because each transaction in the session contains two of them. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
