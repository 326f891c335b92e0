/**
 * A host's session: stored before anybody is sent on, and given a new id when it comes to be worth more.
 *
 * Not its job: what is in it.
 */
import { sessionOf } from './request'
import { inTime } from './storage'

/** The part of a session that every host has; `save` and `regenerate` are missing in some. */
export interface SessionLike {
  [key: string]: unknown
  save?: (done: (error?: unknown) => void) => unknown
  regenerate?: (done: (error?: unknown) => void) => unknown
}

/**
 * Is all of the session in a cookie, as with cookie-session? Signed, but not encrypted: the browser would read the
 * status token. It could put back whatever was closed, and the record of a second factor after a log-out.
 * @internal
 */
export function isInCookie(session: SessionLike): boolean {
  // Its prototype's; other sessions may hold anything of their own.
  return ['isChanged', 'isPopulated'].every((name) => name in session && !Object.hasOwn(session, name))
}

/**
 * Waits until the session is stored.
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function saveSession(session: SessionLike): Promise<void> {
  if (typeof session.save === 'function') await finished(session.save.bind(session))
}

/**
 * Gives the session a new id and keeps all that is in it: whoever knows the old id gains nothing (session fixation;
 * OWASP ASVS 5.0, 7.2.4). A host whose sessions cannot renew themselves keeps its session as it is.
 * @returns the session from now on: many hosts put a new object in the place of the old one
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function renewSession(req: object): Promise<SessionLike> {
  const before = sessionOf(req) as SessionLike
  if (typeof before.regenerate !== 'function') return before
  // Named properties only: some hosts keep the id itself under a symbol.
  const kept = Object.entries(before)
  await finished(before.regenerate.bind(before))
  const after = sessionOf(req) as SessionLike
  for (const [name, value] of kept) after[name] = value
  return after
}

/** Some hosts call back, some return a promise, some do both. */
async function finished(act: (done: (error?: unknown) => void) => unknown): Promise<void> {
  await inTime(
    'SESSION_UNAVAILABLE',
    () =>
      new Promise<void>((resolve, reject) => {
        const result = act((error) => (error ? reject(error) : resolve()))
        if (result instanceof Promise) result.then(() => resolve(), reject)
      }),
  )
}
