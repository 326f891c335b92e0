/**
 * Replaces the session of a request by one that is never stored, for a session that another request has ended meanwhile.
 *
 * Out of scope: finding out that the session has ended (`session.ts`).
 */
import { sessionOf, type SessionLike } from './request'

/**
 * Replaces the request's session by one that is never stored. `regenerate` cannot be used instead: it would send a new cookie, which would replace
 * the cookie of another tab. Works with express-session and @fastify/session; any other session stays unchanged.
 * @internal
 */
export function endSession(req: object): SessionLike {
  const before = sessionOf(req) as SessionLike
  if (!canEnd(req)) return before
  const isFastifys = isOfFastify(before)
  // On Fastify, the replacement gets no session id: @fastify/session then neither stores the replacement nor sends a cookie for it.
  const hidden = {
    ...(!isFastifys && { id: { value: before['id'] }, req: { value: req } }),
    regenerate: { value: before.regenerate && regenerate },
    reload: { value: (done?: (error: Error) => void) => done?.(new Error('failed to load session')) },
    cookie: { value: { ...(before['cookie'] as object), expires: null, originalMaxAge: null } },
    touch: { value: () => undefined },
    save: { value: (done?: () => void) => done?.() },
    // express-session stores a session only if its JSON has changed. The JSON of this replacement is always `{}`, so express-session does not store it.
    toJSON: { value: () => ({}) },
  }
  // Passport may still regenerate the session at a logout or login. express-session must then destroy the old session, whose id it reads from `req.sessionID`.
  function regenerate(...given: Parameters<NonNullable<SessionLike['regenerate']>>) {
    if (!isFastifys) (req as { sessionID?: unknown }).sessionID = before['id']
    return before.regenerate?.(...given)
  }
  const ended = Object.create(Object.getPrototypeOf(before) as object, hidden) as SessionLike
  ;(req as { session: SessionLike }).session = ended
  // Without `req.sessionID`, express-session stores nothing and sends no cookie, even with `rolling: true`.
  if (!isFastifys) (req as { sessionID?: string | undefined }).sessionID = undefined
  return ended
}

/** @internal */
export function isOfFastify(session: SessionLike): boolean {
  return 'encryptedSessionId' in session
}

/**
 * True if `endSession` can replace the session: with @fastify/session, or with express-session (recognised by `req.sessionStore`).
 * @internal
 */
export function canEnd(req: object): boolean {
  const { sessionStore } = req as { sessionStore?: { generate?: unknown } }
  return isOfFastify(sessionOf(req) as SessionLike) || typeof sessionStore?.generate === 'function'
}
