/**
 * Keeps what the app has changed in the session in the present request, if the session must be read from its store again before the request ends.
 *
 * Out of scope: reading the session again (`session.ts`).
 */
import { loginOf } from './login'
import { sessionOf, type SessionLike } from './request'
import { reloadSession } from './session'

/** Each property of a session as JSON. */
export type SessionSnapshot = ReadonlyMap<string, string | undefined>

/** Session properties that the web framework or Passport writes. */
const HOST_PROPERTIES: readonly string[] = ['cookie', 'passport']

/** @internal */
export function snapshotOf(session: SessionLike): SessionSnapshot {
  return new Map(Object.entries(session).map(([name, value]) => [name, JSON.stringify(value)]))
}

/**
 * Finds out what the app has changed in the session in this request. Call this function before the session is read again.
 * @param ownKey the property that contains the state of this package. This request's value of it is never kept, because the value in the store is newer
 * @param lastRead the session as it was last read from the store or saved; undefined if that is not known
 * @param keepsAll true: keep this request's values of all properties of the app, even of unchanged ones. Default: true if `lastRead` is not known
 * @returns a function that makes the same changes in the session that was read again
 * @internal
 */
export function changesIn(before: SessionLike, ownKey: string, lastRead?: SessionSnapshot, keepsAll = lastRead === undefined): (session: SessionLike) => void {
  const written = Object.entries(before).filter(([name]) => !HOST_PROPERTIES.includes(name) && name !== ownKey)
  return (session) => {
    for (const name of lastRead?.keys() ?? []) if (!(name in before) && !HOST_PROPERTIES.includes(name)) delete session[name]
    for (const [name, value] of written) if (keepsAll || !(name in session) || lastRead?.get(name) !== JSON.stringify(value)) session[name] = value
  }
}

/**
 * Reads the session again, and keeps what the app has changed in it in this request. Drops these changes if another user is signed in now, or nobody.
 * @param ownKey see `changesIn`
 * @param lastRead see `changesIn`
 * @returns the session to use from now on; undefined if the store no longer has it
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function reloadWithChanges(req: object, ownKey: string, lastRead?: SessionSnapshot): Promise<SessionLike | undefined> {
  const before = sessionOf(req) as SessionLike
  const login = loginOf(before)
  const makeChanges = changesIn(before, ownKey, lastRead)
  const session = await reloadSession(req)
  if (session !== undefined && loginOf(session) === login) makeChanges(session)
  return session
}
