/**
 * Checks that a success (of an approval or an enrolment) is genuine: introspects its token at Nevis, and compares every answer of Nevis with the
 * started transaction.
 *
 * The folder `trust/` contains the checks that a success must pass, and the encryption of what an attacker must not read or forge. `proof.ts` and
 * `binding.ts` compare Nevis's answers with the transaction. `handle.ts`, `digest.ts`, `shown.ts`, `typed-code.ts` and `recovery-codes.ts` encrypt or
 * authenticate what leaves the process. `keys.ts` derives their keys. Every check fails closed. Out of scope: that an approval is used only once
 * (`ledger/endings.ts`).
 */
import { outcomeMismatch, proofMismatch, subjectMismatch, type Mismatch } from './binding'
import { isToken } from '../client/checks'
import type { Introspection, NevisClient, Status } from '../client/client'
import { NevisError } from '../client/errors'
import { promptOf, type Factor, type Succeeded } from '../factors/factor'
import { looksLikeResultToken } from './result-token'
import type { Transaction } from '../factors/transaction'
import type { TransactionTokenClaims } from './token-claims'

/** A status answer of Nevis that this process has just received. */
export interface KnownStatus {
  readonly answer: Status
  /** The introspection of the token in this answer, if it has already been started. */
  readonly introspection?: Promise<Introspection>
}

interface ProofSettings {
  readonly client: NevisClient
  readonly issuers: readonly string[]
  /** The option `transactionTokens`: how the tokens of this instance differ from Nevis's documentation. */
  readonly claims: TransactionTokenClaims
}

/**
 * Compares a success (of an approval or an enrolment) with the started transaction, and introspects the token of the success.
 * @param known Nevis's status answer that reported the success, if there is one. If the token in this answer is already being introspected, the
 * result of that introspection is used
 * @returns the field that does not match, or undefined if the success is genuine
 * @throws NevisError if a call to Nevis fails
 * @internal
 */
export async function mismatchOf(
  { client, issuers, claims }: ProofSettings,
  transaction: Transaction,
  factor: Factor,
  outcome: Succeeded,
  known?: KnownStatus,
): Promise<Mismatch | undefined> {
  const { userId, token } = outcome
  const field = outcomeMismatch(transaction, outcome)
  if (userId === undefined || field !== undefined) return field ?? 'userId'
  if (token === undefined) return needsToken(factor, transaction) ? 'token' : undefined
  if (token === transaction.statusToken || (await client.holdsAccessKey(token))) return 'token'
  const isFromBrowser = factor.prompt === 'widget'
  if (isFromBrowser && !(await couldBeResultToken(client, transaction, token))) return 'token'
  const pending = known?.answer.status === 'succeeded' && known.answer.token === token ? known.introspection : undefined
  const proof = await (pending ?? client.introspect(token))
  const { id, startedAt, subject } = transaction
  const username = outcome.username ?? subject.username
  return proofMismatch(proof, { userId, username, transactionId: id, issuers, claims, startedAt, now: Date.now(), isFromBrowser })
}

/**
 * Checks that the user who approved is the user whom the app named. Nothing is left to check if the app gave a userId, or if Nevis's answer to the
 * start or its status answer contains the username. Otherwise this function asks Nevis for the userId of the username, in one call. Without this
 * check, a gateway that mixes up the answers of two starts could sign one user in with the approval of another.
 * @returns the field that does not match, or undefined
 * @throws NevisError if the call to Nevis fails
 * @internal
 */
export async function unnamedMismatch({ client }: Pick<ProofSettings, 'client'>, { subject, isUserIdNamed }: Transaction, outcome: Succeeded): Promise<Mismatch | undefined> {
  if (subject.userId !== undefined || subject.username === undefined || outcome.username !== undefined || isUserIdNamed === true) return undefined
  const user = await client.findUserByUsername(subject.username).catch((error: unknown) => {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') return undefined
    throw error
  })
  return user === undefined ? 'username' : (subjectMismatch(subject, user) ?? (user.userId === outcome.userId ? undefined : 'userId'))
}

/**
 * True if a success of this transaction is accepted only with a transaction token of Nevis. Nevis gives no token when it has verified an SMS code or
 * a recovery code, or has generated recovery codes. A push with a typed code needs the token: here this package, not Nevis, compares the code, so
 * only the token proves that the user approved.
 */
function needsToken(factor: Factor, { operation, isCodeTyped, statusToken }: Transaction): boolean {
  if (isCodeTyped !== undefined && statusToken !== undefined) return true
  return !['code', 'confirm'].includes(promptOf(factor, operation))
}

/**
 * False for a token that a browser can have without an approval: the intent token, or the status token that Nevis gives for an intent token. Both
 * introspect as active. This function recognises a status token by asking Nevis for its status, because Nevis has no status for any other token.
 */
async function couldBeResultToken(client: NevisClient, { shown }: Transaction, token: string): Promise<boolean> {
  if (!isToken(token) || !looksLikeResultToken(token) || token === shown.intentToken) return false
  return !(await client.isStatusToken(token))
}
