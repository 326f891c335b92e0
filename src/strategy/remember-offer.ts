/**
 * Which waiting pages offer to remember the browser.
 *
 * Out of scope: remembering it (`remembered.ts`).
 */
import type { Transaction } from '../factors/transaction'
import type { Settings } from './settings'

/** Recovery codes are for the loss of another factor. One stolen code must not open an account for days. */
const NEVER_REMEMBERED = 'recovery'

/**
 * @returns for how many days the browser can be remembered, and whether the user wants that; undefined if it cannot be remembered after this
 * transaction
 * @internal
 */
export function rememberOffer({ rememberDays }: Pick<Settings, 'rememberDays'>, { factor, remember }: Pick<Transaction, 'factor' | 'remember'>) {
  if (rememberDays === undefined || remember === undefined || factor === NEVER_REMEMBERED) return undefined
  return { days: rememberDays, isChosen: remember }
}
