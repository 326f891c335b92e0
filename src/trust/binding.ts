/**
 * Checks that an approval or an enrolment at Nevis belongs to the started transaction, to its user and to this Nevis instance.
 *
 * An active token alone proves nothing, because Nevis's introspection also reports access keys, status tokens and intent tokens as active
 * (https://docs.nevis.net/authcloud/api-doc/api-reference/introspect-ref).
 *
 * Out of scope: calling Nevis (`proof.ts`).
 */
import { isUuid } from '../client/checks'
import type { Introspection } from '../client/client'
import { approverIdOf, type Succeeded } from '../factors/factor'
import type { Subject, Transaction } from '../factors/transaction'
import type { TransactionTokenClaims } from './token-claims'

/**
 * What does not match. `digest`: the transaction was changed in the session after the start. `login`: the transaction belongs to another user than the one who
 * is logged in. `factors`, `operation`, `purpose`: the callback route does not allow this transaction. Any other value is a field of Nevis's answer.
 */
export type Mismatch =
  | 'userId' | 'username' | 'usernameCase' | 'transactionId' | 'token' | 'active' | 'sub' | 'iss' | 'aud' | 'exp' | 'nbf' | 'iat'
  | 'digest' | 'login' | 'factors' | 'operation' | 'purpose'

/** Allowed difference between this server's clock and Nevis's clock, in seconds. */
const CLOCK_SKEW_SECONDS = 60

/** True if two ids are the same. Also true if both are undefined: the caller must exclude that. Ignores upper and lower case of UUIDs (RFC 9562, section 4). */
export function isSameId(one: string | undefined, other: string | undefined): boolean {
  return one === other || (isUuid(one) && one.toLowerCase() === other?.toLowerCase())
}

/**
 * Checks that the user whom Nevis's answer names is the subject (the user of the transaction). If the usernames differ only in upper and lower case, the
 * userIds decide, because an app may have both an `Anna` and an `anna`.
 * @returns the field that does not match, or undefined; `usernameCase` if only the case differs and there are no userIds to compare
 */
export function subjectMismatch(
  subject: Subject,
  named: { userId?: string | undefined; username?: string | undefined },
): 'userId' | 'username' | 'usernameCase' | undefined {
  const areIdsKnown = subject.userId !== undefined && named.userId !== undefined
  if (areIdsKnown && !isSameId(named.userId, subject.userId)) return 'userId'
  // Absent: nothing to compare.
  if (subject.username === undefined || named.username === undefined || named.username === subject.username) return undefined
  if (named.username.toLowerCase() !== subject.username.toLowerCase()) return 'username'
  return areIdsKnown ? undefined : 'usernameCase'
}

/**
 * Checks that an approval or an enrolment belongs to the transaction that this session started. The userId must be known from the start or from the outcome.
 * @returns the field that does not match, or undefined
 */
export function outcomeMismatch(transaction: Transaction, outcome: Succeeded): Mismatch | undefined {
  const { transactionId, username, isBoundByStatusToken = false } = outcome
  const userId = approverIdOf(transaction, outcome)
  if (userId === undefined) return 'userId'
  // If Nevis was asked with the status token, the token binds the answer to the transaction. Then the outcome need not contain its userId and transactionId.
  // Every other outcome must contain both.
  if (!isBoundByStatusToken && outcome.userId === undefined) return 'userId'
  if (transaction.userId !== undefined && outcome.userId !== undefined && !isSameId(outcome.userId, transaction.userId)) return 'userId'
  if (!isBoundByStatusToken && transactionId === undefined) return 'transactionId'
  if (transactionId !== undefined && !isSameId(transactionId, transaction.id)) return 'transactionId'
  return subjectMismatch(transaction.subject, { userId, username })
}

/** True if the transaction was started for this subject (user). Every identifier that the subject has, username or userId, must match. */
export function isSubjectOf(subject: Subject | undefined, { subject: asked, userId }: Pick<Transaction, 'subject' | 'userId'>): boolean {
  if (subject === undefined || (subject.userId === undefined && subject.username === undefined)) return false
  if (subject.userId !== undefined && !isSameId(subject.userId, userId ?? asked.userId)) return false
  if (subject.username !== undefined && subject.username !== asked.username) return false
  return true
}

/** The user of a start: the user's key in the ledger, and the userId if it is known. */
export interface UserOfStart {
  readonly budget?: string | undefined
  readonly userId?: string | undefined
}

/**
 * True if both starts are of the same user: the ledger counts both under the same key, or both have the same userId. If the app has named the user by username
 * once and by userId later, only the userId is the same.
 */
export function isOfSameUser(one: UserOfStart, other: UserOfStart): boolean {
  return one.budget === other.budget || (one.userId !== undefined && isSameId(one.userId, other.userId))
}

/**
 * True if both transactions are of the same person. If both userIds are known, only they count: a username may change, and another user may have the same one.
 * If a userId is unknown, both identifiers that the app has given must be the same.
 */
export function isOfSamePerson(one: Pick<Transaction, 'subject' | 'userId'>, other: Pick<Transaction, 'subject' | 'userId'>): boolean {
  const [ownId, otherId] = [one, other].map(({ subject, userId }) => subject.userId ?? userId)
  if (ownId !== undefined && otherId !== undefined) return isSameId(ownId, otherId)
  return one.subject.userId === other.subject.userId && one.subject.username === other.subject.username
}

export interface ExpectedProof {
  readonly userId: string
  /** The issuers whose tokens are accepted, without a trailing slash. */
  readonly issuers: readonly string[]
  /** When the transaction was started, in milliseconds since 1970. */
  readonly startedAt: number
  /** The current time, in milliseconds since 1970. */
  readonly now: number
  /** True if the browser sent the token. The token must then have `iat` (when it was issued), and must name its user or transaction. */
  readonly isFromBrowser?: boolean
  readonly username?: string | undefined
  readonly transactionId?: string
  /** The option `transactionTokens`: how the tokens of this instance differ from Nevis's documentation. */
  readonly claims?: TransactionTokenClaims
}

/**
 * Checks that the introspected token is a transaction token of this user and this instance.
 * @returns the field that does not match, or undefined
 */
export function proofMismatch(proof: Introspection, expected: ExpectedProof): Mismatch | undefined {
  if (!proof.active) return 'active'
  const { acceptAudienceApi = false, acceptMissingIssuer = false } = expected.claims ?? {}
  if (!isSubjectRight(proof.sub, expected)) return 'sub'
  if (proof.iss === undefined ? !acceptMissingIssuer : !expected.issuers.includes(withoutSlash(proof.iss))) return 'iss'
  // Refuse access keys: of all documented tokens, only access keys have `aud` "api" (https://docs.nevis.net/apidoc/authcloud/, introspection sample).
  if (proof.aud?.includes('api') && !acceptAudienceApi) return 'aud'
  // Compare the times in the token with the header `Date` of Nevis's answer, because both come from Nevis's clock.
  const { answeredAt = expected.now } = proof
  const nowSeconds = answeredAt / 1000
  const clockDifferenceMs = answeredAt - expected.now
  const startedAtSeconds = (expected.startedAt + clockDifferenceMs) / 1000
  if (proof.exp !== undefined && proof.exp <= nowSeconds) return 'exp'
  if (proof.nbf !== undefined && proof.nbf > nowSeconds + CLOCK_SKEW_SECONDS) return 'nbf'
  // Refuse the token of an earlier transaction of this user. It may differ from the right token only in `iat` (when the token was issued).
  if (proof.iat !== undefined && proof.iat < startedAtSeconds - CLOCK_SKEW_SECONDS) return 'iat'
  // A token from the browser needs an `iat`. The ledger remembers a used token only until its `iat` is too old to be accepted. A token without `iat` would
  // never be too old, so it could be used again as soon as the ledger has forgotten it.
  if (expected.isFromBrowser && (proof.iat === undefined || proof.iat > nowSeconds + CLOCK_SKEW_SECONDS)) return 'iat'
  return undefined
}

function isSubjectRight(sub: string | undefined, { userId, username, transactionId, claims, isFromBrowser = false }: ExpectedProof): boolean {
  const { subject = 'userId' } = claims ?? {}
  if (subject === 'none') return sub === undefined ? !isFromBrowser : isSameId(sub, userId)
  const expected = { userId, username, transactionId }[subject]
  return expected !== undefined && isSameId(sub, expected)
}

/** Removes the slash at the end, because Nevis's `iss` ends with a slash, and a base URL usually does not. */
export function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}
