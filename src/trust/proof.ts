/**
 * Checks that an approval or an enrolment is genuine: introspects its token at Nevis, and compares every answer of Nevis with the started transaction.
 *
 * The folder `trust/` decides what to believe: `proof.ts` and `binding.ts` compare Nevis's answers with the transaction. The other files encrypt or
 * authenticate data that leaves the process, and check the form of tokens, codes and secrets. If a check cannot be made, no user is signed in.
 * Out of scope: that an approval is used only once (`ledger/endings.ts`).
 */
import { createHash } from 'node:crypto'
import { isSameId, outcomeMismatch, proofMismatch, subjectMismatch, type Mismatch } from './binding'
import { isToken } from '../client/checks'
import type { Introspection, NevisClient } from '../client/client'
import { approverIdOf, promptOf, type Factor, type Succeeded } from '../factors/factor'
import { findUser } from '../factors/shared'
import { looksLikeResultToken } from './result-token'
import type { Transaction } from '../factors/transaction'
import type { TransactionTokenClaims } from './token-claims'

interface ProofSettings {
  readonly client: NevisClient
  /** Caches introspections, by a digest of the transaction's id and the token. */
  readonly introspections: { get(digest: string, ask: () => Promise<Introspection>): Promise<Introspection> }
  readonly issuers: readonly string[]
  /** The option `transactionTokens`: how the tokens of this instance differ from Nevis's documentation. */
  readonly claims: TransactionTokenClaims
}

/**
 * Compares the outcome of an approval or an enrolment with the started transaction, and introspects its token.
 * @returns the field that does not match, or undefined if the approval or enrolment is genuine
 * @throws NevisError if a call to Nevis fails
 * @internal
 */
export async function mismatchOf(
  { client, introspections, issuers, claims }: ProofSettings,
  transaction: Transaction,
  factor: Factor,
  outcome: Succeeded,
): Promise<Mismatch | undefined> {
  const field = outcomeMismatch(transaction, outcome)
  const userId = approverIdOf(transaction, outcome)
  if (field !== undefined) return field
  if (userId === undefined) return 'userId'
  const { token } = outcome
  if (token === undefined) return needsToken(factor, transaction) ? 'token' : undefined
  if (token === transaction.statusToken || (await client.holdsAccessKey(token))) return 'token'
  const isFromBrowser = promptOf(factor, transaction.operation) === 'widget'
  if (isFromBrowser && !(await couldBeResultToken(client, transaction, token))) return 'token'
  // The key is a digest, because an app may log the strategy object with its cache, and the log must not contain the token.
  const { id, startedAt, subject } = transaction
  const proof = await introspections.get(createHash('sha256').update(`${id} ${token}`).digest('base64url'), () => client.introspect(token))
  const username = outcome.username ?? subject.username ?? (claims.subject === 'username' ? await usernameOf(client, userId) : undefined)
  return proofMismatch(proof, { userId, username, transactionId: id, issuers, claims, startedAt, now: Date.now(), isFromBrowser })
}

/** Asks Nevis for the username. Returns undefined if Nevis's answer is about another user, or has no username. */
async function usernameOf(client: NevisClient, userId: string): Promise<string | undefined> {
  const user = await findUser(client, { userId })
  return user !== undefined && isSameId(user.userId, userId) ? user.username : undefined
}

/**
 * Checks that the user who approved is the user whom the app named. If no answer of Nevis has contained the username yet, asks Nevis which userId the
 * username has. Without this check, a gateway that mixes up two answers could sign one user in with another user's approval.
 * @returns the field that does not match, or undefined
 * @throws NevisError if the call to Nevis fails
 * @internal
 */
export async function unnamedMismatch({ client }: Pick<ProofSettings, 'client'>, transaction: Transaction, outcome: Succeeded): Promise<Mismatch | undefined> {
  const { subject, isUserIdNamed } = transaction
  if (subject.userId !== undefined || subject.username === undefined || outcome.username !== undefined || isUserIdNamed === true) return undefined
  const user = await findUser(client, { username: subject.username })
  if (user === undefined) return 'username'
  const field = subjectMismatch(subject, user)
  if (field !== undefined) return field
  return isSameId(user.userId, approverIdOf(transaction, outcome)) ? undefined : 'userId'
}

/**
 * True if only a transaction token of Nevis can prove the success. Nevis gives no token for an SMS code, a recovery code or new recovery codes. With
 * `typedCode`, not Nevis but this package checks the code that the user types. So Nevis's token must also prove that the user approved the push.
 */
function needsToken(factor: Factor, { operation, isCodeTyped, statusToken }: Transaction): boolean {
  if (isCodeTyped !== undefined && statusToken !== undefined) return true
  return !['code', 'confirm'].includes(promptOf(factor, operation))
}

/**
 * False for a token that a browser can have without an approval: an intent token (which starts Nevis's widget) or a status token. Nevis's introspection
 * reports both as active. To recognise a status token, this function sends it to the status endpoint: Nevis accepts only status tokens there.
 */
async function couldBeResultToken(client: NevisClient, { shown }: Transaction, token: string): Promise<boolean> {
  if (!isToken(token) || !looksLikeResultToken(token) || token === shown.intentToken) return false
  return !(await client.isStatusToken(token))
}
