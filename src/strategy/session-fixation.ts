/**
 * Prevents session fixation: an attacker may have planted the session in which the user enters the password. So when the user has given the first
 * factor (such as the password), the session gets a new id before a transaction is stored in it. Only the user's browser learns that id.
 *
 * Out of scope: concurrent starts (`parallel.ts`).
 */
import { isDeepStrictEqual } from 'node:util'
import { hasContent, isOfAnotherLogin, isStored, renewSession } from '../host/session'
import { renewWithSecondFactor } from '../session/second-factor'
import type { StartParameters } from './start-parameters'
import type { StrategyRequest } from './strategy-request'

/**
 * True if the user has probably given a first factor, such as the password, in this request. An attacker may have planted this session's id before
 * (session fixation). So this package must store nothing under that id, and must show nothing from that session.
 *
 * One of three signs is enough: the session has no login; Passport has set `req.authInfo`, as it does when a strategy succeeds; or `req.user` is not
 * the user of the session's login, as after `req.logIn(user, { session: false })`.
 * @internal
 */
export async function isAfterFirstFactor(request: StrategyRequest): Promise<boolean> {
  const { req, session } = request
  return request.login() === undefined || req.authInfo != null || isOfAnotherLogin(req, session)
}

/**
 * True if this start must give the session a new id. An app with the option `subject` may keep its user in any property of the request. So this
 * package cannot see whether the user gave a first factor in this request. So each start of such an app renews the session. The exception is
 * `passport.authorize`, which asks a user who is already signed in.
 * @internal
 */
export function renewsSession({ settings, options }: StrategyRequest, isAfterFirst: boolean): boolean {
  return isAfterFirst || (settings.hasOwnSubject && options.assignProperty === undefined)
}

/**
 * Gives the session a new id to prevent session fixation (OWASP ASVS 5.0, 7.2.4). The new session keeps only the transactions of this subject (the
 * user to ask). It keeps the second factor record as well, unless the user has just given a first factor.
 * @internal
 */
export async function renewForSubject(request: StrategyRequest, { subject }: Pick<StartParameters, 'subject'>, isAfterFirst: boolean): Promise<void> {
  const { req, session, settings } = request
  if (hasContent(session) && isStored(req)) await request.reload()
  // Renew the session even if it seems new, because an attacker who controls the cookie can make a planted session look new.
  request.useSession(isAfterFirst ? await renewSession(req) : await renewWithSecondFactor(req, settings.sessionKey), true)
  request.transactions.keepOnly((one) => isDeepStrictEqual({ ...one.subject }, { ...subject }))
}
