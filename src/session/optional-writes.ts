/**
 * Limits how often requests that cost an attacker nothing may write a session.
 *
 * The attack: a thief has a copy of the session's cookie. A request that writes the session reads it first. If the user logs out between this read and this
 * write, the write restores the session. This time is short, but a thief could send such requests without a pause until the user logs out. So this package
 * counts the writes that are useful but not necessary, such as the reason why the user could not switch to another factor. After too many of these writes, it
 * leaves them out. Necessary writes have limits of their own, for example the limit on starts.
 */
import type { SessionLike } from '../host/request'
import type { SessionState } from './transactions'

const MAX_WRITES = 10
const PERIOD_MS = 600_000

/**
 * Counts one write that is not necessary. Call this function only if the session is then saved, because it changes the session.
 * @param key the session property that contains the state of this package
 * @returns false if the session must not be written
 * @internal
 */
export function spendOptionalWrite(session: SessionLike, key: string): boolean {
  const now = Date.now()
  const state = session[key] as SessionState | undefined
  const before = state?.optionalWrites
  const { since, count } = before !== undefined && now >= before.since && now - before.since < PERIOD_MS ? before : { since: now, count: 0 }
  if (count >= MAX_WRITES) return false
  session[key] = { ...state, optionalWrites: { since, count: count + 1 } } satisfies SessionState
  return true
}
