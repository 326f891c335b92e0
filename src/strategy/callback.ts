/**
 * A callback: the browser says that a transaction is decided, or brings a code or a token. This file asks Nevis for the decision and compares
 * every answer with what was started.
 *
 * Order: this session must hold the transaction, open, for this route and this user → a typed code is compared → `factor.check` asks Nevis → binding and
 * introspection → the ledger claims the transaction, once → the session is read again → the transaction is removed and the session saved →
 * `verify`. Out of scope: how answers are compared (`proof.ts`, `binding.ts`).
 */
import { createHash } from 'node:crypto'
import { NevisError } from '../client/errors'
import { promptOf, type Answer, type Factor, type Outcome, type Succeeded } from '../factors/factor'
import { Refusal } from '../factors/failures'
import { profileOf } from '../factors/profile'
import { outcomeByStatus } from '../factors/shared'
import type { Transaction } from '../factors/transaction'
import { isInSmallCookie } from '../host/session'
import { forgetReturnTo, sitePathIn, sitePathOf, withPrefix } from '../session/return-to'
import { mismatchOf, unnamedMismatch, type KnownStatus } from '../trust/proof'
import { answerIn, closedRefusal, noteUnclearCode, noteWrongCode, refuseWrongCode, spendCode } from './code-attempts'
import { assertMayStillEnroll } from './enrolment'
import { publish } from './events'
import { purposeMismatch } from './purpose'
import { factorFor } from './factor-choice'
import { rememberBrowser, withChoice } from './remembered'
import { isForUserOf } from './start-parameters'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'
import { typedCodeOf, type TypedCode } from './typed-code'

/** A success is reported as `success_after_denials` from this many starts and this many denials in a day on. */
const SUSPICIOUS_STARTS = 3
const SUSPICIOUS_DENIALS = 2

type Failed = Extract<Outcome, { status: 'failed' }>

/** @internal */
export async function callback(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const { settings } = request
  const opened = request.openTransaction(handle)
  if (opened === undefined) return handleRepeatedCallback(request, request.missingTransactionRefusal())
  await assertMayFinish(request, opened)
  if (Date.now() >= opened.expiresAt) return request.close(opened, 'expired_transaction', { decided: { ending: 'timed_out' } })
  const chosen = await withChoice(request, opened)

  const factor = factorFor(settings, { operation: chosen.operation }, chosen.factor)
  // Started before this app asked for a typed code: nothing is there to compare, and an approval alone must not be enough now.
  if (chosen.isCodeTyped === undefined && factor.prompt === 'code' && factor.check === outcomeByStatus) return request.close(chosen, 'expired_transaction')
  const typed = chosen.isCodeTyped === false ? await typedCodeOf(request, chosen) : undefined
  if (typed !== undefined && typed.verdict !== 'right') return askForCode(request, chosen, factor, typed)
  const transaction = typed?.transaction ?? chosen
  const answer = answerFor(request, transaction, factor)
  const isEnrolment = transaction.operation === 'enroll'
  if (isEnrolment) await assertNewestEnrolment(request, transaction)
  // Nevis enrols as soon as it verifies a code, so the right to enrol is checked before.
  if (isEnrolment && answer.code !== undefined) await assertEnrolmentStillAllowed(request, transaction, factor, 0)
  const attempts = answer.code === undefined ? 0 : await spendCode(request, transaction)

  const known = factor.check === outcomeByStatus ? await settings.watch.decide(transaction) : undefined
  const outcome = await checkWithNevis(request, transaction, factor, answer, known)
  if (outcome.status === 'pending') return { to: request.waitingURL(transaction) }
  if (outcome.status === 'failed') {
    if (!outcome.retryable) return refuseNotApproved(request, transaction, outcome)
    await noteWrongCode(request, transaction)
    return refuseWrongCode(request, transaction, attempts)
  }

  const field = (await mismatchOf(settings, transaction, factor, outcome, known)) ?? (await unnamedMismatch(settings, transaction, outcome))
  if (field !== undefined) return closeMismatched(request, transaction, field)
  if (isEnrolment && answer.code === undefined) await assertEnrolmentStillAllowed(request, transaction, factor, 1)
  // Checked again: a newer enrolment may have started while this request waited for Nevis.
  if (isEnrolment) await assertNewestEnrolment(request, transaction)

  // The browser has closed this connection, after a reload or a double click: the newer request must find the approval unused.
  if (request.req.socket?.destroyed === true) throw new Refusal('cancelled')
  if (!(await request.budgets.endings.claim(transaction))) return handleUsedTransaction(request, transaction)
  if (outcome.token !== undefined && settings.claimsTokens && !(await request.budgets.endings.claimToken(outcome.token))) {
    return closeMismatched(request, transaction, 'token')
  }
  // Directly before the session is written, so that a log-out during the wait is not undone.
  if (request.sessionContinues()) {
    await request.refresh()
    const current = request.transactionById(transaction.id)
    if (current === undefined) return handleRepeatedCallback(request, request.missingTransactionRefusal())
    if (current.closed !== undefined) throw new Refusal(current.closed)
  }
  return succeed(request, transaction, factor, outcome)
}

/** @throws Refusal for a transaction of another login, user or route; for one that has ended, with the code it was closed with */
async function assertMayFinish(request: StrategyRequest, transaction: Transaction): Promise<void> {
  const { req, options, settings } = request
  if (transaction.login !== undefined && transaction.login !== request.login()) throw new Refusal('unknown_transaction')
  if (transaction.closed !== undefined) throw await closedRefusal(request, transaction, transaction.closed)
  if (!(await isForUserOf(req, options, settings, transaction))) throw request.mismatchRefusal('login')
  const option = purposeMismatch(req, options, settings, transaction)
  if (option !== undefined) throw request.mismatchRefusal(option)
}

/** @throws Refusal `missing_code` without a code or token, `wrong_code` for a code that is too long */
function answerFor(request: StrategyRequest, { operation, isCodeTyped }: Transaction, factor: Factor): Answer {
  const prompt = promptOf(factor, operation, isCodeTyped)
  if (prompt === 'wait' || prompt === 'confirm') return {}
  const field = prompt === 'code' ? 'code' : 'token'
  return { [field]: answerIn(request, field) }
}

/** A newer enrolment of the same subject, in any session, invalidates this one. */
async function assertNewestEnrolment(request: StrategyRequest, transaction: Transaction): Promise<void> {
  for (const [key, generation] of Object.entries(transaction.enrolments ?? {})) {
    if (!(await request.budgets.enrolments.isNewest(key, generation))) await request.close(transaction, 'cancelled', { canGoOn: false })
  }
}

/** The user may have enrolled in another session since this enrolment was started. */
async function assertEnrolmentStillAllowed(request: StrategyRequest, transaction: Transaction, factor: Factor, newFactors: number): Promise<void> {
  try {
    await assertMayStillEnroll(request.settings, request.req, factor, transaction, newFactors)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    publish('suspicious', () => ({ ...request.about(), reason: 'enrolment_of_enrolled' }))
    await request.close(transaction, error.code, { canGoOn: false })
  }
}

async function checkWithNevis(request: StrategyRequest, transaction: Transaction, factor: Factor, answer: Answer, known: KnownStatus | undefined): Promise<Outcome> {
  try {
    const check = () => factor.check(request.settings.client, transaction, { ...answer, ...(known && { status: known.answer }) })
    if (answer.code === undefined) return await check()
    // After a double click or a reload, both requests share Nevis's answer: a code counts once at Nevis, and the first request may have lost
    // its browser.
    return await request.settings.codeChecks.get(codeCheckKey(transaction, answer.code), check)
  } catch (error) {
    // A gateway may replace Nevis's answer "wrong code" by an error page. The code is counted, or guessing would cost nothing.
    const isAnswered = error instanceof NevisError && error.operation === 'verifyCode' && error.nevisStatus !== undefined
    if (answer.code !== undefined && isAnswered) await noteUnclearCode(request, transaction)
    throw error
  }
}

/** Without the code itself: whoever prints the strategy must not find it. */
function codeCheckKey({ id, moves = 0 }: Transaction, code: string): string {
  return createHash('sha256').update(JSON.stringify([id, moves, code])).digest('base64url')
}

/**
 * The typed code is missing or wrong. Nevis is asked all the same, because an attacker who only guesses would otherwise hide that the user has
 * denied the request. That the user has accepted changes nothing, and is not told.
 */
async function askForCode(request: StrategyRequest, transaction: Transaction, factor: Factor, typed: Exclude<TypedCode, { verdict: 'right' }>): Promise<StrategyResult> {
  const isWrong = typed.verdict === 'wrong'
  if (factor.check === outcomeByStatus && (!isWrong || typed.isCode)) {
    const asked = request.settings.watch.decide(transaction, false)
    // A wrong code is refused, whether Nevis answers or not.
    const known = await (isWrong ? asked.catch(() => undefined) : asked)
    const outcome = known && (await outcomeByStatus(request.settings.client, transaction, { status: known.answer }))
    if (outcome?.status === 'failed') return refuseNotApproved(request, transaction, outcome)
  }
  return isWrong ? refuseWrongCode(request, transaction, typed.attempts) : { to: request.waitingURL(transaction) }
}

function refuseNotApproved(request: StrategyRequest, transaction: Transaction, { code, ending }: Failed): Promise<never> {
  return request.close(transaction, code, { wasDenied: true, canGoOn: request.settings.afterDenial === 'offer', decided: { ending } })
}

async function closeMismatched(request: StrategyRequest, transaction: Transaction, field: Parameters<StrategyRequest['mismatchRefusal']>[0]): Promise<never> {
  request.mismatchRefusal(field)
  return request.close(transaction, 'binding_mismatch')
}

/** The transaction has ended in the ledger, or continues in a new session. If this session knows how it ended, the refusal says so. */
async function handleUsedTransaction(request: StrategyRequest, transaction: Transaction): Promise<StrategyResult> {
  await request.refresh()
  const closed = request.transactionById(transaction.id)?.closed
  if (closed !== undefined) throw new Refusal(closed)
  publish('suspicious', () => ({ ...request.about(), reason: 'used_transaction' }))
  if (!request.sessionContinues()) request.abandonSession()
  return handleRepeatedCallback(request, new Refusal('used_transaction'))
}

/** After a reload or a double click, a signed-in user goes where the route says. `verify` and the handler do not run again. */
function handleRepeatedCallback({ options, req, session }: StrategyRequest, refusal: Refusal): StrategyResult {
  const { repeatedCallbackRedirect, successReturnToOrRedirect, successRedirect } = options
  const success = successReturnToOrRedirect ? (sitePathIn(req, session['returnTo']) ?? successReturnToOrRedirect) : successRedirect
  const to = repeatedCallbackRedirect ?? success
  if (req.user && to) return { to }
  throw refusal
}

/** Removes the claimed transaction from the session, gives back its starts, and returns who approved. */
async function succeed(request: StrategyRequest, transaction: Transaction, factor: Factor, outcome: Succeeded): Promise<StrategyResult> {
  const { settings, budgets, session } = request
  settings.watch.settle(transaction.id)
  request.transactions.remove(transaction.id)
  const returnTo = sitePathOf(transaction.returnTo)
  forgetReturnTo(session, settings.sessionKey, returnTo, request.options, request.req)
  await request.transactions.save()
  const denials = await denialsBefore(request, transaction)
  if (denials >= SUSPICIOUS_DENIALS) publish('suspicious', () => ({ ...request.about(), reason: 'success_after_denials', denials }))
  // From here on, a failing ledger must not lose a valid approval.
  await giveBackStarts(request, transaction).catch(() => undefined)
  if (isInSmallCookie(session) && transaction.budget !== undefined) await budgets.signIns.note(transaction.budget).catch(() => undefined)
  publish('decided', () => ({ ...request.about(), outcome: 'succeeded', ageMs: request.ageMs() }))
  const profile = profileOf(transaction, outcome, factor)
  return { profile, returnTo: returnTo && withPrefix(returnTo, settings.callbackURL, request.req), accepted: () => rememberBrowser(request, transaction, profile) }
}

/** A success after several denials is the pattern of push bombing (MITRE ATT&CK T1621). */
function denialsBefore({ budgets }: StrategyRequest, { slots = [], budget }: Transaction): number | Promise<number> {
  if (budget === undefined || Math.max(0, ...slots) < SUSPICIOUS_STARTS) return 0
  // The number is used for an event only, so a failing ledger must not lose a valid approval.
  return budgets.starts.denialsOf(budget).catch(() => 0)
}

async function giveBackStarts({ budgets }: StrategyRequest, { budget, slots = [], alsoHeld }: Transaction): Promise<void> {
  if (budget !== undefined && slots.length > 0) await budgets.starts.giveBack(budget, slots)
  if (alsoHeld !== undefined) await budgets.starts.giveBack(alsoHeld.budget, alsoHeld.slots)
}
