/**
 * Who is signed in, as a digest: two requests with the same digest belong to the same login.
 *
 * Out of scope: signing in, which is Passport's.
 */
import { createHash } from 'node:crypto'
import { withSortedNames } from './canonical'
import type { SessionLike } from './request'

/**
 * A digest of who is signed in, taken from all that the app's `serializeUser` gave. The same login gives the same digest
 * in every process, also where a store gives its names back in another order (PostgreSQL's `jsonb`).
 * @returns undefined while nobody is signed in
 * @internal
 */
export function loginOf(session: SessionLike): string | undefined {
  const login = isFastifys(session) ? (session.passport ?? undefined) : loginOfPassport(session.passport)
  if (login === undefined) return undefined
  // The session may still hold what `serializeUser` gave, such as a Date: the store will give back what JSON makes of it.
  const stored: unknown = JSON.parse(JSON.stringify(login))
  return createHash('sha256').update(JSON.stringify(withSortedNames(stored))).digest('base64url')
}

/**
 * The same digest of what the host would keep for this request's user, if it were signed in now.
 * @returns undefined where the host does not say how it would
 * @internal
 */
export async function loginOfUser(req: object, session: SessionLike): Promise<string | undefined> {
  const { user, _sessionManager: passports, passport: fastifys } = req as {
    user?: unknown
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
 * Does @fastify/passport keep the login of this session? It calls the session's methods `get` and `set`, which the
 * sessions of Express, NestJS and Koa do not have. The login itself must not decide: an app can serialize a user as
 * `{ user, tenant }`, which looks like Passport's own object. What a store gives back holds no functions.
 */
function isFastifys(session: SessionLike): boolean {
  return typeof session['get'] === 'function' && typeof session['set'] === 'function'
}

/** Passport keeps the login under `user`, beside what an app may put there, and takes only 0 of what is falsy for a login. */
function loginOfPassport(kept: unknown): unknown {
  const user = typeof kept === 'object' && kept !== null ? (kept as { user?: unknown }).user : undefined
  return user || user === 0 ? user : undefined
}
