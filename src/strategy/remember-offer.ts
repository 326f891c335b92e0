/**
 * Decides on which waiting pages the user sees the box "Remember this browser".
 *
 * Out of scope: remembering the browser (`remembered.ts`).
 */
import type { Transaction } from '../factors/transaction'
import type { Settings } from './settings'

/** After a recovery code, this browser is never remembered: one stolen code must not give access to an account for days. */
const NEVER_REMEMBERED = 'recovery'

/**
 * @returns for how many days the browser can be remembered, and whether the user has ticked the box; undefined if the page shows no box
 * @internal
 */
export function rememberOffer({ rememberDays }: Pick<Settings, 'rememberDays'>, { factor, remember }: Pick<Transaction, 'factor' | 'remember'>) {
  if (rememberDays === undefined || remember === undefined || factor === NEVER_REMEMBERED) return undefined
  return { days: rememberDays, isChosen: remember }
}
