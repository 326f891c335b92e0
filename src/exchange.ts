/**
 * One request's way through the strategy: start, callback or cancel.
 *
 * Not its job: Passport's actions (`strategy.ts`), HTTP to Nevis (`client/`), what a factor does (`factors/`). It ends
 * by returning where to go or who signs in, by throwing a `Refusal`, or by throwing a fault.
 */
import type { AuthenticateOptions } from 'passport'
import type { Mismatch } from './binding'
import { Budgets, type SpentCode, type SpentStart } from './budgets'
import { challengeFor } from './challenge'
import { about, publish, type About } from './events'
import { promptOf, type Answer, type Factor } from './factors/factor'
import { Refusal, type FailureCode } from './failures'
import type { Sealed } from './handle'
import type { Settings } from './options'
import { mismatchOf } from './proof'
import { lockCodes } from './recovery-codes'
import { fieldOf, loginOf, sessionOf, type NevisRequest } from './request'
import { forgetReturnTo, returnToBeforeLogin, returnToIn, sitePathOf } from './return-to'
import type { Seals } from './seals'
import { isInCookie, type SessionLike } from './session'
import { StorageError } from './storage'
import { SessionTransactions, type Transaction } from './transactions'
import { withQuery } from './url'
import { profileOf, type NevisProfile } from './verify'
import { authenticatorFor, canBeShownAgain, countsFor, factorFor, isPendingFor, wantedBy } from './wanted'

/** Where the browser goes, or who approved. */
export type Exit = { readonly to: string } | { readonly profile: NevisProfile; readonly returnTo: string | undefined }

type Field = string | null | undefined

/** Longer codes are wrong without asking: recovery codes have 16 characters and a few dashes. */
const MAX_CODE_LENGTH = 64
/** From this many starts within their window on, a success is held against the subject's denials. */
const MANY_STARTS = 3
const MANY_DENIALS = 2

/** @internal */
export class Exchange {
  private readonly session: SessionLike
  private readonly budgets: Budgets
  private readonly transactions: SessionTransactions
  private current: Partial<Transaction> = {}

  /** @throws StorageError `SESSION_REQUIRED`, `SESSION_IN_COOKIE` */
  constructor(
    private readonly settings: Settings,
    private readonly seals: Seals,
    private readonly req: NevisRequest,
    private readonly options: AuthenticateOptions,
  ) {
    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    if (isInCookie(session)) throw new StorageError('SESSION_IN_COOKIE')
    this.session = session
    this.transactions = new SessionTransactions(session, settings.sessionKey, settings.firstFactorLifetimeMs)
    this.budgets = new Budgets(settings)
  }

  /** The three questions: is it a callback, else may it start something? A GET never sends a push. */
  async run(): Promise<Exit> {
    const { req } = this
    const handle = fieldOf(req, 'transaction')
    const factor = fieldOf(req, 'factor')
    const cancel = fieldOf(req, 'cancel') !== undefined
    if (handle !== undefined && factor === undefined && !cancel) return this.callback(handle)
    if (req.method === 'GET' || req.method === 'HEAD') throw new Refusal('start_requires_post')
    return cancel ? this.cancel(handle) : this.start(handle, factor)
  }

  /** What is known of the transaction that this request is about, for events. */
  about(): About {
    return about(this.settings.name, this.current)
  }

  private async start(handle: Field, factorName: Field): Promise<Exit> {
    const { settings, transactions, req, options } = this
    const now = Date.now()
    const before = handle === undefined ? undefined : this.before(handle, now)
    const wanted = before ?? (await wantedBy(req, options, settings))
    const factor = factorFor(settings, wanted.operation, factorName, options.factor, wanted.factors)
    const { operation, subject, message, data, factors } = wanted
    const returnTo = before === undefined ? (returnToIn(this.session, settings.sessionKey) ?? returnToBeforeLogin(this.session)) : before.returnTo
    this.current = { operation, subject, factor: factor.name }

    const authenticatorId = await authenticatorFor(req, options, wanted, factor, before)
    const isPending = isPendingFor(wanted, factor, authenticatorId, now)
    // Another strategy's, in the same session, does not fit: it is left alone.
    const earlier = before ?? transactions.find((one) => isPending(one) && this.seals.digests.fits(one))
    if (before === undefined && earlier !== undefined && canBeShownAgain(earlier)) {
      this.current = earlier
      publish('reused', () => this.about())
      return this.wait({ ...earlier, firstFactorAt: now, ...(returnTo !== undefined && { returnTo }) })
    }

    await settings.health?.check()
    const spent = await this.budgets.spendStart(this.budgets.keyOf(subject))
    if (spent.over !== undefined) throw this.overBudget(spent, 'too_many_starts')
    const challenge = await challengeFor(settings, req, options, factor, wanted, authenticatorId)
    if (typeof challenge === 'string') throw this.mismatched(challenge)

    const { server, browser } = challenge
    if (browser.intentToken !== undefined) await this.budgets.claimToken(browser.intentToken)
    const { recoveryCodes, ...shown } = browser
    const codes = recoveryCodes && lockCodes(recoveryCodes)
    // To write codes down takes longer than a tap, and nothing at Nevis waits for it.
    const lifetimeMs = codes === undefined ? settings.lifetimeMs : settings.firstFactorLifetimeMs
    const login = this.login()
    const transaction = this.seals.digests.bind({
      id: server.id,
      factor: factor.name,
      operation,
      subject,
      startedAt: now,
      expiresAt: now + lifetimeMs,
      firstFactorAt: before?.firstFactorAt ?? now,
      shown,
      ...(codes !== undefined && { codesKey: codes.key }),
      ...(server.userId !== undefined && { userId: server.userId }),
      ...(authenticatorId !== undefined && { authenticatorId }),
      ...(server.statusToken !== undefined && { statusToken: server.statusToken }),
      ...(message !== undefined && { message }),
      ...(data !== undefined && { data }),
      ...(factors !== undefined && { factors }),
      ...(returnTo !== undefined && { returnTo }),
      ...(spent.slot > 1 && { starts: spent.slot }),
      ...(login !== undefined && { login }),
    })
    if (earlier !== undefined) transactions.close(earlier, 'cancelled')
    this.current = transaction
    publish('started', () => this.about())
    return this.wait(transaction, codes?.locked)
  }

  private async callback(handle: Field): Promise<Exit> {
    const { settings, transactions, budgets } = this
    const transaction = this.held(handle)
    if (transaction === undefined) return this.again(this.codeForLost())
    if (transaction.login !== undefined && transaction.login !== this.login()) throw new Refusal('unknown_transaction')
    if (transaction.closed !== undefined) throw new Refusal(transaction.closed)
    if (!(await countsFor(this.req, this.options, settings, transaction))) throw this.mismatched('login')
    if (Date.now() >= transaction.expiresAt) return this.close(transaction, 'expired_transaction')

    const factor = factorFor(settings, transaction.operation, transaction.factor)
    const answer = this.answerFor(transaction, factor)
    const spent = answer.code === undefined ? undefined : await budgets.spendCode(transaction, budgets.keyOf(transaction.subject))
    if (spent?.over === 'locked') throw this.overBudget(spent, 'codes_locked')
    if (spent?.over === 'subjectAttempts') throw this.overBudget(spent, 'too_many_attempts')
    if (spent?.over === 'attempts') {
      this.overBudget(spent, 'too_many_attempts')
      return this.close(transaction, 'too_many_attempts')
    }

    const seen = promptOf(factor, transaction.operation) === 'wait' ? settings.watch.take(transaction) : undefined
    const outcome = await factor.check(settings.client, transaction, { ...answer, ...(seen && { status: seen.answer }) })
    if (outcome.status === 'pending') return { to: this.waitingURL(transaction) }
    if (outcome.status === 'failed') {
      return outcome.retryable ? this.wrongCode(transaction, spent?.count ?? 0) : this.notApproved(transaction, outcome.code)
    }
    const field = await mismatchOf(settings, transaction, factor, outcome, seen)
    if (field !== undefined) {
      this.mismatched(field)
      return this.close(transaction, 'binding_mismatch')
    }
    if (!(await budgets.claim(transaction))) {
      publish('suspicious', () => ({ ...this.about(), reason: 'used_transaction' }))
      return this.again('used_transaction')
    }
    if (factor.prompt === 'widget' && !(await budgets.claimToken(outcome.token as string))) {
      this.mismatched('token')
      return this.close(transaction, 'binding_mismatch')
    }
    await budgets.giveBack(budgets.keyOf(transaction.subject), [transaction.starts ?? 1])
    transactions.remove(transaction.id)
    const returnTo = sitePathOf(transaction.returnTo)
    forgetReturnTo(this.session, settings.sessionKey, returnTo, this.options)
    await transactions.save()
    const denials = await this.denialsBefore(transaction)
    if (denials >= MANY_DENIALS) publish('suspicious', () => ({ ...this.about(), reason: 'success_after_denials', denials }))
    publish('decided', () => ({ ...this.about(), outcome: 'succeeded' }))
    return { profile: profileOf(transaction, outcome), returnTo }
  }

  private async cancel(handle: Field): Promise<Exit> {
    const transaction = this.held(handle)
    if (transaction === undefined) throw new Refusal(this.codeForLost())
    return this.close(transaction, transaction.closed ?? 'cancelled')
  }

  /** The transaction in whose place another factor, or the same one again, may be started. */
  private before(handle: Field, now: number): Transaction {
    const transaction = this.held(handle)
    if (transaction === undefined) throw new Refusal(this.codeForLost())
    if (transaction.login !== undefined && transaction.login !== this.login()) throw new Refusal('unknown_transaction')
    if (transaction.closed === 'cancelled') throw new Refusal('cancelled')
    if (now >= transaction.firstFactorAt + this.settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
    return transaction
  }

  /** The transaction that the handle names; undefined where this session does not hold it. */
  private held(handle: Field): Transaction | undefined {
    const sealed = this.seals.handles.open(handle)
    if (sealed === undefined) throw new Refusal('unknown_transaction')
    this.current = { id: sealed.id, factor: sealed.factor }
    const transaction = this.transactions.get(sealed.id)
    if (transaction === undefined) return undefined
    if (transaction.id !== sealed.id || !this.seals.digests.fits(transaction)) throw this.mismatched('digest')
    return (this.current = transaction)
  }

  /** A callback that comes once more is sent on or refused; nothing is executed twice. */
  private again(code: FailureCode): Exit {
    const { successReturnToOrRedirect, successRedirect } = this.options
    const { returnTo } = this.session
    const to = successReturnToOrRedirect && typeof returnTo === 'string' ? returnTo : (successReturnToOrRedirect ?? successRedirect)
    if (this.req.user && to) return { to }
    throw new Refusal(code)
  }

  /** Who is signed in: what one login has started must not be finished in another. */
  private login(): string | undefined {
    return loginOf(this.session)
  }

  /** Whoever is signed in has used it; anybody else never had it. */
  private codeForLost(): FailureCode {
    return this.req.user ? 'used_transaction' : 'unknown_transaction'
  }

  private async wrongCode(transaction: Transaction, attempts: number): Promise<Exit> {
    const { maxAttempts } = this.settings
    await this.budgets.noteWrongCode(this.budgets.keyOf(transaction.subject))
    if (attempts >= maxAttempts) {
      this.overBudget({ limit: maxAttempts, over: 'attempts' }, 'too_many_attempts')
      this.transactions.close({ ...transaction, attempts }, 'too_many_attempts')
    } else this.transactions.put({ ...transaction, attempts })
    await this.transactions.save()
    // The waiting page's own form: a mistyped code must not send the person back to the password.
    if (fieldOf(this.req, 'retry') !== undefined) return { to: this.waitingURL(transaction) }
    throw new Refusal('wrong_code')
  }

  private async notApproved(transaction: Transaction, code: FailureCode): Promise<never> {
    publish('decided', () => ({ ...this.about(), outcome: 'failed' }))
    // First, so that a ledger that is down closes nothing.
    await this.budgets.end(transaction, this.budgets.keyOf(transaction.subject), true)
    return this.close(transaction, code)
  }

  private async close(transaction: Transaction, code: FailureCode): Promise<never> {
    this.transactions.close(transaction, code)
    await this.transactions.save()
    throw new Refusal(code)
  }

  private async wait(transaction: Transaction, lockedCodes?: string): Promise<Exit> {
    this.transactions.put(transaction)
    await this.transactions.save()
    return { to: this.waitingURL({ ...transaction, ...(lockedCodes !== undefined && { lockedCodes }) }) }
  }

  private waitingURL(sealed: Sealed): string {
    return withQuery(this.settings.waitingURL, { transaction: this.seals.handles.seal(sealed) })
  }

  private answerFor(transaction: Transaction, factor: Factor): Answer {
    const prompt = promptOf(factor, transaction.operation)
    if (prompt === 'wait' || prompt === 'confirm') return {}
    const field = prompt === 'code' ? 'code' : 'token'
    const value = fieldOf(this.req, field)?.trim()
    if (!value) throw new Refusal('missing_code')
    if (field === 'code' && value.length > MAX_CODE_LENGTH) throw new Refusal('wrong_code')
    return { [field]: value }
  }

  private mismatched(field: Mismatch): Refusal {
    publish('suspicious', () => ({ ...this.about(), reason: 'binding_mismatch', field }))
    return new Refusal('binding_mismatch')
  }

  private overBudget({ over, limit, retryAfterSeconds }: Pick<SpentStart, 'limit' | 'retryAfterSeconds'> & { over?: SpentStart['over'] | SpentCode['over'] }, code: FailureCode): Refusal {
    publish('budget', () => ({ ...this.about(), budget: over as NonNullable<typeof over>, limit }))
    return new Refusal(code, undefined, retryAfterSeconds)
  }

  /** A success after a wave of denials is what push bombing looks like (MITRE ATT&CK T1621). */
  private denialsBefore({ starts = 1, subject }: Transaction): number | Promise<number> {
    // Only an event hangs on it: what fails here must not cost a good approval.
    return starts < MANY_STARTS ? 0 : this.budgets.denialsOf(this.budgets.keyOf(subject)).catch(() => 0)
  }
}
