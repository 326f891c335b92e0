/**
 * Is a success proven? Asks Nevis about its token, and has every answer compared with what was started.
 *
 * Not its job: the comparing (`binding.ts`), or that a proof counts once (`budgets.ts`). Every step fails closed.
 */
import { outcomeMismatch, proofMismatch, type Mismatch } from './binding'
import { isToken } from '../client/checks'
import type { Introspection, NevisClient, Status } from '../client/client'
import { promptOf, type Factor, type Succeeded } from '../factors/factor'
import { looksLikeResultToken } from './result-token'
import type { Transaction } from '../factors/transaction'

/** What Nevis itself has just said of a transaction. */
export interface KnownStatus {
  readonly answer: Status
  /** The introspection of a success's token, where it is under way already. */
  readonly introspection?: Promise<Introspection>
}

/** What the strategy's options say of proofs. */
interface ProofSettings {
  readonly client: NevisClient
  /** Accepted `iss` of transaction tokens. */
  readonly issuers: readonly string[]
}

/**
 * @param seen what this process has just learned of the transaction, if it did
 * @returns the field that does not fit, if the success does not belong to this transaction
 * @throws NevisError when Nevis cannot be asked
 * @internal
 */
export async function mismatchOf(
  { client, issuers }: ProofSettings,
  transaction: Transaction,
  factor: Factor,
  outcome: Succeeded,
  seen?: KnownStatus,
): Promise<Mismatch | undefined> {
  const { userId, token } = outcome
  const field = outcomeMismatch(transaction, outcome)
  if (userId === undefined || field !== undefined) return field ?? 'userId'
  // Only a verified code, and codes that were made, come without a transaction token: Nevis gives none for them.
  if (token === undefined) return ['code', 'confirm'].includes(promptOf(factor, transaction.operation)) ? undefined : 'token'
  if (token === transaction.statusToken || (await client.holdsAccessKey(token))) return 'token'
  const isFromBrowser = factor.prompt === 'widget'
  if (isFromBrowser && !(await couldBeResultToken(client, transaction, token))) return 'token'
  const underWay = seen?.answer.status === 'succeeded' && seen.answer.token === token ? seen.introspection : undefined
  const proof = await (underWay ?? client.introspect(token))
  return proofMismatch(proof, { userId, issuers, startedAt: transaction.startedAt, now: Date.now(), isFromBrowser })
}

/**
 * A token out of the browser may be one that it had before anybody approved: the intent token, or the status token that
 * Nevis gives for an intent token. Both introspect as active; but a status token has a status, and no result has.
 */
async function couldBeResultToken(client: NevisClient, { shown }: Transaction, token: string): Promise<boolean> {
  if (!isToken(token) || !looksLikeResultToken(token) || token === shown.intentToken) return false
  return (await client.getStatus(token)).status === 'unknown'
}
