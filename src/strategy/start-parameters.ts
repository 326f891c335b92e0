/**
 * What a request wants asked: of whom, which operation, by which factor, with what message and data.
 *
 * Out of scope: asking it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { AuthenticateOptions } from 'passport'
import { isSubjectOf } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { isUserId, isUsername } from '../client/checks'
import { phoneNumberIn } from '../client/typed-input'
import type { Operation } from '../client/wire'
import type { Factor } from '../factors/factor'
import type { FactorName } from '../factors/names'
import { Refusal } from '../factors/failures'
import type { FromRequest, Settings } from './options'
import { purposeOf } from './purpose'
import type { NevisAuthenticateOptions } from './route-options'
import { bodyFieldOf, logsIn, type NevisRequest } from '../host/request'
import { isListOfNames } from '../factors/strength'
import type { Subject, Transaction } from '../factors/transaction'

/** What is to be started. A transaction has all of these fields, too. */
export interface StartParameters {
  readonly subject: Subject
  readonly operation: Operation
  readonly message?: string
  readonly data?: unknown
  readonly factors?: readonly FactorName[]
  readonly purpose?: string
  /** Under which name the ledger counts its subject's starts and codes. */
  readonly budget?: string
}

/** The same before Nevis was asked whether the subject has a factor already. */
export interface RequestedParameters extends Omit<StartParameters, 'operation'> {
  readonly operation: Operation | 'approve-or-enroll'
  readonly budget: string
}

/**
 * Asks the app, and nobody else.
 * @throws Refusal `no_subject`, `invalid_username`; TypeError when a function of the application answers nonsense, or `factors` is no list
 * @internal
 */
export async function startParametersOf(req: NevisRequest, options: NevisAuthenticateOptions, settings: Settings): Promise<RequestedParameters> {
  const named = await settings.subject(req)
  if (!isSubject(named)) throw new Refusal('no_subject')
  assertValidForNevis(named)
  // No more than the two names: an app may return its whole user, and the subject goes into the session and into events.
  const subject: Subject = { ...(named.userId !== undefined && { userId: named.userId }), ...(named.username !== undefined && { username: named.username }) }
  const operation = await valueOf(options.operation ?? settings.operation, req)
  if (operation !== 'approve' && operation !== 'enroll' && operation !== 'approve-or-enroll') {
    throw new TypeError('NevisStrategy: operation must be "approve", "enroll" or "approve-or-enroll"')
  }
  const message = await valueOf(options.message ?? settings.message, req)
  const data = jsonCopy(await valueOf(options.data ?? settings.data, req))
  const { factors } = options
  if (factors !== undefined && !isListOfNames(factors)) throw new TypeError('NevisStrategy: factors of a route must be a list of names')
  const purpose = purposeOf(req, options)
  return {
    subject,
    operation,
    budget: new Budgets(settings).keyOf({ username: subject.username ?? settings.usernameOf(req), userId: subject.userId }),
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
    ...(factors !== undefined && { factors: [...factors] }),
    ...(purpose !== undefined && { purpose }),
  }
}

/**
 * The factor that the request names, else the route's, else the first one that knows the operation.
 * @throws Refusal `unknown_factor`; TypeError when the route's factor is not among the strategy's
 * @internal
 */
export function factorFor(
  settings: Settings,
  operation: Operation,
  requested: string | null | undefined,
  ofRoute?: FactorName,
  allowed?: readonly FactorName[],
): Factor {
  const isOffered = (factor: Factor) => typeof factor[operation] === 'function' && (allowed?.includes(factor.name) ?? true)
  const name = requested === undefined ? ofRoute : requested
  const factor = settings.factors.find((one) => isOffered(one) && (name === undefined || one.name === name))
  if (factor !== undefined) return factor
  if (requested === undefined && ofRoute !== undefined) {
    throw new TypeError(`NevisStrategy: factor "${ofRoute}" of this route is not among the strategy's factors`)
  }
  if (allowed !== undefined && !settings.factors.some(isOffered)) throw new TypeError('NevisStrategy: none of the factors of this route is among the strategy\'s')
  throw new Refusal('unknown_factor')
}

/**
 * The authenticator that the request names, else, for the same factor once more, the one that was asked before, else the
 * route's. Whether it is the subject's own is still to be found out.
 * @throws Refusal `unknown_authenticator` for what is no string
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
 * The number to enrol, in the form that Nevis takes.
 * @returns undefined for what is no phone number
 * @internal
 */
export async function phoneOf(req: NevisRequest, options: NevisAuthenticateOptions): Promise<string | undefined> {
  return phoneNumberIn((await valueOf(options.phone, req)) ?? bodyFieldOf(req, 'phone'))
}

/**
 * Is this transaction, still open, what is wanted? Then nobody's phone rings twice (MITRE ATT&CK T1621).
 * @internal
 */
export function isPendingFor(wanted: StartParameters, factor: Factor, authenticatorId: string | undefined, now: number) {
  return (one: Transaction): boolean =>
    one.closed === undefined &&
    now < one.expiresAt &&
    one.factor === factor.name &&
    one.authenticatorId === authenticatorId &&
    isDeepStrictEqual(
      { ...wanted.subject, operation: wanted.operation, message: wanted.message, data: wanted.data, factors: wanted.factors, purpose: wanted.purpose },
      { ...one.subject, operation: one.operation, message: one.message, data: one.data, factors: one.factors, purpose: one.purpose },
    )
}

/**
 * May this request finish this transaction? Where Passport logs nobody in (`passport.authorize`, `session: false`), the approval
 * counts for the user of the request, whether the session, a Bearer token or Basic credentials say who that is. It must then be
 * that user's own: an attacker with two passwords could otherwise approve for one account on the phone of the other.
 * @internal
 */
export async function isForUserOf(
  req: NevisRequest,
  options: AuthenticateOptions,
  settings: Settings,
  transaction: Transaction,
): Promise<boolean> {
  if (logsIn(options)) return true
  const subject = await settings.subject(req)
  // Nobody is known: after a password without a session, as in an API that gives out tokens.
  if (!isSubject(subject) && req.user == null) return true
  return isSubjectOf(subject, transaction)
}

/**
 * An enrolment by SMS may be for another number this time, and recovery codes cannot be shown by a second handle.
 * @internal
 */
export function isReusable({ operation, shown }: Transaction): boolean {
  return operation === 'approve' || shown.appLinkUri !== undefined || shown.intentToken !== undefined
}

/** A name that Nevis does not take is the app's to translate: `subject` says how. */
function assertValidForNevis({ userId, username }: Subject): void {
  if (userId !== undefined && !isUserId(userId)) throw new TypeError('NevisStrategy: subject must give a userId of Nevis, which is a UUID')
  if (username === undefined || isUsername(username)) return
  process.emitWarning('NevisStrategy: a username holds characters that Nevis does not take; give the option subject, which names the user in another way', {
    code: 'PASSPORT_NEVIS_USERNAME',
  })
  throw new Refusal('invalid_username')
}

function isSubject(subject: Subject | undefined): subject is Subject {
  const names = [subject?.userId, subject?.username].filter((name) => name !== undefined)
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}

function valueOf<T>(value: FromRequest<T> | undefined, req: NevisRequest): T | undefined | Promise<T> {
  return typeof value === 'function' ? (value as (req: NevisRequest) => T | Promise<T>)(req) : value
}

/** What JSON makes of it, as the session will: so that it compares equal later, and no one changes it meanwhile. */
function jsonCopy(data: unknown): unknown {
  return data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown)
}
