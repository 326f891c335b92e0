/**
 * Handles a host's session: it is saved before a redirect, regenerated whenever its privileges rise, and read again after a wait.
 *
 * Out of scope: the content of the session (`session/`).
 */
import { loginOf, loginOfUser } from './login'
import { sessionOf, type SessionLike } from './request'
import { storageCall, StorageError } from './storage'

/** Browsers drop a cookie of more than 4096 bytes, and encryption, base64 and percent-encoding add about half of the size. */
const MAX_BYTES_IN_COOKIE = 2700

/**
 * True if the session is in a cookie that a browser would silently drop.
 * @param planned properties that will be added to the session
 * @internal
 */
export function isTooLarge(session: SessionLike, planned: Readonly<Record<string, unknown>> = {}): boolean {
  if (!isInSmallCookie(session)) return false
  const data = (typeof session.data === 'function' ? session.data() : session) as object
  return Buffer.byteLength(JSON.stringify({ ...data, ...planned })) > MAX_BYTES_IN_COOKIE
}

/**
 * True if the session is sent in a cookie: such a session has no method `save`.
 * @internal
 */
export function isInSmallCookie(session: SessionLike): boolean {
  return typeof session.save !== 'function'
}

/**
 * True if the whole session is in a cookie that is signed but not encrypted, as with cookie-session, or koa-session without a store. The browser
 * could read the status token, and could restore a closed transaction, or a second factor record after a logout.
 * @internal
 */
export function isInCookie(session: SessionLike): boolean {
  // Only inherited properties count: an app may store properties of the same name in another kind of session.
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
 * Gives the session a new id and keeps its content, so that an attacker who knows the old id gains nothing (session fixation; OWASP ASVS 5.0,
 * 7.2.4). A session without `regenerate` stays unchanged.
 * @returns the session to use from now on: many hosts replace the session object
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function renewSession(req: object): Promise<SessionLike> {
  const before = sessionOf(req) as SessionLike
  // A session without `save` is in a cookie and has no id that an attacker could know. Some of these lose their content at `regenerate`.
  if (typeof before.regenerate !== 'function' || typeof before.save !== 'function') return before
  // Properties with string names only: some hosts keep the id under a symbol, and the old id must not be copied.
  const kept = Object.entries(before)
  await completed(before.regenerate.bind(before))
  const after = sessionOf(req) as SessionLike
  for (const [name, value] of kept) after[name] = value
  return after
}

/**
 * Reads the session from its store again. While this request waited for Nevis, the user may have logged out, another tab may have cancelled, or
 * the app may have written something; saving the old copy would undo that. A session without `reload` (koa-session, sessions in a cookie)
 * stays unchanged.
 * @returns the session to use from now on; undefined if the store no longer has it. The request then gets an empty session, so that the host
 * cannot write the old one back.
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function reloadSession(req: object): Promise<SessionLike | undefined> {
  const before = sessionOf(req) as SessionLike
  if (typeof before.reload !== 'function' || typeof before.save !== 'function') return before
  let isGone = false
  await completed((done) => before.reload?.((error) => {
    // express-session reports a missing session with this message; a store that fails reports another error.
    isGone = (error as Error | undefined)?.message === 'failed to load session'
    done(isGone ? undefined : error)
  }))
  const after = sessionOf(req) as SessionLike
  // @fastify/session reports no error and returns an empty session instead.
  if (isOfFastify(after) && hasContent(before) && !hasContent(after)) isGone = true
  if (!isGone) return after
  if (canEnd(req)) endSession(req)
  else await completed((before.regenerate as NonNullable<SessionLike['regenerate']>).bind(before))
  return undefined
}

/**
 * Replaces the request's session by one that accepts writes and stores nothing. Regenerating the session instead would send a new cookie, which
 * would overwrite the cookie that the browser may have got from another tab. Works with express-session and @fastify/session; other hosts keep
 * their session.
 * @internal
 */
export function endSession(req: object): SessionLike {
  const before = sessionOf(req) as SessionLike
  if (!canEnd(req)) return before
  const isFastifys = isOfFastify(before)
  // @fastify/session neither stores a session without an id nor sends its cookie.
  const hidden = {
    ...(!isFastifys && { id: { value: sessionIdOf(req) }, req: { value: req } }),
    regenerate: { value: before.regenerate?.bind(before) },
    // A cookie without an expiry is not sent again.
    cookie: { value: { ...(before['cookie'] as object), expires: null, originalMaxAge: null } },
    touch: { value: () => undefined },
    save: { value: (done?: () => void) => done?.() },
    // express-session compares this value to detect changes.
    toJSON: { value: () => ({}) },
  }
  const ended = Object.create(Object.getPrototypeOf(before) as object, hidden) as SessionLike
  ;(req as { session: SessionLike }).session = ended
  return ended
}

function isOfFastify(session: SessionLike): boolean {
  return 'encryptedSessionId' in session
}

/** True for express-session, which sets `req.sessionStore`, and for @fastify/session. */
function canEnd(req: object): boolean {
  const { sessionStore } = req as { sessionStore?: { generate?: unknown } }
  return isOfFastify(sessionOf(req) as SessionLike) || (typeof sessionStore?.generate === 'function' && sessionIdOf(req) !== undefined)
}

/**
 * True if the session may be in its store. False for a session that was created in this request, which no other request can know. The cookie alone
 * does not tell: a client may spell it in ways that only the app's cookie parser reads (`j:"…"` of cookie-parser). A session that has a login was
 * there before: Passport saves it at the login.
 * @internal
 */
export function isStored(req: object): boolean {
  const { cookie = '' } = (req as { headers?: { cookie?: string } }).headers ?? {}
  const session = sessionOf(req) as SessionLike
  const id = sessionIdOf(req)
  if (id === undefined || (!isOfFastify(session) && loginOf(session) !== undefined)) return true
  return cookie.split(';').some((one) => one.includes(id) || decoded(one).includes(id))
}

/** Decodes as the hosts' cookie parsers do: a client may percent-encode any character of a cookie. */
function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    return cookie
  }
}

/**
 * True if the request's user, whom Basic or Bearer may identify, is not the user of the session's login.
 * @returns false if the session has no login, or the host has no `serializeUser` that can be called; true if the app's `serializeUser` fails
 * @internal
 */
export async function isOfAnotherLogin(req: object, session: SessionLike): Promise<boolean> {
  const login = loginOf(session)
  if (login === undefined) return false
  const own = await storageCall('SESSION_UNAVAILABLE', () => loginOfUser(req, session)).catch(() => '')
  return own !== undefined && own !== login
}

/**
 * True if the session has content. An empty session is probably not stored yet.
 * @internal
 */
export function hasContent(session: SessionLike): boolean {
  // koa-session has fields of its own in the session and omits them in `toJSON`.
  const data = typeof session.toJSON === 'function' ? session.toJSON() : session
  return Object.keys(data).some((name) => name !== 'cookie')
}

/**
 * The id under which a store keeps the session.
 * @returns undefined if the host has no id or does not give it: koa-session still gives the old id after a renewal
 * @internal
 */
export function sessionIdOf(req: object): string | undefined {
  const id = (req as { sessionID?: unknown }).sessionID ?? sessionOf(req)?.['sessionId']
  return typeof id === 'string' ? id : undefined
}

/** Waits for a session method: some hosts call back, some return a promise, some do both. */
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
