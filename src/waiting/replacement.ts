/**
 * Finds the transaction that has replaced a closed one: the user has chosen another factor, and then goes back in the browser's history, or follows a link of
 * the earlier page.
 *
 * Out of scope: replacing a transaction (`strategy/replaced-transaction.ts`).
 */
import type { Transaction } from '../factors/transaction'
import type { HostRequest } from '../host/request'
import type { SessionTransactions } from '../session/transactions'
import { isFromSameBrowser } from '../strategy/same-browser'
import type { Settings } from '../strategy/settings'
import type { Keys } from '../trust/keys'

/**
 * Follows `next` from a closed transaction to its newest replacement in the session.
 * @returns undefined if the session no longer contains the newest replacement, because the user has confirmed it
 * @internal
 */
export function newestReplacement(transactions: SessionTransactions, closed: Transaction): Transaction | undefined {
  // An attacker who can change the session could create a loop of `next`. So remember the visited transactions.
  const visited = new Set<string>()
  let one: Transaction | undefined = closed
  while (one?.closed !== undefined && one.next !== undefined && !visited.has(one.id)) {
    visited.add(one.id)
    one = transactions.get(one.next)
  }
  return one
}

/**
 * True if the page of the closed transaction must lead to its newest replacement. The replacement must be pending, and both transactions must belong to the
 * same signed-in user, or both to no signed-in user. If the replacement is a step-up, this browser must have started it (`strategy/same-browser.ts`), because
 * an attacker may have a copy of the session's cookie.
 * False if the page of the replacement would show recovery codes, because only the handle of that page (the encrypted text in its URL) contains the codes.
 * @internal
 */
export function isOpenReplacement(settings: Settings, { digests }: Keys, req: HostRequest, one: Transaction, closed: Transaction): boolean {
  if (one.closed !== undefined || one.codesKey !== undefined || Date.now() >= one.expiresAt) return false
  if (one.login !== closed.login || !digests.matches(one)) return false
  const isUnmarkedSignIn = one.browser === undefined && one.login === undefined && !settings.hasOwnSubject
  return isUnmarkedSignIn || isFromSameBrowser({ req, settings }, one)
}
