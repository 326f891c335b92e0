/**
 * Polls the status of one transaction, for all tabs and callbacks that wait for it.
 *
 * Calls Nevis while a page has an open event stream, when a page requests the status, when a callback comes, at the user's next start, and once after the
 * transaction has expired. No timer runs while no page is open.
 * Out of scope: which transactions are watched (`watch.ts`).
 */
import type { FailedStatus, NevisClient, Status, UnknownStatus } from '../../client/client'
import { NevisError } from '../../client/errors'
import type { Transaction } from '../../factors/transaction'
import { isOfSameUser, type UserOfStart } from '../../trust/binding'
import type { HandleContent } from '../../trust/handle'
import type { Listener, WatchedStatus, WatchReports } from './reports'
import type { LastCall } from './last-call'
import { DecisionLimit, waitAtMost, withJitter, type RateLimiter } from './schedule'
import { UnreadableAnswers } from './unreadable'

/**
 * How many requests of a waiting page may call Nevis earlier than the poll schedule says. Two, because rendering the page makes a status call, and soon after
 * it come the page's first poll and perhaps a reload. Each early call postpones the next scheduled call by one interval.
 */
const EARLY_LOOKS = 2
/** Upper limit for the pause between two status calls, if Nevis sends `Retry-After`. */
const MAX_BACK_OFF_MS = 30_000
/** A page's request waits for Nevis no longer than this. If Nevis's answer arrives later, the page's next request gets this answer. */
const MAX_WAIT_MS = 2000
/** A callback may use a success that Nevis reported at most this long ago. If the success is older, the callback asks Nevis again. */
const MAX_SUCCESS_AGE_MS = 5000

/** After this many failed status calls in a row, the waiting page says that Nevis does not respond. One call is enough if it timed out. */
const FAILURES_UNTIL_TOLD = 2

/** @internal */
export class WatchedTransaction {
  /** How many status calls have failed in a row. */
  failures = 0
  private status: WatchedStatus = 'pending'
  private readonly unreadable: UnreadableAnswers
  /** The earliest time at which a request of a waiting page may cause the next status call, in milliseconds of `performance.now()`. */
  private nextLookAt = -Infinity
  private earlyLooks = EARLY_LOOKS
  private backOffUntil = -Infinity
  private readonly decisions = new DecisionLimit()
  private asking: Promise<void> | undefined
  // Private `#` fields, because they contain tokens: if the app logs the strategy with `console.log`, `#` fields are not printed.
  #last: LastCall | undefined
  readonly #sealed: HandleContent
  /** The transaction from the session: it names the user in reports of denials. Set by the start or by the first callback request. */
  #transaction: Transaction | undefined
  private deciding = 0
  private finishing: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private isPolling = false
  private isSettled = false
  private isLeft = false
  /** True if a waiting page or a callback has asked this process for the status. */
  isOpened = false
  /** The listeners, each with a function that is called when `isSilent` changes. */
  private readonly listeners = new Map<Listener, () => void>()

  constructor(
    sealed: HandleContent,
    private readonly client: NevisClient,
    private readonly rate: RateLimiter,
    private readonly delayMs: (failures: number) => number,
    private readonly reports: WatchReports,
  ) {
    this.#sealed = sealed
    this.unreadable = new UnreadableAnswers(sealed.id)
  }

  /** True if this object asks Nevis with this status token. The token of this object comes from the handle in a URL; a callback's session may have another. */
  isOf(statusToken: string): boolean {
    return this.#sealed.statusToken === statusToken
  }

  isOfUser(user: UserOfStart): boolean {
    return isOfSameUser({ budget: this.#sealed.budget, userId: this.#transaction?.userId }, user)
  }

  hasMovedBefore({ moves = 0 }: HandleContent): boolean {
    return (this.#sealed.moves ?? 0) < moves
  }

  isOver(now: number): boolean {
    return now >= this.#sealed.expiresAt
  }

  /** The transaction without its QR code; after `leave`, with `closed: 'cancelled'`. Undefined if only the handle (the encrypted id) is known yet. */
  known(): Transaction | undefined {
    return this.#transaction && { ...this.#transaction, ...(this.isLeft && { closed: 'cancelled' }) }
  }

  /** True if Nevis has answered that the user denied the request or did not answer in time. */
  hasFailed(): boolean {
    return this.status === 'failed'
  }

  /** True if Nevis has not responded to the last status calls. */
  isSilent(): boolean {
    const error = this.#last?.error
    const isTimeout = error instanceof NevisError && error.code === 'NEVIS_TIMEOUT'
    return this.failures >= (isTimeout ? 1 : FAILURES_UNTIL_TOLD)
  }

  isUndecided(): boolean {
    return this.status === 'pending' && !this.isSettled
  }

  /** Keeps the transaction (without its QR code): the report of the transaction's end needs the user's name. */
  remember(transaction: Transaction): void {
    this.#transaction = { ...transaction, shown: {} }
  }

  /** From now on, this object does not report that the user has abandoned the transaction: the transaction has ended, or another object reports its end. */
  settle(): void {
    this.isSettled = true
  }

  /** Called when the transaction ends before Nevis's answer, for example by a cancellation. Polling goes on: the user can still deny on the phone. */
  leave(transaction: Transaction): void {
    // After the end of a transaction, the session may no longer contain the status token of the transaction. Then do not replace this object's copy, which
    // has the token.
    if (transaction.statusToken !== undefined) this.remember(transaction)
    this.isLeft = true
    this.isOpened = false
  }

  /** Asks Nevis for the status at the user's next start, even if no page polls. Returns after it has reported a denial, so the start finds it in the ledger. */
  async askAgain(): Promise<void> {
    if (this.#sealed.statusToken === undefined || !this.isUndecided() || !this.mayLookNow()) return
    await waitAtMost(MAX_WAIT_MS, this.ask())
  }

  /** Called once after the transaction has expired. Asks Nevis once more, because the user may have denied while no page was open. */
  finish(): Promise<void> {
    return (this.finishing ??= this.finishOnce())
  }

  private async finishOnce(): Promise<void> {
    try {
      if (!this.isLeft && (await this.reports.hasEnded?.(this.#sealed)) === true) return
      if (this.#sealed.statusToken !== undefined) await this.rate.acquire().then(() => this.ask())
      if (this.status !== 'failed' && !this.isLeft) await this.reports.abandoned?.(this.#sealed, this.#transaction)
    } catch {
      // Ignore the error, because no caller waits. A failed call to Nevis or to the ledger has already been published as an event.
    }
  }

  isIdle(): boolean {
    return this.listeners.size === 0 && this.asking === undefined
  }

  /** Returns the status for a page's request. Makes no call to Nevis while another tab has an event stream open: this process polls Nevis for that stream. */
  async look(): Promise<WatchedStatus> {
    const mayAsk = this.isAskable() && this.listeners.size === 0
    if (mayAsk && (this.asking !== undefined || this.mayLookNow())) await waitAtMost(MAX_WAIT_MS, this.ask())
    return this.now()
  }

  follow(listener: Listener, silenceChanged: () => void): () => void {
    this.listeners.set(listener, silenceChanged)
    this.notifyIfDecided()
    // Ask Nevis at once when the first page begins to listen, unless another page has just requested the status.
    if (this.listeners.size === 1 && this.isAskable() && performance.now() >= this.nextLookAt && this.mayLookNow()) void this.ask()
    this.schedule()
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.stop()
    }
  }

  /** Nevis's answer for a callback: a success of the last 5 s, else the answer to a new call. If callbacks have made too many calls, the last answer. */
  async decide(transaction: Transaction): Promise<Status> {
    this.remember(transaction)
    if (!this.hasJustSucceeded() && (this.asking !== undefined || this.decisions.tryAcquire())) {
      this.deciding += 1
      await this.ask()
      this.deciding -= 1
    }
    const { answer, error } = this.#last as LastCall
    if (answer === undefined) throw error
    return answer
  }

  private hasJustSucceeded(): boolean {
    return this.#last?.answer?.status === 'succeeded' && performance.now() - this.#last.at < MAX_SUCCESS_AGE_MS
  }

  /** The status for a page. After the transaction's expiry it is always `expired`, because the callback would refuse even a success. */
  now(): WatchedStatus {
    if (Date.now() >= this.#sealed.expiresAt) return 'expired'
    return this.status === 'pending' && this.unreadable.areTooMany() ? 'unreadable' : this.status
  }

  private isAskable(): boolean {
    return this.now() === 'pending' && this.#sealed.statusToken !== undefined
  }

  /** True if the poll schedule permits a call to Nevis for a page request. So fifty clients that poll one transaction cause no more calls than one client. */
  private mayLookNow(): boolean {
    const now = performance.now()
    const isEarly = now < this.nextLookAt
    if (now < this.backOffUntil || (isEarly && this.earlyLooks === 0) || !this.rate.tryAcquire()) return false
    if (isEarly) this.earlyLooks -= 1
    this.nextLookAt = Math.max(now, this.nextLookAt) + this.delayMs(this.failures)
    return true
  }

  /** Sets the timer for the next poll, unless a timer is set, a poll is running, or no page listens. */
  private schedule(): void {
    if (this.timer !== undefined || this.isPolling || this.listeners.size === 0) return
    const left = this.#sealed.expiresAt - Date.now()
    const pause = Math.max(withJitter(this.delayMs(this.failures)), this.backOffUntil - performance.now())
    const wait = this.#sealed.statusToken === undefined ? left : Math.min(pause, left)
    this.timer = setTimeout(() => void this.poll(), Math.max(0, wait)).unref()
  }

  private async poll(): Promise<void> {
    this.stop()
    this.isPolling = true
    if (this.isAskable() && performance.now() >= this.backOffUntil) {
      await this.rate.acquire()
      if (this.listeners.size > 0) await this.ask()
    }
    this.isPolling = false
    this.notifyIfDecided()
    this.schedule()
  }

  private stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  /** If the transaction is decided or has expired, calls and removes all listeners. */
  private notifyIfDecided(): void {
    const status = this.now()
    if (status === 'pending') return
    this.stop()
    const listeners = [...this.listeners.keys()]
    this.listeners.clear()
    for (const listener of listeners) callSafely(() => listener(status))
  }

  private ask(): Promise<void> {
    this.asking ??= this.askOnce().finally(() => {
      this.asking = undefined
    })
    return this.asking
  }

  /** Makes one status call. If the call fails, the transaction stays pending. */
  private async askOnce(): Promise<void> {
    const wasSilent = this.isSilent()
    let isAnswered = true
    try {
      await this.accept(await this.client.getStatus(this.#sealed.statusToken as string))
    } catch (error) {
      this.#last = { at: performance.now(), error }
      // Report only the first of several errors in a row, and none while a callback waits for this call: the callback itself passes the error to the app.
      if (this.failures === 0 && this.deciding === 0) this.reports.faulted?.(this.#sealed, error)
      isAnswered = this.unreadable.add(error)
      // An answer without a status still shows that Nevis is up. So several such answers double the polling interval only once, and lower no rate limit.
      this.failures = isAnswered ? 1 : this.failures + 1
      const { retryAfterSeconds = 0 } = error instanceof NevisError ? error : {}
      this.backOffUntil = performance.now() + Math.min(retryAfterSeconds * 1000, MAX_BACK_OFF_MS)
    }
    this.rate.adapt(isAnswered)
    this.notifyIfDecided()
    if (wasSilent !== this.isSilent()) for (const silenceChanged of [...this.listeners.values()]) callSafely(silenceChanged)
  }

  private async accept(answer: Status): Promise<void> {
    this.#last = { at: performance.now(), answer }
    const hasFailed = answer.status === 'failed' || answer.status === 'unknown'
    // Report the end before the pages learn of it: if the user starts again at once, the ledger must already have counted the denial.
    if (hasFailed && this.status !== 'failed') await this.reportEnd(answer)
    this.status = hasFailed ? 'failed' : answer.status
    this.failures = 0
    this.unreadable.clear()
  }

  private async reportEnd(answer: FailedStatus | UnknownStatus): Promise<void> {
    try {
      await this.reports.ended?.(this.#sealed, answer, this.#transaction)
    } catch {
      // Ignore the error: the callback reports the end of the transaction instead.
    }
  }
}

function callSafely(listener: () => void): void {
  try {
    listener()
  } catch {
    // Ignore the error, so that the other listeners are called, too.
  }
}
