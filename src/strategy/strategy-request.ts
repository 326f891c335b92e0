/**
 * One request while the strategy handles it: its session, its transaction, and the results that it can have.
 *
 * The functions `start` (`start.ts`), `callback` (`callback.ts`) and `cancel` (`dispatch.ts`) use it. Each of them returns a redirect or the approved
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

export interface Redirect {
  readonly to: string
}

export type StrategyResult = Redirect | Approved

export interface Approved {
  readonly profile: NevisProfile
  readonly returnTo: string | undefined
  /** The strategy calls this function after `verify` has accepted the user. */
  readonly accepted?: () => Promise<void>
}

/** A field of a request: undefined if it is missing, null if its value is not a string. */
export type Field = string | null | undefined

/** Properties of the session that the web framework (for example express-session) or Passport writes. `reload` takes their values from the store. */
const HOST_PROPERTIES: readonly string[] = ['cookie', 'passport']

/** How a transaction ends without success. See `end`. */
interface End {
  readonly wasDenied?: boolean
  readonly canGoOn?: boolean
  readonly decided?: { readonly ending: Ending | undefined }
}

/** The usual form of a language tag, such as `de-CH` (RFC 5646). */
const LANGUAGE_TAG = /^[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,3}$/i

/** A budget (a limit of starts or codes) that is used up. */
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
  /** The fields of this request's transaction that are known so far. Events contain them. */
  current: Partial<Transaction> = {}
  /** True if this request must not write to its session, because another tab has replaced the session. */
  hasAbandonedSession = false
  private isNew = false
  /** The session's properties when this request last read the session, as JSON. */
  private lastRead = new Map<string, string | undefined>()

  /**
   * Checks that the request has a session that this package can use.
   * @throws StorageError `SESSION_REQUIRED`, `SESSION_IN_COOKIE`
   */
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
   * Sets the session of this request, after the session was renewed or read again.
   * @param isNew true if this request has created the session's id, so that no other request can have changed the session
   */
  useSession(session: SessionLike, isNew = false): void {
    const { sessionKey, firstFactorLifetimeMs } = this.settings
    this.session = session
    this.isNew = isNew
    this.lastRead = new Map(Object.entries(session).map(([name, value]) => [name, JSON.stringify(value)]))
    this.transactions = new SessionTransactions(session, sessionKey, firstFactorLifetimeMs, this.keys.shown)
  }

  /**
   * Reads the session again. Call it after a wait for Nevis and before you write the session, because another request may have changed it.
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
   * Reads the session again, and repeats the unsaved changes that the app has made to the session in this request: properties that the app added,
   * changed or deleted, before the strategy ran or in `verify`. The strategy's own property, and those of the web framework and Passport, keep the
   * value from the store.
   * @returns undefined if the store no longer has the session; the request then has a new, empty one
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

  about(): About {
    return about(this.settings.name, this.current)
  }

  ageMs(startedAt = this.current.startedAt ?? Date.now()): number {
    return Math.max(0, Date.now() - startedAt)
  }

  /**
   * A digest of the signed-in user; undefined if no user is signed in. A transaction contains the digest of the user who started it, so that another
   * user cannot continue it.
   */
  login(): string | undefined {
    return loginOf(this.session)
  }

  /**
   * True if the browser may still use this session after the callback. The strategy then reads the session again before it writes it, so that it does
   * not undo a logout in another tab. False for a session without a login that Passport will replace when it signs the user in. For a session with a
   * login the result is always true, because with a custom callback Passport replaces nothing.
   */
  sessionContinues(): boolean {
    return this.login() !== undefined || this.current.login !== undefined || !logsIn(this.options) || this.options.keepSessionInfo === true
  }

  /**
   * Returns the transaction that the handle names; undefined if this session does not contain it.
   * @throws Refusal `unknown_transaction` if the handle cannot be decrypted; `binding_mismatch` if the transaction was changed in the session
   */
  openTransaction(handle: Field): Transaction | undefined {
    const sealed = this.keys.handles.open(handle)
    if (sealed === undefined) throw new Refusal('unknown_transaction')
    this.current = { id: sealed.id, factor: sealed.factor }
    return this.transactionById(sealed.id)
  }

  /**
   * Returns the transaction with this id, if the session contains it.
   * @throws Refusal `binding_mismatch` if the transaction was changed in the session
   */
  transactionById(id: string): Transaction | undefined {
    const transaction = this.transactions.get(id)
    if (transaction === undefined) return undefined
    if (transaction.id !== id || !this.keys.digests.matches(transaction)) throw this.mismatchRefusal('digest')
    return (this.current = transaction)
  }

  /**
   * Returns the Refusal for a transaction that the session does not contain. If a user is signed in, they have probably used the transaction already.
   * If the session is empty, the browser's cookie may name an old session that another tab replaced when it signed in. This request then must not
   * write to the session.
   */
  missingTransactionRefusal(): Refusal {
    if (!hasContent(this.session)) this.abandonSession()
    return new Refusal(this.req.user ? 'used_transaction' : 'unknown_transaction')
  }

  /**
   * Ends a transaction without success. The ledger is written before the session: then neither a late write of the session nor an old session cookie
   * can make the transaction valid again. If the ledger fails, the transaction stays open.
   * @param wasDenied true if Nevis reported a denial or a time-out. Repeated denials pause the user's next starts
   * @param canGoOn false if no other factor may be tried in place of this transaction
   * @param decided set if the user has denied or has not answered in time; then the event `decided` is published
   */
  async end(transaction: Transaction, code: FailureCode, { wasDenied = false, canGoOn = true, decided }: End = {}): Promise<void> {
    const isFirst = await this.budgets.endings.end(transaction, transaction.budget, wasDenied)
    this.settings.watch.settle(transaction.id)
    // Allow another factor only if this caller has ended the transaction. A second caller does not know how it ended: perhaps with a success or a
    // cancellation.
    if (isFirst && canGoOn) await this.budgets.endings.allowOtherFactor(transaction)
    if (isFirst && decided !== undefined) this.publishFailed(transaction, decided.ending)
    await this.refresh()
    // Another request may have removed the transaction from the session. Then do not put it back.
    if (this.transactionById(transaction.id) === undefined) return
    this.transactions.close(transaction, code)
    await this.transactions.save()
  }

  private publishFailed(transaction: Transaction, ending: Ending | undefined): void {
    publish('decided', () => ({ ...about(this.settings.name, transaction), outcome: 'failed', ...(ending !== undefined && { reason: ending }), ageMs: this.ageMs(transaction.startedAt) }))
  }

  async close(transaction: Transaction, code: FailureCode, how: End = {}): Promise<never> {
    await this.end(transaction, code, how)
    throw new Refusal(code)
  }

  /** Ends a transaction because the user cancels it. No other factor may be tried in its place, even if `end` has allowed that before. */
  async cancel(transaction: Transaction): Promise<never> {
    await this.budgets.endings.noteCancelled(transaction)
    return this.close(transaction, 'cancelled', { canGoOn: false })
  }

  /**
   * Makes sure that this request writes nothing to the session, because another tab of this browser was faster and has probably signed in. The answer
   * then sets no session cookie, because it would replace the cookie of the other tab's sign-in.
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

  /** The URL of the waiting page. If the user has chosen a language on that page, the URL keeps it: the page's forms send the language in the query. */
  waitingURL(sealed: Sealed): string {
    const language = queryFieldOf(this.req, 'language')
    const chosen = typeof language === 'string' && LANGUAGE_TAG.test(language) && { language }
    return withQuery(this.settings.waitingURL, { transaction: this.keys.handles.seal(sealed), ...chosen })
  }

  /** Publishes the event `suspicious`, because an answer or a transaction does not match what was started. Returns the Refusal. */
  mismatchRefusal(field: Mismatch): Refusal {
    publish('suspicious', () => ({ ...this.about(), reason: 'binding_mismatch', field }))
    return new Refusal('binding_mismatch')
  }

  budgetRefusal({ over, limit, retryAfterSeconds }: UsedUpBudget, code: FailureCode): Refusal {
    publish('budget', () => ({ ...this.about(), budget: over, limit }))
    return new Refusal(code, undefined, retryAfterSeconds)
  }
}
