/**
 * With `afterDenial: 'stop'`, refuses to go on after a denial, until the user enters the password again. An attacker with the password could otherwise
 * go on with a stolen recovery code.
 *
 * A request stays on the phone after the user has switched to another factor, has cancelled or has opened a second tab, because Nevis cannot take it
 * back. So this file asks Nevis about every request that the user can still have denied.
 * Out of scope: counting denials (`watch-reports.ts`, `strategy-request.ts`).
 */
import { inferredEnding } from '../factors/ending'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { secondFactorOf } from '../session/second-factor'
import { isAnsweredOnPhone, mayHaveBeenDenied } from './answered-on-phone'
import type { StrategyRequest } from './strategy-request'

/**
 * Throws if the user has denied this transaction, or an earlier one of the same sign-in or login.
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError if Nevis cannot be asked
 * @internal
 */
export async function assertNotDenied(request: StrategyRequest, transaction: Transaction): Promise<void> {
  const { settings } = request
  if (settings.afterDenial !== 'stop') return
  const ended = transaction.closed ?? (Date.now() >= transaction.expiresAt ? 'expired_transaction' : undefined)
  if (mayHaveBeenDenied(settings, transaction, ended)) throw new Refusal(ended)
  if (ended === undefined) {
    const known = await settings.watch.decide(transaction)
    if (known?.answer.status === 'failed') await request.close(transaction, 'not_approved', { wasDenied: true, canGoOn: false })
  }
  await assertNoEarlierDenial(request, transaction)
}

/**
 * Throws if the user has denied an earlier request of the same sign-in or login. Closes the transaction before.
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError if Nevis cannot be asked
 * @internal
 */
export async function assertNoEarlierDenial(request: StrategyRequest, transaction: Transaction): Promise<void> {
  if (request.settings.afterDenial !== 'stop') return
  const { id, firstFactorAt, login, budget, isAfterFirstFactor = false } = transaction
  // A switch keeps the time of the first factor. So the transactions of one sign-in have the same time.
  const isOfThisSignIn = (one: Transaction) => one.firstFactorAt === firstFactorAt
  // If a signed-in user has given the password again, only requests since then count.
  const isOfThisLogin = (one: Transaction) => !isAfterFirstFactor || one.firstFactorAt >= firstFactorAt
  const isRelated = login === undefined ? isOfThisSignIn : isOfThisLogin
  const refusal = await denialAmong(request, budget, (one) => one.id !== id && one.login === login && isRelated(one))
  if (refusal === undefined) return
  if (transaction.closed === undefined) await request.close(transaction, 'not_approved', { canGoOn: false })
  throw refusal
}

/**
 * Throws if the signed-in user has denied a step-up, and has not entered the password since then.
 * @param budget the user's key in the ledger
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError if Nevis cannot be asked
 * @internal
 */
export async function assertNoDeniedStepUp(request: StrategyRequest, budget: string): Promise<void> {
  const login = request.login()
  if (request.settings.afterDenial !== 'stop' || login === undefined) return
  const refusal = await denialAmong(request, budget, (one) => one.login === login)
  if (refusal !== undefined) throw refusal
}

async function denialAmong(request: StrategyRequest, budget: string | undefined, isRelated: (transaction: Transaction) => boolean): Promise<Refusal | undefined> {
  const now = Date.now()
  const { settings, transactions, keys } = request
  const inSession = transactions.list().filter((one) => isRelated(one) && keys.digests.matches(one))
  const ofUser = budget === undefined ? [] : settings.watch.requestsOf(budget)
  const others = ofUser.filter((one) => isRelated(one) && !isBeforeSignIn(request, one))
  const related = [...inSession, ...others.filter(({ id }) => inSession.every((one) => one.id !== id))].filter(
    (one) => now < one.expiresAt + settings.firstFactorLifetimeMs && isAnsweredOnPhone(settings, one),
  )
  const refusals = await Promise.all(related.map((one) => refusalFor(request, one, now)))
  return refusals.find((refusal) => refusal !== undefined)
}

/** True for a step-up before the last sign-in of this session. Without a second factor record, only this process knows when the user last signed in. */
function isBeforeSignIn({ req, settings }: StrategyRequest, stepUp: Transaction): boolean {
  if (stepUp.login === undefined) return false
  const record = secondFactorOf(req, { sessionKey: settings.sessionKey })
  return record === undefined ? settings.watch.isBeforeSignIn(stepUp) : record.at >= stepUp.startedAt
}

async function refusalFor({ settings }: StrategyRequest, transaction: Transaction, now: number): Promise<Refusal | undefined> {
  const { closed, expiresAt, startedAt, statusToken } = transaction
  const isOver = now >= expiresAt
  const ended = closed ?? (isOver ? 'expired_transaction' : undefined)
  if (mayHaveBeenDenied(settings, transaction, ended)) return new Refusal(ended)
  // A transaction that was cancelled in time keeps its status token. Without it, the user has denied the request or let it time out before the cancellation.
  if (closed === 'cancelled' && statusToken === undefined) return new Refusal(isOver ? 'expired_transaction' : 'not_approved')
  const known = await settings.watch.decide(transaction, false)
  if (known === undefined || known.answer.status === 'pending' || known.answer.status === 'succeeded') return undefined
  const ending = known.answer.status === 'failed' ? inferredEnding(known.answer, expiresAt - startedAt) : undefined
  // A replaced or cancelled request also ends because nobody answers. Only a denial stops the user.
  const isTimeOut = ending === 'timed_out' || (isOver && ending === undefined)
  return isTimeOut ? undefined : new Refusal('not_approved')
}
