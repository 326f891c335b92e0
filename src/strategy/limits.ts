/**
 * Lifts the limits of one person: what a support desk does for a user who is locked out.
 *
 * Out of scope: who may do that. The app decides, and says so in its own log.
 */
import { userOf } from './authenticators'
import { subjectMismatch } from '../trust/binding'
import { Budgets } from '../ledger/budgets'
import { NevisError } from '../client/errors'
import type { NevisStrategy } from './strategy'
import type { Subject } from '../factors/transaction'

/**
 * Forgets all that limits one person: the lock after too many wrong codes (`codes_locked`), codes and starts that are held against them,
 * denials and the pause after them. What was approved once still counts once, and the attempts of a transaction stay.
 * Call it after you have made sure by another way that it is the person who asks: the limits hold back an attacker who has the password.
 *
 * Codes are counted by Nevis's userId, starts by the name that the app gives: Nevis is asked for the name that is missing, unless both
 * are given. What is known is lifted before.
 * @param strategy the one whose limits they are: its ledger, instance and budgets
 * @param subject the person, by userId, by username, or by both
 * @throws TypeError when the subject has neither; StorageError `LEDGER_UNAVAILABLE`; NevisError, any code but `NEVIS_NOT_FOUND`
 */
export async function liftLimits(strategy: NevisStrategy, subject: Subject): Promise<void> {
  const { userId, username } = subject
  if (!isName(userId) && !isName(username)) throw new TypeError('liftLimits: subject must have a userId or a username')
  const { settings } = strategy
  const budgets = new Budgets(settings)
  await lift(budgets, subject)
  if (isName(userId) && isName(username)) return
  const user = await userOf(settings.client, isName(userId) ? { userId } : { username }).catch((error: unknown) => {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') return undefined
    throw error
  })
  if (user !== undefined && subjectMismatch(subject, user) === undefined) await lift(budgets, user)
}

async function lift(budgets: Budgets, { userId, username }: Subject): Promise<void> {
  if (isName(userId)) await budgets.lift(budgets.keyOf({ userId }))
  if (isName(username)) await budgets.lift(budgets.keyOf({ username }))
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''
