/**
 * Makes all remembered browsers of one user need the second factor again, for example after a change of the password.
 *
 * Out of scope: sessions that are signed in. Your app ends those sessions.
 */
import { about, publish } from './events'
import { settingsOf } from './settings'
import type { NevisStrategy } from './strategy'
import type { User } from '../client/client'
import { NevisError } from '../client/errors'
import { findUser } from '../factors/shared'
import type { Subject } from '../factors/transaction'
import { publishFault } from '../host/faults'
import { isName } from '../host/option-values'
import { Budgets } from '../ledger/budgets'
import { subjectMismatch } from '../trust/binding'

/**
 * Forgets all remembered browsers of one user, in every process that shares the ledger. The next sign-in in each of these browsers needs the second factor.
 * Call this function whenever the password changes, a device or a factor is removed, or someone else may use the account. This function does not end sessions.
 *
 * If you pass only the userId or only the username, this function asks Nevis for the other one. It needs both: the ledger stores some browsers under the userId
 * only, and a sign-in that is just starting may have only the username.
 * @param strategy the strategy whose ledger and Nevis instance are used
 * @param subject the userId, the username or both, as your option `subject` returns them. This function finds no browser if you pass only one name, Nevis does
 * not know it, and your option `subject` returns the other name
 * @returns how many browsers were remembered for this user since the last call, including those that have expired. 0 if this function found none: the user has
 * no remembered browser, or you passed another name than your option `subject` returns
 * @throws TypeError if `strategy` is no NevisStrategy, or the subject has neither a userId nor a username; StorageError `LEDGER_UNAVAILABLE`;
 * with only a username also NevisError, any code but `NEVIS_NOT_FOUND`
 */
export async function forgetBrowsers(strategy: NevisStrategy, subject: Subject): Promise<number> {
  const settings = settingsOf('forgetBrowsers', strategy)
  const { userId, username } = Object(subject) as Subject
  if (!isName(userId) && !isName(username)) throw new TypeError('forgetBrowsers: subject must have a userId or a username')
  const budgets = new Budgets(settings)
  const found: number[] = []
  const forget = async (name: Subject) => void found.push(await budgets.browsers.forgetAll(budgets.keyOf(name)))
  if (isName(userId)) await forget({ userId })
  if (isName(username)) await forget({ username })
  // The ledger stores every remembered browser under the userId, but only some also under the username. So ask Nevis for the userId.
  if (isName(username) && !isName(userId)) {
    const user = await userAtNevis(settings, { username })
    if (user !== undefined) await forget({ userId: user.userId })
  }
  if (isName(userId) && !isName(username)) await forgetUnderUsername(settings, userId, forget)
  publish('browser', () => ({ ...about(settings.name, { subject: { ...(isName(userId) && { userId }), ...(isName(username) && { username }) } }), browser: 'forgotten' }))
  // A browser can be stored under the userId and under the username. So return the larger number: the sum would count such a browser twice.
  return Math.max(...found)
}

/**
 * Forgets the browsers under the username as well. Without this step, a sign-in that has started with only the username could still have its browser
 * remembered. If Nevis fails and so cannot tell the username, this function only publishes the error. That is safe: the browsers that are already remembered
 * have been forgotten under the userId, and no sign-in can start while Nevis fails.
 */
async function forgetUnderUsername(settings: NevisStrategy['settings'], userId: string, forget: (name: Subject) => Promise<void>): Promise<void> {
  const user = await userAtNevis(settings, { userId }).catch((error: unknown) => {
    if (!(error instanceof NevisError)) throw error
    publishFault(error, 'browser', about(settings.name, { subject: { userId } }))
    return undefined
  })
  if (isName(user?.username)) await forget({ username: user.username })
}

/** The user's record at Nevis; undefined if Nevis does not know the user, or answers with another user. */
async function userAtNevis({ client }: NevisStrategy['settings'], subject: Subject): Promise<User | undefined> {
  const user = await findUser(client, subject)
  return user !== undefined && subjectMismatch(subject, user) === undefined ? user : undefined
}
