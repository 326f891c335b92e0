/**
 * Computes a digest that identifies the signed-in user. If two requests have the same digest, the same user is signed in.
 *
 * Out of scope: signing in, which Passport does.
 */
import { createHash } from 'node:crypto'
import { withSortedNames } from './canonical'
import type { SessionLike } from './request'

/**
 * A digest of the complete value that the app's `serializeUser` returned. All processes compute the same digest, even if the store returns the
 * property names in another order (PostgreSQL's `jsonb`).
 * @returns undefined if nobody is signed in
 * @internal
 */
export function loginOf(session: SessionLike): string | undefined {
  const login = isFastifys(session) ? (session.passport ?? undefined) : loginOfPassport(session.passport)
  if (login === undefined) return undefined
  // Convert the login to JSON and back: in the request of the login it can still contain, for example, a Date; in later requests it comes from the
  // store as JSON.
  const stored: unknown = JSON.parse(JSON.stringify(login))
  return createHash('sha256').update(JSON.stringify(withSortedNames(stored))).digest('base64url')
}

/**
 * The digest that `loginOf` would return if this user were signed in.
 * @param req a request as Passport gives it to a strategy
 * @returns undefined if there is no user, or the host has no `serializeUser` that can be called
 * @internal
 */
export async function loginOfUser(user: unknown, req: object, session: SessionLike): Promise<string | undefined> {
  const { _sessionManager: passports, passport: fastifys } = req as {
    _sessionManager?: { _serializeUser?: (user: unknown, req: object, done: (error: unknown, serialized?: unknown) => void) => void }
    passport?: { serializeUser?: (user: unknown, req: object) => Promise<unknown> }
  }
  if (user === undefined || user === null) return undefined
  if (isFastifys(session)) {
    if (typeof fastifys?.serializeUser !== 'function') return undefined
    return loginOf({ get: session['get'], set: session['set'], passport: await fastifys.serializeUser(user, req) })
  }
  if (typeof passports?._serializeUser !== 'function') return undefined
  const serialized = await new Promise((resolve, reject) => passports._serializeUser?.(user, req, (error, kept) => (error ? reject(error) : resolve(kept))))
  return loginOf({ passport: { user: serialized } })
}

/**
 * True for a session of Fastify: @fastify/passport stores the login in another form than Passport. Only Fastify's sessions have the methods `get`
 * and `set`. The form of the stored login does not show the host, because an app may serialize a user as `{ user, tenant }`, which looks like
 * Passport's own object.
 */
function isFastifys(session: SessionLike): boolean {
  return typeof session['get'] === 'function' && typeof session['set'] === 'function'
}

/** Passport stores the login in the property `user`. Among the falsy values, Passport accepts only 0 as a login. */
function loginOfPassport(kept: unknown): unknown {
  const user = typeof kept === 'object' && kept !== null ? (kept as { user?: unknown }).user : undefined
  return user || user === 0 ? user : undefined
}
