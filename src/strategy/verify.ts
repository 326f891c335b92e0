/**
 * Calls the app's `verify`, and accepts its result from a callback or a promise.
 *
 * Out of scope: acting on the result (`strategy.ts`).
 */
import type { NevisProfile } from '../factors/profile'
import { isThenable } from '../host/app-function'
import type { NevisRequest } from '../host/request'

/** The callback that `verify` gets: `done(error)`; `done(null, false, { message })` to reject the user; or `done(null, user, info)`. */
export type VerifyDone = (error?: unknown, user?: Express.User | false | null, info?: object) => void

/** @inline */
type Found = Express.User | false | null | undefined

/**
 * What `verify` may return: nothing, or a promise of the user. If your callback-style `verify` does not compile because it returns another value, add
 * braces: `(profile, done) => { db.get(profile.id, done) }`.
 * @inline
 */
type Verified = void | PromiseLike<Found | void>

/** Your function that finds the user: `(profile, done) => …` with a callback, or `async (profile) => user`. */
export type Verify = (profile: NevisProfile, done: VerifyDone) => Verified

/** The function for `passReqToCallback: true`: its first parameter is the request, whose type may be that of any web framework. */
export type VerifyWithRequest = {
  /** Called once for each approval. */
  of(req: NevisRequest, profile: NevisProfile, done: VerifyDone): Verified
}['of']

export interface Verdict {
  readonly user: Express.User | false
  readonly info?: object
}

/**
 * Calls `verify` and returns its first result. A promise of `undefined` rejects the user. Exception: if `verify` has a parameter `done`, it may still call
 * `done` later (`async (profile, done) => db.get(profile.id, done)`).
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
      // If `verify` does not declare `done` and returns no promise, reject: the browser would otherwise never get an answer. If `verify` declares `done`,
      // ignore the returned value, which may be a database object.
      if (result !== undefined && verify.length === args.length) reject(new TypeError('NevisStrategy: verify must call done, or return a promise: make verify an async function'))
      return
    }
    result.then((user) => {
      if (user !== undefined || verify.length <= args.length) done(null, user as Found)
    }, reject)
  })
}
