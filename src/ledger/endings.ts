/**
 * Records events of a transaction: its end, a denial, a repeated push or SMS, a cancellation, and the permission to try another factor. Also records the use of
 * a token as proof of an approval. Each of these events counts only once.
 *
 * The session cannot ensure that an event counts only once: several callbacks at the same time all read the session before the first one writes it. The
 * ledger's `claim` returns true for the first caller only. Out of scope: whether an approval is genuine (`trust/`).
 */
import { createHash } from 'node:crypto'
import type { Ledger } from './ledger'
import { MARGIN_SECONDS, secondsToKeep, type LedgerTransaction } from './lifetimes'
import type { StartBudget } from './start-budget'

/**
 * How long the ledger remembers a used token. After this time, the token is too old for any transaction: a transaction lives at most ten minutes, and
 * `trust/binding.ts` refuses a token that is more than a minute older than the transaction.
 */
const TOKEN_SECONDS = 600 + MARGIN_SECONDS
/** The ledger keeps the end of a transaction this many seconds longer if it ended with success. From the seconds left, `hasSucceeded` sees how it ended. */
const SUCCESS_SECONDS = 600

/** How long one callback of a session may keep the others waiting: enough for `verify` and the login. */
const TURN_SECONDS = 3
/** How long the ledger remembers that a callback is finishing: until the browser has the answer of the callback. The answer comes only after the app's handler. */
const FINISHING_SECONDS = 10

interface EndingsSettings {
  readonly ledger: Ledger
  readonly firstFactorLifetimeMs: number
}

/** How a transaction ends without success. */
interface End {
  /** True if the user has denied, as far as Nevis's answer says. */
  readonly wasDenied: boolean
  /**
   * False if Nevis's answer may also mean something else than a denial. Such an uncertain denial is counted only if this call of `end` ends the transaction,
   * and not if the transaction had already ended.
   */
  readonly isCertain?: boolean
  /** True if the user can try another factor afterwards. If one of several calls of `end` for a transaction says false, the user cannot. */
  readonly canGoOn: boolean
}

/** @internal */
export class Endings {
  private readonly ledger: Ledger

  /** @param starts the budget of the user's starts. It also counts denials, because after a denial the user may have to wait before the next start */
  constructor(
    private readonly settings: EndingsSettings,
    private readonly starts: StartBudget,
  ) {
    this.ledger = settings.ledger
  }

  /**
   * Ends a transaction without success: claims its key in the ledger, and only the first caller gets true.
   *
   * If the user repeats the start, for example enters the password again, the session gets a new id and keeps the transaction. `pending-start.ts` then claims
   * the transaction's key. If that claim is the first one, the transaction goes on under a new key, with the next number (`moves`). A copy of the old session
   * still has the old key, which is already claimed. So the copy cannot finish the transaction, and the transaction still ends only once.
   *
   * The user may cancel the transaction in the old session, while it moves to the new session. So a cancellation counts under each key.
   * @returns true for the first caller only, in any process
   */
  async claim(transaction: LedgerTransaction): Promise<boolean> {
    return !(await this.wasCancelledBefore(transaction)) && this.ledger.claim(nameOf(transaction), this.secondsToKeep(transaction))
  }

  /** Like `claim`, for a transaction that ends with success. */
  async claimSuccess(transaction: LedgerTransaction): Promise<boolean> {
    return !(await this.wasCancelledBefore(transaction)) && this.ledger.claim(nameOf(transaction), this.secondsToKeep(transaction) + SUCCESS_SECONDS)
  }

  /** True if the transaction has ended with success, even if the session does not show this yet. */
  async hasSucceeded(transaction: LedgerTransaction): Promise<boolean> {
    return (await this.ledger.look(nameOf(transaction))) > this.secondsToKeep(transaction) + SUCCESS_SECONDS / 2
  }

  /**
   * Marks a token as used: no transaction, session or process accepts it as proof from then on.
   * @returns true for the first caller only
   */
  claimToken(token: string): Promise<boolean> {
    return this.ledger.claim(`token:${sha256(token)}`, TOKEN_SECONDS)
  }

  /**
   * Ends a transaction without success, and counts the user's denial if there was one. The denial has a key of its own in the ledger, because the user can
   * still deny a push on the phone after the transaction was replaced, cancelled or moved to a new session.
   *
   * If the ledger fails halfway, this method takes back what it has claimed, so that a repeated call does everything. A count cannot be taken back: if the
   * denial was already counted under the first of the `keys`, the repeated call counts the denial there a second time. A claim whose reply was lost is not
   * taken back, because another call may have made it: the transaction then stays ended, and allows no other factor.
   * @param keys the user's keys in the ledger, under each of which the denial is counted
   * @returns without a denial: true for the first caller, in any process. With a denial: true if this call has counted the denial. A denial can be counted
   * after the transaction has ended, for example after the user has cancelled it
   */
  async end(transaction: LedgerTransaction, keys: readonly string[], { wasDenied, isCertain = wasDenied, canGoOn }: End): Promise<boolean> {
    const isFirst = await this.claim(transaction)
    try {
      await this.noteOtherFactor(transaction, { isFirst, canGoOn })
      if (!wasDenied) return isFirst
      if (!isFirst && !isCertain) return false
      return await this.countDenial(transaction, keys)
    } catch (error) {
      if (isFirst) await this.takeBackEnd(transaction)
      throw error
    }
  }

  /**
   * Notes the permission to try another factor, for `mayTryOtherFactor`. Only the call of `end` that ends the transaction (`isFirst`) can give the permission.
   * If the transaction had already ended, perhaps because the user approved or cancelled it, `end` can only withdraw the permission.
   */
  private async noteOtherFactor(transaction: LedgerTransaction, { isFirst, canGoOn }: { isFirst: boolean; canGoOn: boolean }): Promise<void> {
    if (isFirst && canGoOn) await this.ledger.claim(`goes-on:${transaction.id}`, this.secondsToKeep(transaction))
    if (!isFirst && !canGoOn) await this.ledger.claim(`cancelled:${transaction.id}`, this.secondsToKeep(transaction))
  }

  private async takeBackEnd(transaction: LedgerTransaction): Promise<void> {
    await this.tryToForget(`goes-on:${transaction.id}`)
    await this.tryToForget(nameOf(transaction))
  }

  /** @returns true if this call is the first to count the denial */
  private async countDenial(transaction: LedgerTransaction, keys: readonly string[]): Promise<boolean> {
    const name = `denial:${transaction.id}`
    if (!(await this.ledger.claim(name, this.secondsToKeep(transaction)))) return false
    try {
      for (const key of keys) await this.starts.noteDenial(key)
    } catch (error) {
      await this.tryToForget(name)
      throw error
    }
    return true
  }

  private async tryToForget(name: string): Promise<void> {
    await this.ledger.forget(name).catch(() => undefined)
  }

  /**
   * Decides which of several requests may send the push or SMS of this transaction again. Two processes may get such a request at the same moment.
   * @returns 0 for the first caller, which may send; for every other caller, the whole seconds until the push or SMS may be sent again
   */
  async claimResend({ id }: LedgerTransaction, pauseSeconds: number): Promise<number> {
    if (await this.ledger.claim(`resend:${id}`, pauseSeconds)) return 0
    return Math.max(1, await this.ledger.look(`resend:${id}`))
  }

  /**
   * True if the user may try another factor after this transaction. The session cannot decide this, because an old session cookie can still show an ended
   * transaction as pending.
   */
  async mayTryOtherFactor(transaction: LedgerTransaction): Promise<boolean> {
    const { id } = transaction
    if (!(await this.hasEnded(transaction))) return true
    return (await this.ledger.look(`goes-on:${id}`)) > 0 && (await this.ledger.look(`cancelled:${id}`)) === 0
  }

  async hasEnded(transaction: LedgerTransaction): Promise<boolean> {
    return (await this.ledger.look(nameOf(transaction))) > 0 || this.wasCancelledBefore(transaction)
  }

  /** True if the user has cancelled the transaction under an earlier key: see `claim`. */
  private async wasCancelledBefore({ id, moves }: LedgerTransaction): Promise<boolean> {
    return moves !== undefined && (await this.ledger.look(`cancelled:${id}`)) > 0
  }

  async wasDenied({ id }: LedgerTransaction): Promise<boolean> {
    return (await this.ledger.look(`denial:${id}`)) > 0
  }

  /**
   * Lets the callbacks of one session finish one after the other. A turn ends by itself after some seconds.
   * @param session a digest of the session's id
   * @returns true if the caller may go on; false if another callback of this session has its turn
   */
  takeTurn(session: string): Promise<boolean> {
    return this.ledger.claim(`turn:${session}`, TURN_SECONDS)
  }

  /** Ends a turn early. If the ledger fails, the turn ends by itself. */
  endTurn(session: string): Promise<void> {
    return this.tryToForget(`turn:${session}`)
  }

  /** @param user the user's key in the ledger */
  async noteFinishing(user: string): Promise<void> {
    const name = `finishing:${user}`
    if (await this.ledger.claim(name, FINISHING_SECONDS)) return
    // `claim` does not extend a key that exists.
    await this.tryToForget(name)
    await this.ledger.claim(name, FINISHING_SECONDS)
  }

  /** True if a callback of this user has finished in the last seconds, so that the browser may not have the answer yet. */
  async isFinishing(user: string): Promise<boolean> {
    return (await this.ledger.look(`finishing:${user}`)) > 0
  }

  private secondsToKeep(transaction: LedgerTransaction): number {
    return secondsToKeep(transaction, this.settings.firstFactorLifetimeMs)
  }
}

const nameOf = ({ id, moves }: LedgerTransaction): string => (moves === undefined ? `transaction:${id}` : `transaction:${id}:${moves}`)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
