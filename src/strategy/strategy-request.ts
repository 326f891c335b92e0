/**
 * One request while the strategy handles it: its session, its transaction, and the ways in which it can end.
 *
 * Start (`start.ts`), callback (`callback.ts`) and cancel use it. Each ends in one of three ways: it returns a redirect or the approved
 * profile, throws a `Refusal`, or throws an error. Out of scope: Passport's actions (`strategy.ts`), and HTTP to Nevis (`client/`).
 */
import type { AuthenticateOptions } from 'passport'
import type { Ending } from '../factors/ending'
import { Refusal, type FailureCode } from '../factors/failures'
import type { NevisProfile } from '../factors/profile'
import type { Transaction } from '../factors/transaction'
import { loginOf } from '../host/login'
import { logsIn, queryFieldOf, sessionOf, type NevisRequest, type SessionLike } from '../host/request'
import { endSession, hasContent, isInCookie, reloadSession } from '../host/session'
import { StorageError } from '../host/storage'
import { withQuery } from '../host/url'
import { Budgets } from '../ledger/budgets'
import { SessionTransactions } from '../session/transactions'
import type { Mismatch } from '../trust/binding'
import type { Sealed } from '../trust/handle'
import type { Keys } from '../trust/keys'
import { about, publish, type About, type NevisEvents } from './events'
import type { Settings } from './settings'

/** Where the browser is sent. */
export interface Redirect {
  readonly to: string
}

/** Where the browser is sent, or who approved. */
export type StrategyResult = Redirect | Approved

export interface Approved {
  readonly profile: NevisProfile
  readonly returnTo: string | undefined
  /** Called once `verify` has accepted the user. */
  readonly accepted?: () => Promise<void>
}

/** A field of a request: undefined if it is missing, null if it is not a string. */
export type Field = string | null | undefined

/** Properties of the session that the host or Passport writes. When the session is read again, these properties are never overwritten with older values. */
const HOST_PROPERTIES: readonly string[] = ['cookie', 'passport']

/** How a transaction ends without success. */
interface End {
  readonly wasDenied?: boolean
  readonly canGoOn?: boolean
  readonly decided?: { readonly ending: Ending | undefined }
}

/** The usual form of a language tag, such as `de-CH` (RFC 5646). */
const LANGUAGE_TAG = /^[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,3}$/i

/** A budget that is used up. */
export interface UsedUpBudget {
  readonly over: NevisEvents['budget']['budget']
  readonly limit: number
  readonly retryAfterSeconds?: number | undefined
}

/** @internal */
export class StrategyRequest {
  session!: SessionLike
  transactions!: SessionTransactions
  readonly budgets: Budgets
  /** What is known so far of the request's transaction; for events. */
  current: Partial<Transaction> = {}
  /** True if nothing that this request writes into the session is kept. */
  hasAbandonedSession = false
  private isNew = false
  /** The session's properties as this request last read them, as JSON. */
  private lastRead = new Map<string, string | undefined>()

  /** @throws StorageError `SESSION_REQUIRED`, `SESSION_IN_COOKIE` */
  constructor(
    readonly settings: Settings,
    readonly keys: Keys,
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
   * Makes this the request's session, after the session was renewed or read again.
   * @param isNew true if the session's id was made in this request, so that no other request can have changed the session
   */
  useSession(session: SessionLike, isNew = false): void {
    const { sessionKey, firstFactorLifetimeMs } = this.settings
    this.session = session
    this.isNew = isNew
    this.lastRead = new Map(Object.entries(session).map(([name, value]) => [name, JSON.stringify(value)]))
    this.transactions = new SessionTransactions(session, sessionKey, firstFactorLifetimeMs, this.keys.shown)
  }

  /**
   * Reads the session again after a wait for Nevis and before it is written, because another request may have changed it.
   * @throws Refusal `unknown_transaction` if the session is gone or has another login; StorageError
   */
  async refresh(): Promise<void> {
    if (this.isNew) return
    const login = this.login()
    const session = await this.reload()
    if (session === undefined) this.hasAbandonedSession = true
    if (session === undefined || loginOf(session) !== login) throw new Refusal('unknown_transaction')
    this.useSession(session)
  }

  /**
   * Reads the session again and restores what the app has changed in this request and not saved: properties that it added, changed or
   * deleted, before the strategy ran or in `verify`. The strategy's own property and those of the host come from the store.
   * @returns undefined if the session is gone; the request then has a new, empty one
   */
  async reload(): Promise<SessionLike | undefined> {
    const { session: before, lastRead } = this
    const written = Object.entries(before).filter(([name]) => !HOST_PROPERTIES.includes(name) && name !== this.settings.sessionKey)
    const session = await reloadSession(this.req)
    if (session === undefined) return undefined
    for (const name of lastRead.keys()) if (!(name in before) && !HOST_PROPERTIES.includes(name)) delete session[name]
    for (const [name, value] of written) if (!(name in session) || lastRead.get(name) !== JSON.stringify(value)) session[name] = value
    return session
  }

  /** The transaction's part of an event. */
  about(): About {
    return about(this.settings.name, this.current)
  }

  /** Milliseconds since the start of the request's transaction; for events. */
  ageMs(startedAt = this.current.startedAt ?? Date.now()): number {
    return Math.max(0, Date.now() - startedAt)
  }

  /** A digest of the signed-in user: a transaction that one login started must not be finished in another. */
  login(): string | undefined {
    return loginOf(this.session)
  }

  /**
   * True if the session goes on after the callback. At a login, Passport replaces the session; any other session must be read again before
   * it is written.
   */
  sessionContinues(): boolean {
    return this.current.login !== undefined || !logsIn(this.options) || this.options.keepSessionInfo === true
  }

  /**
   * The transaction that the handle names, if this session holds it.
   * @throws Refusal `unknown_transaction` if the handle does not open; `binding_mismatch`
   */
  openTransaction(handle: Field): Transaction | undefined {
    const sealed = this.keys.handles.open(handle)
    if (sealed === undefined) throw new Refusal('unknown_transaction')
    this.current = { id: sealed.id, factor: sealed.factor }
    return this.transactionById(sealed.id)
  }

  /** @throws Refusal `binding_mismatch` if the transaction was changed in the session */
  transactionById(id: string): Transaction | undefined {
    const transaction = this.transactions.get(id)
    if (transaction === undefined) return undefined
    if (transaction.id !== id || !this.keys.digests.matches(transaction)) throw this.mismatchRefusal('digest')
    return (this.current = transaction)
  }

  /**
   * The refusal for a transaction that the session does not hold: a signed-in user has probably used it. An empty session is abandoned: the
   * cookie may name an old session that another tab has replaced when it signed in.
   */
  missingTransactionRefusal(): Refusal {
    if (!hasContent(this.session)) this.abandonSession()
    return new Refusal(this.req.user ? 'used_transaction' : 'unknown_transaction')
  }

  /**
   * Ends a transaction without success. It ends in the ledger first, so that neither a late session write nor an old session cookie can
   * revive it. If the ledger fails, the transaction stays open.
   * @param wasDenied true if Nevis said so: repeated denials pause the user's next starts
   * @param canGoOn false if no other factor may be tried in its place
   * @param decided given if the user has denied or did not answer
   */
  async end(transaction: Transaction, code: FailureCode, { wasDenied = false, canGoOn = true, decided }: End = {}): Promise<void> {
    const isFirst = await this.budgets.endings.end(transaction, transaction.budget, wasDenied)
    this.settings.watch.settle(transaction.id)
    // Only the first caller knows how the transaction ended: a later one must not mark a success or a cancellation as a denial.
    if (isFirst && canGoOn) await this.budgets.endings.allowOtherFactor(transaction)
    if (isFirst && decided !== undefined) this.publishFailed(transaction, decided.ending)
    await this.refresh()
    // Another request may have removed the transaction: then it must not be put back.
    if (this.transactionById(transaction.id) === undefined) return
    this.transactions.close(transaction, code)
    await this.transactions.save()
  }

  private publishFailed(transaction: Transaction, ending: Ending | undefined): void {
    publish('decided', () => ({ ...about(this.settings.name, transaction), outcome: 'failed', ...(ending !== undefined && { reason: ending }), ageMs: this.ageMs(transaction.startedAt) }))
  }

  /** Ends a transaction without success and fails the request with the same code. */
  async close(transaction: Transaction, code: FailureCode, how: End = {}): Promise<never> {
    await this.end(transaction, code, how)
    throw new Refusal(code)
  }

  /** Ends a transaction because the user cancels: no other factor may be tried in its place, even if it was denied before. */
  async cancel(transaction: Transaction): Promise<never> {
    await this.budgets.endings.noteCancelled(transaction)
    return this.close(transaction, 'cancelled', { canGoOn: false })
  }

  /**
   * Stops using the session, because another tab of this browser was faster and is probably signed in. Nothing that this request writes is
   * kept, and no cookie is sent, because it would replace the cookie of that sign-in.
   */
  abandonSession(): void {
    this.hasAbandonedSession = true
    this.useSession(endSession(this.req), true)
  }

  /** Saves the transaction in the session, and sends the browser to the waiting page. */
  async saveAndWait(transaction: Transaction, lockedCodes?: string): Promise<Redirect> {
    this.transactions.put(transaction)
    await this.transactions.save()
    return { to: this.waitingURL({ ...transaction, ...(lockedCodes !== undefined && { lockedCodes }) }) }
  }

  /** Keeps the language that the user has chosen on the waiting page: it is in the query of the page's forms. */
  waitingURL(sealed: Sealed): string {
    const language = queryFieldOf(this.req, 'language')
    const chosen = typeof language === 'string' && LANGUAGE_TAG.test(language) && { language }
    return withQuery(this.settings.waitingURL, { transaction: this.keys.handles.seal(sealed), ...chosen })
  }

  /** Publishes that an answer or a transaction does not match what was started, and makes the refusal. */
  mismatchRefusal(field: Mismatch): Refusal {
    publish('suspicious', () => ({ ...this.about(), reason: 'binding_mismatch', field }))
    return new Refusal('binding_mismatch')
  }

  /** Publishes that a budget is used up, and makes the refusal. */
  budgetRefusal({ over, limit, retryAfterSeconds }: UsedUpBudget, code: FailureCode): Refusal {
    publish('budget', () => ({ ...this.about(), budget: over, limit }))
    return new Refusal(code, undefined, retryAfterSeconds)
  }
}
