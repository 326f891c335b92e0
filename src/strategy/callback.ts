/**
 * Handles a callback: the user has answered, and the browser asks for the result, or sends a code or a token.
 *
 * Steps, in this order:
 * 1. The session must contain the transaction, and this route and this user may finish it.
 * 2. If the user must type a code that the phone shows, the strategy compares the code.
 * 3. The strategy asks Nevis for the user's decision. For a push or a QR code, it uses `settings.watch` (the polling for the waiting page). For the other
 *    factors, it uses `factor.check`. `trust/proof.ts` and `trust/binding.ts` compare Nevis's answer with the transaction.
 * 4. If a user is signed in, the callbacks of the session finish one after the other (`renewed-session.ts`).
 * 5. The ledger (the store that all processes share) marks the transaction as used, so that it counts only once. The token is marked, too, if a
 *    browser can send tokens (factor `widget`) or if Nevis's answer does not name the transaction.
 * 6. The session is read again, the transaction is removed from it, and the session is saved.
 * 7. `strategy.ts` calls `verify`.
 *
 * Out of scope: how answers are compared (`trust/proof.ts`, `trust/binding.ts`).
 */
import type { Status } from '../client/client'
import type { CodeAnswer } from '../factors/code-check'
import { approverIdOf, promptOf, type Answer, type Factor, type Outcome, type Succeeded } from '../factors/factor'
import { Refusal } from '../factors/failures'
import { profileOf } from '../factors/profile'
import { outcomeByStatus } from '../factors/shared'
import type { Transaction } from '../factors/transaction'
import { MAX_FACTOR_MS, resultOf } from '../host/app-function'
import { isInSmallCookie } from '../host/session'
import { forgetReturnTo, sitePathOf, withPrefix } from '../session/return-to'
import { provedIn } from '../trust/handle'
import { mismatchOf, unnamedMismatch } from '../trust/proof'
import { assertNoEarlierDenial } from './after-denial'
import { isAnsweredOnPhone } from './answered-on-phone'
import { answerIn, assertConnected, checkOnce, closedRefusal, noteOf, refuseWrongCode, spendToken } from './code-attempts'
import { refuseOtherSites } from './cross-site'
import { assertMayStillEnroll } from './enrolment'
import { publish } from './events'
import { purposeMismatch } from './purpose'
import { factorFor } from './factor-choice'
import { backToPage } from './from-waiting-page'
import { rememberFactor } from './last-factor'
import { rememberBrowser, withChoice } from './remembered'
import { sendBack, takeTurn, waitForCookie } from './renewed-session'
import { handleMissingTransaction, handleRepeatedCallback, handleUsedTransaction } from './repeated-callback'
import type { CheckedCode } from './settings'
import { isForUserOf } from './start-parameters'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'
import { typedCodeOf, type TypedCode } from './typed-code'

/**
 * In push bombing, an attacker with the password sends approval requests until the user approves one. If the user got at least this many approval requests in
 * a day, denied at least two of them and then approves one, the strategy publishes the event `suspicious`.
 */
const SUSPICIOUS_STARTS = 3
const SUSPICIOUS_DENIALS = 2

type Failed = Extract<Outcome, { status: 'failed' }>

/** @internal */
export async function callback(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const opened = request.openTransaction(handle)
  if (opened === undefined) {
    const refusal = request.missingTransactionRefusal()
    return (await waitForCookie(request)) ?? handleMissingTransaction(request, refusal)
  }
  try {
    return await finish(request, opened)
  } catch (error) {
    return await backToPage(request, opened.id, error)
  }
}

/** @throws Refusal if the callback fails. For a form of the waiting page, `backToPage` turns some Refusals into a redirect */
async function finish(request: StrategyRequest, opened: Transaction): Promise<StrategyResult> {
  const { settings } = request
  await assertMayFinish(request, opened)
  const { sealed } = request
  const proved = sealed && provedIn(sealed)
  if (proved !== undefined) {
    const { digest: _digest, ...rest } = opened
    const transaction = request.keys.digests.withDigest({ ...rest, ...(sealed?.isCodeTyped === true && { isCodeTyped: true }) })
    return accept(request, transaction, factorFor(settings, { operation: opened.operation }, opened.factor), proved as Succeeded)
  }
  if (Date.now() >= opened.expiresAt) {
    // The user may have denied before the transaction expired, while no page was open to ask for the status. So ask Nevis now, and publish the denial.
    if (isAnsweredOnPhone(settings, opened)) await settings.watch.askAgain(opened)
    return request.close(opened, 'expired_transaction', { decided: { ending: 'timed_out' } })
  }
  const chosen = await withChoice(request, opened)

  const factor = factorFor(settings, { operation: chosen.operation }, chosen.factor)
  // If the transaction was started before the app turned on the option `typedCode`, the phone shows no code to type. The user must start again.
  if (chosen.isCodeTyped === undefined && factor.prompt === 'code' && factor.check === outcomeByStatus) return request.close(chosen, 'expired_transaction')
  const typed = chosen.isCodeTyped === false ? await typedCodeOf(request, chosen) : undefined
  if (typed !== undefined && typed.verdict !== 'right') return askForCode(request, chosen, factor, typed)
  const transaction = typed?.transaction ?? chosen
  // The session was read again since `assertMayFinish`: another tab may have ended the transaction.
  if (transaction.closed !== undefined) throw await closedRefusal(request, transaction, transaction.closed)
  const answer = answerFor(request, transaction, factor)
  const isEnrolment = transaction.operation === 'enroll'
  if (isEnrolment && !(await isNewestEnrolment(request, transaction))) return request.close(transaction, 'cancelled', { canGoOn: false })
  if (!isAnsweredOnPhone(settings, transaction)) await assertNoEarlierDenial(request, transaction)
  if (answer.token !== undefined) await spendToken(request, transaction)
  const status = factor.check === outcomeByStatus ? await settings.watch.decide(transaction) : undefined
  let checked: CheckedCode
  try {
    checked = await checkWithNevis(request, transaction, factor, answer, status)
  } catch (error) {
    return refuseEnrolment(request, transaction, error)
  }
  const { outcome, attempts } = checked
  if (outcome.status === 'pending') return { to: request.waitingURL(transaction) }
  if (outcome.status === 'failed') {
    if (!outcome.retryable) return refuseNotApproved(request, transaction, outcome)
    return refuseWrongCode(request, transaction, attempts)
  }

  const field = (await mismatchOf(settings, transaction, factor, outcome)) ?? (await unnamedMismatch(settings, transaction, outcome))
  if (field !== undefined) return closeMismatched(request, transaction, field)
  if (isEnrolment && answer.code === undefined) {
    const repeated = await assertMayStillEnroll(settings, request.req, factor, transaction, 1, request.budgets).catch((error: unknown) => refuseEnrolment(request, transaction, error))
    if (repeated !== undefined) return repeated
  }
  return accept(request, transaction, factor, outcome, answer.code)
}

/**
 * Uses up an approval that matches the transaction.
 * @param code the code that this request contains, if any
 */
async function accept(request: StrategyRequest, transaction: Transaction, factor: Factor, outcome: Succeeded, code?: string): Promise<StrategyResult> {
  const isEnrolment = transaction.operation === 'enroll'
  // The user may have started a newer enrolment while this request waited for Nevis. This callback then fails, but Nevis has already enrolled the factor. So
  // note the enrolment: nobody may finish another one as if it were the user's first.
  if (isEnrolment && !(await isNewestEnrolment(request, transaction))) {
    await noteSignIn(request, transaction, outcome)
    return request.close(transaction, 'cancelled', { canGoOn: false })
  }

  await assertConnected(request, transaction, code)
  if (request.login() !== undefined) {
    const turn = await takeTurn(request, transaction, code)
    if (turn === 'used') return handleUsedTransaction(request, transaction)
    if (turn === 'gone') {
      if (isEnrolment) await noteSignIn(request, transaction, outcome)
      await assertConnected(request, transaction, code)
      return sendBack(request, transaction, outcome)
    }
    await assertConnected(request, transaction, code)
  }
  if (!(await request.budgets.endings.claimSuccess(transaction))) return handleUsedTransaction(request, transaction)
  // Note an enrolment at once: even if this callback fails from here on, Nevis has enrolled the factor. If the session is in a cookie, also note a sign-in:
  // with a copy of the cookie from before this sign-in, nobody may start another factor without the password (`ledger/sign-ins.ts`).
  if (isEnrolment || isInSmallCookie(request.session)) await noteSignIn(request, transaction, outcome)
  if (!(await isFirstUse(request, outcome))) return closeMismatched(request, transaction, 'token')
  // The user may have logged out while this request waited for Nevis. Writing the old session would undo the logout, so read the session again.
  if (request.sessionContinues()) {
    await request.refresh()
    const current = request.transactionById(transaction.id)
    if (current === undefined) return handleRepeatedCallback(request, request.missingTransactionRefusal())
    if (current.closed !== undefined) throw new Refusal(current.closed)
  }
  return succeed(request, transaction, factor, outcome)
}

/**
 * Marks the token of an approval as used, so that the token cannot prove a second transaction. This is needed in two cases: if a browser can send tokens
 * (factor `widget`), or if Nevis's answer contains no transaction id.
 * @returns false if the token was already marked as used
 */
async function isFirstUse({ settings, budgets }: StrategyRequest, { token, namesNoTransaction }: Succeeded): Promise<boolean> {
  if (token === undefined || !(settings.hasWidget || namesNoTransaction === true)) return true
  return budgets.endings.claimToken(token)
}

/** @throws Refusal if another user is signed in now than at the start, if the transaction belongs to another user or route, or if it has ended */
async function assertMayFinish(request: StrategyRequest, transaction: Transaction): Promise<void> {
  const { req, options, settings } = request
  if (transaction.login !== undefined && transaction.login !== request.login()) throw new Refusal('unknown_transaction')
  if (transaction.closed !== undefined) throw await closedRefusal(request, transaction, transaction.closed)
  if (!(await isForUserOf(req, options, settings, transaction))) throw request.mismatchRefusal('login')
  const option = purposeMismatch(req, options, settings, transaction)
  if (option !== undefined) throw request.mismatchRefusal(option)
}

/**
 * Reads the user's answer: a code, a token, or nothing if the user answers on the phone or has saved recovery codes.
 * @throws Refusal `missing_code` if the code or token is missing; `wrong_code` for a code that is too long; `cross_site_post` if another site claims
 * that the user has saved the recovery codes
 */
function answerFor(request: StrategyRequest, { operation, isCodeTyped }: Transaction, factor: Factor): Answer {
  const prompt = promptOf(factor, operation, isCodeTyped)
  if (prompt === 'confirm') refuseOtherSites(request)
  if (prompt === 'wait' || prompt === 'confirm') return {}
  const field = prompt === 'code' ? 'code' : 'token'
  return { [field]: answerIn(request, field) }
}

/** False if the same user has started a newer enrolment, in this session or in any other. */
async function isNewestEnrolment({ budgets }: StrategyRequest, { enrolments = {} }: Transaction): Promise<boolean> {
  for (const [key, generation] of Object.entries(enrolments)) if (!(await budgets.enrolments.isNewest(key, generation))) return false
  return true
}

/** Notes in the ledger that the user has enrolled a factor or signed in (`ledger/sign-ins.ts`). If the ledger fails, the callback goes on without the note. */
async function noteSignIn({ budgets }: StrategyRequest, transaction: Transaction, outcome: Succeeded): Promise<void> {
  const keys = budgets.keysOf({ budget: transaction.budget, userId: approverIdOf(transaction, outcome) })
  await Promise.all(keys.map((key) => budgets.signIns.note(key).catch(() => undefined)))
}

/**
 * Handles the refusal of an enrolment whose user may no longer enrol, for example after enrolling a factor in another session: closes the transaction.
 * @returns the result for a repeated callback, if another request has just finished this enrolment
 * @throws the refusal, and every other error
 */
async function refuseEnrolment(request: StrategyRequest, transaction: Transaction, error: unknown): Promise<StrategyResult> {
  if (!(error instanceof Refusal) || error.code !== 'already_enrolled') throw error
  if (await request.budgets.endings.hasEnded(transaction)) return handleUsedTransaction(request, transaction)
  publish('suspicious', () => ({ ...request.about(), reason: 'enrolment_of_enrolled' }))
  return request.close(transaction, error.code, { canGoOn: false })
}

async function checkWithNevis(request: StrategyRequest, transaction: Transaction, factor: Factor, answer: Answer, status: Status | undefined): Promise<CheckedCode> {
  const { settings, req, budgets } = request
  const check = async (): Promise<Outcome> => {
    // At an enrolment, the call that verifies this code also enrols the factor at Nevis. So check before that call whether the user may enrol.
    if (transaction.operation === 'enroll' && answer.code !== undefined) await assertMayStillEnroll(settings, req, factor, transaction, 0, budgets)
    const note = answer.code === undefined ? undefined : noteOf(request, transaction, answer.code)
    const given: CodeAnswer = { ...answer, ...(status && { status }), ...(note && { note }) }
    const outcome = await resultOf('factor', () => factor.check(settings.client, transaction, given), MAX_FACTOR_MS)
    if (!isOutcome(outcome)) throw new TypeError(`NevisStrategy: check of the factor ${factor.name} must return an object with the status pending, succeeded or failed`)
    return outcome
  }
  return answer.code === undefined ? { attempts: 0, outcome: await check(), isRight: false } : checkOnce(request, transaction, answer.code, check)
}

/** False for what an app's own factor returns by mistake. Such a value must never count as a success. */
function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && ['pending', 'succeeded', 'failed'].includes((value as Outcome).status)
}

/**
 * Handles a callback with a wrong code, or without the code that the phone shows. Asks Nevis even then whether the user has denied: otherwise an attacker
 * could hide a denial by sending wrong codes.
 */
async function askForCode(request: StrategyRequest, transaction: Transaction, factor: Factor, typed: Exclude<TypedCode, { verdict: 'right' }>): Promise<StrategyResult> {
  const isWrong = typed.verdict === 'wrong'
  if (factor.check === outcomeByStatus && (!isWrong || typed.isCode)) {
    const asked = request.settings.watch.decide(transaction)
    // After a wrong code, ignore an error of the call to Nevis: the callback is refused in any case.
    const known = await (isWrong ? asked.catch(() => undefined) : asked)
    const outcome = known && (await outcomeByStatus(request.settings.client, transaction, { status: known }))
    if (outcome?.status === 'failed') return refuseNotApproved(request, transaction, outcome)
  }
  return isWrong ? refuseWrongCode(request, transaction, typed.attempts) : { to: request.waitingURL(transaction) }
}

function refuseNotApproved(request: StrategyRequest, transaction: Transaction, { code, ending }: Failed): Promise<StrategyResult> {
  return request.close(transaction, code, { wasDenied: true, canGoOn: request.settings.afterDenial === 'offer', decided: { ending } })
}

async function closeMismatched(request: StrategyRequest, transaction: Transaction, field: Parameters<StrategyRequest['mismatchRefusal']>[0]): Promise<never> {
  request.mismatchRefusal(field)
  return request.close(transaction, 'binding_mismatch')
}

/** Finishes an approved transaction: removes it from the session, and frees the slots of its starts, which then no longer count (`ledger/start-budget.ts`). */
async function succeed(request: StrategyRequest, transaction: Transaction, factor: Factor, outcome: Succeeded): Promise<StrategyResult> {
  const { settings, session } = request
  settings.watch.settle(transaction.id)
  request.transactions.remove(transaction.id)
  const returnTo = sitePathOf(transaction.returnTo)
  forgetReturnTo(session, settings.sessionKey, returnTo, request.options, request.req)
  await request.save()
  const denials = await denialsBefore(request, transaction)
  if (denials >= SUSPICIOUS_DENIALS) publish('suspicious', () => ({ ...request.about(), reason: 'success_after_denials', denials }))
  await giveBackStarts(request, transaction)
  const profile = profileOf(transaction, outcome, factor)
  publish('decided', () => ({ ...request.about(), outcome: 'succeeded', ageMs: request.ageMs() }))
  const accepted = () => {
    rememberFactor(request, transaction)
    return rememberBrowser(request, transaction, profile)
  }
  return { profile, returnTo: returnTo && withPrefix(returnTo, settings, request.req), accepted }
}

/** Returns how many approval requests the user denied before this success. A success after several denials may be push bombing (MITRE ATT&CK T1621). */
function denialsBefore({ budgets }: StrategyRequest, { slots = [], budget }: Transaction): number | Promise<number> {
  if (budget === undefined || Math.max(0, ...slots) < SUSPICIOUS_STARTS) return 0
  // If the ledger fails, assume no denials: their number is used only for an event, and must not prevent the sign-in.
  return budgets.starts.denialsOf(budget).catch(() => 0)
}

/**
 * Frees the slots of the starts that led to this success. After an enrolment, frees only the slot of the last start: before it, the user may have entered other
 * phone numbers. Otherwise a user could have SMS sent to any number of strangers, by enrolling a factor of the user's own from time to time.
 */
async function giveBackStarts({ budgets }: StrategyRequest, { budget, slots = [], alsoHeld, operation }: Transaction): Promise<void> {
  const freed = (all: readonly number[]) => (operation === 'enroll' ? all.slice(-1) : all)
  if (budget !== undefined && slots.length > 0) await budgets.starts.freeSlots(budget, freed(slots), alsoHeld && { ...alsoHeld, slots: freed(alsoHeld.slots) })
}
