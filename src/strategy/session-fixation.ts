/**
 * Prevents session fixation: an attacker may have planted the session in which the user enters the password. So this file gives the session a new id after the
 * password (or another first factor).
 *
 * Out of scope: concurrent starts (`parallel.ts`).
 */
import type { Transaction } from '../factors/transaction'
import { logsIn, userOf } from '../host/request'
import { compareLogin } from '../host/same-login'
import { hasContent, isStored } from '../host/session'
import { renewWithoutSecondFactor, secondFactorsIn } from '../session/second-factors'
import { isOfSamePerson, isSameId } from '../trust/binding'
import type { StartContext } from './start-context'
import type { StrategyRequest } from './strategy-request'

type Renewal = Pick<StartContext, 'isAfterFirstFactor' | 'endsLogin'>

/**
 * Finds out whether the user has probably given the password (or another first factor) in this request.
 *
 * One of three signs is enough: no user is logged in to the session; Passport has set `req.authInfo`, as after `passport.authenticate('local')`; or `req.user`
 * is not the user who is logged in to the session, as after `req.logIn(user, { session: false })`.
 *
 * `endsLogin` is true if the password of another user is given at a route that signs in, while the session has a login with a second factor, of this strategy
 * or of another one. The start then ends that login. Otherwise an attacker with a copy of the session's cookie could enter the attacker's own password. Only
 * the attacker would get the new session id. The user's login would go on under this id, and the user could not end it by a logout.
 * @internal
 */
export async function firstFactorOf(request: StrategyRequest): Promise<Renewal> {
  const { req, options } = request
  const compared = await compareLogin(userOf(req), req, request.login())
  // If `serializeUser` has failed, `req.user` may be another user. So take the start as one after a first factor, but end no login. The result
  // `unknown` is no sign of another user: this package has nothing to compare.
  const mayBeOther = compared === 'other' || compared === 'failed'
  const endsLogin = compared === 'other' && logsIn(options) && secondFactorsIn(req).length > 0
  return { isAfterFirstFactor: request.login() === undefined || req.authInfo != null || mayBeOther, endsLogin }
}

/**
 * True if this start must give the session a new id. Exceptions: see `mayRenew`. An app with the option `subject` may store its user anywhere, so this package
 * cannot see whether the user has just given the password. So each start of such an app renews the session, except with `passport.authorize`.
 * @internal
 */
export function renewsSession({ settings, options }: StrategyRequest, isAfterFirst: boolean): boolean {
  return isAfterFirst || (settings.hasOwnSubject && options.assignProperty === undefined)
}

/**
 * True if this start renews the session now. After a first factor, it always does. At a step-up in an app with the option `subject`, there are two exceptions:
 * - The browser has closed the connection, as at a double click: it would not get the new session id, so the user would be logged out. The second request of
 *   the double click then renews the session.
 * - The session already has a second factor record of this user, so it is no planted session of another user. If it got a new id, an attacker with a copy of
 *   the session's cookie could start a step-up, and only the attacker would have the new id.
 * @param transaction the transaction of this start
 * @internal
 */
export function mayRenew(request: StrategyRequest, context: Pick<StartContext, 'renewsSession' | 'isAfterFirstFactor'>, transaction: Pick<Transaction, 'subject' | 'userId'>): boolean {
  if (!context.renewsSession || context.isAfterFirstFactor) return context.renewsSession
  return request.req.socket?.destroyed !== true && !hasConfirmed(request, transaction)
}

/** True if the session records a second factor of this user, in the present login. */
function hasConfirmed({ req }: StrategyRequest, { subject, userId = subject.userId }: Pick<Transaction, 'subject' | 'userId'>): boolean {
  return secondFactorsIn(req).some((record) => isSameId(record.userId, userId))
}

/**
 * Gives the session a new id (OWASP ASVS 5.0, 7.2.4). Of the transactions in the session, keeps only those of the user for whom the second factor is started.
 * Deletes the second factor records, so that an attacker with a copy of the cookie takes no record along to the new id. At a step-up, this deletes no record
 * that is certainly of this user: a session with such a record keeps its id (`mayRenew`). If this start ends the session's login (`endsLogin`), keeps neither
 * the login nor the app's data.
 *
 * With `afterDenial: 'stop'`, no other factor can be started after the user has denied a step-up. If the signed-in user enters the password again, this
 * function removes the user's earlier step-ups from the session, so that their denials no longer count. If another user enters a password, these step-ups stay
 * in the session.
 * @throws Refusal `unknown_transaction` if another request has ended the session meanwhile, and the user has not just given the password; StorageError
 * @internal
 */
export async function renewForSubject(request: StrategyRequest, user: Pick<Transaction, 'subject' | 'userId'>, { isAfterFirstFactor: isAfterFirst, endsLogin }: Renewal): Promise<void> {
  const { req, session, settings } = request
  const login = request.login()
  const stops = settings.afterDenial === 'stop'
  // Another user's password must not reset the denials of the signed-in user. So keep the signed-in user's step-ups, which record the denials.
  // If `serializeUser` has failed, `req.user` may be another user. So keep these step-ups then, too.
  const isOfAnother = stops && isAfterFirst && ['other', 'failed'].includes(await compareLogin(userOf(req), req, login))
  if (hasContent(session) && isStored(req)) await (isAfterFirst ? request.reload() : request.refresh())
  // Renew the session even if it seems new. An attacker who controls the cookie can make a planted session look new.
  request.useSession(await renewWithoutSecondFactor(req, endsLogin ? settings.sessionKey : undefined), true)
  request.transactions.keepOnly((one) => {
    if (isOfAnother && one.login === login) return true
    return isOfPerson(request, one, user) && !(stops && isAfterFirst && one.login !== undefined)
  })
}

/**
 * At a step-up, removes sign-ins of other users from the session. The user may have signed in by the password alone, in a session that an attacker had planted
 * with a sign-in of the attacker. Until the step-up has succeeded, `isForUserOf` refuses that sign-in; after that, it could sign the user in as the attacker.
 * @internal
 */
export function dropSignInsOfOthers(request: StrategyRequest, user: Pick<Transaction, 'subject' | 'userId'>): void {
  if (request.login() !== undefined) request.transactions.keepOnly((one) => one.login !== undefined || isOfPerson(request, one, user))
}

/**
 * True if a transaction in the session is of this person. Two strategies for two Nevis instances may share a session key. One person has another userId at each
 * instance, so for a transaction that this strategy has not started, only the identifiers from the app count.
 */
function isOfPerson({ keys }: StrategyRequest, one: Transaction, user: Pick<Transaction, 'subject' | 'userId'>): boolean {
  return keys.digests.matches(one) ? isOfSamePerson(one, user) : isOfSamePerson({ subject: one.subject }, { subject: user.subject })
}
