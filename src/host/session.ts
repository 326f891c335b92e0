/**
 * Saves, renews and reloads the session of Express, NestJS, Fastify and Koa. A session is saved before a redirect. It is renewed (it gets a new id)
 * at each sign-in and second factor. It is reloaded after a wait for Nevis.
 *
 * Out of scope: the content of the session (`session/`).
 */
import { loginOf, loginOfUser } from './login'
import { sessionOf, type SessionLike } from './request'
import { storageCall, StorageError } from './storage'

/**
 * The largest content of a session that is kept in a cookie, in bytes. Browsers drop a cookie of more than 4096 bytes. Encryption and encoding make
 * the content about 50% larger.
 */
const MAX_BYTES_IN_COOKIE = 2700

/**
 * True if the session is sent in a cookie that is so large that the browser would silently drop it.
 * @param planned properties that will be added to the session
 * @internal
 */
export function isTooLarge(session: SessionLike, planned: Readonly<Record<string, unknown>> = {}): boolean {
  if (!isInSmallCookie(session)) return false
  const data = (typeof session.data === 'function' ? session.data() : session) as object
  return Buffer.byteLength(JSON.stringify({ ...data, ...planned })) > MAX_BYTES_IN_COOKIE
}

/**
 * True if the whole session is sent in a cookie and not kept in a store. Such a session has no method `save`.
 * @internal
 */
export function isInSmallCookie(session: SessionLike): boolean {
  return typeof session.save !== 'function'
}

/**
 * True if the whole session is in a cookie that is signed but not encrypted, as with cookie-session, or koa-session without a store. The user of the
 * browser could read the status token in such a cookie. The user could also send an old cookie again. It would bring back a closed transaction, or a
 * second factor record after a logout.
 * @internal
 */
export function isInCookie(session: SessionLike): boolean {
  // Ignore a property that the session has itself, because an app may store properties of these names in another kind of session.
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
 * Gives the session a new id and keeps its content, so that an attacker who knows the old id gains nothing (session fixation; OWASP ASVS 5.0, 7.2.4).
 * A session without `regenerate` stays unchanged.
 * @returns the session to use from now on, because many session packages replace the session object
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function renewSession(req: object): Promise<SessionLike> {
  const before = sessionOf(req) as SessionLike
  // Leave a session without `save` unchanged: it is in a cookie and has no id that an attacker could know. Some such sessions lose their content at
  // `regenerate`.
  if (typeof before.regenerate !== 'function' || typeof before.save !== 'function') return before
  // Copy the content with `Object.entries`, which skips symbols. Some session packages store the session's id under a symbol, and the old id must not
  // be copied.
  const kept = Object.entries(before)
  await completed(before.regenerate.bind(before))
  const after = sessionOf(req) as SessionLike
  for (const [name, value] of kept) after[name] = value
  return after
}

/**
 * Reads the session from its store again. While this request waited for Nevis, the user may have logged out, another tab may have cancelled, or the
 * app may have written something. Saving the old copy of the session would undo this. A session without `reload` (koa-session, sessions in a cookie)
 * stays unchanged.
 * @returns the session to use from now on; undefined if the store no longer has the session. In that case the request gets an empty session, so that
 * the old one cannot be saved any more.
 * @throws StorageError `SESSION_UNAVAILABLE`
 * @internal
 */
export async function reloadSession(req: object): Promise<SessionLike | undefined> {
  const before = sessionOf(req) as SessionLike
  if (typeof before.reload !== 'function' || typeof before.save !== 'function') return before
  let isGone = false
  await completed((done) => before.reload?.((error) => {
    // If the store has no such session, express-session reports an error with this message. If the store fails, express-session reports another
    // error.
    isGone = (error as Error | undefined)?.message === 'failed to load session'
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
 * Replaces the request's session by one that is never stored. This function does not call `regenerate`, because the answer would then send a new
 * cookie. The new cookie would overwrite the cookie that the browser may have got in another tab. This works with express-session and
 * @fastify/session; with any other session package, the session stays unchanged.
 * @internal
 */
export function endSession(req: object): SessionLike {
  const before = sessionOf(req) as SessionLike
  if (!canEnd(req)) return before
  const isFastifys = isOfFastify(before)
  // Leave the id out on Fastify: @fastify/session neither stores a session without an id nor sends its cookie.
  const hidden = {
    ...(!isFastifys && { id: { value: sessionIdOf(req) }, req: { value: req } }),
    regenerate: { value: before.regenerate?.bind(before) },
    // Remove the expiry, so that express-session does not send the cookie (unless `rolling` is set).
    cookie: { value: { ...(before['cookie'] as object), expires: null, originalMaxAge: null } },
    touch: { value: () => undefined },
    save: { value: (done?: () => void) => done?.() },
    // express-session compares this value to detect changes. It is constant, so express-session sees no change and stores nothing.
    toJSON: { value: () => ({}) },
  }
  const ended = Object.create(Object.getPrototypeOf(before) as object, hidden) as SessionLike
  ;(req as { session: SessionLike }).session = ended
  return ended
}

function isOfFastify(session: SessionLike): boolean {
  return 'encryptedSessionId' in session
}

/** True if `endSession` can replace the session: with @fastify/session, and with express-session, which sets `req.sessionStore`. */
function canEnd(req: object): boolean {
  const { sessionStore } = req as { sessionStore?: { generate?: unknown } }
  return isOfFastify(sessionOf(req) as SessionLike) || (typeof sessionStore?.generate === 'function' && sessionIdOf(req) !== undefined)
}

/**
 * True if the session may be in its store. False for a session that was created in this request: no other request can know it.
 *
 * A session counts as created in this request if its id is not in the request's cookie. But a client may write the cookie in a form that only the
 * app's cookie parser understands (`j:"…"` of cookie-parser). So a session with a login always counts as stored, because Passport has saved it at the
 * login.
 * @internal
 */
export function isStored(req: object): boolean {
  const { cookie = '' } = (req as { headers?: { cookie?: string } }).headers ?? {}
  const session = sessionOf(req) as SessionLike
  const id = sessionIdOf(req)
  if (id === undefined || (!isOfFastify(session) && loginOf(session) !== undefined)) return true
  return cookie.split(';').some((one) => one.includes(id) || decoded(one).includes(id))
}

/** Decodes a cookie in the same way as the cookie parsers of the web frameworks. A client may percent-encode any character of a cookie. */
function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    return cookie
  }
}

/**
 * True if the request's user is not the user of the session's login. The two can differ if a Bearer token or Basic credentials identify the request's
 * user.
 * @returns false if the session has no login, or if this package cannot call the app's `serializeUser` on this web framework; true if `serializeUser`
 * fails
 * @internal
 */
export async function isOfAnotherLogin(req: object, session: SessionLike): Promise<boolean> {
  const login = loginOf(session)
  if (login === undefined) return false
  const own = await storageCall('SESSION_UNAVAILABLE', () => loginOfUser((req as { user?: unknown }).user, req, session)).catch(() => '')
  return own !== undefined && own !== login
}

/**
 * True if the session's login (a digest from `loginOf`) belongs to this user. False if the app's `serializeUser` fails.
 * @returns undefined if this package cannot call the app's `serializeUser` on this web framework
 * @internal
 */
export async function isLoginOf(user: unknown, req: object, login: string): Promise<boolean | undefined> {
  const session = sessionOf(req)
  const own = session && (await storageCall('SESSION_UNAVAILABLE', () => loginOfUser(user, req, session)).catch(() => ''))
  return own === undefined ? undefined : own === login
}

/**
 * True if the session has any content besides its property `cookie`. A session without content is probably not stored yet.
 * @internal
 */
export function hasContent(session: SessionLike): boolean {
  // Use `toJSON` if the session has it: the session of koa-session has internal fields, which `toJSON` omits.
  const data = typeof session.toJSON === 'function' ? session.toJSON() : session
  return Object.keys(data).some((name) => name !== 'cookie')
}

/**
 * The id under which a store keeps the session.
 * @returns undefined if the session has no id, or its package does not give access to the id. The id of koa-session is not used, because koa-session
 * still returns the old id after the session has got a new one
 * @internal
 */
export function sessionIdOf(req: object): string | undefined {
  const id = (req as { sessionID?: unknown }).sessionID ?? sessionOf(req)?.['sessionId']
  return typeof id === 'string' ? id : undefined
}

/**
 * True if a second factor record would stay in the session after a log-out and the next login. This is so if two conditions hold. First, the app uses
 * @fastify/passport with `clearSessionOnLogin: false`, which keeps all data at a login. Second, the session has no id that changes
 * (@fastify/secure-session).
 * @internal
 */
export function keepsDataAtLogout(req: object): boolean {
  const { passport } = req as { passport?: { clearSessionOnLogin?: unknown } | null }
  return passport?.clearSessionOnLogin === false && sessionIdOf(req) === undefined
}

/** Calls a session method and waits until it has ended. Some session packages call a callback, some return a promise, and some do both. */
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
