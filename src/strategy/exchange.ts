/**
 * One request while the strategy works on it: its session, its transaction, and the ways in which it can end.
 *
 * Start (`start.ts`), callback (`callback.ts`) and cancel stand on it. Each ends by returning where to go or who approved, by
 * throwing a `Refusal`, or by throwing a fault. Out of scope: Passport's actions (`strategy.ts`), and HTTP to Nevis (`client/`).
 */
import type { AuthenticateOptions } from 'passport'
import type { Mismatch } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { about, publish, type About, type NevisEvents } from './events'
import { Refusal, type FailureCode } from '../factors/failures'
import type { Sealed } from '../trust/handle'
import type { Settings } from './options'
import { loginOf } from '../host/login'
import { logsIn, sessionOf, type NevisRequest } from '../host/request'
import type { Seals } from '../trust/seals'
import { endSession, isInCookie, reloadSession } from '../host/session'
import type { SessionLike } from '../host/request'
import { StorageError } from '../host/storage'
import type { Transaction } from '../factors/transaction'
import { SessionTransactions } from '../session/transactions'
import { withQuery } from '../host/url'
import type { NevisProfile } from '../factors/profile'

/** Where the browser goes, or who approved. */
export type Exit = { readonly to: string } | { readonly profile: NevisProfile; readonly returnTo: string | undefined }

/** A field of a request: null if it is there, but is no text. */
export type Field = string | null | undefined

const NOT_THE_APPS: readonly string[] = ['cookie', 'passport']

/** A budget that is used up. */
export interface Overspent {
  readonly over: NevisEvents['budget']['budget']
  readonly limit: number
  readonly retryAfterSeconds?: number | undefined
}

/** @internal */
export class Exchange {
  session!: SessionLike
  transactions!: SessionTransactions
  readonly budgets: Budgets
  /** What is known of the transaction that this request is about. */
  current: Partial<Transaction> = {}
  hasLetGo = false
  private isNew = false
  /** What was in the session when it was last read here, as JSON. */
  private known = new Map<string, string | undefined>()

  /** @throws StorageError `SESSION_REQUIRED`, `SESSION_IN_COOKIE` */
  constructor(
    readonly settings: Settings,
    readonly seals: Seals,
    readonly req: NevisRequest,
    readonly options: AuthenticateOptions,
  ) {
    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    if (isInCookie(session)) throw new StorageError('SESSION_IN_COOKIE')
    this.useSession(session)
    this.budgets = new Budgets(settings)
  }

  /**
   * From now on this is the request's session: it was renewed or read again.
   * @param isNew its id was made in this request, so that nobody else can have changed it
   */
  useSession(session: SessionLike, isNew = false): void {
    const { sessionKey, firstFactorLifetimeMs } = this.settings
    this.session = session
    this.isNew = isNew
    this.known = new Map(Object.entries(session).map(([name, value]) => [name, JSON.stringify(value)]))
    this.transactions = new SessionTransactions(session, sessionKey, firstFactorLifetimeMs, this.seals.box)
  }

  /**
   * Reads the session again after a wait for Nevis, before it is written.
   * @throws Refusal `unknown_transaction` if it is gone, or another login is in it; StorageError
   */
  async refresh(): Promise<void> {
    if (this.isNew) return
    const login = this.login()
    const session = await this.reload()
    if (session === undefined) this.hasLetGo = true
    if (session === undefined || loginOf(session) !== login) throw new Refusal('unknown_transaction')
    this.useSession(session)
  }

  /**
   * Reads the session again, and keeps what this request has written into it and not saved: what the app added before the strategy
   * began, and what it wrote or deleted since then, as its `verify` may do. Of a name that both have, and the request had from the beginning, the
   * store is right.
   * @returns undefined if it is gone: the request then has a new, empty one
   */
  async reload(): Promise<SessionLike | undefined> {
    const { session: before, known } = this
    const written = Object.entries(before).filter(([name]) => !NOT_THE_APPS.includes(name) && name !== this.settings.sessionKey)
    const session = await reloadSession(this.req)
    if (session === undefined) return undefined
    for (const name of known.keys()) if (!(name in before) && !NOT_THE_APPS.includes(name)) delete session[name]
    for (const [name, value] of written) if (!(name in session) || known.get(name) !== JSON.stringify(value)) session[name] = value
    return session
  }

  /** For events. */
  about(): About {
    return about(this.settings.name, this.current)
  }

  /** Who is signed in: what one login has started must not be finished in another. */
  login(): string | undefined {
    return loginOf(this.session)
  }

  /** Passport throws away the session of before at a login; every other session goes on, and must not be written back as it was. */
  keepsSession(): boolean {
    return this.current.login !== undefined || !logsIn(this.options) || this.options.keepSessionInfo === true
  }

  /** The transaction that the handle names; undefined where this session does not hold it. */
  held(handle: Field): Transaction | undefined {
    const sealed = this.seals.handles.open(handle)
    if (sealed === undefined) throw new Refusal('unknown_transaction')
    this.current = { id: sealed.id, factor: sealed.factor }
    return this.heldById(sealed.id)
  }

  /** @throws Refusal `binding_mismatch` for one that was changed in the session */
  heldById(id: string): Transaction | undefined {
    const transaction = this.transactions.get(id)
    if (transaction === undefined) return undefined
    if (transaction.id !== id || !this.seals.digests.fits(transaction)) throw this.mismatched('digest')
    return (this.current = transaction)
  }

  /** The code for a transaction that the session does not hold: a signed-in user has probably used it; nobody else ever had it. */
  codeForLost(): FailureCode {
    return this.req.user ? 'used_transaction' : 'unknown_transaction'
  }

  /**
   * Ends a transaction without success, in the ledger first: a session that is written late, or a kept cookie, cannot bring it back,
   * and a ledger that is down closes nothing.
   * @param wasDenied whether Nevis said so: denials make the user's next starts wait
   */
  async end(transaction: Transaction, code: FailureCode, { wasDenied = false, canGoOn = true } = {}): Promise<void> {
    const isFirst = await this.budgets.end(transaction, transaction.budget, wasDenied)
    // Only who ended it knows how: what has succeeded or was cancelled must not look like a denial.
    if (isFirst && canGoOn) await this.budgets.noteCanGoOn(transaction)
    await this.refresh()
    // What another request has removed meanwhile stays away.
    if (this.heldById(transaction.id) === undefined) return
    this.transactions.close(transaction, code)
    await this.transactions.save()
  }

  /** Ends a transaction for good: after a denial, too, no other factor may be tried in its place. */
  async cancel(transaction: Transaction): Promise<never> {
    await this.budgets.noteCancelled(transaction)
    return this.close(transaction, 'cancelled', { canGoOn: false })
  }

  /**
   * Another request of this browser was faster, as a rule another tab, which is signed in by now: what is still written in this request
   * is not kept, nor is its session id sent again. The cookie of the sign-in must stay.
   */
  letGo(): void {
    this.hasLetGo = true
    this.useSession(endSession(this.req), true)
  }

  /** The same as `end`, and the request fails with the code. */
  async close(transaction: Transaction, code: FailureCode, how: { wasDenied?: boolean; canGoOn?: boolean } = {}): Promise<never> {
    await this.end(transaction, code, how)
    throw new Refusal(code)
  }

  /** Keeps the transaction in the session, and sends the browser to wait for it. */
  async wait(transaction: Transaction, lockedCodes?: string): Promise<Exit> {
    this.transactions.put(transaction)
    await this.transactions.save()
    return { to: this.waitingURL({ ...transaction, ...(lockedCodes !== undefined && { lockedCodes }) }) }
  }

  waitingURL(sealed: Sealed): string {
    return withQuery(this.settings.waitingURL, { transaction: this.seals.handles.seal(sealed) })
  }

  mismatched(field: Mismatch): Refusal {
    publish('suspicious', () => ({ ...this.about(), reason: 'binding_mismatch', field }))
    return new Refusal('binding_mismatch')
  }

  overBudget({ over, limit, retryAfterSeconds }: Overspent, code: FailureCode): Refusal {
    publish('budget', () => ({ ...this.about(), budget: over, limit }))
    return new Refusal(code, undefined, retryAfterSeconds)
  }
}
