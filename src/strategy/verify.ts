/**
 * What the application's `verify` gets, and its run, which settles once, whether it is a callback, a promise, or both.
 *
 * Not its job: to decide anything about the answer.
 */
import type { Operation } from '../client/wire'
import type { Succeeded } from '../factors/factor'
import type { FactorName } from '../factors/names'
import type { NevisRequest } from '../host/request'
import type { Transaction } from '../session/transactions'

/** Who approved what, in Passport's words. */
export interface NevisProfile {
  /** Passport's word for where a profile comes from. */
  readonly provider: 'nevis'
  /** Nevis's lifelong userId. */
  readonly id: string
  /** The app's own identifier, where Nevis or the start names it. */
  readonly username?: string
  /** Name of the factor that was given. */
  readonly factor: FactorName
  /** An enrolment never passes for an approval: look here before you let somebody in on one. */
  readonly operation: Operation
  /** For audit logs. */
  readonly transactionId: string
  /** Exactly what was shown on the phone. */
  readonly message?: string
  /** Exactly what the application gave at the start. */
  readonly data?: unknown
}

/** @internal */
export function profileOf(transaction: Transaction, outcome: Succeeded): NevisProfile {
  const { factor, operation, id, subject, message, data } = transaction
  const username = outcome.username ?? subject.username
  return Object.freeze({
    provider: 'nevis',
    id: outcome.userId as string,
    ...(username !== undefined && { username }),
    factor,
    operation,
    transactionId: id,
    ...(message !== undefined && { message }),
    ...(data !== undefined && { data }),
  })
}

/** `done(error)`, `done(null, false, { message })` for nobody, or `done(null, user, info)`. */
export type VerifyDone = (error?: unknown, user?: Express.User | false | null, info?: object) => void

/** @inline */
type Found = Express.User | false | null | undefined

/**
 * Nothing, or a promise of the user. A user that is returned without a promise would be waited for in vain, and must not
 * compile: a callback that happens to return something gets braces, `(profile, done) => { db.get(profile.id, done) }`.
 * @inline
 */
type Verified = void | PromiseLike<Found | void>

/** With a callback, or async: `(profile, done) => …` or `async (profile) => user`. */
export type Verify = (profile: NevisProfile, done: VerifyDone) => Verified

/** The same with `passReqToCallback`: the request comes first. Declared as a method so that any host's request type fits. */
export type VerifyWithRequest = {
  /** Called once for each approval. */
  of(req: NevisRequest, profile: NevisProfile, done: VerifyDone): Verified
}['of']

export interface Verdict {
  readonly user: Express.User | false
  readonly info?: object
}

/**
 * The first settlement wins. A promise of `undefined` means nobody, unless the function declares `done`: it then
 * calls it later (`async (profile, done) => db.get(profile.id, done)`). The arguments never depend on `length`.
 * @internal
 */
export function runVerify(verify: Verify | VerifyWithRequest, args: readonly unknown[]): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const done: VerifyDone = (error, user, info) => {
      if (error) reject(error)
      else resolve({ user: user || false, ...(info && { info }) })
    }
    const result = (verify as (...args: unknown[]) => unknown)(...args, done)
    if (!isThenable(result)) {
      // Nobody else would answer the browser. With a `done` of its own, or in a wrapper of any length, what it returns means
      // nothing: it may be a database.
      if (result !== undefined && verify.length === args.length) reject(new TypeError('NevisStrategy: verify must call done, or return a promise: make it async'))
      return
    }
    result.then((user) => {
      if (user !== undefined || verify.length <= args.length) done(null, user as Found)
    }, reject)
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function'
}
