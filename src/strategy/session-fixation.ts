/**
 * Session fixation: an attacker may have planted the session in which the user gives the password. After a first factor, the session gets a
 * new id before a transaction is kept in it, and only the user's browser learns that id.
 *
 * Out of scope: concurrent starts (`parallel.ts`).
 */
import { isDeepStrictEqual } from 'node:util'
import { hasContent, isOfAnotherLogin, isStored, renewSession } from '../host/session'
import type { StartParameters } from './start-parameters'
import type { StrategyRequest } from './strategy-request'

/**
 * True if the user has just given a first factor in this request. An attacker may know the session's id from before (session fixation), so
 * nothing must be kept under that id, and nothing of that session may be shown. Three signs: the session has no login; Passport has set
 * `req.authInfo`, as it does when a strategy succeeds; or `req.user` is not the user of the session's login, as after
 * `req.logIn(user, { session: false })`.
 * @internal
 */
export async function isAfterFirstFactor(request: StrategyRequest): Promise<boolean> {
  const { req, session } = request
  return request.login() === undefined || req.authInfo != null || isOfAnotherLogin(req, session)
}

/**
 * True if the session must get a new id at this start. With the option `subject`, the app's first factor may leave no sign: the user may be
 * anywhere in the request. So each start of such an app renews the session, except with `passport.authorize`, which asks a user who is signed in.
 * @internal
 */
export function renewsSession({ settings, options }: StrategyRequest, isAfterFirst: boolean): boolean {
  return isAfterFirst || (settings.hasOwnSubject && options.assignProperty === undefined)
}

/**
 * Gives the session a new id against session fixation (OWASP ASVS 5.0, 7.2.4). Of our transactions, the new session keeps only those of
 * the subject who has just given the first factor.
 * @internal
 */
export async function renewForSubject(request: StrategyRequest, { subject }: Pick<StartParameters, 'subject'>): Promise<void> {
  const { req, session } = request
  if (hasContent(session) && isStored(req)) await request.reload()
  // Also for a session that seems new: an attacker who controls the cookie can make a planted session look new.
  request.useSession(await renewSession(req), true)
  request.transactions.keepOnly((one) => isDeepStrictEqual({ ...one.subject }, { ...subject }))
}
