/**
 * The middleware `recordSecondFactor`: writes the second factor record into the session after an approval.
 *
 * Out of scope: reading the record (`second-factor.ts`).
 */
import { refuseUnknown } from '../client/option-names'
import type { NevisProfile } from '../factors/profile'
import { middleware, type Middleware } from '../host/answer'
import { loginOf } from '../host/login'
import { sessionKeyOf } from '../host/option-values'
import { authInfoOf, sessionOf, type HostRequest, type SessionLike } from '../host/request'
import { keepsDataAtLogout, renewSession, saveSession, sessionIdOf } from '../host/session'
import { reloadWithChanges, type SessionSnapshot } from '../host/session-changes'
import { notesOf } from './callback-notes'
import { idDigestOf, type BoundRecord, type RecordSecondFactorOptions } from './second-factor'
import type { SessionState } from './transactions'

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
    if (isApproval && notes !== undefined && (login !== notes.login || (await notes.isLoginOfApprover(login)))) await renewAndRecord(req, sessionKey, profile, login)
    return undefined
  })
  // The command `doctor` recognises this middleware by this mark, in the list of a route's handlers.
  return Object.assign(record, { [Symbol.for('passport-nevis.recordSecondFactor')]: true })
}

/** Gives the session a new id, unless the sign-in in this request has done so, and then writes the record: the record is bound to the session's id. */
async function renewAndRecord(req: HostRequest, sessionKey: string, profile: NevisProfile, login: string): Promise<void> {
  const session = wasRenewed(req, profile) ? (sessionOf(req) as SessionLike) : await renewedSession(req, sessionKey, login, notesOf(req, profile)?.lastRead)
  const { id: userId, factor, typedCode, transactionId, amr } = profile
  const secondFactor: BoundRecord = { userId, factor, ...(typedCode && { typedCode }), transactionId, at: Date.now(), amr, login, sessionId: idDigestOf(req) }
  session[sessionKey] = { ...(session[sessionKey] as SessionState | undefined), secondFactor } satisfies SessionState
  await saveSession(session)
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
