/**
 * Determines what to start: for which user, which operation, which factors, message and data.
 *
 * Out of scope: starting the transaction (`start.ts`).
 */
import { isDeepStrictEqual } from 'node:util'
import type { AuthenticateOptions } from 'passport'
import { isSubjectOf } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { isUserId, isUsername } from '../client/checks'
import { phoneNumberIn } from '../client/typed-input'
import type { Operation } from '../client/wire'
import { isListOfValues } from '../factors/amr'
import type { Factor } from '../factors/factor'
import type { FactorName } from '../factors/names'
import { Refusal } from '../factors/failures'
import type { FromRequest } from './options'
import type { Settings } from './settings'
import { availableFactorsOf } from './factor-choice'
import { operationOf, purposeOf } from './purpose'
import type { NevisAuthenticateOptions } from './route-options'
import { resultOf } from '../host/app-function'
import { loginOf } from '../host/login'
import { bodyFieldOf, logsIn, sessionOf, userOf, type NevisRequest } from '../host/request'
import { isListOfNames } from '../factors/strength'
import { secondFactorsIn } from '../session/second-factors'
import type { Subject, Transaction } from '../factors/transaction'

export interface StartParameters {
  readonly subject: Subject
  readonly operation: Operation
  readonly message?: string
  readonly data?: unknown
  readonly factors?: readonly FactorName[]
  readonly available?: readonly FactorName[]
  /** The phone number from the route's option `phone`; an empty string if the option gives no number. Undefined if the route does not have this option. */
  readonly phone?: string
  readonly purpose?: string
  readonly firstFactorAmr?: readonly string[]
  /** The user's key in the ledger for counting starts: a digest of the userId or, while the app knows no userId, of the username. */
  readonly budget?: string
}

/** What the request asks for. With `approve-or-enroll`, Nevis must first say whether the user has a factor (then `approve`) or none (then `enroll`). */
export interface RequestedParameters extends Omit<StartParameters, 'operation'> {
  readonly operation: Operation | 'approve-or-enroll'
  readonly budget: string
}

/**
 * The user for whom a second factor is started.
 * @throws Refusal `no_subject`, `invalid_username`; TypeError when the app's option `subject` returns an invalid value
 * @internal
 */
export async function subjectOfStart(req: NevisRequest, settings: Settings): Promise<Subject> {
  const named = await subjectOf(settings, req)
  if (named === undefined) throw new Refusal('no_subject')
  assertValidForNevis(named)
  // An app may return its whole user object. So copy only two properties: the session and events will contain the subject.
  return { ...(named.userId !== undefined && { userId: named.userId }), ...(named.username !== undefined && { username: named.username }) }
}

/**
 * Reads the parameters from the options of the route and of the strategy.
 * @throws TypeError when a function of the app returns an invalid value, or `factors` is not a list
 * @internal
 */
export async function startParametersOf(req: NevisRequest, options: AuthenticateOptions, settings: Settings, subject: Subject): Promise<RequestedParameters> {
  const operation = await valueOf('operation', operationOf(options) ?? settings.operation, req)
  if (operation !== 'approve' && operation !== 'enroll' && operation !== 'approve-or-enroll') {
    throw new TypeError('NevisStrategy: operation must be "approve", "enroll" or "approve-or-enroll"')
  }
  const firstFactorAmr = await valueOf('firstFactorAmr', settings.firstFactorAmr, req)
  if (firstFactorAmr !== undefined && !isListOfValues(firstFactorAmr)) throw new TypeError('NevisStrategy: firstFactorAmr must return a list of values of RFC 8176')
  const message = await valueOf('message', options.message ?? settings.message, req)
  // An enrolment confirms no payment, so it gets `data` only from the options of the route.
  const data = jsonCopy(await valueOf('data', options.data ?? (operation === 'enroll' ? undefined : settings.data), req))
  const { factors } = options
  if (factors !== undefined && !isListOfNames(factors)) throw new TypeError('NevisStrategy: factors of a route must be a list of names')
  // If the route's option `phone` gives no number, use an empty string. With undefined, the number in the request's body would be enrolled instead, and an
  // attacker may have sent it.
  const phone = 'phone' in options ? ((await valueOf<unknown>('phone', options.phone, req)) ?? '') : undefined
  if (phone !== undefined && typeof phone !== 'string') throw new TypeError('NevisStrategy: phone of a route must be a string')
  const purpose = purposeOf(req, options)
  const available = operation === 'enroll' ? undefined : await availableFactorsOf(settings, req, subject)
  return {
    subject,
    operation,
    budget: new Budgets(settings).keyOf(subject),
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
    ...(factors !== undefined && { factors: [...factors] }),
    ...(available !== undefined && { available }),
    ...(phone !== undefined && { phone }),
    ...(purpose !== undefined && { purpose }),
    ...(firstFactorAmr !== undefined && { firstFactorAmr: [...firstFactorAmr] }),
  }
}

/**
 * The id of the authenticator (the registered phone) that Nevis shall ask. It comes from the request; else from the transaction that this start replaces, if
 * that has the same factor; else from the route's option. This function does not check whether it is the user's phone.
 * @throws Refusal `unknown_authenticator` if the field `authenticatorId` of the request's body is not a string
 * @internal
 */
export async function authenticatorFor(
  req: NevisRequest,
  options: NevisAuthenticateOptions,
  { operation }: StartParameters,
  factor: Factor,
  before: Transaction | undefined,
): Promise<string | undefined> {
  if (operation !== 'approve' || !factor.takesAuthenticator) return undefined
  const requested = bodyFieldOf(req, 'authenticatorId')
  const same = before?.factor === factor.name ? before.authenticatorId : undefined
  const id = requested === undefined ? (same ?? (await valueOf('authenticatorId', options.authenticatorId, req)) ?? undefined) : requested
  if (id === undefined || typeof id === 'string') return id
  throw new Refusal('unknown_authenticator')
}

/**
 * The phone number to enrol, as Nevis accepts it: from the route's option `phone`, or without this option from the request's body.
 * @returns undefined if there is no phone number
 * @internal
 */
export function phoneOf(req: NevisRequest, { phone }: Pick<StartParameters, 'phone'>): string | undefined {
  return phoneNumberIn(phone ?? bodyFieldOf(req, 'phone'))
}

/**
 * Returns a function that is true for a pending transaction with the same user, operation, factor and parameters as this request. If this request started a
 * second transaction, the user would be notified twice.
 * @internal
 */
export function isPendingFor(parameters: StartParameters, factor: Factor, authenticatorId: string | undefined, now: number) {
  return (one: Transaction): boolean =>
    one.closed === undefined &&
    now < one.expiresAt &&
    one.factor === factor.name &&
    one.authenticatorId === authenticatorId &&
    isDeepStrictEqual(
      { ...parameters.subject, operation: parameters.operation, ...comparable(parameters) },
      { ...one.subject, operation: one.operation, ...comparable(one) },
    )
}

/**
 * Returns the parameters that two starts of one user must have in common. If these parameters are equal, the second start shows the waiting page of the first.
 */
export function comparable({ message, data, factors, phone, purpose, firstFactorAmr }: Omit<StartParameters, 'operation'>): object {
  return { message, data, factors, phone, purpose, firstFactorAmr }
}

/**
 * True if the transaction belongs to the user of this request.
 *
 * Routes that do not log in (`passport.authorize`, `session: false`) need this check. Without it, an attacker could confirm an operation of another user with
 * the attacker's own account and phone. A sign-in needs it if, since its start, a user has signed in to the session by the password alone. Without it, an
 * attacker could plant a session with a sign-in of the attacker: the user would later be signed in as the attacker, with the user's data in the session.
 * @internal
 */
export async function isForUserOf(
  req: NevisRequest,
  options: AuthenticateOptions,
  settings: Settings,
  transaction: Transaction,
): Promise<boolean> {
  const isSignedIn = loginOf(sessionOf(req) ?? {}) !== undefined
  // A session with a second factor record is left alone: a user may sign in at two Nevis instances at the same time, with another account at each.
  const isSignedInWithoutRecord = isSignedIn && transaction.login === undefined && secondFactorsIn(req).length === 0
  if (logsIn(options) && !isSignedInWithoutRecord) return true
  const subject = await subjectOf(settings, req)
  // Accept a request in which no user is signed in: an API may issue tokens instead of signing users in. But if a user is signed in to the session, and cannot be
  // compared with the approval, refuse: koa-passport's `authorize`, for example, hides the user from strategies.
  if (subject === undefined && userOf(req) === undefined) return !isSignedIn
  return isSubjectOf(subject, transaction)
}

/**
 * True if a second start may show the waiting page of this transaction again. False for an enrolment of recovery codes, which are shown only once, and of a
 * phone number, because the second start may be for another number.
 * @internal
 */
export function isReusable({ operation, shown }: Transaction): boolean {
  return operation === 'approve' || shown.appLinkUri !== undefined || shown.intentToken !== undefined
}

/** @throws Refusal `invalid_username` for a username with characters that Nevis does not accept */
function assertValidForNevis({ userId, username }: Subject): void {
  if (userId !== undefined && !isUserId(userId)) throw new TypeError('NevisStrategy: the userId of subject must be a userId of Nevis (a UUID)')
  if (username === undefined || isUsername(username)) return
  process.emitWarning('NevisStrategy: a username has characters that Nevis does not accept; use the option subject to identify the user in another way', {
    code: 'PASSPORT_NEVIS_USERNAME',
  })
  throw new Refusal('invalid_username')
}

/**
 * The user whom the app's option `subject` returns.
 * @returns undefined if there is no user: for example, the app reads the userId from `req.user`, and nobody is signed in or this user has none
 * @throws TypeError if the value is not an object with `userId` or `username`, or one of these is not a string, which is a mistake in the app
 */
async function subjectOf(settings: Pick<Settings, 'subject'>, req: NevisRequest): Promise<Subject | undefined> {
  const subject: unknown = await resultOf('subject', () => settings.subject(req))
  if (subject === undefined || subject === null || subject === false) return undefined
  const isEmpty = typeof subject === 'object' && !Array.isArray(subject) && Object.keys(subject).length === 0
  if (typeof subject !== 'object' || (!isEmpty && !('userId' in subject) && !('username' in subject))) {
    throw new TypeError('NevisStrategy: subject must return { userId } or { username }, or undefined if there is no user')
  }
  const { userId, username } = subject as Subject
  const names = [userId, username].filter((name) => name !== undefined)
  if (!names.every((name) => name === null || typeof name === 'string')) throw new TypeError('NevisStrategy: the userId and username of subject must be strings')
  return names.length > 0 && names.every(Boolean) ? subject : undefined
}

function valueOf<T>(option: string, value: FromRequest<T> | undefined, req: NevisRequest): T | undefined | Promise<T> {
  return typeof value === 'function' ? resultOf(option, () => (value as (req: NevisRequest) => T | Promise<T>)(req)) : value
}

/** Copies the value by way of JSON, as the session store will do. So the copy compares equal to the value that is later read from the session. */
function jsonCopy(data: unknown): unknown {
  return data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown)
}
