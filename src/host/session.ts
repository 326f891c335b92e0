/**
 * Saves, renews and reloads the session of Express, NestJS, Fastify and Koa. A session is saved before a redirect, renewed (it gets a new id) at each sign-in
 * and second factor, and reloaded after a wait for Nevis.
 *
 * Out of scope: the content of the session (`session/`).
 */
import { withDeadline } from '../client/deadline'
import { canEnd, endSession, isOfFastify } from './ended-session'
import { loginOf } from './login'
import { sessionOf, type SessionLike } from './request'
import { storageCall, StorageError } from './storage'

/**
 * The largest content of a session that is kept in a cookie, in bytes. Encryption and encoding make the content about 50 % larger, and browsers drop a cookie
 * of more than 4096 bytes.
 */
const MAX_BYTES_IN_COOKIE = 2700

/** How long `couldNotLoadSession` waits for the store. */
const MAX_LOOK_MS = 1000

/**
 * True if the session is in a cookie that the browser would drop because of its size.
 * @param planned properties that will be added to the session
 * @internal
 */
export function isTooLarge(session: SessionLike, planned: Readonly<Record<string, unknown>> = {}): boolean {
  if (!isInSmallCookie(session)) return false
  const data = (typeof session.data === 'function' ? session.data() : session) as object
  return Buffer.byteLength(JSON.stringify({ ...data, ...planned })) > MAX_BYTES_IN_COOKIE
}

/**
 * True if the whole session is sent in a cookie and not kept in a store. Such a session has no method `save`; or it has a `save` that sets the cookie, and no
 * `reload` (iron-session). A session of koa-session has no `reload` either; with a store, it has an `externalKey`.
 * @internal
 */
export function isInSmallCookie(session: SessionLike): boolean {
  if (typeof session.save !== 'function') return true
  return typeof session.reload !== 'function' && !('externalKey' in session)
}

/**
 * True if the whole session is in a cookie that is not encrypted, as with cookie-session, or koa-session without a store. The user could read the status
 * token in it, or send an old cookie again and so undo a logout.
 * @internal
 */
export function isInCookie(session: SessionLike): boolean {
  // Only an inherited property comes from the session package. The session's own property may be the app's data.
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
 * Gives the session a new id and keeps its content. Afterwards, an attacker who knows the old id cannot use the session (session fixation; OWASP ASVS 5.0,
 * 7.2.4). A session in a cookie stays unchanged.
 * @param only the only property to keep; undefined to keep all
 * @returns the session to use from now on; many session packages replace the object
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function renewSession(req: object, only?: string): Promise<SessionLike> {
  const before = sessionOf(req) as SessionLike
  // Leave a session without `save` unchanged: it is in a cookie and has no id that an attacker could know. Some of these sessions lose their content at
  // `regenerate`.
  if (typeof before.regenerate !== 'function' || typeof before.save !== 'function') return before
  // `Object.entries` skips symbols. Some session packages store the session's old id under a symbol, which must not be copied.
  const kept = Object.entries(before).filter(([name]) => only === undefined || name === only)
  try {
    await completed(before.regenerate.bind(before))
  } catch (error) {
    // If the store has failed, the session packages leave a new, empty session in the request, whose cookie would replace the cookie of the user's session.
    endSession(req)
    throw error
  }
  const after = sessionOf(req) as SessionLike
  // koa-session gives the session a new id and leaves the content in it. So delete the properties that must not be kept.
  if (only !== undefined) for (const name of namesIn(after)) if (name !== only && name !== 'cookie') delete after[name]
  for (const [name, value] of kept) after[name] = value
  return after
}

/**
 * Reads the session from its store again. While this request waited for Nevis, the user may have logged out, or cancelled the approval in another tab. If this
 * request saved its old copy of the session, it would undo the logout or the cancellation. A session without `reload` (koa-session, sessions in a cookie) stays
 * unchanged.
 * @returns the session to use from now on; undefined if the store no longer has it: the request then has an empty session
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function reloadSession(req: object): Promise<SessionLike | undefined> {
  const before = sessionOf(req) as SessionLike
  if (typeof before.reload !== 'function' || typeof before.save !== 'function') return before
  let isGone = false
  await completed((done) => before.reload?.((error) => {
    isGone = isMissing(error)
    // If the store has failed, @fastify/session leaves an empty session with the same id in the request, and would store it over the user's session.
    if (error && !isGone) (req as { session: SessionLike }).session = before
    done(isGone ? undefined : error)
  }))
  const after = sessionOf(req) as SessionLike
  // @fastify/session reports no error for a missing session and returns an empty one instead.
  if (isOfFastify(after) && hasContent(before) && !hasContent(after)) isGone = true
  if (!isGone) return after
  if (canEnd(req)) endSession(req)
  else await completed((before.regenerate as NonNullable<SessionLike['regenerate']>).bind(before))
  return undefined
}

/**
 * True if the session may be in its store. False for a session that was created in this request, which no other request can know.
 *
 * The id of a new session is not in the request's cookie. But this function cannot read every form of cookie, for example `j:"…"` of cookie-parser. So a
 * session to which a user is logged in is always taken as stored: Passport has saved it at the login.
 * @internal
 */
export function isStored(req: object): boolean {
  const { cookie = '' } = (req as { headers?: { cookie?: string } }).headers ?? {}
  const session = sessionOf(req) as SessionLike
  const id = sessionIdOf(req)
  if (id === undefined || (!isOfFastify(session) && loginOf(session) !== undefined)) return true
  // Decode only a cookie that is long enough to contain the id, so that a request with thousands of short cookies costs little.
  return cookie.includes(id) || cookie.split(';').some((one) => one.length >= id.length && one.includes('%') && decoded(one).includes(id))
}

/** Decodes percent-encoding, as the cookie parsers of the web frameworks do. */
function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    return cookie
  }
}

/**
 * True if the session has any content besides its property `cookie`. A session without content is probably not stored yet.
 * @internal
 */
export function hasContent(session: SessionLike): boolean {
  return namesIn(session).some((name) => name !== 'cookie')
}

function namesIn(session: SessionLike): string[] {
  // `toJSON` omits the internal fields of a session of koa-session.
  return Object.keys(typeof session.toJSON === 'function' ? session.toJSON() : session)
}

/**
 * The id under which a store keeps the session.
 * @returns undefined if the session has no id, or if the session package does not give access to the id. Always undefined with koa-session, because
 * koa-session still returns the old id after a renewal
 * @internal
 */
export function sessionIdOf(req: object): string | undefined {
  const id = (req as { sessionID?: unknown }).sessionID ?? sessionOf(req)?.['sessionId']
  return typeof id === 'string' ? id : undefined
}

/**
 * True if a second factor record would survive a log-out and still be in the session at the next login. The record survives with @fastify/secure-session if
 * @fastify/passport has the option `clearSessionOnLogin: false`.
 * @internal
 */
export function keepsDataAtLogout(req: object): boolean {
  const { passport } = req as { passport?: { clearSessionOnLogin?: unknown } | null }
  return passport?.clearSessionOnLogin === false && sessionIdOf(req) === undefined
}

/**
 * True if express-session could not load the session from its store, and passed the store's error on. The kind of error does not matter, because every store
 * has errors of its own.
 *
 * express-session sets `sessionStore` before it asks the store, and `session` afterwards. So a request with only `sessionStore` shows that the store has
 * failed, with one exception: the app may have ended the session itself, with `destroy`, and passed on an error of its own. So ask the store again. If it gives
 * no answer, or still has the session, the app has not ended the session.
 * @internal
 */
export async function couldNotLoadSession(req: object): Promise<boolean> {
  const { sessionStore, logIn, route } = req as { sessionStore?: SessionStore; logIn?: unknown; route?: unknown }
  const id = sessionIdOf(req)
  // Return false if the session was loaded. Each of these shows it: `logIn` of Passport, `route` of Express, or a property `session`, even with the value null.
  if (typeof sessionStore?.generate !== 'function' || id === undefined || 'session' in req || logIn !== undefined || route !== undefined) return false
  if (typeof sessionStore.get !== 'function') return true
  try {
    return (await withDeadline(MAX_LOOK_MS, () => new StorageError('SESSION_UNAVAILABLE'), () => storedSession(sessionStore, id))) != null
  } catch {
    return true
  }
}

interface SessionStore {
  readonly generate?: unknown
  readonly get?: (id: string, done: (error: unknown, session?: unknown) => void) => unknown
}

function storedSession(store: SessionStore, id: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    store.get?.(id, (error, session) => (error && !isMissing(error) ? reject(error) : resolve(error ? undefined : session)))
  })
}

/**
 * True for an error that says that the store has no such session: the message `failed to load session` of express-session, or the code ENOENT of a store of
 * files. Any other error means that the store has failed, also ENOENT from `connect`: then the Unix socket of a database is missing.
 */
function isMissing(error: unknown): boolean {
  const { message, code, syscall } = Object(error) as { message?: unknown; code?: unknown; syscall?: unknown }
  return message === 'failed to load session' || (code === 'ENOENT' && syscall !== 'connect')
}

/** Waits for the end of a session method. Some session packages call a callback, some return a promise, and some do both. */
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
