/**
 * Finds out whether a user is the one who is logged in to the session. A request can have two users: one is logged in to the session, and a password or a
 * Bearer token in the request names another.
 *
 * Out of scope: what follows from the answer, which each caller decides.
 */
import { loginOfUser } from './login'
import { sessionOf } from './request'
import { storageCall } from './storage'

/**
 * - `same`: the user is logged in to the session.
 * - `other`: another user is logged in to the session.
 * - `failed`: the app's `serializeUser` has failed, so the user may be the same or another.
 * - `unknown`: there is nothing to compare (no session, no login or no user), or this package cannot call the app's `serializeUser` on this web framework.
 */
export type LoginComparison = 'same' | 'other' | 'failed' | 'unknown'

/**
 * Compares a user of the app with the user who is logged in to the session.
 * @param login the digest from `loginOf` for the user who is logged in to the session
 * @internal
 */
export async function compareLogin(user: unknown, req: object, login: string | undefined): Promise<LoginComparison> {
  const session = sessionOf(req)
  if (session === undefined || login === undefined) return 'unknown'
  try {
    const own = await storageCall('SESSION_UNAVAILABLE', () => loginOfUser(user, req, session))
    if (own === undefined) return 'unknown'
    return own === login ? 'same' : 'other'
  } catch {
    return 'failed'
  }
}
