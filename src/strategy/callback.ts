/**
 * A callback: the browser says that a transaction is decided, or brings a code or a token. Nevis is asked, and everything that it
 * answers is compared with what was started.
 *
 * Order: this session must hold the transaction, open, for this route and this user → `factor.check` asks Nevis → binding and
 * introspection → the session is read again → the ledger lets it succeed once → the user's app is told. Out of scope: how the
 * comparison is made (`proof.ts`, `binding.ts`).
 */
import { NevisError } from '../client/errors'
import { assertMayStillEnroll } from './enrolment'
import { publish } from './events'
import type { Exchange, Exit, Field } from './exchange'
import { promptOf, type Answer, type Factor } from '../factors/factor'
import { outcomeByStatus } from '../factors/shared'
import { Refusal, type FailureCode } from '../factors/failures'
import { mismatchOf } from '../trust/proof'
import { purposeMismatch } from './purpose'
import { fieldOf } from '../host/request'
import { forgetReturnTo, sitePathOf } from '../session/return-to'
import { hasContent, isInSmallCookie } from '../host/session'
import type { Transaction } from '../factors/transaction'
import { profileOf } from '../factors/profile'
import { countsFor, factorFor } from './wanted'

/** Longer codes are wrong without asking: recovery codes have 16 characters and a few dashes, and people type spaces. */
const MAX_CODE_LENGTH = 64
/** From this many starts of a day on, a success is held against the subject's denials. */
const MANY_STARTS = 3
const MANY_DENIALS = 2

/** @internal */
export async function callback(exchange: Exchange, handle: Field): Promise<Exit> {
  const { settings, budgets } = exchange
  const transaction = exchange.held(handle)
  if (transaction === undefined) {
    // The cookie may name a session that another tab has replaced at its sign-in.
    if (!hasContent(exchange.session)) exchange.letGo()
    return again(exchange, exchange.codeForLost())
  }
  await assertMayFinish(exchange, transaction)
  if (Date.now() >= transaction.expiresAt) return exchange.close(transaction, 'expired_transaction')

  const factor = factorFor(settings, transaction.operation, transaction.factor)
  const answer = answerFor(exchange, transaction, factor)
  const isEnrolment = transaction.operation === 'enroll'
  if (isEnrolment) await assertCurrent(exchange, transaction)
  // A code counts at Nevis as soon as it is verified, so its enrolment must be allowed before.
  if (isEnrolment && answer.code !== undefined) await assertStillAllowed(exchange, transaction, factor, 0)
  const attempts = answer.code === undefined ? 0 : await spendCode(exchange, transaction)

  const seen = factor.check === outcomeByStatus ? await settings.watch.decide(transaction) : undefined
  const outcome = await factor.check(settings.client, transaction, { ...answer, ...(seen && { status: seen.answer }) }).catch(async (error: unknown) => {
    // A gateway that puts a page in the place of Nevis's "wrong" must not make the code free.
    if (answer.code !== undefined && error instanceof NevisError && error.nevisStatus !== undefined) await budgets.noteWrongCode(personOf(exchange, transaction))
    throw error
  })
  if (outcome.status === 'pending') return { to: exchange.waitingURL(transaction) }
  if (outcome.status === 'failed') {
    return outcome.retryable ? wrongCode(exchange, transaction, attempts) : notApproved(exchange, transaction, outcome.code)
  }
  const field = await mismatchOf(settings, transaction, factor, outcome, seen)
  if (field !== undefined) {
    exchange.mismatched(field)
    return exchange.close(transaction, 'binding_mismatch')
  }
  if (isEnrolment && answer.code === undefined) await assertStillAllowed(exchange, transaction, factor, 1)
  // A newer enrolment may have been begun while Nevis was asked.
  if (isEnrolment) await assertCurrent(exchange, transaction)

  if (!(await budgets.claim(transaction))) {
    // It has ended in the ledger, or a later start has taken it over into a new session: this one may say how, if it is still there.
    await exchange.refresh()
    const closed = exchange.heldById(transaction.id)?.closed
    if (closed !== undefined) throw new Refusal(closed)
    publish('suspicious', () => ({ ...exchange.about(), reason: 'used_transaction' }))
    if (!exchange.keepsSession()) exchange.letGo()
    return again(exchange, 'used_transaction')
  }
  if (outcome.token !== undefined && settings.claimsTokens && !(await budgets.claimToken(outcome.token))) {
    exchange.mismatched('token')
    return exchange.close(transaction, 'binding_mismatch')
  }
  // Directly before the session is written: whatever came in between, a log-out above all, stays.
  if (exchange.keepsSession()) {
    await exchange.refresh()
    const current = exchange.heldById(transaction.id)
    if (current === undefined) return again(exchange, exchange.codeForLost())
    if (current.closed !== undefined) throw new Refusal(current.closed)
  }
  exchange.transactions.remove(transaction.id)
  const returnTo = sitePathOf(transaction.returnTo)
  forgetReturnTo(exchange.session, settings.sessionKey, returnTo, exchange.options)
  await exchange.transactions.save()
  const denials = await denialsBefore(exchange, transaction)
  if (denials >= MANY_DENIALS) publish('suspicious', () => ({ ...exchange.about(), reason: 'success_after_denials', denials }))
  // The approval is good whether or not the ledger takes its starts back.
  await giveBack(exchange, transaction).catch(() => undefined)
  if (isInSmallCookie(exchange.session) && transaction.budget !== undefined) await budgets.noteSignIn(transaction.budget).catch(() => undefined)
  publish('decided', () => ({ ...exchange.about(), outcome: 'succeeded' }))
  return { profile: profileOf(transaction, outcome), returnTo }
}

async function giveBack({ budgets }: Exchange, { budget, slots = [], alsoHeld }: Transaction): Promise<void> {
  if (budget !== undefined && slots.length > 0) await budgets.giveBack(budget, slots)
  if (alsoHeld !== undefined) await budgets.giveBack(alsoHeld.budget, alsoHeld.slots)
}

/** Codes are counted by Nevis's userId where it is known, however the app names the user. */
function personOf({ budgets }: Exchange, { userId, subject }: Transaction): string {
  return budgets.keyOf(userId === undefined ? subject : { userId })
}

/** @throws Refusal for a transaction of another login, user or route, and the code of one that has ended */
async function assertMayFinish(exchange: Exchange, transaction: Transaction): Promise<void> {
  const { req, options, settings } = exchange
  if (transaction.login !== undefined && transaction.login !== exchange.login()) throw new Refusal('unknown_transaction')
  if (transaction.closed !== undefined) throw new Refusal(transaction.closed)
  if (!(await countsFor(req, options, settings, transaction))) throw exchange.mismatched('login')
  const option = purposeMismatch(req, options, settings, transaction)
  if (option !== undefined) throw exchange.mismatched(option)
}

/** A newer enrolment of the same subject, in any session, has ended this one. */
async function assertCurrent(exchange: Exchange, transaction: Transaction): Promise<void> {
  for (const [name, generation] of Object.entries(transaction.enrolments ?? {})) {
    if (!(await exchange.budgets.isCurrentEnrolment(name, generation))) await exchange.close(transaction, 'cancelled', { canGoOn: false })
  }
}

/** The user may have enrolled elsewhere since this enrolment was started. */
async function assertStillAllowed(exchange: Exchange, transaction: Transaction, factor: Factor, newFactors: number): Promise<void> {
  try {
    await assertMayStillEnroll(exchange.settings, exchange.req, factor, transaction, newFactors)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    publish('suspicious', () => ({ ...exchange.about(), reason: 'enrolment_of_enrolled' }))
    await exchange.close(transaction, error.code, { canGoOn: false })
  }
}

/**
 * Counts the code before it is tried.
 * @returns how many codes have been tried in this transaction, this one included
 * @throws Refusal `codes_locked`, `too_many_attempts`
 */
async function spendCode(exchange: Exchange, transaction: Transaction): Promise<number> {
  const { count, over, limit, retryAfterSeconds } = await exchange.budgets.spendCode(transaction, personOf(exchange, transaction))
  if (over === undefined) return count
  const refusal = exchange.overBudget({ over, limit, retryAfterSeconds }, over === 'locked' ? 'codes_locked' : 'too_many_attempts')
  if (over === 'attempts') await exchange.end(transaction, 'too_many_attempts')
  throw refusal
}

/** A callback that comes once more is sent on or refused; nothing is executed twice. */
function again({ options, req, session }: Exchange, code: FailureCode): Exit {
  const { successReturnToOrRedirect, successRedirect } = options
  const to = successReturnToOrRedirect ? (sitePathOf(session['returnTo']) ?? successReturnToOrRedirect) : successRedirect
  if (req.user && to) return { to }
  throw new Refusal(code)
}

async function wrongCode(exchange: Exchange, transaction: Transaction, attempts: number): Promise<Exit> {
  const { maxAttempts } = exchange.settings
  await exchange.budgets.noteWrongCode(personOf(exchange, transaction))
  if (attempts >= maxAttempts) {
    exchange.overBudget({ over: 'attempts', limit: maxAttempts }, 'too_many_attempts')
    await exchange.end({ ...transaction, attempts }, 'too_many_attempts')
  } else {
    await exchange.refresh()
    const now = exchange.heldById(transaction.id)
    if (now !== undefined && now.closed === undefined) exchange.transactions.put({ ...now, attempts })
    await exchange.transactions.save()
  }
  // The waiting page's own form: a mistyped code must not send the user back to the password.
  if (fieldOf(exchange.req, 'retry') !== undefined) return { to: exchange.waitingURL(transaction) }
  throw new Refusal('wrong_code')
}

async function notApproved(exchange: Exchange, transaction: Transaction, code: FailureCode): Promise<never> {
  publish('decided', () => ({ ...exchange.about(), outcome: 'failed' }))
  return exchange.close(transaction, code, { wasDenied: true })
}

function answerFor({ req }: Exchange, transaction: Transaction, factor: Factor): Answer {
  const prompt = promptOf(factor, transaction.operation)
  if (prompt === 'wait' || prompt === 'confirm') return {}
  const field = prompt === 'code' ? 'code' : 'token'
  const value = fieldOf(req, field)?.trim()
  if (!value) throw new Refusal('missing_code')
  if (field === 'code' && value.length > MAX_CODE_LENGTH) throw new Refusal('wrong_code')
  return { [field]: value }
}

/** A success after a wave of denials is what push bombing looks like (MITRE ATT&CK T1621). */
function denialsBefore({ budgets }: Exchange, { slots = [], budget }: Transaction): number | Promise<number> {
  if (budget === undefined || Math.max(0, ...slots) < MANY_STARTS) return 0
  // Only an event hangs on it: what fails here must not cost a good approval.
  return budgets.denialsOf(budget).catch(() => 0)
}
