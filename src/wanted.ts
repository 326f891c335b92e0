/**
 * What a request wants asked: of whom, which operation, by which factor, with what message and data.
 *
 * Not its job: to ask it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { AuthenticateOptions } from 'passport'
import { isSubjectOf } from './binding'
import { phoneNumberIn } from './client/typed-input'
import type { Operation } from './client/wire'
import { firstOperation } from './enrolment'
import type { Factor } from './factors/factor'
import type { FactorName } from './factors/names'
import { Refusal } from './failures'
import type { Data, FromRequest, Settings } from './options'
import { fieldOf, loginOf, sessionOf, type NevisRequest } from './request'
import { isListOfNames } from './strength'
import type { Subject, Transaction } from './transactions'

export interface Wanted {
  readonly subject: Subject
  readonly operation: Operation
  readonly message?: string
  readonly data?: unknown
  readonly factors?: readonly FactorName[]
}

/** Options of `passport.authenticate('nevis', …)`, beside Passport's own. */
export interface NevisAuthenticateOptions {
  /** Factor to start unless the request names one. Default: the first of `factors`. */
  factor?: FactorName | undefined
  /**
   * Names of the factors that will do here, also when the person changes to another one, such as `atLeast('push')`
   * where the phone must show what is signed. Default: the strategy's.
   */
  factors?: readonly FactorName[] | undefined
  /** Default: the strategy's. */
  operation?: FromRequest<Operation | 'approve-or-enroll'> | undefined
  /** Default: the strategy's. */
  message?: FromRequest<string | undefined> | undefined
  /** Default: the strategy's. */
  data?: Data | undefined
  /** `+41791234567`, to enrol SMS. Default: `req.body.phone`. */
  phone?: FromRequest<string | undefined> | undefined
  /**
   * Which of the person's own authenticators push or app ask, unless the request names one. Default: the one that was
   * registered last. Nevis is asked first whether it is theirs: one more call.
   */
  authenticatorId?: FromRequest<string | undefined> | undefined
}

declare module 'passport' {
  // Typed options for `passport.authenticate('nevis', …)`.
  interface AuthenticateOptions extends NevisAuthenticateOptions {}
}

/**
 * @throws Refusal `no_subject`; NevisError; TypeError when a function of the application answers nonsense, or `factors` is no list
 * @internal
 */
export async function wantedBy(req: NevisRequest, options: NevisAuthenticateOptions, settings: Settings): Promise<Wanted> {
  const subject = await settings.subject(req)
  if (!isSubject(subject)) throw new Refusal('no_subject')
  const wish = await valueOf(options.operation ?? settings.operation, req)
  const operation = wish === 'approve-or-enroll' ? await firstOperation(settings.client, subject) : wish
  if (operation !== 'approve' && operation !== 'enroll') {
    throw new TypeError('NevisStrategy: operation must be "approve", "enroll" or "approve-or-enroll"')
  }
  const message = await valueOf(options.message ?? settings.message, req)
  const data = frozenCopy(await valueOf(options.data ?? settings.data, req))
  const { factors } = options
  if (factors !== undefined && !isListOfNames(factors)) throw new TypeError('NevisStrategy: factors of a route must be a list of names')
  return {
    subject,
    operation,
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
    ...(factors !== undefined && { factors: [...factors] }),
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
  { operation }: Wanted,
  factor: Factor,
  before: Transaction | undefined,
): Promise<string | undefined> {
  if (operation !== 'approve' || !factor.takesAuthenticator) return undefined
  const requested = fieldOf(req, 'authenticatorId')
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
  return phoneNumberIn((await valueOf(options.phone, req)) ?? fieldOf({ body: req.body, query: {} }, 'phone'))
}

/**
 * Is this transaction, still open, what is wanted? Then nobody's phone rings twice (MITRE ATT&CK T1621).
 * @internal
 */
export function isPendingFor(wanted: Wanted, factor: Factor, authenticatorId: string | undefined, now: number) {
  return (one: Transaction): boolean =>
    one.closed === undefined &&
    now < one.expiresAt &&
    one.factor === factor.name &&
    one.authenticatorId === authenticatorId &&
    isDeepStrictEqual(
      { ...wanted.subject, operation: wanted.operation, message: wanted.message, data: wanted.data, factors: wanted.factors },
      { ...one.subject, operation: one.operation, message: one.message, data: one.data, factors: one.factors },
    )
}

/**
 * May this transaction be finished by this request? Where Passport will log nobody in (`passport.authorize`,
 * `session: false`), an approval counts for whoever is signed in, and so it must be theirs: with a second password,
 * somebody could otherwise start one of another account, and approve it on another phone.
 * @internal
 */
export async function countsFor(
  req: NevisRequest,
  { assignProperty, session }: AuthenticateOptions,
  settings: Settings,
  transaction: Transaction,
): Promise<boolean> {
  const logsIn = assignProperty === undefined && session !== false
  if (logsIn || loginOf(sessionOf(req) ?? {}) === undefined) return true
  return isSubjectOf(await settings.subject(req), transaction)
}

/**
 * An enrolment by SMS may be for another number this time, and recovery codes cannot be shown by a second handle.
 * @internal
 */
export function canBeShownAgain({ operation, shown }: Transaction): boolean {
  return operation === 'approve' || shown.appLinkUri !== undefined || shown.intentToken !== undefined
}

function isSubject(subject: Subject | undefined): subject is Subject {
  const names = [subject?.userId, subject?.username].filter((name) => name !== undefined)
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}

function valueOf<T>(value: FromRequest<T> | undefined, req: NevisRequest): T | undefined | Promise<T> {
  return typeof value === 'function' ? (value as (req: NevisRequest) => T | Promise<T>)(req) : value
}

/** What JSON makes of it, as the session will: so that it compares equal later, and no one changes it meanwhile. */
function frozenCopy(data: unknown): unknown {
  return data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown)
}
