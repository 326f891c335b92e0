/**
 * Checks that the route that finishes a transaction has the same purpose as the route that started it.
 *
 * The attack: a handler after `passport.authorize('nevis', { message, data, factors })` may carry out a payment. Without this check, an attacker
 * could get the user's approval for something harmless and send it to the payment route. The handler of that route would then run. Out of scope:
 * which user may finish a transaction (`start-parameters.ts`).
 */
import { createHash } from 'node:crypto'
import type { AuthenticateOptions } from 'passport'
import { withSortedNames } from '../host/canonical'
import type { Settings } from './settings'
import { logsIn, type NevisRequest } from '../host/request'
import type { Transaction } from '../factors/transaction'
import type { NevisAuthenticateOptions } from './route-options'

/**
 * The options of a route that say what it is for, and so are part of the route's purpose. `purposeMismatch` also compares `factors` and a fixed
 * `operation` directly with the transaction.
 */
const NAMES = ['authenticatorId', 'data', 'factor', 'factors', 'message', 'operation', 'phone'] as const
const STARTING: readonly string[] = ['data', 'message', 'phone']

/**
 * Computes the purpose of a route from the options that say what the route starts.
 * @returns a digest of these options and a digest of the route's path; undefined for a route without such options
 * @internal
 */
export function purposeOf(req: NevisRequest, options: NevisAuthenticateOptions): string | undefined {
  const given = NAMES.filter((name) => options[name] !== undefined)
  if (given.length === 0) return undefined
  // A function has no value that two processes could compare, so the digest contains only the word "function" for it. Two such routes still have
  // different digests if their paths differ.
  const values = given.map((name) => [name, typeof options[name] === 'function' ? 'function' : withSortedNames(options[name])])
  const digest = digestOf(JSON.stringify(values))
  return `${digest} ${digestOf(pathOf(req))}`
}

/**
 * The operation that the route requires. A route of `passport.authorize` with `factors`, `message` or `data` requires an approval, even if the
 * strategy's `operation` enrols users who have no factor: the route's handler may carry out a payment, and an enrolment approves nothing.
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
 * - A route without options is a shared callback and may finish any transaction.
 * - A route with `factors` or a fixed `operation` finishes only transactions with one of these factors and this operation.
 * - A route with `message`, `data` or `phone` finishes only transactions that it has started itself. The callback route finishes transactions of any
 *   route with the same options.
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
  if (!STARTING.some((name) => options[name as keyof NevisAuthenticateOptions] !== undefined)) return undefined
  const own = purposeOf(req, options) as string
  const fits = isCallbackRoute(req, settings) ? digestIn(purpose) === digestIn(own) : purpose === own
  return fits ? undefined : 'purpose'
}

/**
 * True if the request's path is that of `callbackURL`.
 * @internal
 */
export function isCallbackRoute(req: NevisRequest, { callbackURL }: Settings): boolean {
  return pathOf(req) === pathOf({ url: new URL(callbackURL, 'http://site').pathname } as NevisRequest)
}

function digestIn(purpose: string | undefined): string | undefined {
  return purpose?.split(' ', 1)[0]
}

function pathOf(req: NevisRequest): string {
  // Ignore a slash at the end, because Express serves `/callback` and `/callback/` with the same route.
  return ((req.originalUrl ?? req.url ?? '').split('?', 1)[0] as string).replace(/(.)\/$/, '$1')
}

/** A short digest of a text: 22 characters, because it is stored in the session. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
