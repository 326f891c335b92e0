/**
 * A host's session: saved before the browser is sent on, renewed whenever its privileges rise, and read again after a wait.
 *
 * Out of scope: what is in it.
 */
import { loginOf, loginOfUser } from './login'
import { sessionOf, type SessionLike } from './request'
import { storageCall, StorageError } from './storage'

/** Browsers drop a cookie of more than 4096 bytes; encrypting it, Base64 and percent-encoding make half as much more of it. */
const MAX_BYTES_IN_COOKIE = 2700

/**
 * Would a browser silently drop it?
 * @param planned names that the session is to have, too
 * @internal
 */
export function isTooLarge(session: SessionLike, planned: Readonly<Record<string, unknown>> = {}): boolean {
  if (!isInSmallCookie(session)) return false
  const data = (typeof session.data === 'function' ? session.data() : session) as object
  return Buffer.byteLength(JSON.stringify({ ...data, ...planned })) > MAX_BYTES_IN_COOKIE
}

/**
 * A session that cannot be saved goes out in a cookie, with the answer.
 * @internal
 */
export function isInSmallCookie(session: SessionLike): boolean {
  return typeof session.save !== 'function'
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
  if (typeof session.save === 'function') await completed(session.save.bind(session))
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
  await completed(before.regenerate.bind(before))
  const after = sessionOf(req) as SessionLike
  for (const [name, value] of kept) after[name] = value
  return after
}

/**
 * Reads the session from its store again. While a request waited for Nevis, the user may have logged out, another tab may have
 * cancelled, or the app may have written something: without this, saving would undo all of it. A host whose sessions cannot be
 * read again (koa-session, sessions in a cookie) keeps the one that came with the request.
 * @returns the session from now on; undefined if it is gone from the store. The request then has an empty one, so that the
 * host cannot write the old one back.
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function reloadSession(req: object): Promise<SessionLike | undefined> {
  const before = sessionOf(req) as SessionLike
  if (typeof before.reload !== 'function' || typeof before.save !== 'function') return before
  let isGone = false
  await completed((done) => before.reload?.((error) => {
    // What express-session says of a session that its store does not have; a store that fails says something else.
    isGone = (error as Error | undefined)?.message === 'failed to load session'
    done(isGone ? undefined : error)
  }))
  const after = sessionOf(req) as SessionLike
  // @fastify/session says nothing, and has an empty one in its place.
  if (isOfFastify(after) && hasContent(before) && !hasContent(after)) isGone = true
  if (!isGone) return after
  if (canEnd(req)) endSession(req)
  else await completed((before.regenerate as NonNullable<SessionLike['regenerate']>).bind(before))
  return undefined
}

/**
 * Puts a session in the place of the request's that takes what is written and keeps none of it. To renew it instead would send the browser
 * a new cookie, in the place of the one that it may have got meanwhile from another tab. Other hosts than express-session and
 * @fastify/session keep what they have.
 * @internal
 */
export function endSession(req: object): SessionLike {
  const before = sessionOf(req) as SessionLike
  if (!canEnd(req)) return before
  const isFastifys = isOfFastify(before)
  // What has no id is not kept by @fastify/session, and its cookie not sent.
  const hidden = {
    ...(!isFastifys && { id: { value: sessionIdOf(req) }, req: { value: req } }),
    regenerate: { value: before.regenerate?.bind(before) },
    // Without an end of its own, a cookie is not sent again.
    cookie: { value: { ...(before['cookie'] as object), expires: null, originalMaxAge: null } },
    touch: { value: () => undefined },
    save: { value: (done?: () => void) => done?.() },
    // express-session compares this to find out whether something was written.
    toJSON: { value: () => ({}) },
  }
  const ended = Object.create(Object.getPrototypeOf(before) as object, hidden) as SessionLike
  ;(req as { session: SessionLike }).session = ended
  return ended
}

function isOfFastify(session: SessionLike): boolean {
  return 'encryptedSessionId' in session
}

/** Of express-session, which puts its store beside the session, or of @fastify/session. */
function canEnd(req: object): boolean {
  const { sessionStore } = req as { sessionStore?: { generate?: unknown } }
  return isOfFastify(sessionOf(req) as SessionLike) || (typeof sessionStore?.generate === 'function' && sessionIdOf(req) !== undefined)
}

/**
 * Did the request bring this session, so that the store has had it? A session that was made in this request is known to nobody else.
 * @internal
 */
export function isStored(req: object): boolean {
  const { cookie = '' } = (req as { headers?: { cookie?: string } }).headers ?? {}
  const id = sessionIdOf(req)
  return id === undefined || cookie.split(';').some((one) => one.includes(id) || decoded(one).includes(id))
}

/** As the hosts' cookie parsers do it: a browser, or somebody in its place, may escape any character. */
function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    return cookie
  }
}

/**
 * Is the user of the request, whom Basic or Bearer may name, another one than the login of the session?
 * @returns false where nobody is signed in, or the host does not say how it would keep this user; true for an app that cannot say who
 * its user is
 * @internal
 */
export async function isOfAnotherLogin(req: object, session: SessionLike): Promise<boolean> {
  const login = loginOf(session)
  if (login === undefined) return false
  const own = await storageCall('SESSION_UNAVAILABLE', () => loginOfUser(req, session)).catch(() => '')
  return own !== undefined && own !== login
}

/**
 * Is anything of the app's or of ours in it? A session that is empty is probably not stored yet.
 * @internal
 */
export function hasContent(session: SessionLike): boolean {
  // koa-session keeps its own fields beside them, and leaves them out here.
  const data = typeof session.toJSON === 'function' ? session.toJSON() : session
  return Object.keys(data).some((name) => name !== 'cookie')
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
function completed(act: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return storageCall(
    'SESSION_UNAVAILABLE',
    () =>
      new Promise<void>((resolve, reject) => {
        const result = act((error) => (error ? reject(error) : resolve()))
        if (result instanceof Promise) result.then(() => resolve(), reject)
      }),
  )
}
