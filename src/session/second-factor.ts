/**
 * The second factor record: after an approval, the session records who gave which second factor and when. Routes that need a fresh second factor check this
 * record (step-up).
 *
 * The record contains a digest of the signed-in user, so it is not valid for another user who signs in later in the same session.
 * Out of scope: asking for the factor.
 */
import { createHash } from 'node:crypto'
import { refuseUnknown } from '../client/option-names'
import { json, middleware, completeAnswer, type Middleware } from '../host/answer'
import { isListOfValues } from '../factors/amr'
import type { FactorName } from '../factors/names'
import { address, sessionKeyOf } from '../host/option-values'
import { authInfoOf, sessionOf, userOf, wantsPage, type HostRequest } from '../host/request'
import { loginOf } from '../host/login'
import { storeReturnTo } from './return-to'
import { hasContent, isLoginOf, isStored, keepsDataAtLogout, reloadSession, renewSession, saveSession, sessionIdOf } from '../host/session'
import { reloadWithChanges, type SessionSnapshot } from '../host/session-changes'
import type { SessionLike } from '../host/request'
import { isListOfNames } from '../factors/strength'
import type { SessionState } from './transactions'
import type { NevisProfile } from '../factors/profile'

/** Who gave which second factor, and when. */
export interface SecondFactorRecord {
  /** Nevis's userId. */
  readonly userId: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** True if the user typed a code that the phone showed and the waiting page did not. */
  readonly typedCode?: true
  /** The transaction with which the user approved, for audit logs. */
  readonly transactionId: string
  /** When the second factor was given, in milliseconds since 1970. */
  readonly at: number
  /** When the second factor was given, in seconds since 1970: `auth_time` of OpenID Connect. */
  readonly authTime: number
  /** How the user proved who they are, in values of RFC 8176; see `amr` of the profile. */
  readonly amr: readonly string[]
}

/** The record as stored in the session. */
export interface BoundRecord extends Omit<SecondFactorRecord, 'authTime'> {
  /** Digest of the user who was signed in when the record was made. */
  readonly login: string
  /** Digest of the session's id. A logout gives the session a new id. So the record is no longer valid after a logout, even if the session keeps its data. */
  readonly sessionId: string
}

/** Options of {@link recordSecondFactor} and {@link secondFactorOf}. */
export interface RecordSecondFactorOptions {
  /** The strategy's option `sessionKey`. Default `nevis`. */
  readonly sessionKey?: string | undefined
}

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
 * Writes the second factor record. Mount it after `passport.authenticate('nevis')` or `passport.authorize('nevis')`. The strategy itself cannot write the
 * record: Passport signs the user in after the strategy, and this login replaces the session.
 *
 * After `authorize`, and with Passport before 0.6, no login has renewed the session. This middleware then gives the session a new id and keeps its content. A
 * session without `regenerate` keeps its id.
 *
 * It writes no record in three cases:
 * - for an enrolment;
 * - for a sign-in in a remembered browser;
 * - if another user than the approver is signed in to the session, for example because a Bearer token named the approver. In this case, the middleware also
 * publishes an event `suspicious`.
 * @param options the session property in which the strategy stores its state
 * @throws TypeError if an option is wrong or unknown
 * @returns middleware. It passes an error to `next` if the request has no approval, if no user is signed in, or if a log-out would not delete the record
 * (`@fastify/secure-session` with `clearSessionOnLogin: false`). It passes a StorageError `SESSION_UNAVAILABLE` to `next` if the session cannot be renewed or
 * saved
 */
export function recordSecondFactor(options: RecordSecondFactorOptions = {}): Middleware {
  refuseUnknown('recordSecondFactor', options, ['sessionKey'])
  const sessionKey = sessionKeyOf('recordSecondFactor', options.sessionKey ?? 'nevis')
  const record: Middleware = middleware(async (req) => {
    const profile = authInfoOf(req)?.nevis
    const session = sessionOf(req)
    const login = session && loginOf(session)
    const notes = profile && notesOf(req, profile)
    if (profile === undefined || login === undefined) {
      throw new Error('recordSecondFactor must run after passport.authenticate("nevis"), for a user who is logged in. In your own callback, first call req.logIn() and set req.authInfo = info. In NestJS, write PassportModule.register({ session: true })')
    }
    if (keepsDataAtLogout(req)) {
      throw new Error('recordSecondFactor cannot be used with @fastify/secure-session while @fastify/passport has the option clearSessionOnLogin: false, because the record would count again after a log-out')
    }
    // In a remembered browser, the user has not given a second factor this time, so write no record.
    const isApproval = profile.operation === 'approve' && profile.remembered !== true
    // A user whom this request has signed in is the approver. If the user was signed in before this request, the approver may be another user, so check.
    if (isApproval && notes === undefined) throw new Error('recordSecondFactor does not know the approval: an option such as transformAuthInfo must not copy req.authInfo.nevis')
    if (isApproval && notes !== undefined && (login !== notes.login || (await notes.isLoginOfApprover(login)))) await write(req, sessionKey, profile, login)
    return undefined
  })
  // The command `doctor` recognises this middleware by this mark, in the list of a route's handlers.
  return Object.assign(record, { [Symbol.for('passport-nevis.recordSecondFactor')]: true })
}

async function write(req: HostRequest, sessionKey: string, profile: NevisProfile, login: string): Promise<void> {
  const session = wasRenewed(req, profile) ? (sessionOf(req) as SessionLike) : await renewedSession(req, sessionKey, login, notesOf(req, profile)?.lastRead)
  const { id: userId, factor, typedCode, transactionId, amr } = profile
  const secondFactor: BoundRecord = { userId, factor, ...(typedCode && { typedCode }), transactionId, at: Date.now(), amr, login, sessionId: idDigestOf(req) }
  session[sessionKey] = { ...(session[sessionKey] as SessionState | undefined), secondFactor } satisfies SessionState
  await saveSession(session)
}

interface CallbackNotes {
  /** The id that the session had at the callback request. */
  readonly sessionId: string | undefined
  /** Digest of the user who was signed in when the callback request came; undefined if no user was signed in. */
  readonly login: string | undefined
  /** The session as the strategy has last read or saved it; undefined if that is not known. */
  readonly lastRead: SessionSnapshot | undefined
  /** Takes the digest of a signed-in user. Resolves to true if this user is the user who approved; to false if this user may be another one. */
  readonly isLoginOfApprover: (login: string) => Promise<boolean>
}

const REGISTRY = Symbol.for('passport-nevis.callbacks')

/**
 * Returns the facts about the callback of each approval, which the strategy stores for `recordSecondFactor`. The map is on `globalThis`, because npm may
 * install two copies of this package: one with the strategy, one with the middleware.
 */
function callbacks(): WeakMap<object, CallbackNotes> {
  const shared = globalThis as { [REGISTRY]?: WeakMap<object, CallbackNotes> }
  return (shared[REGISTRY] ??= new WeakMap())
}

/** Finds what `noteSession` has stored. Searches by the request, too, because the app may have copied the profile, for example in `transformAuthInfo`. */
function notesOf(req: object, profile: NevisProfile): CallbackNotes | undefined {
  return callbacks().get(profile) ?? callbacks().get(req)
}

/**
 * Stores facts about the callback for `recordSecondFactor`. The strategy calls this function at a success.
 * @param isLoginOfApprover takes the digest of a signed-in user. Resolves to true if this user is the user who approved; to false if this user may be another
 * @internal
 */
export function noteSession(profile: NevisProfile, req: object, isLoginOfApprover: CallbackNotes['isLoginOfApprover'], lastRead?: SessionSnapshot): void {
  const session = sessionOf(req)
  const notes = { sessionId: sessionIdOf(req), login: session && loginOf(session), lastRead, isLoginOfApprover }
  callbacks().set(profile, notes).set(req, notes)
}

/** Reads the session again and gives it a new id. Throws if the user has logged out meanwhile. */
async function renewedSession(req: HostRequest, sessionKey: string, login: string, lastRead: SessionSnapshot | undefined): Promise<SessionLike> {
  const session = await reloadWithChanges(req, sessionKey, lastRead)
  if (session === undefined || loginOf(session) !== login) throw new Error('recordSecondFactor: the user has logged out meanwhile')
  return renewSession(req)
}

/** True if the sign-in in this request has already given the session a new id. The session must then keep this id, because the app may have stored it. */
function wasRenewed(req: object, profile: NevisProfile): boolean {
  const before = notesOf(req, profile)?.sessionId
  return before !== undefined && before !== sessionIdOf(req)
}

/**
 * Reads the second factor record of this session, if the record was made for the user who is signed in to the session now. The record says nothing about
 * another user of the same request, for example one whom a Bearer token names. If a route does not get its user from the session, use
 * {@link requireSecondFactor}, which compares the two.
 * @param req the request, with its session
 * @param options the session property in which the strategy stores its state
 * @throws TypeError if an option is unknown
 * @returns undefined if there is no valid record
 */
export function secondFactorOf(req: object, options: RecordSecondFactorOptions = {}): SecondFactorRecord | undefined {
  refuseUnknown('secondFactorOf', options, ['sessionKey'])
  const { sessionKey = 'nevis' } = options
  const session = sessionOf(req)
  const login = session && loginOf(session)
  const record = (session?.[sessionKey] as SessionState | undefined)?.secondFactor as BoundRecord | undefined
  if (login === undefined || record?.login !== login || record.sessionId !== idDigestOf(req) || keepsDataAtLogout(req)) return undefined
  const { userId, factor, typedCode, transactionId, at, amr } = record
  const isTyped = typedCode === true && { typedCode }
  return { userId, factor, ...isTyped, transactionId, at, authTime: Math.floor(at / 1000), amr: isListOfValues(amr) ? amr : [] }
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
  const user = userOf(req)
  const isSame = login === undefined || user === undefined || (await isLoginOf(user, req, login)) !== false
  if (!isSame) warnOfOtherUser()
  return isSame
}

let hasWarned = false

/** Warns once per process: if `serializeUser` now returns another value for the user than at the login, every request of the user is refused. */
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

/**
 * The digest of the session's id, to which a record is bound; the empty string if the session has no id.
 * @internal
 */
export function idDigestOf(req: object): string {
  const id = sessionIdOf(req)
  return id === undefined ? '' : createHash('sha256').update(id).digest('base64url')
}
