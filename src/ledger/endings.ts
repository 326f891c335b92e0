/**
 * Records what may happen only once: the end of a transaction, and the use of a token as proof.
 *
 * The session cannot ensure that these happen only once. Several callbacks at the same time all read the session before the first one writes it. And
 * a browser may send an old session cookie again. The ledger's `claim` returns true for the first caller only. Out of scope: whether a success is
 * genuine (`trust/`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'
import { MARGIN_SECONDS, secondsToKeep, type LedgerTransaction } from './lifetimes'
import type { StartBudget } from './start-budget'

/**
 * How long the ledger remembers a used token. A transaction lives at most ten minutes, and a token that was issued more than a minute before the
 * start of the transaction is refused anyway. So after this time, the token is too old for any transaction.
 */
const TOKEN_SECONDS = 600 + MARGIN_SECONDS

interface EndingsSettings {
  readonly ledger: Ledger
  readonly firstFactorLifetimeMs: number
}

/** @internal */
export class Endings {
  private readonly ledger: Ledger

  /** @param starts the start budget, which also counts the user's denials */
  constructor(
    private readonly settings: EndingsSettings,
    private readonly starts: StartBudget,
  ) {
    this.ledger = settings.ledger
  }

  /**
   * Ends a transaction, with or without success. Only the first call succeeds, so a transaction that has ended cannot succeed later. If a transaction
   * moves to a new session, this method is called for its old key in the ledger. In the new session, the transaction has a new key, which contains
   * the number of moves.
   * @returns true for the first caller only, in any process
   */
  claim(transaction: LedgerTransaction): Promise<boolean> {
    return this.ledger.claim(nameOf(transaction), this.secondsToKeep(transaction))
  }

  /**
   * Marks a token as used. The strategy does this for a token that a browser got, and for a token that has proved a success. From then on, the token
   * is never accepted as proof, in any transaction, session or process.
   * @returns true for the first caller only
   */
  claimToken(token: string): Promise<boolean> {
    return this.ledger.claim(`token:${sha256(token)}`, TOKEN_SECONDS)
  }

  /**
   * Ends a transaction without success. If the user denied the transaction, the first call that reports the denial also adds it to the count of the
   * user's denials.
   * @param key the subject's key in the ledger; without it no denial is counted
   * @returns true for the first caller only
   */
  async end(transaction: LedgerTransaction, key: string | undefined, wasDenied: boolean): Promise<boolean> {
    const isFirst = await this.claim(transaction)
    if (wasDenied && key !== undefined && (await this.isNewDenial(transaction, isFirst))) await this.starts.noteDenial(key)
    return isFirst
  }

  /**
   * True if this denial has not been counted yet. A transaction that was moved to a new session has two keys in the ledger, one for each session. Two
   * callers could each claim one of these keys, and both would count the denial. So for such a transaction, this method claims a third key, only for
   * the denial.
   */
  private async isNewDenial(transaction: LedgerTransaction, isFirst: boolean): Promise<boolean> {
    const { id, moves } = transaction
    const wasMoved = moves !== undefined || (!isFirst && (await this.ledger.look(`moved:${id}`)) > 0)
    return wasMoved ? this.ledger.claim(`denial:${id}`, this.secondsToKeep(transaction)) : isFirst
  }

  /**
   * Ends a transaction in its old session, because the transaction continues in a new session.
   * @returns true for the first caller only
   */
  async claimMove(transaction: LedgerTransaction): Promise<boolean> {
    if (!(await this.claim(transaction))) return false
    await this.ledger.claim(`moved:${transaction.id}`, this.secondsToKeep(transaction))
    return true
  }

  /**
   * Decides which request may send the push or SMS of this transaction again. The ledger decides, because two processes may get such a request at the
   * same moment.
   * @returns 0 for the first caller, which may send the push or SMS; for every other caller, in how many whole seconds it may be sent again
   */
  async claimResend({ id }: LedgerTransaction, pauseSeconds: number): Promise<number> {
    if (await this.ledger.claim(`resend:${id}`, pauseSeconds)) return 0
    return Math.max(1, await this.ledger.look(`resend:${id}`))
  }

  /**
   * Allows the user to try another factor in place of this transaction. Call this method after a transaction has ended without a success or a
   * cancellation.
   */
  async allowOtherFactor(transaction: LedgerTransaction): Promise<void> {
    await this.ledger.claim(`goes-on:${transaction.id}`, this.secondsToKeep(transaction))
  }

  /** If the transaction has already ended, records that the user has cancelled it. From then on, no other factor may be tried in its place. */
  async noteCancelled(transaction: LedgerTransaction): Promise<void> {
    if (await this.hasEnded(transaction)) await this.ledger.claim(`cancelled:${transaction.id}`, this.secondsToKeep(transaction))
  }

  /**
   * True if another factor may be tried in place of this transaction. The ledger decides, because an old session cookie can still show an ended
   * transaction as pending.
   */
  async mayTryOtherFactor(transaction: LedgerTransaction): Promise<boolean> {
    const { id } = transaction
    if (!(await this.hasEnded(transaction))) return true
    return (await this.ledger.look(`goes-on:${id}`)) > 0 && (await this.ledger.look(`cancelled:${id}`)) === 0
  }

  async hasEnded(transaction: LedgerTransaction): Promise<boolean> {
    return (await this.ledger.look(nameOf(transaction))) > 0
  }

  private secondsToKeep(transaction: LedgerTransaction): number {
    return secondsToKeep(transaction, this.settings.firstFactorLifetimeMs)
  }
}

const nameOf = ({ id, moves }: LedgerTransaction): string => (moves === undefined ? `transaction:${id}` : `transaction:${id}:${moves}`)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
