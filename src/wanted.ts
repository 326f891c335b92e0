/**
 * What a request wants asked: of whom, which operation, by which factor, with what message and data.
 *
 * Not its job: to ask it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Operation } from './client/wire'
import type { Factor } from './factors/factor'
import { Refusal } from './failures'
import type { FromRequest, Settings } from './options'
import { fieldOf, type NevisRequest } from './request'
import type { Subject, Transaction } from './transactions'

export interface Wanted {
  readonly subject: Subject
  readonly operation: Operation
  readonly message?: string
  readonly data?: unknown
}

/** Options of `passport.authenticate('nevis', …)`, beside Passport's own. */
export interface NevisAuthenticateOptions {
  /** Factor to start unless the request names one. Default: the first of `factors`. */
  factor?: string | undefined
  /** Default: the strategy's. */
  operation?: FromRequest<Operation> | undefined
  /** Default: the strategy's. */
  message?: FromRequest<string | undefined> | undefined
  /** Default: the strategy's. */
  data?: FromRequest<unknown>
  /** `+41791234567`, to enrol SMS. Default: `req.body.phone`. */
  phone?: FromRequest<string | undefined> | undefined
  successRedirect?: string | undefined
  successReturnToOrRedirect?: string | undefined
}

declare module 'passport' {
  // Typed options for `passport.authenticate('nevis', …)`.
  interface AuthenticateOptions extends NevisAuthenticateOptions {}
}

/**
 * @throws Refusal `no_subject`; TypeError when a function of the application answers nonsense
 * @internal
 */
export async function wantedBy(req: NevisRequest, options: NevisAuthenticateOptions, settings: Settings): Promise<Wanted> {
  const subject = await settings.subject(req)
  if (!isSubject(subject)) throw new Refusal('no_subject')
  const operation = await valueOf(options.operation ?? settings.operation, req)
  if (operation !== 'approve' && operation !== 'enroll') throw new TypeError('NevisStrategy: operation must be "approve" or "enroll"')
  const message = await valueOf(options.message ?? settings.message, req)
  const data = frozenCopy(await valueOf(options.data ?? settings.data, req))
  return { subject, operation, ...(message !== undefined && { message }), ...(data !== undefined && { data }) }
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
  ofRoute?: string,
): Factor {
  const offered = settings.factors.filter((factor) => typeof factor[operation] === 'function')
  const name = requested === undefined ? (ofRoute ?? offered[0]?.name) : requested
  const factor = offered.find((one) => one.name === name)
  if (factor !== undefined) return factor
  if (requested === undefined && ofRoute !== undefined) {
    throw new TypeError(`NevisStrategy: factor "${ofRoute}" of this route is not among the strategy's factors`)
  }
  throw new Refusal('unknown_factor')
}

/** @internal */
export async function phoneOf(req: NevisRequest, options: NevisAuthenticateOptions): Promise<string | undefined> {
  return (await valueOf(options.phone, req)) ?? fieldOf({ body: req.body } as NevisRequest, 'phone')?.trim()
}

/**
 * Is this transaction, still open, what is wanted? Then nobody's phone rings twice (MITRE ATT&CK T1621).
 * @internal
 */
export function isPendingFor(wanted: Wanted, factor: Factor, now: number) {
  return (one: Transaction): boolean =>
    one.closed === undefined &&
    now < one.expiresAt &&
    one.factor === factor.name &&
    isDeepStrictEqual(
      { ...wanted.subject, operation: wanted.operation, message: wanted.message, data: wanted.data },
      { ...one.subject, operation: one.operation, message: one.message, data: one.data },
    )
}

function isSubject(subject: Subject | undefined): subject is Subject {
  const names = [subject?.userId, subject?.username].filter((name) => name !== undefined)
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}

async function valueOf<T>(value: FromRequest<T> | undefined, req: NevisRequest): Promise<T | undefined> {
  return typeof value === 'function' ? (value as (req: NevisRequest) => T | Promise<T>)(req) : value
}

/** What JSON makes of it, as the session will: so that it compares equal later, and no one changes it meanwhile. */
function frozenCopy(data: unknown): unknown {
  return data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown)
}
