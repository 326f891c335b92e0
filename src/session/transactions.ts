/**
 * Keeps transactions in the session of the browser that started them.
 *
 * The folder `session/` manages what this package stores in the session: the transactions, the page to return to (`return-to.ts`) and the second factor
 * record (`second-factor.ts`). All of it is in one property of the session, whose name is the option `sessionKey`.
 * Out of scope: making sure that a transaction succeeds only once (`ledger/endings.ts`). The session cannot do this, because a slow request may overwrite the
 * session with an old copy.
 */
import { isDeepStrictEqual } from 'node:util'
import type { FailureCode } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { isTooLarge, saveSession } from '../host/session'
import type { SessionLike } from '../host/request'
import type { ShownCipher } from '../trust/shown'
import { StorageError } from '../host/storage'

/** A transaction as stored in the session: its field `shown` is encrypted. */
type Kept = Omit<Transaction, 'shown'> & { readonly encryptedShown?: string }

/** The page from which the user was last redirected to give a second factor. */
export interface StoredReturnTo {
  readonly path: string
  /** Digest of the user who was signed in when `path` was stored; absent if nobody was. A later user of this session must not be sent to `path`. */
  readonly login?: string
}

/** The strategy's state in the session, in the property that the option `sessionKey` names. */
export interface SessionState {
  readonly transactions?: Readonly<Record<string, Kept>>
  readonly secondFactor?: unknown
  readonly returnTo?: StoredReturnTo
}

/** Maximum number of transactions in one session. If there are more, the oldest is dropped (exception: `isKeptLongest`). */
const MAX_TRANSACTIONS = 8

/** Estimated size of a stored transaction in bytes, without the app's data. */
const RESERVED_BYTES = 900

/** @internal */
export class SessionTransactions {
  constructor(
    private readonly session: SessionLike,
    private readonly key: string,
    /** How many milliseconds a transaction is kept after it has expired. */
    private readonly keepMs: number,
    private readonly cipher: ShownCipher,
    /** If the session has too many transactions, those for which this function returns true are dropped last. */
    private readonly isKeptLongest: (transaction: Pick<Transaction, 'factor' | 'operation' | 'isStepUp' | 'isUnsent'>) => boolean = () => false,
  ) {}

  get(id: string): Transaction | undefined {
    const kept = this.all()[id]
    return kept && this.decrypted(kept)
  }

  /** The first transaction for which `matches` returns true. `matches` gets transactions without the encrypted field `shown`; only the result is decrypted. */
  find(matches: (transaction: Transaction) => boolean): Transaction | undefined {
    const kept = Object.values(this.all()).find((one) => matches({ ...one, shown: {} }))
    return kept && this.decrypted(kept)
  }

  /** All transactions of the session, without the encrypted field `shown`. */
  list(): Transaction[] {
    return Object.values(this.all()).map((kept) => ({ ...kept, shown: {} }))
  }

  /** Stores the transaction. Changes nothing if the session already contains it with the same content: an unchanged session need not be saved. */
  put(transaction: Transaction): void {
    if (this.contains(transaction)) return
    const now = Date.now()
    const { shown, ...rest } = transaction
    const encryptedShown = this.cipher.encrypt(shown, transaction.id)
    const others = Object.values(this.all())
      .filter(({ id, expiresAt }) => id !== transaction.id && now < expiresAt + this.keepMs)
      .sort((a, b) => Number(this.isKeptLongest(b)) - Number(this.isKeptLongest(a)) || b.startedAt - a.startedAt)
    this.write([{ ...rest, ...(encryptedShown !== undefined && { encryptedShown }) }, ...others].slice(0, MAX_TRANSACTIONS))
  }

  /**
   * Marks a transaction as ended without success, and deletes its status token and what the page showed.
   * @param keepsToken true: keep the status token, because the approval request is still on the phone and the user may deny it
   */
  close(transaction: Transaction, code: FailureCode, keepsToken = false): void {
    const { statusToken, codesKey: _key, ...rest } = transaction
    this.put({ ...rest, ...(keepsToken && statusToken !== undefined && { statusToken }), shown: {}, closed: code })
  }

  /** True if the session contains this transaction with the same content. */
  private contains(transaction: Transaction): boolean {
    const kept = this.get(transaction.id)
    // Compare by way of JSON, as the session store does: a property with the value `undefined` counts as absent.
    const stored = (value: Transaction): unknown => JSON.parse(JSON.stringify(value))
    return kept !== undefined && isDeepStrictEqual(stored(kept), stored(transaction))
  }

  remove(id: string): void {
    this.write(Object.values(this.all()).filter((transaction) => transaction.id !== id))
  }

  /**
   * Deletes each transaction for which `isKept` returns false, such as those of other users. An attacker may have put them into a planted session (session
   * fixation).
   */
  keepOnly(isKept: (transaction: Transaction) => boolean): void {
    const all = Object.values(this.all())
    const kept = all.filter((one) => isKept({ ...one, shown: {} }))
    if (kept.length < all.length) this.write(kept)
  }

  /**
   * Checks that a session in a cookie has room for one more transaction. If there is no room, deletes the path of the page to return to (`returnTo`) from the
   * session and from the planned transaction, and checks again.
   * @returns the planned transaction
   * @throws StorageError `SESSION_TOO_LARGE`
   */
  makeRoom<T extends { readonly returnTo?: string }>(planned: T): T {
    if (this.fits(planned)) return planned
    const { returnTo: _path, ...rest } = planned
    const { returnTo: _kept, ...state } = (this.session[this.key] ?? {}) as SessionState
    this.session[this.key] = state satisfies SessionState
    if (this.fits(rest)) return rest as T
    throw new StorageError('SESSION_TOO_LARGE')
  }

  private fits(planned: object): boolean {
    const state = { ...(this.session[this.key] as SessionState | undefined), transactions: [{ ...planned, rest: 'x'.repeat(RESERVED_BYTES) }] }
    return !isTooLarge(this.session, { [this.key]: state })
  }

  /**
   * Saves the session and waits until it is stored. If the session is in a cookie and too large, drops the oldest transactions (exception: `isKeptLongest`).
   * @throws StorageError `SESSION_UNAVAILABLE`; `SESSION_TOO_LARGE` if even a single transaction does not fit
   */
  async save(): Promise<void> {
    // `put` adds the transaction of this request at the front, so this transaction is dropped last.
    const kept = Object.values(this.all())
    while (isTooLarge(this.session)) {
      kept.pop()
      this.write(kept)
      if (kept.length === 0) throw new StorageError('SESSION_TOO_LARGE')
    }
    await saveSession(this.session)
  }

  private decrypted({ encryptedShown, ...rest }: Kept): Transaction {
    return { ...rest, shown: this.cipher.decrypt(encryptedShown, rest.id) }
  }

  private all(): Readonly<Record<string, Kept>> {
    return (this.session[this.key] as SessionState | undefined)?.transactions ?? {}
  }

  /** Replaces the whole object in the session, because some session packages do not detect a change inside the object. */
  private write(transactions: readonly Kept[]): void {
    const byId = Object.create(null) as Record<string, Kept>
    for (const transaction of transactions) byId[transaction.id] = transaction
    this.session[this.key] = { ...(this.session[this.key] as SessionState | undefined), transactions: byId } satisfies SessionState
  }
}
