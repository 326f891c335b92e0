/**
 * How long a user has to finish a transaction.
 *
 * Out of scope: recovery codes, which have more time (`strategy/new-transaction.ts`).
 */
import type { Operation } from '../client/wire'

export interface Lifetimes {
  /** How long a user has to answer an approval, in milliseconds. */
  readonly lifetimeMs: number
  /** How long a user has to finish an enrolment, in milliseconds. Default: `lifetimeMs`. */
  readonly enrollmentLifetimeMs?: number | undefined
}

/** @internal */
export function lifetimeMsOf({ lifetimeMs, enrollmentLifetimeMs = lifetimeMs }: Lifetimes, operation: Operation | undefined): number {
  return operation === 'enroll' ? enrollmentLifetimeMs : lifetimeMs
}
