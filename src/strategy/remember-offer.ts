/**
 * Decides on which waiting pages the user can choose to have the browser remembered.
 *
 * Out of scope: remembering the browser (`remembered.ts`).
 */
import type { Transaction } from '../factors/transaction'
import type { Settings } from './settings'

/** The factor after which a browser is never remembered: one stolen recovery code must not give access to an account for days. */
const NEVER_REMEMBERED = 'recovery'

/**
 * @returns for how many days the browser can be remembered, and whether the user has chosen to have it remembered. Undefined if the page does not
 * offer this choice
 * @internal
 */
export function rememberOffer({ rememberDays }: Pick<Settings, 'rememberDays'>, { factor, remember }: Pick<Transaction, 'factor' | 'remember'>) {
  if (rememberDays === undefined || remember === undefined || factor === NEVER_REMEMBERED) return undefined
  return { days: rememberDays, isChosen: remember }
}
