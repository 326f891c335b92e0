/**
 * The type of a dialect. Where Nevis's documents leave something open, each plausible reading is a dialect: a small change of the simulator's
 * answers.
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

/** A request to the API, as a dialect gets it. */
export interface DialectRequest {
  readonly operation: OperationName
  /** The path without the query. */
  readonly path: string
  /** The decoded body; empty if there is none. */
  readonly body: Body
  readonly headers: IncomingHttpHeaders
  /** The transaction of the status token in the body. */
  readonly transaction: Transaction | undefined
  /** A dialect may only read from the cloud: it changes answers, never the state. */
  readonly cloud: Cloud
}

/** A request, with facts about its answer. */
export interface Exchange extends DialectRequest {
  /** Why the cloud refused the request; undefined if it did not. */
  readonly refusal: ProblemReason | undefined
  /** How often this token got the same answer before (the same `status`, or the same `active`). */
  readonly earlier: number
}

export interface Dialect {
  /** The dialect's name for the option `dialect` and the flag `--dialect`, in kebab-case. */
  readonly name: string
  /** What the cloud does in this dialect, in one sentence. */
  readonly says: string
  /** Why the dialect is plausible: a sentence in a document, or the behaviour of other servers. */
  readonly because: string
  /** Refuses a request before the cloud runs it. */
  readonly refuses?: (request: DialectRequest) => Problem | undefined
  /** Returns the changed answer as a new object, and leaves the given one unchanged. */
  readonly rewrites?: (answer: Answer, exchange: Exchange) => Answer
  /** How far the cloud's clock is ahead of this machine's, in milliseconds. */
  readonly clockMs?: number
}

/** Dialects that answer the same open question. */
export interface DialectGroup {
  readonly title: string
  readonly dialects: readonly Dialect[]
}

/**
 * The part of a probe's report that the option `dialect` reads: which dialects were recognised. Other properties are ignored.
 */
export interface DialectReport {
  /** Names of dialects; if the list is empty, the simulator gives its own answers. */
  readonly dialects: readonly string[]
}
