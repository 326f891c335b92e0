/**
 * The type of a dialect: one possible behaviour of Nevis where its documentation leaves something open. A test chooses dialects with the option `dialect`
 * of the simulator.
 *
 * Out of scope: the dialects themselves (one file per group), and applying them (`apply.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from '../answer'
import type { Cloud } from '../cloud'
import type { Body } from '../inputs'
import type { Transaction } from '../model'
import type { Problem, ProblemReason } from '../problem'
import type { OperationName } from '../routes'

/** A request to the simulated API, as passed to a dialect. */
export interface DialectRequest {
  readonly operation: OperationName
  /** The path of the URL, without the query. */
  readonly path: string
  /** The parsed body; an empty object if there is none. */
  readonly body: Body
  readonly headers: IncomingHttpHeaders
  /** The transaction to which the status token in the request's body belongs; undefined if the body has no status token, or an unknown one. */
  readonly transaction: Transaction | undefined
  /** The state of the simulated Nevis. A dialect may only read it. */
  readonly cloud: Cloud
}

/** A request to the simulated API, with facts about its response. */
export interface Exchange extends DialectRequest {
  /**
   * The simulator's own response, before the dialects change it. Exception: a dialect of a layer after `addition` also sees the fields that the dialects of the
   * layer `addition` have added. A dialect reads this response, and not the changed one, to decide what to change and to compute new values. Otherwise, the
   * result would depend on the order of the dialects.
   */
  readonly original: Answer
  /** Why the simulator responds with an error, for example `unknown-user`. Undefined for a success, and for an error without a `ProblemReason`. */
  readonly refusal: ProblemReason | undefined
  /** How many earlier responses for the same token had the same `status` or `active` value. */
  readonly earlier: number
}

/**
 * The layers of a response, in the order in which the simulator changes them. A dialect of a later layer works whatever an earlier layer has changed. For
 * example, a dialect that puts all fields into a list (`shape`) comes after the dialects that change one of these fields.
 */
export const LAYERS = ['addition', 'field', 'shape', 'gateway', 'header', 'encoding'] as const
export type Layer = (typeof LAYERS)[number]

export interface Dialect {
  /** The name for the option `dialect` and the flag `--dialect`, in kebab-case. */
  readonly name: string
  /** One sentence that says how Nevis behaves in this dialect. */
  readonly says: string
  /** Why Nevis may behave like this: a sentence in its documentation, or the behaviour of other servers. */
  readonly because: string
  /** What the dialect does: adds fields to a response, changes fields (default), moves fields, replaces the whole response, or changes headers or bytes. */
  readonly layer?: Layer
  /** Returns an error for a request that this dialect refuses. The operation is then not run. */
  readonly refuses?: (request: DialectRequest) => Problem | undefined
  /** Returns a changed copy of the response. Must not change the given response, and must keep all fields that the dialect is not about. */
  readonly rewrites?: (answer: Answer, exchange: Exchange) => Answer
  /** Milliseconds by which the simulated Nevis's clock is ahead of the machine's clock. */
  readonly clockMs?: number
}

/** Dialects for one question that Nevis's documentation leaves open. */
export interface DialectGroup {
  readonly title: string
  readonly dialects: readonly Dialect[]
}

/** The part of the report of `npx passport-nevis probe` that the option `dialect` reads. Other properties are ignored. */
export interface DialectReport {
  /** Names of the dialects that the probe has recognised. An empty list has no effect. */
  readonly dialects: readonly string[]
}
