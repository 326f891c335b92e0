/**
 * Pure functions that check that a success belongs to this transaction, this subject and this Nevis instance.
 *
 * An active token alone proves nothing, because access keys, status tokens and intent tokens introspect as active, too
 * (https://docs.nevis.net/authcloud/api-doc/api-reference/introspect-ref).
 */
import type { Introspection } from '../client/client'
import type { Succeeded } from '../factors/factor'
import type { Subject, Transaction } from '../factors/transaction'

/** What does not match: a field of an answer, the transaction's digest or login, or an option of the route that finishes it. */
export type Mismatch =
  | 'userId' | 'username' | 'transactionId' | 'token' | 'active' | 'sub' | 'iss' | 'aud' | 'exp' | 'nbf' | 'iat'
  | 'digest' | 'login' | 'factors' | 'operation' | 'purpose'

/** Allowed difference between our clock and Nevis's, in seconds. */
const CLOCK_SKEW_SECONDS = 60

/**
 * Checks that an answer of Nevis names the subject, if it names a user.
 * @returns the field that does not match, or undefined
 */
export function subjectMismatch(
  subject: Subject,
  named: { userId?: string | undefined; username?: string | undefined },
): 'userId' | 'username' | undefined {
  if (subject.userId !== undefined && named.userId !== undefined && named.userId !== subject.userId) return 'userId'
  if (subject.username !== undefined && named.username !== undefined && named.username !== subject.username) return 'username'
  return undefined
}

/**
 * Checks that a success belongs to the transaction that this session started.
 * @returns the field that does not match, or undefined
 */
export function outcomeMismatch(transaction: Transaction, outcome: Succeeded): Mismatch | undefined {
  if (transaction.userId === undefined ? outcome.userId === undefined : outcome.userId !== transaction.userId) return 'userId'
  if (outcome.transactionId !== transaction.id) return 'transactionId'
  return subjectMismatch(transaction.subject, outcome)
}

/**
 * True if the transaction was started for this subject: every identifier of the subject must match.
 */
export function isSubjectOf(subject: Subject | undefined, { subject: asked, userId = asked.userId }: Pick<Transaction, 'subject' | 'userId'>): boolean {
  if (subject?.userId === undefined && subject?.username === undefined) return false
  const { userId: ownId = userId, username = asked.username } = subject
  return ownId === userId && username === asked.username
}

export interface ExpectedProof {
  readonly userId: string
  /** Without trailing slash. */
  readonly issuers: readonly string[]
  /** When the transaction was started, in milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds since 1970. */
  readonly now: number
  /** True if the browser brought the token: then it must say when it was issued. */
  readonly isFromBrowser?: boolean
}

/**
 * Checks that the introspected token is a transaction token of this user and this instance.
 * @returns the field that does not match, or undefined
 */
export function proofMismatch(proof: Introspection, expected: ExpectedProof): Mismatch | undefined {
  if (!proof.active) return 'active'
  if (proof.sub !== expected.userId) return 'sub'
  if (proof.iss === undefined || !expected.issuers.includes(withoutSlash(proof.iss))) return 'iss'
  // Of the documented tokens, only access keys have `aud` "api": https://docs.nevis.net/apidoc/authcloud/, introspection sample.
  if (proof.aud?.includes('api')) return 'aud'
  const nowSeconds = expected.now / 1000
  if (proof.exp !== undefined && proof.exp <= nowSeconds) return 'exp'
  if (proof.nbf !== undefined && proof.nbf > nowSeconds + CLOCK_SKEW_SECONDS) return 'nbf'
  // An older token of the same user differs in nothing else that Nevis documents.
  if (proof.iat !== undefined && proof.iat < expected.startedAt / 1000 - CLOCK_SKEW_SECONDS) return 'iat'
  // The ledger keeps a used token only until `iat` makes it too old, so without `iat` it could be replayed later.
  if (expected.isFromBrowser && (proof.iat === undefined || proof.iat > nowSeconds + CLOCK_SKEW_SECONDS)) return 'iat'
  return undefined
}

/** Nevis's `iss` ends in a slash, base URLs usually do not. */
export function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}
