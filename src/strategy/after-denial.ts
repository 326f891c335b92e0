/**
 * With `afterDenial: 'stop'`, refuses every further factor after a denial, until the user enters the password again. The attack: an attacker with the password
 * starts a sign-in, and the user denies the approval request. Without this check, the attacker could still sign in with a stolen recovery code.
 *
 * Nevis cannot withdraw an approval request: it stays on the phone after the user has switched to another factor, has cancelled or has opened a second tab. So
 * this file asks Nevis about every approval request that the user may have denied.
 * Out of scope: counting denials (`watch-reports.ts`, `strategy-request.ts`).
 */
import { inferredEnding } from '../factors/ending'
import { Refusal } from '../factors/failures'
import type { Transaction } from '../factors/transaction'
import { secondFactorOf } from '../session/second-factor'
import { isOfSameUser, type UserOfStart } from '../trust/binding'
import { isAnsweredOnPhone, mayHaveBeenDenied } from './answered-on-phone'
import type { RequestedParameters } from './start-parameters'
import type { StrategyRequest } from './strategy-request'

/**
 * Throws if the user has denied this transaction, or an earlier transaction of the same sign-in (for a signed-in user: an earlier step-up).
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError if Nevis cannot be asked
 * @internal
 */
export async function assertNotDenied(request: StrategyRequest, transaction: Transaction): Promise<void> {
  const { settings } = request
  if (settings.afterDenial !== 'stop') return
  const ended = transaction.closed ?? (Date.now() >= transaction.expiresAt ? 'expired_transaction' : undefined)
  if (mayHaveBeenDenied(settings, transaction, ended)) throw new Refusal(ended)
  // Nobody can deny an SMS, and some instances do not report its status. So ask Nevis only about a request on the phone.
  if (ended === undefined && isAnsweredOnPhone(settings, transaction)) {
    const known = await settings.watch.decide(transaction)
    if (known?.status === 'failed') await request.close(transaction, 'not_approved', { wasDenied: true, canGoOn: false })
  }
  await assertNoEarlierDenial(request, transaction)
}

/**
 * If the user has denied an earlier transaction of the same sign-in (for a signed-in user: an earlier step-up), closes this transaction and throws.
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError if Nevis cannot be asked
 * @internal
 */
export async function assertNoEarlierDenial(request: StrategyRequest, transaction: Transaction): Promise<void> {
  if (request.settings.afterDenial !== 'stop') return
  const { id, firstFactorAt, login } = transaction
  // `firstFactorAt` is the time of the password. A switch to another factor copies this time, so all transactions of one sign-in have the same `firstFactorAt`.
  const refusal = await denialAmong(request, transaction, (one) => one.id !== id && one.login === login && (login !== undefined || one.firstFactorAt === firstFactorAt))
  if (refusal === undefined) return
  if (transaction.closed === undefined) await request.close(transaction, 'not_approved', { canGoOn: false })
  throw refusal
}

/**
 * Throws if the signed-in user has denied a step-up, and has not entered the password since then.
 * @param parameters the user whom the start names
 * @throws Refusal `not_approved`, `expired_transaction`, `too_many_attempts`; NevisError if Nevis cannot be asked
 * @internal
 */
export async function assertNoDeniedStepUp(request: StrategyRequest, { budget, subject: { userId } }: Pick<RequestedParameters, 'budget' | 'subject'>): Promise<void> {
  const login = request.login()
  if (request.settings.afterDenial !== 'stop' || login === undefined) return
  const refusal = await denialAmong(request, { budget, userId }, (one) => one.login === login)
  if (refusal !== undefined) throw refusal
}

async function denialAmong(request: StrategyRequest, user: UserOfStart, isRelated: (transaction: Transaction) => boolean): Promise<Refusal | undefined> {
  const now = Date.now()
  const { settings, transactions, keys } = request
  // The session of a signed-in user can also contain transactions of another user, if that user's password was entered in the same session. So keep only the
  // transactions of `user`.
  const inSession = transactions.list().filter((one) => isOfSameUser(one, user) && isRelated(one) && keys.digests.matches(one))
  const ofUser = user.budget === undefined ? [] : settings.watch.requestsOf(user)
  const others = ofUser.filter((one) => isRelated(one) && isSinceSecondFactor(request, one) && inSession.every(({ id }) => id !== one.id))
  const mayCount = (one: Transaction) => now < one.expiresAt + settings.firstFactorLifetimeMs && isAnsweredOnPhone(settings, one)
  const refusals = await Promise.all([
    ...inSession.filter(mayCount).map((one) => refusalFor(request, one, now)),
    ...others.filter(mayCount).map((one) => denialOf(request, one, now)),
  ])
  return refusals.find((refusal) => refusal !== undefined)
}

/**
 * True if a denial of this transaction must still stop the user. At a sign-in, this is always true. At a step-up (an approval by a signed-in user), it is true
 * only if the session records a second factor, and the step-up was started after this second factor. Without such a record, this package does not
 * know whether the user has entered the password again since the denial.
 */
function isSinceSecondFactor({ req, settings }: StrategyRequest, { login, startedAt }: Transaction): boolean {
  if (login === undefined) return true
  const record = secondFactorOf(req, { sessionKey: settings.sessionKey })
  return record !== undefined && record.at < startedAt
}

/**
 * Returns a Refusal if the user has denied this transaction, or may have denied it: after a transaction has expired or was closed, this package does not always
 * know whether the user had denied it. Returns undefined if the user has not denied it.
 */
async function refusalFor(request: StrategyRequest, transaction: Transaction, now: number): Promise<Refusal | undefined> {
  const { closed, expiresAt, statusToken } = transaction
  const isOver = now >= expiresAt
  const ended = closed ?? (isOver ? 'expired_transaction' : undefined)
  if (mayHaveBeenDenied(request.settings, transaction, ended)) return new Refusal(ended)
  // A transaction that was cancelled while it was pending keeps its status token. So a cancelled transaction without a status token had been denied or had
  // expired before.
  if (closed === 'cancelled' && statusToken === undefined) return new Refusal(isOver ? 'expired_transaction' : 'not_approved')
  return denialOf(request, transaction, now)
}

/**
 * Asks Nevis whether the user has denied the transaction. If Nevis answers that the transaction has failed, but not why, the transaction counts as denied
 * before its expiry, and as timed out after its expiry.
 */
async function denialOf({ settings }: StrategyRequest, transaction: Transaction, now: number): Promise<Refusal | undefined> {
  const { expiresAt, startedAt } = transaction
  const known = await settings.watch.decide(transaction)
  if (known === undefined || known.status === 'pending' || known.status === 'succeeded') return undefined
  const ending = known.status === 'failed' ? inferredEnding(known, expiresAt - startedAt) : undefined
  // An approval request that the user has replaced or cancelled also ends as `failed` if it is never answered. Such a time-out does not stop the user.
  const isTimeOut = ending === 'timed_out' || (now >= expiresAt && ending === undefined)
  return isTimeOut ? undefined : new Refusal('not_approved')
}
