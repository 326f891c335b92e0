/**
 * Determines what to start: for whom, which operation, which factor, which message and data.
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
import { bodyFieldOf, logsIn, type NevisRequest } from '../host/request'
import { isListOfNames } from '../factors/strength'
import type { Subject, Transaction } from '../factors/transaction'

/** What to start. A transaction has the same fields. */
export interface StartParameters {
  readonly subject: Subject
  readonly operation: Operation
  readonly message?: string
  readonly data?: unknown
  readonly factors?: readonly FactorName[]
  readonly available?: readonly FactorName[]
  /**
   * The phone number that the route gives for an enrolment by SMS. An empty string if the route has the option `phone`, but the option gave no
   * number.
   */
  readonly phone?: string
  readonly purpose?: string
  readonly firstFactorAmr?: readonly string[]
  /** The subject's key in the ledger, under which starts and codes are counted. It is a digest of the subject's name. */
  readonly budget?: string
}

/** What the request asks for, before this package asks Nevis whether the subject has a factor. So `operation` can still be `approve-or-enroll`. */
export interface RequestedParameters extends Omit<StartParameters, 'operation'> {
  readonly operation: Operation | 'approve-or-enroll'
  readonly budget: string
}

/**
 * Reads the parameters from the route's and the strategy's options. Makes no call to Nevis.
 * @throws Refusal `no_subject`, `invalid_username`; TypeError when a function of the app returns an invalid value, or `factors` is not a list
 * @internal
 */
export async function startParametersOf(req: NevisRequest, options: AuthenticateOptions, settings: Settings): Promise<RequestedParameters> {
  const named = await subjectOf(settings, req)
  if (named === undefined) throw new Refusal('no_subject')
  assertValidForNevis(named)
  // Copy only `userId` and `username`: an app may return its whole user object, and the subject goes into the session and into events.
  const subject: Subject = { ...(named.userId !== undefined && { userId: named.userId }), ...(named.username !== undefined && { username: named.username }) }
  const operation = await valueOf(operationOf(options) ?? settings.operation, req)
  if (operation !== 'approve' && operation !== 'enroll' && operation !== 'approve-or-enroll') {
    throw new TypeError('NevisStrategy: operation must be "approve", "enroll" or "approve-or-enroll"')
  }
  const firstFactorAmr = await valueOf(settings.firstFactorAmr, req)
  if (firstFactorAmr !== undefined && !isListOfValues(firstFactorAmr)) throw new TypeError('NevisStrategy: firstFactorAmr must return a list of values of RFC 8176')
  const message = await valueOf(options.message ?? settings.message, req)
  const data = jsonCopy(await valueOf(options.data ?? settings.data, req))
  const { factors } = options
  if (factors !== undefined && !isListOfNames(factors)) throw new TypeError('NevisStrategy: factors of a route must be a list of names')
  // If the route's option `phone` gives no number, use an empty string. Never use the number in the request then, because an attacker may have sent
  // that number.
  const phone = 'phone' in options ? ((await valueOf<unknown>(options.phone, req)) ?? '') : undefined
  if (phone !== undefined && typeof phone !== 'string') throw new TypeError('NevisStrategy: phone of a route must be a string')
  const purpose = purposeOf(req, options)
  const available = operation === 'enroll' ? undefined : await availableFactorsOf(settings, req, subject)
  return {
    subject,
    operation,
    budget: new Budgets(settings).keyOf({ username: subject.username ?? settings.usernameOf(req), userId: subject.userId }),
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
 * The id of the authenticator to ask. In this order: the authenticator that the request names; that of the replaced transaction, if the factor is the
 * same; the route's option. The caller must still check that the authenticator belongs to the subject (`authenticators.ts`).
 * @throws Refusal `unknown_authenticator` if the field is not a string
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
  const id = requested === undefined ? (same ?? (await valueOf(options.authenticatorId, req)) ?? undefined) : requested
  if (id === undefined || typeof id === 'string') return id
  throw new Refusal('unknown_authenticator')
}

/**
 * The phone number to enrol, in the form that Nevis accepts. If the route that started the transaction has the option `phone`, the number comes from
 * that option, even after a switch to another factor. Otherwise the number comes from the body of the request.
 * @returns undefined if there is no number, or if the value is not a phone number
 * @internal
 */
export function phoneOf(req: NevisRequest, { phone }: Pick<StartParameters, 'phone'>): string | undefined {
  return phoneNumberIn(phone ?? bodyFieldOf(req, 'phone'))
}

/**
 * Returns a function that is true for a pending transaction equal to what this request would start. The strategy reuses such a transaction, so that
 * the user is not notified twice (MITRE ATT&CK T1621).
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
 * The parameters by which two starts of the same subject are compared. If all of them are equal, the second start shows the transaction of the first
 * start.
 */
export function comparable({ message, data, factors, phone, purpose, firstFactorAmr }: Omit<StartParameters, 'operation'>): object {
  return { message, data, factors, phone, purpose, firstFactorAmr }
}

/**
 * True if the transaction belongs to the user of this request. With `passport.authorize` or `session: false`, the approval counts for `req.user`,
 * whether a session, a Bearer token or Basic credentials identify that user. So that user must have approved: otherwise an attacker with an account
 * of their own could approve with their own phone for another user. On a route that logs in, Passport logs in the transaction's own user, so the
 * result is always true.
 * @internal
 */
export async function isForUserOf(
  req: NevisRequest,
  options: AuthenticateOptions,
  settings: Settings,
  transaction: Transaction,
): Promise<boolean> {
  if (logsIn(options)) return true
  const subject = await subjectOf(settings, req)
  // Accept a request without a user: an API may check the password and then issue tokens, without a login.
  if (subject === undefined && req.user == null) return true
  return isSubjectOf(subject, transaction)
}

/**
 * True if the waiting page of a pending transaction may be shown a second time, instead of starting a new transaction. False for an enrolment by SMS,
 * because the second request may have another phone number. False for new recovery codes, because only the URL of the first waiting page contains
 * them (encrypted).
 * @internal
 */
export function isReusable({ operation, shown }: Transaction): boolean {
  return operation === 'approve' || shown.appLinkUri !== undefined || shown.intentToken !== undefined
}

/** Nevis accepts only some characters in a username. An app whose usernames have other characters must convert them in its option `subject`. */
function assertValidForNevis({ userId, username }: Subject): void {
  if (userId !== undefined && !isUserId(userId)) throw new TypeError('NevisStrategy: the userId of subject must be a userId of Nevis (a UUID)')
  if (username === undefined || isUsername(username)) return
  process.emitWarning('NevisStrategy: a username has characters that Nevis does not accept; use the option subject to identify the user in another way', {
    code: 'PASSPORT_NEVIS_USERNAME',
  })
  throw new Refusal('invalid_username')
}

/**
 * The user whom the option `subject` returns.
 * @returns undefined if the option returns no user, or if the userId or username in it is empty or not a string
 * @throws TypeError if the option returns something else than an object with `userId` or `username`. This is a mistake of the app's developer, and
 * must not look like a user who is not signed in
 */
async function subjectOf(settings: Pick<Settings, 'subject'>, req: NevisRequest): Promise<Subject | undefined> {
  const subject: unknown = await settings.subject(req)
  if (subject === undefined || subject === null || subject === false) return undefined
  const isEmpty = typeof subject === 'object' && !Array.isArray(subject) && Object.keys(subject).length === 0
  if (typeof subject !== 'object' || (!isEmpty && !('userId' in subject) && !('username' in subject))) {
    throw new TypeError('NevisStrategy: subject must return { userId } or { username }, or undefined if there is no user')
  }
  const { userId, username } = subject as Subject
  const names = [userId, username].filter((name) => name !== undefined)
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '') ? (subject) : undefined
}

function valueOf<T>(value: FromRequest<T> | undefined, req: NevisRequest): T | undefined | Promise<T> {
  return typeof value === 'function' ? (value as (req: NevisRequest) => T | Promise<T>)(req) : value
}

/**
 * Converts the value to JSON and back, as the session store will do later. So the value can be compared exactly, and the app cannot change it
 * meanwhile.
 */
function jsonCopy(data: unknown): unknown {
  return data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown)
}
