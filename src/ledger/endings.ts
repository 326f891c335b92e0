/**
 * What counts only once: the end of a transaction, and a token that was used as proof.
 *
 * The session cannot ensure this: concurrent callbacks read the session before the first of them writes it, and the user's browser may
 * send back an old session cookie. The first claim in the ledger wins. Out of scope: whether a success is genuine (`trust/`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'
import { MARGIN_SECONDS, secondsToKeep, type LedgerTransaction } from './lifetimes'
import type { StartBudget } from './start-budget'

/**
 * A token is refused if it was issued more than a minute before the transaction's start, and no transaction lives longer than ten
 * minutes. After this time a token is too old for any transaction, so its claim is no longer needed.
 */
const TOKEN_SECONDS = 600 + MARGIN_SECONDS

interface EndingsSettings {
  readonly ledger: Ledger
  readonly firstFactorLifetimeMs: number
}

/** @internal */
export class Endings {
  private readonly ledger: Ledger

  /** @param starts counts the denials */
  constructor(
    private readonly settings: EndingsSettings,
    private readonly starts: StartBudget,
  ) {
    this.ledger = settings.ledger
  }

  /**
   * Ends a transaction, with or without success: after that it can never succeed. A transaction that moves to a new session ends under its
   * old number of moves and continues under the next.
   * @returns true for the first caller only, in any process
   */
  claim(transaction: LedgerTransaction): Promise<boolean> {
    return this.ledger.claim(nameOf(transaction), this.secondsToKeep(transaction))
  }

  /**
   * Claims a token that a browser was given, or that proved a success: it counts once, in any transaction, session or process.
   * @returns true for the first caller only
   */
  claimToken(token: string): Promise<boolean> {
    return this.ledger.claim(`token:${sha256(token)}`, TOKEN_SECONDS)
  }

  /**
   * Ends a transaction without success. The first caller that learns of a denial counts it.
   * @param key the subject's name in the ledger; without it no denial is counted
   * @returns true for the first caller only
   */
  async end(transaction: LedgerTransaction, key: string | undefined, wasDenied: boolean): Promise<boolean> {
    const isFirst = await this.claim(transaction)
    if (wasDenied && key !== undefined && (await this.isNewDenial(transaction, isFirst))) await this.starts.noteDenial(key)
    return isFirst
  }

  /** A moved transaction has one name before the move and one after; its denial must count once, whichever handle reports it. */
  private async isNewDenial(transaction: LedgerTransaction, isFirst: boolean): Promise<boolean> {
    const { id, moves } = transaction
    const wasMoved = moves !== undefined || (!isFirst && (await this.ledger.look(`moved:${id}`)) > 0)
    return wasMoved ? this.ledger.claim(`denial:${id}`, this.secondsToKeep(transaction)) : isFirst
  }

  /**
   * Ends a transaction for its old session, because a new session continues it.
   * @returns true for the first caller only
   */
  async claimMove(transaction: LedgerTransaction): Promise<boolean> {
    if (!(await this.claim(transaction))) return false
    await this.ledger.claim(`moved:${transaction.id}`, this.secondsToKeep(transaction))
    return true
  }

  /**
   * Claims the right to send the request of this transaction again: two processes may be asked at the same moment.
   * @returns 0 for the first caller; else whole seconds until the claim ends
   */
  async claimResend({ id }: LedgerTransaction, pauseSeconds: number): Promise<number> {
    if (await this.ledger.claim(`resend:${id}`, pauseSeconds)) return 0
    return Math.max(1, await this.ledger.look(`resend:${id}`))
  }

  /** Allows another factor to be tried in place of this transaction: it ended, but neither by success nor by cancellation. */
  async allowOtherFactor(transaction: LedgerTransaction): Promise<void> {
    await this.ledger.claim(`goes-on:${transaction.id}`, this.secondsToKeep(transaction))
  }

  /** Allows no other factor any more, however the transaction ended. */
  async noteCancelled(transaction: LedgerTransaction): Promise<void> {
    if (await this.hasEnded(transaction)) await this.ledger.claim(`cancelled:${transaction.id}`, this.secondsToKeep(transaction))
  }

  /** True if another factor may be tried in place of this transaction. An old session cookie may show it as pending, so the ledger decides. */
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
