/**
 * One request to the strategy, with its session and its transaction (the approval or enrolment at Nevis).
 *
 * Out of scope: Passport's actions (`strategy.ts`), and HTTP to Nevis (`client/`).
 */
import { isDeepStrictEqual } from 'node:util'
import type { AuthenticateOptions } from 'passport'
import type { Ending } from '../factors/ending'
import { Refusal, type FailureCode } from '../factors/failures'
import type { NevisProfile } from '../factors/profile'
import type { Transaction } from '../factors/transaction'
import { loginOf } from '../host/login'
import { isFromOtherSite } from '../host/origin'
import { logsIn, queryFieldOf, sessionOf, userOf, type NevisRequest, type SessionLike } from '../host/request'
import { endSession } from '../host/ended-session'
import { hasContent, isInCookie, reloadSession } from '../host/session'
import { changesIn, snapshotOf, type SessionSnapshot } from '../host/session-changes'
import { StorageError } from '../host/storage'
import { withQuery } from '../host/url'
import { Budgets } from '../ledger/budgets'
import { sitePathOf } from '../session/return-to'
import { SessionTransactions } from '../session/transactions'
import type { Mismatch } from '../trust/binding'
import type { HandleContent } from '../trust/handle'
import type { Keys } from '../trust/keys'
import { isAnsweredOnPhone, mayStopStepUp } from './answered-on-phone'
import { about, publish, type About, type NevisEvents } from './events'
import type { RequestSource } from './request-origin'
import type { Settings } from './settings'

export interface Redirect {
  readonly to: string
}

export type StrategyResult = Redirect | Approved

export interface Approved {
  readonly profile: NevisProfile
  readonly returnTo: string | undefined
  /**
   * Remembers the factor and, if the user wants it, the browser. In a remembered browser: throws a Refusal if the browser has been forgotten meanwhile. The
   * strategy calls this function after the app's `verify` has accepted the user.
   */
  readonly accepted?: () => Promise<void>
}

/** A field of a request: undefined if it is missing, null if its value is not a string. */
export type Field = string | null | undefined

interface End {
  readonly wasDenied?: boolean
  readonly canGoOn?: boolean
  readonly decided?: { readonly ending: Ending | undefined }
}

/** A language tag, such as `de-CH` (RFC 5646). */
const LANGUAGE_TAG = /^[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,3}$/i

/** A limit on starts or codes that the user has reached. */
interface UsedUpBudget {
  readonly over: NevisEvents['budget']['budget']
  readonly limit: number
  readonly retryAfterSeconds?: number | undefined
}

/** @internal */
export class StrategyRequest {
  session!: SessionLike
  transactions!: SessionTransactions
  readonly budgets: Budgets
  /** The content of the handle that this request has sent; undefined before the handle is decrypted. */
  sealed: HandleContent | undefined
  /** What is known so far about the transaction of this request. Events contain these fields. */
  current: Partial<Transaction> = {}
  /** True if this request must not write to its session: the session no longer exists, or a new cookie could replace that of the browser's real session. */
  hasAbandonedSession = false
  /** The page from which the user started the transaction that this request names. Undefined if the signed-in user has changed since that start. */
  startedFrom: string | undefined
  /** The slot that this start has taken, to count towards the user's limit on starts (`ledger/start-budget.ts`). */
  takenSlot: number | undefined
  private isNew = false
  /** Each property of the session as JSON, as it was last read from the store or saved, to see later which properties the app has changed. */
  lastRead: SessionSnapshot

  /** @throws StorageError `SESSION_REQUIRED` without a session; `SESSION_IN_COOKIE` if the browser holds the session itself, as with cookie-session */
  constructor(
    readonly settings: Settings,
    readonly keys: Keys,
    readonly req: NevisRequest,
    readonly options: AuthenticateOptions,
    readonly source: RequestSource,
  ) {
    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    if (isInCookie(session)) throw new StorageError('SESSION_IN_COOKIE')
    this.useSession(session)
    this.lastRead = snapshotOf(session)
    this.budgets = new Budgets(settings)
  }

  /** @param isNew true if this request has created the session, so that no other request can have changed it */
  useSession(session: SessionLike, isNew = false): void {
    const { sessionKey, firstFactorLifetimeMs } = this.settings
    this.session = session
    this.isNew = isNew
    const isKeptLongest = (one: Pick<Transaction, 'factor' | 'operation' | 'isStepUp' | 'isUnsent'>) => mayStopStepUp(this.settings, one)
    this.transactions = new SessionTransactions(session, sessionKey, firstFactorLifetimeMs, this.keys.shown, isKeptLongest)
  }

  /**
   * Reads the session from the store again: while this request waited for Nevis, another request may have changed it.
   * @param keepsAll see `reload`
   * @throws Refusal `unknown_transaction` if the session is gone, or if the signed-in user has changed; StorageError
   */
  async refresh(keepsAll = false): Promise<void> {
    if (this.isNew) return
    const login = this.login()
    const session = await this.reload(keepsAll, true)
    if (session === undefined) this.hasAbandonedSession = true
    if (session === undefined || loginOf(session) !== login) throw new Refusal('unknown_transaction')
    this.useSession(session)
  }

  /**
   * Reads the session from the store again, because another request may have changed it. If the app has changed its own properties of the session in this
   * request, the values of this request replace the values that were read.
   * @param keepsAll true: keep this request's values of all properties of the app, even of those that it has not changed
   * @param needsSameLogin true: change nothing in the session if another user is signed in to it now, or nobody
   * @returns undefined if the store no longer has the session
   */
  async reload(keepsAll = false, needsSameLogin = false): Promise<SessionLike | undefined> {
    const makeChanges = changesIn(this.session, this.settings.sessionKey, this.lastRead, keepsAll)
    const session = await reloadSession(this.req)
    if (session === undefined) return undefined
    // Note the stored values before the app's changes replace them below. Otherwise a second `reload` would treat these changes as saved, and drop them.
    this.lastRead = snapshotOf(session)
    if (!needsSameLogin || loginOf(session) === this.login()) makeChanges(session)
    return session
  }

  /**
   * Saves the session, if this request has changed it: an attacker must not make this package write a session over and over. After this,
   * the app's own changes count as saved: if another request then changes the same property, a later `reload` takes the value of that other request.
   * @throws StorageError `SESSION_UNAVAILABLE`, `SESSION_TOO_LARGE`
   */
  async save(): Promise<void> {
    // A session without `save`, such as that of @fastify/secure-session, may not list its properties, so a change could remain unnoticed. So always save it.
    if (!this.isNew && typeof this.session.save === 'function' && isDeepStrictEqual(snapshotOf(this.session), this.lastRead)) return
    await this.transactions.save()
    this.lastRead = snapshotOf(this.session)
  }

  about(): About {
    return about(this.settings.name, this.current)
  }

  ageMs(startedAt = this.current.startedAt ?? Date.now()): number {
    return Math.max(0, Date.now() - startedAt)
  }

  /** A digest of the signed-in user; undefined if no user is signed in. */
  login(): string | undefined {
    return loginOf(this.session)
  }

  /** True if the session is still used after this request. False if Passport will replace the session when it signs the user in. */
  sessionContinues(): boolean {
    return this.login() !== undefined || this.current.login !== undefined || !logsIn(this.options) || this.options.keepSessionInfo === true
  }

  /**
   * Returns the transaction that the handle (the encrypted transaction id) names; undefined if this session does not contain it.
   * @throws Refusal `unknown_transaction` if the handle cannot be decrypted; `binding_mismatch` if the transaction was changed in the session
   */
  openTransaction(handle: Field): Transaction | undefined {
    const sealed = this.keys.handles.open(handle)
    if (sealed === undefined) throw this.refusalOfLink('unknown_transaction')
    this.sealed = sealed
    this.current = { id: sealed.id, factor: sealed.factor }
    const transaction = this.transactionById(sealed.id)
    if (transaction?.login === this.login()) this.startedFrom = sitePathOf(transaction?.returnTo)
    return transaction
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
   * The Refusal for a transaction that is not in the session. An empty session means that another tab has probably signed the user in and replaced
   * the session. This request must then not write to the session.
   */
  missingTransactionRefusal(): Refusal {
    if (!hasContent(this.session)) this.abandonSession()
    return new Refusal(userOf(this.req) ? 'used_transaction' : 'unknown_transaction')
  }

  /**
   * The Refusal for a request that another site may have sent. The browser may then have left out the user's cookie (`SameSite`), so the session is empty.
   * Passport must not create a session for the failure message: the cookie of the new session would replace the user's cookie and sign the user out.
   */
  refusalOfLink(code: FailureCode): Refusal {
    const { postOrigins } = this.settings
    if (!hasContent(this.session) && isFromOtherSite(this.req, postOrigins === 'any' ? [] : postOrigins)) this.abandonSession()
    return new Refusal(code)
  }

  /**
   * Ends a transaction without success, in the ledger (the store of all processes) and then in the session. If the ledger fails, this function
   * throws, and the transaction stays open.
   * @throws Refusal `used_transaction` if a callback at the same moment has ended the transaction with success
   * @param wasDenied true if Nevis has reported `failed`: the user has denied, or has not answered in time
   * @param canGoOn false to forbid the user another factor after this transaction
   * @param decided if set, the event `decided` is published, unless already published. Its field `ending`: `denied` or `timed_out`; undefined if not known
   */
  async end(transaction: Transaction, code: FailureCode, { wasDenied = false, canGoOn = true, decided }: End = {}): Promise<void> {
    const isNews = await this.budgets.endings.end(transaction, this.budgets.keysOf(transaction), { wasDenied, isCertain: decided?.ending === 'denied', canGoOn })
    const isLeft = decided === undefined && !wasDenied && isAnsweredOnPhone(this.settings, transaction)
    if (isLeft) this.settings.watch.leave(transaction)
    else this.settings.watch.settle(transaction.id)
    if (!isNews && !wasDenied && code !== 'binding_mismatch' && (await this.budgets.endings.hasSucceeded(transaction))) throw new Refusal('used_transaction')
    if (isNews && decided !== undefined) this.publishFailed(transaction, decided.ending)
    await this.refresh()
    // If another request has removed the transaction from the session, do not store the transaction again.
    if (this.transactionById(transaction.id) === undefined) return
    const keepsToken = isLeft && this.settings.afterDenial === 'stop' && Date.now() < transaction.expiresAt
    this.transactions.close(transaction, code, keepsToken)
    await this.save()
  }

  /**
   * Ends a transaction that the user has not answered, for example because another transaction replaces it. Nevis cannot withdraw the request from the phone.
   * If the user denies the request later, the denial still counts: the second denial in a day begins a pause in which the user can start nothing.
   * @returns false if the transaction had already ended
   */
  async abandon(transaction: Transaction): Promise<boolean> {
    if (isAnsweredOnPhone(this.settings, transaction)) this.settings.watch.leave(transaction)
    else this.settings.watch.settle(transaction.id)
    return this.budgets.endings.claim(transaction)
  }

  private publishFailed(transaction: Transaction, ending: Ending | undefined): void {
    publish('decided', () => ({ ...about(this.settings.name, transaction), outcome: 'failed', ...(ending !== undefined && { reason: ending }), ageMs: this.ageMs(transaction.startedAt) }))
  }

  async close(transaction: Transaction, code: FailureCode, how: End = {}): Promise<never> {
    await this.end(transaction, code, how)
    throw new Refusal(code)
  }

  /** Ends a transaction because the user has pressed "Cancel". This also forbids the user to try another factor instead. */
  cancel(transaction: Transaction): Promise<never> {
    return this.close(transaction, 'cancelled', { canGoOn: false })
  }

  /** Makes this request write nothing to the session and set no cookie. Another tab has probably signed the user in, and its new cookie must stay. */
  abandonSession(): void {
    this.hasAbandonedSession = true
    this.useSession(endSession(this.req), true)
  }

  /**
   * Saves the transaction in the session, and sends the browser to the waiting page.
   * @param encryptedCodes new recovery codes, encrypted. They become part of the handle in the URL, and are not stored in the session
   */
  async saveAndWait(transaction: Transaction, encryptedCodes?: string): Promise<Redirect> {
    this.transactions.put(transaction)
    await this.save()
    return { to: this.waitingURL({ ...transaction, ...(encryptedCodes !== undefined && { encryptedCodes }) }) }
  }

  /** The URL of the waiting page, with the language that the user has chosen on that page, if any. */
  waitingURL(sealed: HandleContent): string {
    const language = queryFieldOf(this.req, 'language')
    const chosen = typeof language === 'string' && LANGUAGE_TAG.test(language) && { language }
    return withQuery(this.settings.waitingURL, { transaction: this.keys.handles.seal(sealed), ...chosen })
  }

  /**
   * Publishes the event `suspicious`: Nevis's answer, the session's transaction, the route or the signed-in user does not match what was started.
   * @returns the Refusal to throw
   */
  mismatchRefusal(field: Mismatch): Refusal {
    publish('suspicious', () => ({ ...this.about(), reason: 'binding_mismatch', field }))
    return new Refusal('binding_mismatch')
  }

  budgetRefusal({ over, limit, retryAfterSeconds }: UsedUpBudget, code: FailureCode): Refusal {
    publish('budget', () => ({ ...this.about(), budget: over, limit }))
    return new Refusal(code, undefined, retryAfterSeconds)
  }
}
