/**
 * Resets the limits of one user who is locked out, for a support desk.
 *
 * Out of scope: who may reset limits. Your app decides that, and should log each reset.
 */
import { subjectMismatch } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { findUser } from '../factors/shared'
import { isName } from '../host/option-values'
import { settingsOf } from './settings'
import type { NevisStrategy } from './strategy'
import type { Subject } from '../factors/transaction'

/**
 * Resets all limits of one user: the lock after too many wrong codes (`codes_locked`), the counts of codes, starts and denials, and the pause after too many
 * starts or denials. This function does not make a used approval valid again, and does not reset the count of the codes that were tried for one transaction.
 * Verify the user's identity first: the limits protect the user from an attacker who has the password.
 *
 * If you give only the userId or only the username, this function asks Nevis for the other one and resets the limits of both. Check that the returned names
 * are those of the user whom you mean: in your app, the username that Nevis returns may belong to another person.
 * @param strategy the strategy whose ledger, Nevis instance and budgets are used
 * @param subject the userId, the username or both, as your option `subject` returns them: limits are counted under the userId or, without a userId, under the
 * username. This function resets nothing if you pass only one name, Nevis does not know it, and your option `subject` returns the other name
 * @returns the userId and username whose limits were reset. An empty object if nothing was found: Nevis does not know the given name, and the ledger has
 * no count under this name
 * @throws TypeError if `strategy` is no NevisStrategy, or the subject has neither a userId nor a username; StorageError `LEDGER_UNAVAILABLE`; NevisError, any
 * code but `NEVIS_NOT_FOUND`
 */
export async function liftLimits(strategy: NevisStrategy, subject: Subject): Promise<Subject> {
  const settings = settingsOf('liftLimits', strategy)
  const { userId, username } = Object(subject) as Subject
  if (!isName(userId) && !isName(username)) throw new TypeError('liftLimits: subject must have a userId or a username')
  const budgets = new Budgets(settings)
  const wasHeld = await holdsAny(budgets, subject)
  await lift(budgets, subject)
  const lifted = { ...(isName(userId) && { userId }), ...(isName(username) && { username }) }
  if (isName(userId) && isName(username)) return lifted
  const user = await findUser(settings.client, isName(userId) ? { userId } : { username })
  if (user === undefined && !wasHeld) return {}
  if (user === undefined || subjectMismatch(subject, user) !== undefined) return lifted
  await lift(budgets, user)
  return { userId: user.userId, ...(user.username !== undefined && { username: user.username }), ...lifted }
}

async function holdsAny(budgets: Budgets, { userId, username }: Subject): Promise<boolean> {
  if (isName(userId) && (await budgets.holds(budgets.keyOf({ userId })))) return true
  return isName(username) && budgets.holds(budgets.keyOf({ username }))
}

async function lift(budgets: Budgets, { userId, username }: Subject): Promise<void> {
  if (isName(userId)) await budgets.lift(budgets.keyOf({ userId }))
  if (isName(username)) await budgets.lift(budgets.keyOf({ username }))
}
