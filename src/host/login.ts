/**
 * Computes a digest that identifies the signed-in user. If two requests have the same digest, the same user is signed in.
 *
 * Out of scope: signing in, which Passport does.
 */
import { createHash } from 'node:crypto'
import { withSortedNames } from './canonical'
import type { SessionLike } from './request'

/**
 * A digest of the value that the app's `serializeUser` returned. Ignores the order of property names, because some stores (PostgreSQL's `jsonb`) change
 * this order.
 * @returns undefined if no user is signed in
 * @internal
 */
export function loginOf(session: SessionLike): string | undefined {
  const login = isFastifys(session) ? (session.passport ?? undefined) : loginOfPassport(session.passport)
  if (login === undefined) return undefined
  // Convert the value to JSON and back, as a session store does. Otherwise a value that contains a Date would have another digest in later requests.
  const stored: unknown = JSON.parse(JSON.stringify(login))
  return createHash('sha256').update(JSON.stringify(withSortedNames(stored))).digest('base64url')
}

/**
 * Returns the digest that `loginOf` would return if this user were signed in. With this digest, a user of the app can be compared with the user of a session.
 * @param req a request as Passport gives it to a strategy
 * @returns undefined if there is no user, or if this package cannot call the app's `serializeUser` on this web framework
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

/** True for a session of Fastify: only such a session has the methods `get` and `set`. @fastify/passport stores the signed-in user in another form. */
function isFastifys(session: SessionLike): boolean {
  return typeof session['get'] === 'function' && typeof session['set'] === 'function'
}

/**
 * Reads the signed-in user from `session.passport`, where Passport stores the user in the property `user`. For Passport, the value 0 means that a user is
 * signed in, and every other falsy value means that no user is.
 */
function loginOfPassport(kept: unknown): unknown {
  const user = typeof kept === 'object' && kept !== null ? (kept as { user?: unknown }).user : undefined
  return user || user === 0 ? user : undefined
}
