/**
 * The type for the result of the last status call for one transaction.
 *
 * Out of scope: making the call (`watched-transaction.ts`).
 */
import type { Status } from '../../client/client'

/** The result of the last status call: Nevis's answer, or an error. */
export interface LastCall {
  /** When the status call to Nevis ended, in milliseconds of `performance.now()`. */
  readonly at: number
  readonly answer?: Status
  readonly error?: unknown
}
