/**
 * Calls the app's `verify` and gets one result from it, whether `verify` uses a callback, a promise, or both.
 *
 * Out of scope: acting on the result (`strategy.ts`).
 */
import type { NevisProfile } from '../factors/profile'
import type { NevisRequest } from '../host/request'

/** The callback of `verify`. Call it as `done(error)`, as `done(null, false, { message })` to reject the user, or as `done(null, user, info)`. */
export type VerifyDone = (error?: unknown, user?: Express.User | false | null, info?: object) => void

/** @inline */
type Found = Express.User | false | null | undefined

/**
 * What `verify` may return: nothing, or a promise of the user. Returning a user without a promise is a mistake and does not compile. If your
 * callback-style `verify` returns another value by accident, add braces: `(profile, done) => { db.get(profile.id, done) }`.
 * @inline
 */
type Verified = void | PromiseLike<Found | void>

/** Your function, which finds the user: with a callback, `(profile, done) => …`, or async, `async (profile) => user`. */
export type Verify = (profile: NevisProfile, done: VerifyDone) => Verified

/**
 * The function for `passReqToCallback: true`: the request comes first. Declared as a method, so that TypeScript accepts the request type of any web
 * framework.
 */
export type VerifyWithRequest = {
  /** Called once for each approval. */
  of(req: NevisRequest, profile: NevisProfile, done: VerifyDone): Verified
}['of']

export interface Verdict {
  readonly user: Express.User | false
  readonly info?: object
}

/**
 * Calls `verify` and returns its first result. If `verify` returns a promise of `undefined`, the user is rejected. The exception is a `verify` that
 * declares the parameter `done`: it may still call `done` after its promise resolves (`async (profile, done) => db.get(profile.id, done)`). `verify`
 * always gets the same arguments, however many parameters it declares.
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
      // Reject if `verify` returns a value that is not a promise and does not declare `done`: the browser would never get an answer. If `verify`
      // declares `done`, ignore the value, which may be a database object.
      if (result !== undefined && verify.length === args.length) reject(new TypeError('NevisStrategy: verify must call done, or return a promise: make verify an async function'))
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
