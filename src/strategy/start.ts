/**
 * Handles a start: asks Nevis to notify the user, and sends the browser to the waiting page.
 *
 * Steps, in this order:
 * 1. Get the user, the message and the data from the app.
 * 2. If the browser is remembered and the request names no factor, sign the user in at once.
 * 3. If the same approval request to the user is already pending, show its waiting page.
 * 4. Count the start: it takes a slot in the ledger (`ledger/start-budget.ts`). Refuse it during a pause after too many starts or denials.
 * 5. Call Nevis.
 * 6. Give the session a new id if the user may have just given the password. Otherwise read the session again.
 * 7. Redirect (303) to the waiting page.
 *
 * Out of scope: the call to Nevis (`challenge.ts`), and who may enrol (`enrolment.ts`).
 */
import { ArgumentError } from '../client/checks'
import type { Challenge } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { isAnswered } from '../host/answer'
import type { SpentStart } from '../ledger/start-budget'
import { subjectMismatch } from '../trust/binding'
import { assertNoDeniedStepUp } from './after-denial'
import { isAnsweredOnPhone } from './answered-on-phone'
import { challengeFor } from './challenge'
import { firstOperation } from './enrolment'
import { publish } from './events'
import { newTransaction } from './new-transaction'
import { forgetStart, isRepeated, isSessionRenewedElsewhere, isStartedByOtherProcess, OTHER_PROCESS_WAIT_SECONDS, shareResult } from './parallel'
import { isFromSameBrowser } from './same-browser'
import { dropSignInsOfOthers, firstFactorOf, mayRenew, renewForSubject, renewsSession } from './session-fixation'
import { forgetIfUnusable, withLastFactorFirst } from './last-factor'
import { factorIfOffered, findPending, isJustStartedHere, offeredFactor, reusePending } from './pending-start'
import { forgetMarksBefore, recogniseBrowser } from './remembered'
import { stayOnPage } from './refused-switch'
import { endReplaced, olderTransaction, openTransactionForStart, transactionToReplace } from './replaced-transaction'
import { waitForOtherFactor } from './unavailable-factor'
import { waitBeforeResend } from './resend'
import { returnToOf } from './return-to'
import { waitForDecision, type PreparedStart, type StartContext } from './start-context'
import { authenticatorFor, startParametersOf, subjectOfStart, type StartParameters } from './start-parameters'
import type { StartResult } from './start-queue'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/**
 * Handles a request that starts a transaction.
 * @param handle the handle (encrypted id) of the transaction to replace; undefined for a first start
 * @param factorName the factor that the request names
 * @internal
 */
export async function start(request: StrategyRequest, handle: Field, factorName: Field): Promise<StrategyResult> {
  const { settings, req, options, source } = request
  const requestedAt = Date.now()
  const named = handle === undefined ? undefined : await openTransactionForStart(request, handle)
  const subject = named === undefined ? await subjectOfStart(req, settings) : named.subject
  const marksBefore = named === undefined ? await forgetMarksBefore(request, subject) : undefined
  const parameters = named === undefined ? withLastFactorFirst(request, await startParametersOf(req, options, settings, subject)) : { ...named, budget: named.budget ?? '' }
  const first = named === undefined ? await firstFactorOf(request) : { isAfterFirstFactor: false, endsLogin: false }
  const isAfterFirst = first.isAfterFirstFactor
  const renews = named === undefined && renewsSession(request, isAfterFirst)
  // If the request names a factor, ask for this factor even in a remembered browser.
  const mayRecognise = named === undefined && factorName === undefined
  const recognised = mayRecognise ? await recogniseBrowser(request, parameters, isAfterFirst) : undefined
  if (recognised !== undefined) return recognised
  request.current = { subject: parameters.subject, ...(parameters.operation !== 'approve-or-enroll' && { operation: parameters.operation }) }

  const { target } = await settings.startQueue.run(parameters.budget, async (hasWaited, previous) => {
    if (hasWaited && req.socket?.destroyed === true) throw new Refusal('cancelled')
    // This start has waited for an earlier start of the same user, which may have stored a transaction in the session. So read the session again.
    if (hasWaited && !renews) await request.refresh()
    const asksForDenials = settings.afterDenial === 'stop' && !isAfterFirst
    // A start that is refused asks Nevis nothing. So look for a pause before Nevis is asked whether the user has denied an earlier request.
    const paused = asksForDenials ? await request.budgets.starts.refusalInPause(parameters.budget) : undefined
    if (handle === undefined && asksForDenials && paused === undefined) await assertNoDeniedStepUp(request, parameters)
    const replaced = handle === undefined ? undefined : await transactionToReplace(request, handle, paused !== undefined)
    const context: StartContext = {
      parameters: replaced === undefined ? parameters : { ...replaced, budget: parameters.budget },
      replaced,
      factorName,
      source,
      ...first,
      renewsSession: renews,
      requestedAt,
      ...(marksBefore !== undefined && { marksBefore }),
    }
    try {
      return (
        (await reusePending(request, context)) ??
        (await shareResult(request, previous, context)) ??
        (await startNew(request, context, hasWaited, paused))
      )
    } catch (reason) {
      return stayOnPage(request, context, reason)
    }
  })
  return target
}

async function startNew(request: StrategyRequest, context: StartContext, hasWaited: boolean, paused: SpentStart | undefined): Promise<StartResult> {
  const startedAt = Date.now()
  // This start has waited for an earlier start. If that start has given the session a new id, the session that this request has read no longer exists and
  // cannot store the new transaction. `refresh` then throws, before Nevis notifies the user.
  if (hasWaited && context.renewsSession && !context.isAfterFirstFactor) await request.refresh()
  assertFactorOffered(request, context)
  if (paused?.over !== undefined) throw request.budgetRefusal({ ...paused, over: paused.over }, 'too_many_starts')
  const tooSoon = await waitBeforeResend(request, context)
  if (tooSoon !== undefined) return tooSoon
  const [slot, repeated] = await Promise.all([spendStart(request, context), Promise.allSettled([isRepeated(request, context)])])
  if (await freeIfFailed(request, context, slot, () => isPendingElsewhere(request, context, slot, repeated[0]))) return resultOfOtherProcess(request, context, slot)

  try {
    return await notifyAndStore(request, context, slot, startedAt)
  } catch (reason) {
    await forgetStart(request, context)
    throw reason
  }
}

async function notifyAndStore(request: StrategyRequest, context: StartContext, slot: number, startedAt: number): Promise<StartResult> {
  const { prepared, older } = await freeIfFailed(request, context, slot, async () => {
    const prepared = await prepare(request, context)
    return { prepared, older: await olderTransaction(request, context, prepared) }
  })
  let challenge: Challenge
  try {
    challenge = await notifyUser(request, prepared)
  } catch (reason) {
    const { budget } = context.parameters
    const { name } = prepared.factor
    // The client throws this error, for example for a message that Nevis does not accept, instead of asking Nevis to notify the user.
    if (reason instanceof ArgumentError) await request.budgets.starts.freeSlotOfFailedStart(budget, slot)
    forgetIfUnusable(request, reason, budget, name)
    const kept = await waitForOtherFactor(request, context, prepared, reason, slot, startedAt)
    if (kept === undefined) throw reason
    return kept
  }
  if (isRepeatedAnswer(request, context, challenge)) throw request.mismatchRefusal('transactionId')
  const { transaction, encryptedCodes } = await newTransaction(request, context, prepared, challenge, slot, startedAt)
  request.current = transaction
  if (isAnsweredOnPhone(request.settings, transaction)) request.settings.watch.begin(transaction)
  publish('started', () => request.about())

  // If a time-out middleware of the app has already responded, the browser never gets the new session id. So end the transaction.
  if (isAnswered(request.req)) {
    await request.abandon(transaction)
    throw new Refusal('cancelled')
  }
  const replaces = older !== undefined && older.transaction.id !== transaction.id
  if (replaces) await endReplaced(request, transaction, older, context)
  // Renew the session only after Nevis has answered: until then, the second request of a double click, which has the old session id, must find its session.
  await prepareSession(request, context, transaction)
  if (replaces) closeReplaced(request, context, older.transaction, transaction)
  return waitForDecision(request, context, transaction, encryptedCodes)
}

/** Closes the replaced transaction in the session. The session is saved later. */
function closeReplaced(request: StrategyRequest, context: StartContext, older: Transaction, { id }: Transaction): void {
  const keepsToken = request.settings.afterDenial === 'stop' && isAnsweredOnPhone(request.settings, older)
  // `next` leads every browser that has the handle (the encrypted id) of `older` to the new transaction. At a step-up, such a browser may be an attacker's,
  // with a copy of the session cookie. So at a step-up, set `next` only if this request has named a transaction to replace, or comes from the browser that
  // started `older`.
  const isOwn = context.replaced !== undefined || older.login === undefined || isFromSameBrowser(request, older)
  request.transactions.close({ ...older, ...(isOwn && { next: id }) }, 'cancelled', keepsToken)
}

/** Refuses a factor that the user may not choose, before the start is counted and before Nevis is called. */
function assertFactorOffered(request: StrategyRequest, { parameters, factorName }: StartContext): void {
  const { operation } = parameters
  if (operation !== 'approve-or-enroll') {
    request.current = { ...request.current, factor: offeredFactor(request, { ...parameters, operation }, factorName).name }
  } else if (!(['approve', 'enroll'] as const).some((one) => factorIfOffered(request, { ...parameters, operation: one }, factorName))) {
    throw new Refusal('unknown_factor')
  }
}

/**
 * Counts this start towards the user's limit on starts. If earlier starts count, first asks Nevis whether the user has denied their approval requests, because
 * a denial can begin a pause, in which the user can start nothing. This process may not know of a denial yet: it does not poll while no page is open.
 * @returns the slot that this start has taken: the user's lowest free slot in the ledger. An approval frees the slot (`ledger/start-budget.ts`)
 * @throws Refusal `too_many_starts`
 */
async function spendStart(request: StrategyRequest, { parameters, replaced }: StartContext): Promise<number> {
  const { budget, subject: { userId } } = parameters
  const askAgain = async () => replaced === undefined && request.settings.watch.askAgainFor({ budget, userId })
  const { slot, over, ...rest } = await request.budgets.starts.spend(budget, askAgain)
  if (over !== undefined) throw request.budgetRefusal({ ...rest, over }, 'too_many_starts')
  request.takenSlot = slot
  return slot
}

/**
 * True if another process is already making the same start, for the same browser. Each start takes the user's lowest free slot in the ledger
 * (`ledger/start-budget.ts`). So a step-up that got slot 1 was the first of all concurrent starts, and this function returns false for it.
 */
async function isPendingElsewhere(request: StrategyRequest, context: StartContext, slot: number, repeated: PromiseSettledResult<boolean>): Promise<boolean> {
  if (repeated.status === 'rejected') throw repeated.reason
  if (context.isAfterFirstFactor) return repeated.value && isSessionRenewedElsewhere(request)
  if (context.replaced !== undefined || slot === 1) return false
  return isStartedByOtherProcess(request, context.parameters.budget, slot, () => findPending(request, context, (one) => isJustStartedHere(one, context)))
}

/**
 * Runs a step of a start before the user is notified. If the step fails, for example because Nevis or the ledger is down, frees the slot of the start, so that
 * the start does not count. But a start that ends with a Refusal counts, because it may have caused calls to Nevis.
 */
async function freeIfFailed<T>(request: StrategyRequest, { parameters }: StartContext, slot: number, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (reason) {
    if (!(reason instanceof Refusal)) await request.budgets.starts.freeSlotOfFailedStart(parameters.budget, slot)
    throw reason
  }
}

async function resultOfOtherProcess(request: StrategyRequest, context: StartContext, slot: number): Promise<StartResult> {
  await request.budgets.starts.freeSlots(context.parameters.budget, [slot])
  const pending = context.isAfterFirstFactor ? undefined : await reusePending(request, context, true)
  if (pending === undefined) throw new Refusal('too_many_starts', undefined, OTHER_PROCESS_WAIT_SECONDS)
  return pending
}

/**
 * Checks all that can be checked before Nevis notifies the user: Nevis answers, the user may choose the factor, and the session has room for the
 * transaction.
 */
async function prepare(request: StrategyRequest, { parameters, replaced, factorName }: StartContext): Promise<PreparedStart> {
  const { settings, req, options } = request
  await settings.health?.check()
  const { operation, user } = parameters.operation === 'approve-or-enroll' ? await firstOperation(settings.client, parameters.subject) : { operation: parameters.operation }
  const foreign = user && subjectMismatch(parameters.subject, user)
  if (foreign !== undefined) throw request.mismatchRefusal(foreign)
  const resolved: StartParameters = { ...parameters, operation }
  const factor = offeredFactor(request, resolved, factorName)
  const authenticatorId = await authenticatorFor(req, options, resolved, factor, replaced)
  const returnTo = replaced === undefined ? returnToOf(request) : replaced.returnTo
  // A session in a cookie may have no room for the transaction. `makeRoom` then drops `returnTo`, and throws if even that is not enough.
  const planned = request.transactions.makeRoom({ ...resolved, ...(returnTo !== undefined && { returnTo }) })
  return { parameters: resolved, factor, authenticatorId, returnTo: planned.returnTo, userId: user?.userId }
}

/**
 * Asks Nevis to notify the user.
 * @throws Refusal `already_enrolled`, `binding_mismatch`, and the Refusals of `challengeFor`
 */
async function notifyUser(request: StrategyRequest, { parameters, factor, authenticatorId, userId }: PreparedStart): Promise<Challenge> {
  const { settings, req, budgets } = request
  request.current = { operation: parameters.operation, subject: parameters.subject, factor: factor.name }
  const challenge = await challengeFor(settings, budgets, req, factor, parameters, authenticatorId, userId)
  if (challenge === 'hasFactor') {
    publish('suspicious', () => ({ ...request.about(), reason: 'enrolment_of_enrolled' }))
    throw new Refusal('already_enrolled')
  }
  if (typeof challenge === 'string') throw request.mismatchRefusal(challenge)
  return challenge
}

/**
 * True if Nevis's answer names a transaction that this session or this process already has, for example because a proxy has repeated an earlier answer. Such an
 * answer must be refused: the user's approval of the earlier transaction would also count for this one. Exception: the answer may name the transaction that
 * this start replaces.
 */
function isRepeatedAnswer({ settings, transactions }: StrategyRequest, { replaced }: StartContext, { server: { id, hasOwnId } }: Challenge): boolean {
  return hasOwnId !== true && id !== replaced?.id && (transactions.get(id) !== undefined || settings.watch.has(id))
}

/**
 * After the call to Nevis, gives the session a new id (if this start must do so, see `mayRenew`), or reads the session again. If the user has logged out
 * meanwhile, ends the new transaction and throws.
 */
async function prepareSession(request: StrategyRequest, context: StartContext, transaction: Transaction): Promise<void> {
  try {
    if (mayRenew(request, context, transaction)) await renewForSubject(request, transaction, context)
    else await request.refresh()
    dropSignInsOfOthers(request, transaction)
  } catch (error) {
    await request.abandon(transaction)
    throw error
  }
}
