/**
 * The second factor record: written after the login, read before what is risky.
 *
 * Out of scope: asking for the factor. The record sits in the session, so that it dies with it; it also names the
 * login it was made for, so that it is void for a user who signs in later in the same session.
 */
import { createHash } from 'node:crypto'
import { json, middleware, whole, type Middleware } from '../host/answer'
import type { FactorName } from '../factors/names'
import { address, refuseUnknown, sessionKeyOf } from '../host/option-values'
import { authInfoOf, sessionOf, wantsPage, type HostRequest } from '../host/request'
import { loginOf } from '../host/login'
import { storeReturnTo } from './return-to'
import { hasContent, reloadSession, renewSession, saveSession, sessionIdOf } from '../host/session'
import type { SessionLike } from '../host/request'
import { isListOfNames } from '../factors/strength'
import type { SessionState } from './transactions'
import type { NevisProfile } from '../factors/profile'

/** That a second factor was given, by whom, and when. */
export interface SecondFactorRecord {
  /** Nevis's userId. */
  readonly userId: string
  /** Name of the factor. */
  readonly factor: FactorName
  /** For audit logs. */
  readonly transactionId: string
  /** Milliseconds since 1970. */
  readonly at: number
}

interface BoundRecord extends SecondFactorRecord {
  /** Digest of the login that Passport keeps in the session. */
  readonly login: string
  /** Digest of the session's id, which changes at logout even where the session's data is kept. */
  readonly sessionId: string
}

/** Options of {@link recordSecondFactor} and {@link secondFactorOf}. */
export interface RecordSecondFactorOptions {
  /** As given to the strategy. Default `nevis`. */
  readonly sessionKey?: string
}

/** Options of {@link requireSecondFactor}. */
export interface RequireSecondFactorOptions extends RecordSecondFactorOptions {
  /** Seconds for which a second factor is fresh enough. */
  readonly maxAgeSeconds: number
  /** Names of the factors that will do, such as `atLeast('sms')`. Default: any. */
  readonly factors?: readonly FactorName[]
  /**
   * Where pages are sent (303) to give it; the address of a page that was asked for by GET comes back as
   * `req.authInfo.returnTo`. Default: nowhere, they get the 401 too.
   */
  readonly redirectTo?: string
}

/**
 * Middleware for after `passport.authenticate('nevis')` or `passport.authorize('nevis')`: a login renews the session, so
 * only now can the record be written. Where the login has not renewed it in this request (after `authorize`, and with Passport
 * before 0.6), the session gets a new id and keeps all that is in it; a host whose sessions have no `regenerate` keeps its id. An
 * enrolment is no approval and leaves no record; nor does the approval of a user whom Basic or Bearer names, in the session of another.
 * @param options where the strategy keeps its state
 * @throws TypeError when an option is wrong or unknown
 * @returns middleware; it passes an error on when nobody approved anything, or nobody is logged in, and a StorageError
 * `SESSION_UNAVAILABLE` when the session could not be renewed or saved
 */
export function recordSecondFactor(options: RecordSecondFactorOptions = {}): Middleware {
  refuseUnknown('recordSecondFactor', options, ['sessionKey'])
  const sessionKey = sessionKeyOf('recordSecondFactor', options.sessionKey ?? 'nevis')
  return middleware(async (req) => {
    const profile = authInfoOf(req)?.nevis
    const session = sessionOf(req)
    const login = session && loginOf(session)
    if (profile === undefined || login === undefined) {
      throw new Error('recordSecondFactor: mount it after passport.authenticate("nevis"), for a user who is logged in; with a callback of your own, after req.authInfo = info and req.logIn()')
    }
    if (profile.operation === 'approve' && !approvalsOfOtherUsers.has(profile)) await write(req, sessionKey, profile, login)
    return undefined
  })
}

async function write(req: HostRequest, sessionKey: string, profile: NevisProfile, login: string): Promise<void> {
  const session = wasRenewed(req, profile) ? (sessionOf(req) as SessionLike) : await renewedSession(req, login)
  const { id: userId, factor, transactionId } = profile
  const secondFactor: BoundRecord = { userId, factor, transactionId, at: Date.now(), login, sessionId: idDigestOf(req) }
  session[sessionKey] = { ...(session[sessionKey] as SessionState | undefined), secondFactor } satisfies SessionState
  await saveSession(session)
}

/** The session id with which each approval came to its callback. */
const sessionIdsAtCallback = new WeakMap<object, string>()

/** Approvals that came with the session of another user. */
const approvalsOfOtherUsers = new WeakSet<object>()

/**
 * Called by the strategy at a success.
 * @param isOfOther the session's login is another user's
 * @internal
 */
export function noteSession(profile: NevisProfile, req: object, isOfOther: boolean): void {
  if (isOfOther) approvalsOfOtherUsers.add(profile)
  const id = sessionIdOf(req)
  if (id !== undefined) sessionIdsAtCallback.set(profile, id)
}

/** A new id for the session as it is now: the user may have logged out while the approval was looked at. */
async function renewedSession(req: HostRequest, login: string): Promise<SessionLike> {
  const session = await reloadSession(req)
  if (session === undefined || loginOf(session) !== login) throw new Error('recordSecondFactor: the user has logged out meanwhile')
  return renewSession(req)
}

/** A login has renewed the session in this very request: apps that noted the id at login must not lose it. */
function wasRenewed(req: object, profile: NevisProfile): boolean {
  const before = sessionIdsAtCallback.get(profile)
  return before !== undefined && before !== sessionIdOf(req)
}

/**
 * The record of this session, if it was made for the login that is there now.
 * @param req the request, with its session
 * @param options where the strategy keeps its state
 * @throws TypeError when an option is unknown
 * @returns undefined when there is none
 */
export function secondFactorOf(req: object, options: RecordSecondFactorOptions = {}): SecondFactorRecord | undefined {
  refuseUnknown('secondFactorOf', options, ['sessionKey'])
  const { sessionKey = 'nevis' } = options
  const session = sessionOf(req)
  const login = session && loginOf(session)
  const record = (session?.[sessionKey] as SessionState | undefined)?.secondFactor as BoundRecord | undefined
  if (login === undefined || record?.login !== login || record.sessionId !== idDigestOf(req)) return undefined
  const { userId, factor, transactionId, at } = record
  return { userId, factor, transactionId, at }
}

/**
 * Middleware that lets only a fresh second factor pass.
 * @param options how fresh, and by which factors
 * @throws TypeError when an option is wrong
 * @returns middleware; refused, a page goes to `redirectTo`, everything else gets 401 in the words of RFC 9470
 */
export function requireSecondFactor(options: RequireSecondFactorOptions): Middleware {
  refuseUnknown('requireSecondFactor', options, ['maxAgeSeconds', 'factors', 'redirectTo', 'sessionKey'])
  const { maxAgeSeconds, factors } = options
  const sessionKey = sessionKeyOf('requireSecondFactor', options.sessionKey ?? 'nevis')
  if (!Number.isFinite(maxAgeSeconds) || maxAgeSeconds <= 0) throw new TypeError('requireSecondFactor: maxAgeSeconds must be a positive number')
  if (factors !== undefined && !isListOfNames(factors)) throw new TypeError('requireSecondFactor: factors must be a list of names')
  const redirectTo = options.redirectTo === undefined ? undefined : address('redirectTo', options.redirectTo, 'requireSecondFactor')
  return middleware(async (req) => {
    const record = secondFactorOf(req, { sessionKey })
    const ageMs = record === undefined ? Infinity : Date.now() - record.at
    // A clock that was set back must not make a record fresher than new.
    const isFresh = ageMs >= 0 && ageMs <= maxAgeSeconds * 1000
    if (record !== undefined && isFresh && (factors === undefined || factors.includes(record.factor))) return undefined
    if (redirectTo !== undefined && wantsPage(req)) {
      const session = sessionOf(req)
      // A visitor without a session gets none for it: thousands of requests would be thousands of stored sessions.
      const mayKeep = session !== undefined && (loginOf(session) !== undefined || hasContent(session))
      if (mayKeep && storeReturnTo(session, sessionKey, req)) await saveSession(session)
      return whole(303, { Location: redirectTo })
    }
    const words = { error: 'insufficient_user_authentication', error_description: 'A fresh second factor is required' }
    const challenge = `Bearer error="${words.error}", error_description="${words.error_description}", max_age="${Math.floor(maxAgeSeconds)}"`
    return json(401, { ...words, max_age: Math.floor(maxAgeSeconds) }, { 'WWW-Authenticate': challenge })
  })
}

function idDigestOf(req: object): string {
  const id = sessionIdOf(req)
  return id === undefined ? '' : createHash('sha256').update(id).digest('base64url')
}
