/**
 * A host's session: stored before anybody is sent on, and given a new id when it comes to be worth more.
 *
 * Not its job: what is in it.
 */
import { sessionOf } from './request'
import { inTime, StorageError } from './storage'

/** The part of a session that every host has; `save` and `regenerate` are missing in some. */
export interface SessionLike {
  [key: string]: unknown
  save?: (done: (error?: unknown) => void) => unknown
  regenerate?: (done: (error?: unknown) => void) => unknown
  /** Of some that are behind a proxy: all that is in it. */
  data?: () => unknown
}

/** Browsers drop a cookie of more than 4096 bytes; encrypting it, Base64 and percent-encoding make half as much more of it. */
const MAX_BYTES_IN_COOKIE = 2700

/**
 * Would a browser silently drop it? A session that cannot be saved is all in a cookie, which goes out with the answer.
 * @internal
 */
export function isTooLarge(session: SessionLike): boolean {
  if (typeof session.save === 'function') return false
  const data = typeof session.data === 'function' ? session.data() : session
  return Buffer.byteLength(JSON.stringify(data)) > MAX_BYTES_IN_COOKIE
}

/**
 * Is all of the session in a cookie, as with cookie-session, and with koa-session where it has no store? Signed, but not
 * encrypted: the browser would read the status token. It could put back whatever was closed, and the record of a second
 * factor after a log-out.
 * @internal
 */
export function isInCookie(session: SessionLike): boolean {
  // Its prototype's; other sessions may hold anything of their own.
  const isOfHost = (name: string) => name in session && !Object.hasOwn(session, name)
  return ['isChanged', 'isPopulated'].every(isOfHost) || (isOfHost('externalKey') && session['externalKey'] === undefined)
}

/**
 * Waits until the session is stored.
 * @throws StorageError `SESSION_UNAVAILABLE`; `SESSION_TOO_LARGE`
 * @internal
 */
export async function saveSession(session: SessionLike): Promise<void> {
  if (isTooLarge(session)) throw new StorageError('SESSION_TOO_LARGE')
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
  // What cannot be saved is all in a cookie: there is no id that anybody could know, and some empty themselves instead.
  if (typeof before.regenerate !== 'function' || typeof before.save !== 'function') return before
  // Named properties only: some hosts keep the id itself under a symbol.
  const kept = Object.entries(before)
  await finished(before.regenerate.bind(before))
  const after = sessionOf(req) as SessionLike
  for (const [name, value] of kept) after[name] = value
  return after
}

/**
 * The id under which a store keeps the session.
 * @returns undefined where the host has none, or does not tell it: koa-session goes on naming the one before it was renewed
 * @internal
 */
export function sessionIdOf(req: object): string | undefined {
  const id = (req as { sessionID?: unknown }).sessionID ?? sessionOf(req)?.['sessionId']
  return typeof id === 'string' ? id : undefined
}

/** Some hosts call back, some return a promise, some do both. */
function finished(act: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return inTime(
    'SESSION_UNAVAILABLE',
    () =>
      new Promise<void>((resolve, reject) => {
        const result = act((error) => (error ? reject(error) : resolve()))
        if (result instanceof Promise) result.then(() => resolve(), reject)
      }),
  )
}
