/**
 * The state of one start: what to start, which transaction it replaces, and which browser has sent the request.
 *
 * Out of scope: the steps of a start (`start.ts`).
 */
import type { Factor } from '../factors/factor'
import type { Transaction } from '../factors/transaction'
import type { RequestedParameters, StartParameters } from './start-parameters'
import type { RequestSource } from './request-origin'
import type { StartResult } from './start-queue'
import type { Field, Redirect, StrategyRequest } from './strategy-request'

/** The transaction that a start replaces, because the user chooses another factor or presses "Send again". */
export type ReplacedTransaction = Transaction & {
  /** True if this is not the transaction that the request names, but its newest replacement, which an earlier request has started. */
  readonly isNewerThanNamed: boolean
}

/** @internal */
export interface StartContext {
  readonly parameters: RequestedParameters
  readonly replaced: ReplacedTransaction | undefined
  /** The field `factor` of the request. */
  readonly factorName: Field
  readonly source: RequestSource
  /** True if the user gave a first factor, such as the password, in this request. */
  readonly isAfterFirstFactor: boolean
  /**
   * True if this start ends the login of the session. This happens if the session has a login with a second factor, and the first factor in this request is of
   * another user: see `firstFactorOf`.
   */
  readonly endsLogin: boolean
  readonly renewsSession: boolean
  /** When the request came, in milliseconds since 1970. */
  readonly requestedAt: number
  /**
   * The marks that earlier calls of `forgetBrowsers` for this user have left in the ledger. A call during this sign-in replaces a mark, so the sign-in notices
   * the call. Absent if the page does not offer to remember this browser.
   */
  readonly marksBefore?: Transaction['forgetMarks']
}

/** The values that are known just before the call to Nevis that notifies the user. */
export interface PreparedStart {
  readonly parameters: StartParameters
  readonly factor: Factor
  readonly authenticatorId: string | undefined
  readonly returnTo: string | undefined
  readonly userId: string | undefined
}

/**
 * Saves the transaction in the session and sends the browser to the waiting page.
 * @internal
 */
export async function waitForDecision(
  request: StrategyRequest,
  { source }: Pick<StartContext, 'source'>,
  transaction: Transaction,
  encryptedCodes?: string,
): Promise<StartResult> {
  return resultFor(request, { source }, await request.saveAndWait(transaction, encryptedCodes), transaction, encryptedCodes)
}

/** @internal */
export function resultFor({ req }: StrategyRequest, { source }: Pick<StartContext, 'source'>, target: Redirect, transaction: Transaction, encryptedCodes?: string): StartResult {
  return { ...source, target, transaction, encryptedCodes, hasDisconnected: () => req.socket?.destroyed === true }
}
