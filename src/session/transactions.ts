/**
 * A transaction, one approval or enrolment under way, and where it is kept: the session of the browser that started it.
 *
 * Out of scope: single use. A session that is written late brings a finished transaction back; the ledger decides.
 */
import type { FailureCode } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { isTooLarge, saveSession } from '../host/session'
import type { SessionLike } from '../host/request'
import type { ShownCipher } from '../trust/shown'
import { StorageError } from '../host/storage'

/** As the session keeps it: what it shows is encrypted. */
type Kept = Omit<Transaction, 'shown'> & { readonly box?: string }

/** The page that was refused last. */
export interface KeptReturnTo {
  readonly path: string
  /** Digest of the login in which it was refused, if there was one: where somebody was is nothing to the next one. */
  readonly login?: string
}

/** What we keep in the session under the session key. */
export interface SessionState {
  readonly transactions?: Readonly<Record<string, Kept>>
  readonly secondFactor?: unknown
  readonly returnTo?: KeptReturnTo
}

/** Tabs that wait at once in one session; beyond it the oldest is forgotten, so that a session stays small. */
const MAX_TRANSACTIONS = 8

/** What a transaction needs beside what the app gave: ids, times, digest, and a status token of a few hundred bytes. */
const RESERVED_BYTES = 900

/** @internal */
export class SessionTransactions {
  constructor(
    private readonly session: SessionLike,
    private readonly key: string,
    /** Milliseconds after its first factor for which a transaction is kept. */
    private readonly keepMs: number,
    private readonly box: ShownCipher,
  ) {}

  get(id: string): Transaction | undefined {
    const kept = this.all()[id]
    return kept && this.decrypted(kept)
  }

  /** A transaction that is still open and equal to what is about to be started. */
  find(matches: (transaction: Transaction) => boolean): Transaction | undefined {
    const kept = Object.values(this.all()).find((one) => matches({ ...one, shown: {} }))
    return kept && this.decrypted(kept)
  }

  put(transaction: Transaction): void {
    const now = Date.now()
    const { shown, ...rest } = transaction
    const box = this.box.encrypt(shown, transaction.id)
    const others = Object.values(this.all())
      .filter(({ id, firstFactorAt, expiresAt }) => id !== transaction.id && now < Math.max(firstFactorAt + this.keepMs, expiresAt))
      .sort((a, b) => b.startedAt - a.startedAt)
    this.write([{ ...rest, ...(box !== undefined && { box }) }, ...others].slice(0, MAX_TRANSACTIONS))
  }

  /** Ends a transaction without success; what it showed and its token are forgotten at once. */
  close(transaction: Transaction, code: FailureCode): void {
    const { statusToken: _token, codesKey: _key, ...rest } = transaction
    this.put({ ...rest, shown: {}, closed: code })
  }

  remove(id: string): void {
    this.write(Object.values(this.all()).filter((transaction) => transaction.id !== id))
  }

  /** Keeps those of this subject alone: the others may have come with a session that somebody else prepared. */
  keepOnly(isOfSubject: (transaction: Pick<Transaction, 'subject'>) => boolean): void {
    const all = Object.values(this.all())
    if (!all.every(isOfSubject)) this.write(all.filter(isOfSubject))
  }

  /**
   * In a cookie: is there room for one more transaction of this size? The way back goes first.
   * @returns the same, without `returnTo` if only so it fits
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
   * Waits until the session is stored, since only Passport's `redirect` would. In a cookie it holds fewer transactions: the
   * oldest are forgotten.
   * @throws StorageError `SESSION_UNAVAILABLE`; `SESSION_TOO_LARGE` where not even one fits
   */
  async save(): Promise<void> {
    // In the order of `put`: the one that was put last is what the browser is sent to.
    const kept = Object.values(this.all())
    while (isTooLarge(this.session)) {
      kept.pop()
      this.write(kept)
      if (kept.length === 0) throw new StorageError('SESSION_TOO_LARGE')
    }
    await saveSession(this.session)
  }

  private decrypted({ box, ...rest }: Kept): Transaction {
    return { ...rest, shown: this.box.decrypt(box, rest.id) }
  }

  private all(): Readonly<Record<string, Kept>> {
    return (this.session[this.key] as SessionState | undefined)?.transactions ?? {}
  }

  /** Replaces the whole object: some sessions do not notice writes inside it. */
  private write(transactions: readonly Kept[]): void {
    const byId = Object.create(null) as Record<string, Kept>
    for (const transaction of transactions) byId[transaction.id] = transaction
    this.session[this.key] = { ...(this.session[this.key] as SessionState | undefined), transactions: byId } satisfies SessionState
  }
}
