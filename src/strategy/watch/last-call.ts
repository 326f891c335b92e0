/**
 * The type for the result of the last status call for one transaction.
 *
 * Out of scope: making the call (`watched-transaction.ts`).
 */
import type { Introspection, Status } from '../../client/client'

/** The result of the last status call: Nevis's answer, or an error. */
export interface LastCall {
  /** When the status call to Nevis ended, in milliseconds of `performance.now()`. */
  readonly at: number
  readonly answer?: Status
  readonly error?: unknown
  introspection?: Promise<Introspection>
  /** True after a callback has used Nevis's answer to this call. */
  isUsed?: true
}
