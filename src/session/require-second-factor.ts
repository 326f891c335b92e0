/**
 * The middleware `requireSecondFactor`: lets a request pass only if the session has a fresh second factor record (step-up).
 *
 * Out of scope: asking for the factor, and the record itself (`second-factor.ts`).
 */
import { refuseUnknown } from '../client/option-names'
import { isListOfValues } from '../factors/amr'
import type { FactorName } from '../factors/names'
import { isListOfNames } from '../factors/strength'
import { completeAnswer, json, middleware, type Middleware } from '../host/answer'
import { loginOf } from '../host/login'
import { address, sessionKeyOf } from '../host/option-values'
import { sessionOf, userOf, wantsPage, type HostRequest } from '../host/request'
import { compareLogin } from '../host/same-login'
import { hasContent, isStored, reloadSession, saveSession } from '../host/session'
import { storeReturnTo } from './return-to'
import { secondFactorOf, type RecordSecondFactorOptions, type SecondFactorRecord } from './second-factor'

/** Options of {@link requireSecondFactor}. */
export interface RequireSecondFactorOptions extends RecordSecondFactorOptions {
  /** Maximum age of the second factor, in seconds. */
  readonly maxAgeSeconds: number
  /** Names of the accepted factors, such as `atLeast('sms')`. Default: any factor. */
  readonly factors?: readonly FactorName[] | undefined
  /** Values of RFC 8176, all of which the record must have, such as `['mfa']`. Default: none. */
  readonly amr?: readonly string[] | undefined
  /**
   * Values that the 401 names in `acr_values` (RFC 9470), in order of preference. A client can use them to choose how the user signs in. This
   * middleware does not check the values. Default: none.
   */
  readonly acrValues?: readonly string[] | undefined
  /** If true, the user must have typed a code that the phone showed and the waiting page did not, as with `push({ typedCode: true })`. Default false. */
  readonly typedCode?: boolean | undefined
  /**
   * The URL to which a request for a page is redirected (303), so that the user can give a second factor. After the approval, `req.authInfo.returnTo` has the
   * path of the page, if it was requested with GET. Default: no redirect; the browser gets the 401.
   */
  readonly redirectTo?: string | undefined
}

/**
 * Middleware that requires a fresh second factor. If `req.user` is not the user who is signed in to the session, the second factor of the session does not
 * count.
 * @param options the maximum age, and the accepted factors
 * @throws TypeError if an option is wrong or unknown
 * @returns middleware. Without a fresh second factor, it redirects a request for a page to `redirectTo`, if set. Every other request gets a 401 with the error
 * of RFC 9470 (step-up)
 */
export function requireSecondFactor(options: RequireSecondFactorOptions): Middleware {
  refuseUnknown('requireSecondFactor', options, ['maxAgeSeconds', 'factors', 'amr', 'acrValues', 'typedCode', 'redirectTo', 'sessionKey'])
  const { maxAgeSeconds, factors, amr, acrValues, typedCode = false } = options
  const sessionKey = sessionKeyOf('requireSecondFactor', options.sessionKey ?? 'nevis')
  if (!Number.isFinite(maxAgeSeconds) || maxAgeSeconds <= 0) throw new TypeError('requireSecondFactor: maxAgeSeconds must be a positive number')
  if (factors !== undefined && !isListOfNames(factors)) throw new TypeError('requireSecondFactor: factors must be a list of names')
  if (amr !== undefined && !isListOfValues(amr)) throw new TypeError('requireSecondFactor: amr must be a list of values of RFC 8176')
  if (acrValues !== undefined && !isListOfValues(acrValues)) throw new TypeError('requireSecondFactor: acrValues must be a list of strings without spaces')
  if (typeof typedCode !== 'boolean') throw new TypeError('requireSecondFactor: typedCode must be true or false')
  const redirectTo = options.redirectTo === undefined ? undefined : address('redirectTo', options.redirectTo, 'requireSecondFactor')
  return middleware(async (req) => {
    const record = secondFactorOf(req, { sessionKey })
    const ageMs = record === undefined ? Infinity : Date.now() - record.at
    // If the time of the second factor is in the future, the server's clock was set back. Then the age is not known, so refuse.
    const isFresh = ageMs >= 0 && ageMs <= maxAgeSeconds * 1000
    if (record !== undefined && isFresh && isStrongEnough(record, options) && (await isOfRequestsUser(req))) return undefined
    if (redirectTo !== undefined && wantsPage(req)) {
      const session = sessionOf(req)
      // Create no session for a visitor who has none: an attacker could fill the session store with thousands of requests.
      const mayKeep = session !== undefined && (loginOf(session) !== undefined || hasContent(session))
      if (mayKeep) await keepReturnTo(req, sessionKey)
      return completeAnswer(303, { Location: redirectTo })
    }
    const challenge = {
      error: 'insufficient_user_authentication',
      error_description: 'A fresh second factor is required',
      ...(acrValues !== undefined && { acr_values: acrValues.join(' ') }),
      max_age: Math.floor(maxAgeSeconds),
    }
    const parameters = Object.entries(challenge).map(([name, value]) => `${name}="${value}"`)
    return json(401, challenge, { 'WWW-Authenticate': `Bearer ${parameters.join(', ')}` })
  })
}

/**
 * True if the user of the request is the user who is signed in to the session. Only then does the session's second factor record belong to this user. A request
 * can have two users: the session is of one user, and a password or a token in the request names another. Without this check, an attacker who knows a user's
 * password could confirm an operation of this user with the attacker's own account and phone.
 * @returns true also if the request has no user, or if this package cannot call the app's `serializeUser` on this web framework
 */
async function isOfRequestsUser(req: HostRequest): Promise<boolean> {
  const session = sessionOf(req)
  const login = session && loginOf(session)
  const compared = await compareLogin(userOf(req), req, login)
  // `unknown`: the request or the session has no user, or this package cannot compare users on this web framework. On such a framework, a refusal would be a
  // refusal of every request.
  if (compared === 'same' || compared === 'unknown') return true
  warnOfOtherUser()
  return false
}

let hasWarned = false

/**
 * Warns, once per process, that a request was refused because `req.user` is not the user of the session. The reason may be a mistake in the app: if
 * `serializeUser` returns another value for the user than at the login, every request of this user is refused.
 */
function warnOfOtherUser(): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning('requireSecondFactor: refused a request whose req.user is not the user of the session. Either an attacker has sent it, or serializeUser has failed, or it returns another value for the user from deserializeUser', { code: 'PASSPORT_NEVIS_OTHER_USER' })
}

/**
 * Stores the page that the user wanted. Reads the session again first, because the user may have logged out while this request was running. An attacker with a
 * copy of the cookie can keep a request running for long, by sending its body slowly. So this function keeps none of this request's session properties: they may
 * be older than those in the store.
 */
async function keepReturnTo(req: HostRequest, sessionKey: string): Promise<void> {
  const session = isStored(req) ? await reloadSession(req) : sessionOf(req)
  if (session !== undefined && storeReturnTo(session, sessionKey, req)) await saveSession(session)
}

function isStrongEnough(record: SecondFactorRecord, { factors, amr = [], typedCode = false }: RequireSecondFactorOptions): boolean {
  if (typedCode && record.typedCode !== true) return false
  return (factors === undefined || factors.includes(record.factor)) && amr.every((value) => record.amr.includes(value))
}
