/**
 * The type for the result of the last status call for one transaction: Nevis's answer, or an error.
 *
 * Out of scope: making the call (`watched-transaction.ts`).
 */
import type { Status } from '../../client/client'

export interface LastCall {
  /** When the status call to Nevis ended, in milliseconds of `performance.now()`. */
  readonly at: number
  readonly answer?: Status
  readonly error?: unknown
}
