/**
 * What a dialect is: one plausible reading of what Nevis's documents leave open, as a small change of the simulator's answers.
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

/** A request of the API, as a dialect sees it. */
export interface DialectRequest {
  readonly operation: OperationName
  /** The path without the query. */
  readonly path: string
  /** The decoded body; empty if there is none. */
  readonly body: Body
  readonly headers: IncomingHttpHeaders
  /** The transaction of the status token in the body. */
  readonly transaction: Transaction | undefined
  /** For reading only: a dialect changes answers, never the state of the cloud. */
  readonly cloud: Cloud
}

/** A request with what is known about its answer. */
export interface Exchange extends DialectRequest {
  /** Why the cloud refused the request; undefined if it did not. */
  readonly refusal: ProblemReason | undefined
  /** How often the same token had the same answer (`active`, or the same `status`) before. */
  readonly earlier: number
}

export interface Dialect {
  /** In kebab-case, for the option `dialect` and the flag `--dialect`. */
  readonly name: string
  /** What the cloud does, in one sentence. */
  readonly says: string
  /** Why this is plausible: a document, or what other servers do. */
  readonly because: string
  /** Refuses a request before the cloud runs it. */
  readonly refuses?: (request: DialectRequest) => Problem | undefined
  /** The changed answer. It must not change the one that it gets. */
  readonly rewrites?: (answer: Answer, exchange: Exchange) => Answer
  /** How far the cloud's clock is ahead of this machine's, in milliseconds. */
  readonly clockMs?: number
}

/** Dialects of one subject. */
export interface DialectGroup {
  readonly title: string
  readonly dialects: readonly Dialect[]
}

/**
 * The part of a probe's report that the option `dialect` reads: which dialects were recognised. Other properties are ignored.
 */
export interface DialectReport {
  /** Names of dialects; an empty list is the simulator's own answers. */
  readonly dialects: readonly string[]
}
