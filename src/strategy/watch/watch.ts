/**
 * Finds the one polling loop of a transaction in this process. Several tabs and callbacks that wait for the same transaction share this loop.
 *
 * The folder `watch/` asks Nevis for the status of transactions: `watched-transaction.ts` polls one transaction, and `schedule.ts` decides when and how
 * often. Out of scope: telling a browser (`waiting/status-endpoint.ts`), and signing a user in (`strategy/callback.ts`).
 */
import type { NevisClient, Status } from '../../client/client'
import type { UserOfStart } from '../../trust/binding'
import { lifetimeMsOf } from '../../factors/lifetime'
import { handleContentOf, type HandleContent } from '../../trust/handle'
import type { Transaction } from '../../factors/transaction'
import { delayMs, RateLimiter, type PollStep } from './schedule'
import type { Listener, WatchedStatus, WatchReports } from './reports'
import { WatchedTransaction } from './watched-transaction'

export type { WatchedStatus as Watched } from './reports'

export interface WatchOptions extends WatchReports {
  readonly lifetimeMs: number
  /** How long a user has to finish an enrolment, in milliseconds. Default: `lifetimeMs`. */
  readonly enrollmentLifetimeMs?: number
  readonly schedule: readonly PollStep[]
  readonly maxCallsPerSecond: number
  /**
   * For how many milliseconds a denied transaction is kept after it has expired. Default: 0. The option `afterDenial: 'stop'` needs a longer time. With this
   * option, a denial also forbids the other factors, and an attacker may try one of them after the denied transaction has expired.
   */
  readonly keepDeniedMs?: number
}

const SWEEP_EVERY_MS = 10_000
/** A transaction counts as abandoned when it has been expired for this long. Until then, another process with a slow clock may accept an approval. */
const ABANDONED_AFTER_MS = 60_000
/**
 * How many transactions this process watches at most, to limit the memory. If there are more, the process drops the oldest transactions without an open page.
 * If it needs a dropped transaction later, it asks Nevis again.
 */
const MAX_TRANSACTIONS = 50_000

/** @internal */
export class StatusWatch {
  private readonly transactions = new Map<string, WatchedTransaction>()
  private readonly rate: RateLimiter
  private nextSweepAt = 0

  constructor(
    private readonly client: NevisClient,
    private readonly options: WatchOptions,
  ) {
    this.rate = new RateLimiter(options.maxCallsPerSecond)
  }

  /** The status of a transaction. Calls Nevis, unless the poll schedule or the rate limit forbids a call now. */
  look(sealed: HandleContent): Promise<WatchedStatus> {
    return this.openedFor(sealed).look()
  }

  /** The last status that this process has received, without a call to Nevis. */
  peek(sealed: HandleContent): WatchedStatus {
    return this.openedFor(sealed).now()
  }

  /**
   * Calls the listener once, as soon as the transaction is decided or has expired.
   * @param silenceChanged called each time when the result of `isSilent` changes, until the listener is called
   * @returns a function that stops listening
   */
  follow(sealed: HandleContent, listener: Listener, silenceChanged: () => void = () => {}): () => void {
    return this.openedFor(sealed).follow(listener, silenceChanged)
  }

  /** True if Nevis has not responded to the last status calls for this transaction. */
  isSilent(sealed: HandleContent): boolean {
    return this.transactions.get(keyOf(sealed))?.isSilent() ?? false
  }

  /**
   * Gets Nevis's answer for the callback of this transaction:
   *
   * 1. a success that Nevis reported at most five seconds ago
   * 2. otherwise the answer to a new call; concurrent callbacks share that call
   * 3. if the limit of calls is reached (ten calls in a row, then one each second), the last answer
   * @returns undefined if the transaction has no status token
   * @throws NevisError if the call failed
   */
  async decide(transaction: Transaction): Promise<Status | undefined> {
    const { statusToken } = transaction
    if (statusToken === undefined) return undefined
    const sealed = handleContentOf(transaction)
    const watched = this.openedFor(sealed)
    // `openedFor` does not store an expired transaction that only another process has watched. Store `watched` here: otherwise each callback would create a new
    // `WatchedTransaction`, whose limit of calls begins anew.
    if (!this.transactions.has(sealed.id)) this.transactions.set(sealed.id, watched)
    // `watched` may have been created from a handle (the encrypted URL parameter) with another status token. Use only the token from the session.
    return (watched.isOf(statusToken) ? watched : this.newWatch(sealed)).decide(transaction)
  }

  has(id: string): boolean {
    return this.transactions.has(id) || this.transactions.has(withoutStatus(id))
  }

  /** Watches a transaction from its start, before any page is open: the user may deny it on the phone without opening the waiting page. */
  begin(transaction: Transaction): void {
    this.watchedFor(handleContentOf(transaction)).remember(transaction)
  }

  /**
   * Asks Nevis once whether the user has denied a transaction. A denial is reported with `ended` (`WatchReports`). Waits at most two seconds, and never throws.
   */
  async askAgain(transaction: Transaction): Promise<void> {
    const sealed = handleContentOf(transaction)
    const watched = this.transactions.get(keyOf(sealed)) ?? this.newWatch(sealed)
    watched.remember(transaction)
    await watched.askAgain()
  }

  /**
   * Asks Nevis once for the status of every transaction of this user that this process watches and that is still `pending`. Reports denials as `askAgain` does.
   * @returns true if one of them is no longer `pending`: the user may have denied it
   */
  async askAgainFor(user: UserOfStart): Promise<boolean> {
    const ofUser = [...this.transactions.values()].filter((watched) => watched.isOfUser(user) && watched.isUndecided())
    await Promise.all(ofUser.map((watched) => watched.askAgain()))
    return ofUser.some((watched) => !watched.isUndecided())
  }

  /**
   * The transactions that a user has denied or can still deny, as far as this process watches them. The session may not contain all of them, because a session
   * keeps only the newest transactions and an attacker can restore an old session cookie.
   */
  requestsOf(user: UserOfStart): Transaction[] {
    const ofUser = [...this.transactions.values()].filter((watched) => watched.isOfUser(user))
    return ofUser.flatMap((watched) => (watched.isUndecided() || watched.hasFailed() ? (watched.known() ?? []) : []))
  }

  /**
   * Keeps watching a transaction that has ended without an answer on the phone, for example because the user has cancelled it on the page. Its request stays on
   * the phone until it expires, and the user can still deny it there.
   */
  leave(transaction: Transaction): void {
    const sealed = handleContentOf(transaction)
    this.transactions.get(withoutStatus(sealed.id))?.settle()
    const known = this.transactions.get(sealed.id)
    // Without a status token, this process cannot ask Nevis. If the session has deleted the token at the end of the transaction, `known` still has the token.
    // If the transaction never had a token, the user cannot deny it on the phone.
    if (sealed.statusToken === undefined) return known?.leave(transaction)
    const watched = known ?? this.newWatch(sealed)
    watched.leave(transaction)
    this.transactions.set(sealed.id, watched)
  }

  /** Stops watching a transaction that has ended. Such a transaction is not reported as abandoned (left without an answer until it has expired). */
  settle(id: string): void {
    this.transactions.get(id)?.settle()
    this.transactions.get(withoutStatus(id))?.settle()
  }

  /**
   * The current numbers for `metricsOf`. `waiting`: transactions with a page that waits for the user. The other three are about the status calls for these
   * pages, without the calls of callbacks: how many wait for the rate limit (`queued`), how many were allowed so far (`taken`), and how many are allowed per
   * second now (`perSecond`).
   */
  usage(): { readonly waiting: number; readonly queued: number; readonly taken: number; readonly perSecond: number } {
    const now = Date.now()
    this.sweep(now)
    let waiting = 0
    for (const watched of this.transactions.values()) if (watched.isOpened && watched.isUndecided() && !watched.isOver(now)) waiting += 1
    return { waiting, ...this.rate.usage() }
  }

  /** How many milliseconds a page should wait before its next request. */
  delayMs(sealed: HandleContent): number {
    return delayMs(this.options.schedule, this.ageMs(sealed), this.transactions.get(keyOf(sealed))?.failures)
  }

  private openedFor(sealed: HandleContent): WatchedTransaction {
    const watched = this.watchedFor(sealed)
    watched.isOpened = true
    return watched
  }

  private watchedFor(sealed: HandleContent): WatchedTransaction {
    const now = Date.now()
    this.sweep(now)
    const known = this.transactions.get(keyOf(sealed))
    // Replace an expired `WatchedTransaction`: the user may have got more time for the same transaction (`strategy/extend.ts`). Also replace it if the
    // transaction has moved to a new session: the ledger then stores the transaction's end under another key (`ledger/endings.ts`).
    if (known !== undefined && (!known.isOver(now) || known.hasFailed() || now >= sealed.expiresAt) && !known.hasMovedBefore(sealed)) return known
    const watched = this.newWatch(sealed)
    // If the user had to type a code first, the page has until now used a `WatchedTransaction` without a status token (see `keyOf`). Settle that
    // object: otherwise it would later report that the user has abandoned the transaction.
    if (sealed.statusToken !== undefined) this.transactions.get(withoutStatus(sealed.id))?.settle()
    // `watched` has no status token. A `WatchedTransaction` with the token exists already, and reports the transaction's end. So settle `watched`: the end must
    // not be reported twice.
    else if (this.transactions.has(sealed.id)) watched.settle()
    if (now < sealed.expiresAt) this.transactions.set(keyOf(sealed), watched)
    return watched
  }

  private newWatch(given: HandleContent): WatchedTransaction {
    const sealed = handleContentOf(given)
    const delay = (failures: number) => delayMs(this.options.schedule, this.ageMs(sealed), failures)
    return new WatchedTransaction(sealed, this.client, this.rate, delay, this.options)
  }

  private ageMs({ expiresAt, operation }: HandleContent): number {
    return Date.now() - (expiresAt - lifetimeMsOf(this.options, operation))
  }

  private sweep(now: number): void {
    if (this.transactions.size >= MAX_TRANSACTIONS) this.forgetIdle(MAX_TRANSACTIONS / 2)
    if (now < this.nextSweepAt) return
    this.nextSweepAt = now + SWEEP_EVERY_MS
    for (const [id, watched] of this.transactions) {
      const keepMs = watched.hasFailed() ? (this.options.keepDeniedMs ?? 0) : 0
      if (watched.isOver(now - keepMs) && !watched.isUndecided()) this.transactions.delete(id)
      else if (watched.isUndecided() && watched.isOver(now - ABANDONED_AFTER_MS)) this.drop(id, watched)
    }
  }

  private drop(id: string, watched: WatchedTransaction): void {
    // With `keepDeniedMs`, do not delete the transaction yet: `requestsOf` must find it while `finish` asks Nevis whether the user has denied. After that,
    // delete it unless the user has denied.
    const mayKeep = this.options.keepDeniedMs !== undefined
    if (!mayKeep) this.transactions.delete(id)
    void watched.finish().then(() => {
      if (!watched.hasFailed() && this.transactions.get(id) === watched) this.transactions.delete(id)
    })
  }

  /** Drops the oldest transactions without an open page, `count` of them at once, so that this search runs rarely. */
  private forgetIdle(count: number): void {
    let left = count
    for (const [id, watched] of this.transactions) {
      if (left === 0) return
      if (!watched.isIdle()) continue
      this.transactions.delete(id)
      left -= 1
    }
  }
}

/**
 * The key of a `WatchedTransaction`. If the user must type a code, the page must not learn the status before the user has typed it. Until then, the page has
 * a separate `WatchedTransaction` with another key and without the status token.
 */
function keyOf({ id, statusToken }: HandleContent): string {
  return statusToken === undefined ? withoutStatus(id) : id
}

const withoutStatus = (id: string): string => `${id} without status`
