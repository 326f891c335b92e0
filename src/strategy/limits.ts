/**
 * Resets the limits of one user, for a support desk that helps a user who is locked out.
 *
 * Out of scope: who may reset limits. Your app decides that, and should write each reset to its audit log.
 */
import { userOf } from './authenticators'
import { subjectMismatch } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { NevisError } from '../client/errors'
import type { NevisStrategy } from './strategy'
import type { Subject } from '../factors/transaction'

/**
 * Resets all limits of one user: the lock after too many wrong codes (`codes_locked`), the counted codes and starts, the denials, and the pause after
 * denials. It does not reset used approvals or the attempts of a transaction. Verify the user's identity in another way before you call this
 * function: the limits protect the user from an attacker who has the password.
 *
 * The ledger counts codes under Nevis's userId, and starts under the name that your app gives. If you give only the userId or only the username, the
 * function asks Nevis for the missing one and resets the limits of both. In your app, the username that Nevis returns may belong to another person.
 * So compare the returned names with the user whom you mean, or give both.
 * @param strategy the strategy whose ledger, Nevis instance and budgets are used
 * @param subject the user, as your option `subject` returns it: by userId, by username, or by both. With a name that your app has in its own database but
 * not at Nevis, this function resets the limits of nobody and reports no error: the ledger contains digests and no list of names
 * @returns the userId and username whose limits were reset
 * @throws TypeError when the subject has neither; StorageError `LEDGER_UNAVAILABLE`; NevisError, any code but `NEVIS_NOT_FOUND`
 */
export async function liftLimits(strategy: NevisStrategy, subject: Subject): Promise<Subject> {
  const { userId, username } = subject
  if (!isName(userId) && !isName(username)) throw new TypeError('liftLimits: subject must have a userId or a username')
  const { settings } = strategy
  const budgets = new Budgets(settings)
  await lift(budgets, subject)
  const lifted = { ...(isName(userId) && { userId }), ...(isName(username) && { username }) }
  if (isName(userId) && isName(username)) return lifted
  const user = await userOf(settings.client, isName(userId) ? { userId } : { username }).catch((error: unknown) => {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') return undefined
    throw error
  })
  if (user === undefined || subjectMismatch(subject, user) !== undefined) return lifted
  await lift(budgets, user)
  return { userId: user.userId, ...(user.username !== undefined && { username: user.username }), ...lifted }
}

async function lift(budgets: Budgets, { userId, username }: Subject): Promise<void> {
  if (isName(userId)) await budgets.lift(budgets.keyOf({ userId }))
  if (isName(username)) await budgets.lift(budgets.keyOf({ username }))
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''
