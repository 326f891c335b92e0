/**
 * The second factor records of all strategies in one session. Two strategies, for example of two tenants, may have two session keys. A start with the one
 * strategy must then also respect the record of the other one.
 *
 * Out of scope: one record (`second-factor.ts`, `record-second-factor.ts`).
 */
import { sessionOf, type SessionLike } from '../host/request'
import { renewSession } from '../host/session'
import { secondFactorOf, type BoundRecord, type SecondFactorRecord } from './second-factor'
import type { SessionState } from './transactions'

/**
 * Returns the valid records of this session, under whichever session property they are.
 * @internal
 */
export function secondFactorsIn(req: object): SecondFactorRecord[] {
  return keysOfRecords(req).flatMap((sessionKey) => secondFactorOf(req, { sessionKey }) ?? [])
}

/**
 * Gives the session a new id, and deletes its second factor records. A record is valid only with the session id for which it was made. But the sessions of some
 * session packages have no id, so their records would stay valid without this deletion. Also deletes a record that is not valid now: if `deserializeUser` refuses
 * the user once, Passport removes only the login from the session. The record would be valid again as soon as the same user signs in.
 * @param only see `renewSession`
 * @returns the session to use from now on
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function renewWithoutSecondFactor(req: object, only?: string): Promise<SessionLike> {
  const keys = keysOfRecords(req)
  const session = await renewSession(req, only)
  for (const key of keys) {
    const { secondFactor, ...state } = (session[key] ?? {}) as SessionState & { readonly secondFactor?: BoundRecord }
    // With the parameter `only`, `renewSession` may already have deleted the property `key` with its record. Then do not create the property again.
    if (secondFactor !== undefined) session[key] = state satisfies SessionState
  }
  return session
}

/** The session properties that have a record, valid or not. A record is recognised by its two digests, so data of the app is not taken for a record. */
function keysOfRecords(req: object): string[] {
  const session = sessionOf(req) ?? {}
  const hasRecord = (key: string) => {
    const { login, sessionId } = Object((session[key] as SessionState | null | undefined)?.secondFactor) as Partial<BoundRecord>
    return typeof login === 'string' && typeof sessionId === 'string'
  }
  // `Object.keys` does not list the properties of a session that is a JavaScript `Proxy`. Such a session has the method `data`, which returns them.
  const names = Object.keys((typeof session.data === 'function' ? session.data() : session) as object)
  return names.filter(hasRecord)
}
