/**
 * NevisStrategy: start → pending → callback → introspect → verify.
 *
 * The only file that knows Passport's actions. Not its job: HTTP to Nevis (`client/`), what a factor does
 * (`factors/`), what the browser sees meanwhile (`waiting/`).
 */
import { outcomeMismatch, proofMismatch, subjectMismatch } from './binding'
import { NevisError } from './client/errors'
import type { Answer, Challenge, Factor, Succeeded } from './factors/factor'
import { Refusal, type Failure, type FailureCode } from './failures'
import { resolveOptions, subjectKey, type NevisStrategyOptions, type Settings } from './options'
import { fieldOf, sessionOf, type NevisRequest } from './request'
import { StorageError } from './storage'
import { SessionTransactions, type Transaction } from './transactions'
import { runVerify, type NevisProfile, type Verify, type VerifyWithRequest } from './verify'
import { factorFor, isPendingFor, phoneOf, wantedBy, type NevisAuthenticateOptions, type Wanted } from './wanted'

/** What Passport puts on a strategy for each request. */
interface PassportActions {
  readonly success: (user: Express.User, info: object) => void
  readonly fail: (challenge: Failure, status: number) => void
  readonly redirect: (url: string, status: number) => void
  readonly error: (error: unknown) => void
}

type Exit = { readonly to: string } | { readonly user: Express.User; readonly info: object }

const PassportStrategy = require('passport-strategy') as new () => object

/** Longer codes are wrong without asking: recovery codes have 16 characters and a few dashes. */
const MAX_CODE_LENGTH = 64
/** Seconds that a claim outlives its transaction: more than the clocks of two processes differ. */
const CLAIM_MARGIN_SECONDS = 300

export class NevisStrategy extends PassportStrategy {
  /** The name under which `passport.use` registers it. */
  readonly name: string
  /** @internal */
  readonly settings: Settings
  private readonly verify: Verify | VerifyWithRequest

  /**
   * @param options checked here, once; see `NevisStrategyOptions`
   * @param verify finds the application's user for a `NevisProfile`
   * @throws TypeError that names the wrong option
   */
  constructor(options: NevisStrategyOptions & { readonly passReqToCallback: true }, verify: VerifyWithRequest)
  constructor(options: NevisStrategyOptions & { readonly passReqToCallback?: false | undefined }, verify: Verify)
  constructor(options: NevisStrategyOptions, verify: Verify | VerifyWithRequest) {
    super()
    if (typeof verify !== 'function') throw new TypeError('NevisStrategy: verify must be a function')
    this.settings = resolveOptions(options)
    this.name = this.settings.name
    this.verify = verify
  }

  /**
   * Called by Passport, which ignores what it returns: one promise is started and ended here. Given by instance, one
   * strategy object serves all requests, so this request's actions are taken off it before anything is awaited.
   */
  authenticate(req: NevisRequest, options: NevisAuthenticateOptions = {}): void {
    const { success, fail, redirect, error } = this as unknown as PassportActions
    this.decide(req, options)
      .then(
        (exit) => ('to' in exit ? redirect(exit.to, 303) : success(exit.user, exit.info)),
        (reason) => (reason instanceof Refusal ? fail(reason.toFailure(), reason.status) : error(reason)),
      )
      .catch(error)
  }

  /** The three questions: is it a callback, else may it start something? A GET never sends a push. */
  private async decide(req: NevisRequest, options: NevisAuthenticateOptions): Promise<Exit> {
    const handle = fieldOf(req, 'transaction')
    const factor = fieldOf(req, 'factor')
    const cancel = fieldOf(req, 'cancel') !== undefined
    if (handle !== undefined && factor === undefined && !cancel) return this.callback(req, options, handle)
    if (req.method === 'GET' || req.method === 'HEAD') throw new Refusal('start_requires_post')
    return cancel ? this.cancel(req, handle) : this.start(req, options, handle, factor)
  }

  private async start(
    req: NevisRequest,
    options: NevisAuthenticateOptions,
    handle: string | null | undefined,
    factorName: string | null | undefined,
  ): Promise<Exit> {
    const { settings } = this
    const transactions = this.transactionsOf(req)
    const now = Date.now()
    const before = handle === undefined ? undefined : await this.before(req, handle, now)
    const wanted = before ?? (await wantedBy(req, options, settings))
    const factor = factorFor(settings, wanted.operation, factorName, options.factor)
    const pending = before === undefined ? transactions.find(isPendingFor(wanted, factor, now)) : undefined
    if (pending !== undefined) return this.wait(transactions, { ...pending, firstFactorAt: now })

    const { starts, perSeconds } = settings.startBudget
    if ((await settings.ledger.count(`starts:${subjectKey(settings, wanted.subject)}`, perSeconds)) > starts) {
      throw new Refusal('too_many_starts')
    }
    const { server, browser } = await this.challenge(factor, wanted, await phoneOf(req, options))
    if (subjectMismatch(wanted.subject, server) !== undefined) throw new Refusal('binding_mismatch')

    const { operation, subject, message, data } = wanted
    if (before !== undefined) transactions.close(before, 'cancelled')
    return this.wait(transactions, {
      id: server.id,
      factor: factor.name,
      operation,
      subject,
      startedAt: now,
      expiresAt: now + settings.lifetimeMs,
      firstFactorAt: before?.firstFactorAt ?? now,
      shown: browser,
      ...(server.userId !== undefined && { userId: server.userId }),
      ...(server.statusToken !== undefined && { statusToken: server.statusToken }),
      ...(message !== undefined && { message }),
      ...(data !== undefined && { data }),
    })
  }

  private async callback(req: NevisRequest, options: NevisAuthenticateOptions, handle: string | null): Promise<Exit> {
    const { settings } = this
    const transactions = this.transactionsOf(req)
    const transaction = await this.held(req, handle)
    if (transaction === undefined) return again(req, options, codeForLost(req))
    if (transaction.closed !== undefined) throw new Refusal(transaction.closed)
    if (Date.now() >= transaction.expiresAt) return this.close(transactions, transaction, 'expired_transaction')

    const factor = factorFor(settings, transaction.operation, transaction.factor)
    const answer = answerOf(req, transaction, factor)
    const attempts = answer.code === undefined ? 0 : await settings.ledger.count(`attempts:${transaction.id}`, claimSeconds(transaction))
    if (attempts > settings.maxAttempts) return this.close(transactions, transaction, 'too_many_attempts')

    const outcome = await factor.check(settings.client, transaction, answer)
    if (outcome.status === 'pending') return { to: await this.waitingURL(transaction) }
    if (outcome.status === 'failed') {
      if (!outcome.retryable) return this.close(transactions, transaction, outcome.code)
      if (attempts >= settings.maxAttempts) transactions.close(transaction, 'too_many_attempts')
      else transactions.put({ ...transaction, attempts })
      await transactions.save()
      // The waiting page's own form: a mistyped code must not send the person back to the password.
      if (fieldOf(req, 'retry') !== undefined) return { to: await this.waitingURL(transaction) }
      throw new Refusal(outcome.code)
    }
    if (!(await this.isBound(transaction, factor, outcome))) return this.close(transactions, transaction, 'binding_mismatch')
    if (!(await settings.ledger.claim(`transaction:${transaction.id}`, claimSeconds(transaction)))) {
      return again(req, options, 'used_transaction')
    }
    transactions.remove(transaction.id)
    await transactions.save()
    return this.admit(req, transaction, outcome)
  }

  private async cancel(req: NevisRequest, handle: string | null | undefined): Promise<Exit> {
    const transaction = await this.held(req, handle)
    if (transaction === undefined) throw new Refusal(codeForLost(req))
    return this.close(this.transactionsOf(req), transaction, transaction.closed ?? 'cancelled')
  }

  /** The transaction in whose place another factor, or the same one again, may be started. */
  private async before(req: NevisRequest, handle: string | null, now: number): Promise<Transaction> {
    const transaction = await this.held(req, handle)
    if (transaction === undefined) throw new Refusal(codeForLost(req))
    if (transaction.closed === 'cancelled') throw new Refusal('cancelled')
    if (now >= transaction.firstFactorAt + this.settings.firstFactorLifetimeMs) throw new Refusal('expired_transaction')
    return transaction
  }

  /** The transaction that the handle names; undefined where this session does not hold it. */
  private async held(req: NevisRequest, handle: string | null | undefined): Promise<Transaction | undefined> {
    const transactions = this.transactionsOf(req)
    const sealed = await this.settings.handles.open(handle)
    if (sealed === undefined) throw new Refusal('unknown_transaction')
    return transactions.get(sealed.id)
  }

  private async close(transactions: SessionTransactions, transaction: Transaction, code: FailureCode): Promise<never> {
    transactions.close(transaction, code)
    await transactions.save()
    throw new Refusal(code)
  }

  private async wait(transactions: SessionTransactions, transaction: Transaction): Promise<Exit> {
    transactions.put(transaction)
    await transactions.save()
    return { to: await this.waitingURL(transaction) }
  }

  private async waitingURL(transaction: Transaction): Promise<string> {
    const { waitingURL, handles } = this.settings
    return `${waitingURL}${waitingURL.includes('?') ? '&' : '?'}transaction=${await handles.seal(transaction)}`
  }

  private async challenge(factor: Factor, { operation, subject, message }: Wanted, phone: string | undefined): Promise<Challenge> {
    const request = { ...(message !== undefined && { message }), ...(phone !== undefined && { phone }) }
    try {
      return await (factor[operation] as Factor['approve'])(this.settings.client, subject, request)
    } catch (error) {
      if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') throw new Refusal('not_enrolled')
      throw error
    }
  }

  /** Does the success belong to this transaction? Every step fails closed. */
  private async isBound(transaction: Transaction, factor: Factor, outcome: Succeeded): Promise<boolean> {
    const { client, issuers } = this.settings
    const { userId, token } = outcome
    if (userId === undefined || outcomeMismatch(transaction, outcome) !== undefined) return false
    // Only a verified code may come without a transaction token: Nevis gives none for it.
    if (token === undefined) return factor.prompt === 'code'
    if (token === transaction.statusToken || (await client.holdsAccessKey(token))) return false
    return proofMismatch(await client.introspect(token), { userId, issuers, now: Date.now() }) === undefined
  }

  private async admit(req: NevisRequest, transaction: Transaction, outcome: Succeeded): Promise<Exit> {
    const { factor, operation, id, subject, message, data } = transaction
    const username = outcome.username ?? subject.username
    const profile: NevisProfile = Object.freeze({
      provider: 'nevis',
      id: outcome.userId as string,
      ...(username !== undefined && { username }),
      factor,
      operation,
      transactionId: id,
      ...(message !== undefined && { message }),
      ...(data !== undefined && { data }),
    })
    const { user, info } = await runVerify(this.verify, this.settings.passReqToCallback ? [req, profile] : [profile])
    if (user === false) throw new Refusal('rejected', (info as { message?: string } | undefined)?.message)
    return { user, info: { ...info, nevis: profile } }
  }

  /** @throws StorageError `SESSION_REQUIRED` */
  private transactionsOf(req: NevisRequest): SessionTransactions {
    const session = sessionOf(req)
    if (session === undefined) throw new StorageError('SESSION_REQUIRED')
    return new SessionTransactions(session, this.settings.sessionKey, this.settings.firstFactorLifetimeMs)
  }
}

/** A callback that comes once more is sent on or refused; nothing is executed twice. */
function again(req: NevisRequest, options: NevisAuthenticateOptions, code: FailureCode): Exit {
  const { successReturnToOrRedirect, successRedirect } = options
  const { returnTo } = sessionOf(req) as { returnTo?: unknown }
  const to = successReturnToOrRedirect && typeof returnTo === 'string' ? returnTo : (successReturnToOrRedirect ?? successRedirect)
  if (req.user && to) return { to }
  throw new Refusal(code)
}

/** Whoever is signed in has used it; anybody else never had it. */
function codeForLost(req: NevisRequest): FailureCode {
  return req.user ? 'used_transaction' : 'unknown_transaction'
}

function answerOf(req: NevisRequest, transaction: Transaction, factor: Factor): Answer {
  if (factor.prompt === 'wait' || transaction.shown.recoveryCodes !== undefined) return {}
  const field = factor.prompt === 'code' ? 'code' : 'token'
  const value = fieldOf(req, field)?.trim()
  if (!value) throw new Refusal('missing_code')
  if (field === 'code' && value.length > MAX_CODE_LENGTH) throw new Refusal('wrong_code')
  return { [field]: value }
}

function claimSeconds({ expiresAt }: Transaction): number {
  return Math.ceil((expiresAt - Date.now()) / 1000) + CLAIM_MARGIN_SECONDS
}
