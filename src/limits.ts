/**
 * Lifts the limits of one person: what a support desk does for a user who is locked out.
 *
 * Out of scope: who may do that. The app decides, and says so in its own log.
 */
import { Budgets } from './budgets'
import type { NevisStrategy } from './strategy'
import type { Subject } from './transactions'

/**
 * Forgets all that limits one person: the lock after too many wrong codes (`codes_locked`), codes and starts that are held against them,
 * denials and the pause after them. What was approved once still counts once, and the attempts of a transaction stay.
 * Call it after you have made sure by another way that it is the person who asks: the limits hold back an attacker who has the password.
 * @param strategy the one whose limits they are: its ledger, instance and budgets
 * @param subject as the strategy names the person; with both userId and username, if you know both
 * @throws TypeError when the subject has neither; StorageError `LEDGER_UNAVAILABLE`
 */
export async function liftLimits(strategy: NevisStrategy, subject: Subject): Promise<void> {
  const { userId, username } = subject
  const names: Subject[] = [{ userId }, { username }].filter((name) => Object.values(name).some((value) => typeof value === 'string' && value !== ''))
  if (names.length === 0) throw new TypeError('liftLimits: subject must have a userId or a username')
  const budgets = new Budgets(strategy.settings)
  for (const name of names) await budgets.lift(budgets.keyOf(name))
}
