/**
 * What a transaction was started for, and whether the route that is to finish it asks for the same.
 *
 * A handler behind `passport.authorize('nevis', { message, data, factors })` may move money. Without this, an attacker who got an
 * approval for something harmless would post its handle to that route, and the handler would run. Out of scope: who may finish
 * it (`wanted.ts`).
 */
import { createHash } from 'node:crypto'
import type { AuthenticateOptions } from 'passport'
import { withSortedNames } from '../host/canonical'
import type { Settings } from './options'
import { logsIn, type NevisRequest } from '../host/request'
import type { Transaction } from '../factors/transaction'
import type { NevisAuthenticateOptions } from './route-options'

/** Options with which a route says what it starts. `factors` and a fixed `operation` are compared with the transaction itself. */
const NAMES = ['authenticatorId', 'data', 'factor', 'factors', 'message', 'operation', 'phone'] as const
const STARTING: readonly string[] = ['data', 'message', 'phone']

/**
 * @returns digests of the route's options and of its path; undefined for a route without options of its own
 * @internal
 */
export function purposeOf(req: NevisRequest, options: NevisAuthenticateOptions): string | undefined {
  const given = NAMES.filter((name) => options[name] !== undefined)
  if (given.length === 0) return undefined
  // Which function it is cannot be compared across processes; the path tells most routes apart.
  const values = given.map((name) => [name, typeof options[name] === 'function' ? 'function' : withSortedNames(options[name])])
  const digest = digestOf(JSON.stringify(values))
  return `${digest} ${digestOf(pathOf(req))}`
}

/**
 * May this route finish the transaction? A route without options of its own is a shared callback and may finish any. One that names
 * factors or an operation finishes only those; one with a message, data or a phone number also only what it started itself, or,
 * if it is the callback route, what a route with the same options started.
 * @returns the option that does not fit, or undefined
 * @internal
 */
export function purposeMismatch(
  req: NevisRequest,
  options: AuthenticateOptions,
  { callbackURL, operation: ofStrategy }: Settings,
  { factor, operation, purpose }: Transaction,
): 'factors' | 'operation' | 'purpose' | undefined {
  const { factors } = options
  // Where nobody is logged in, a handler waits for an approval by these factors: to have enrolled one of them is none.
  const wanted = options.operation ?? (factors === undefined || logsIn(options) ? undefined : ofStrategy)
  if (factors !== undefined && !factors.includes(factor)) return 'factors'
  if ((wanted === 'approve' || wanted === 'enroll') && wanted !== operation) return 'operation'
  if (!STARTING.some((name) => options[name as keyof NevisAuthenticateOptions] !== undefined)) return undefined
  const own = purposeOf(req, options) as string
  const isCallback = pathOf(req) === pathOf({ url: new URL(callbackURL, 'http://site').pathname } as NevisRequest)
  const fits = isCallback ? digestIn(purpose) === digestIn(own) : purpose === own
  return fits ? undefined : 'purpose'
}

function digestIn(purpose: string | undefined): string | undefined {
  return purpose?.split(' ', 1)[0]
}

function pathOf(req: NevisRequest): string {
  // Express takes a path with a slash at its end for the same.
  return ((req.originalUrl ?? req.url ?? '').split('?', 1)[0] as string).replace(/(.)\/$/, '$1')
}

/** Short, because it lies in the session. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
