/**
 * Hands facts about the callback of an approval from the strategy to the middleware `recordSecondFactor`, which runs later in the same request.
 *
 * Out of scope: the record (`record-second-factor.ts`).
 */
import type { NevisProfile } from '../factors/profile'
import { loginOf } from '../host/login'
import { sessionOf } from '../host/request'
import { sessionIdOf } from '../host/session'
import type { SessionSnapshot } from '../host/session-changes'

interface CallbackNotes {
  /** The id that the session had at the callback request. */
  readonly sessionId: string | undefined
  /** Digest of the user who was signed in when the callback request came; undefined if no user was signed in. */
  readonly login: string | undefined
  /** The session as the strategy has last read or saved it; undefined if that is not known. */
  readonly lastRead: SessionSnapshot | undefined
  /** Takes the digest of a signed-in user. Resolves to true if this user is the user who approved; to false if this user may be another one. */
  readonly isLoginOfApprover: (login: string) => Promise<boolean>
}

const REGISTRY = Symbol.for('passport-nevis.callbacks')

/**
 * Returns the facts about the callback of each approval, which the strategy stores for `recordSecondFactor`. The map is on `globalThis`, because npm may
 * install two copies of this package: one with the strategy, one with the middleware.
 */
function callbacks(): WeakMap<object, CallbackNotes> {
  const shared = globalThis as { [REGISTRY]?: WeakMap<object, CallbackNotes> }
  return (shared[REGISTRY] ??= new WeakMap())
}

/**
 * Finds what `noteSession` has stored. Searches by the request, too, because the app may have copied the profile, for example in `transformAuthInfo`.
 * @internal
 */
export function notesOf(req: object, profile: NevisProfile): CallbackNotes | undefined {
  return callbacks().get(profile) ?? callbacks().get(req)
}

/**
 * Stores facts about the callback for `recordSecondFactor`. The strategy calls this function at a success.
 * @internal
 */
export function noteSession(profile: NevisProfile, req: object, isLoginOfApprover: CallbackNotes['isLoginOfApprover'], lastRead?: SessionSnapshot): void {
  const session = sessionOf(req)
  const notes = { sessionId: sessionIdOf(req), login: session && loginOf(session), lastRead, isLoginOfApprover }
  callbacks().set(profile, notes).set(req, notes)
}
