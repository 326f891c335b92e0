/**
 * The factor `recovery`: one of the recovery codes that the user saved at enrolment; each code works once.
 *
 * Out of scope: encrypting new codes (`trust/recovery-codes.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/authenticate-with-recovery-codes
 */
import { randomUUID } from 'node:crypto'
import { isUsername } from '../client/checks'
import type { NevisClient } from '../client/client'
import { NevisError } from '../client/errors'
import { refuseUnknown } from '../client/option-names'
import { recoveryCodeIn } from '../client/typed-input'
import { isRightCode, type CodeAnswer } from './code-check'
import type { Factor } from './factor'
import { Refusal } from './failures'
import { enrollmentChallenge, findUser, withUserId, wrongCode } from './shared'
import type { Subject } from './transaction'

/**
 * The factor `recovery`: one of the recovery codes that the user saved; each code works once. An approval sends nothing to Nevis until the user has
 * entered the code, so this package generates the id of the transaction. An enrolment creates new codes; the subject must have a username.
 * @param options this factor has no options
 * @returns the factor, for `factors` of the strategy
 * @throws TypeError if there is an option
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/authenticate-with-recovery-codes
 */
export function recovery(options: Readonly<Record<string, never>> = {}): Factor {
  refuseUnknown('recovery', options, [])
  return {
    name: 'recovery',
    prompt: 'code',
    amr: ['otp'],
    enrollPrompt: 'confirm',
    async approve(nevis, subject) {
      return { server: { id: randomUUID(), ...(await withUserId(nevis, subject)) }, browser: {} }
    },
    async enroll(nevis, subject) {
      const username = await usernameOf(nevis, subject)
      // The user confirms the codes on the page only, so this enrolment needs neither Nevis's transaction id nor its status token.
      const { transactionId: _id, statusToken: _token, ...enrollment } = await nevis.enroll({ username, channel: 'recovery' })
      // Compare the username only if `usernameOf` has read it at Nevis. A username that the app has named is compared in `strategy/challenge.ts`.
      const isOther = subject.username === undefined && enrollment.username !== undefined && enrollment.username.toLowerCase() !== username.toLowerCase()
      if (isOther) throw new Refusal('binding_mismatch')
      const challenge = enrollmentChallenge(enrollment, randomUUID())
      // If Nevis's response contains no codes, the user has nothing to save, so the enrolment fails.
      if (challenge.browser.recoveryCodes === undefined) throw new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'enroll', { reason: 'no recovery codes' })
      return challenge
    },
    async check(nevis, { id, userId, subject, operation }, { code, note }: CodeAnswer) {
      // Both ids are those in the stored transaction, because Nevis's answer contains no ids. The right code proves success: Nevis verifies it for this userId.
      const succeeded = { status: 'succeeded', userId: userId as string, transactionId: id } as const
      // Nevis has nothing to check: it created the codes when the enrolment started, and the user has just confirmed that they are saved.
      if (operation === 'enroll') return succeeded
      const typed = recoveryCodeIn(code)
      const right = typed !== undefined && (await isRightCode(nevis, { userId: userId as string, code: typed, channel: 'recovery' }, { username: subject.username }, note))
      return right ? succeeded : wrongCode
    },
  }
}

/**
 * Returns the username of the subject (the user), because Nevis accepts only a username in an enrolment of recovery codes. If the userId is known, asks Nevis
 * whether the username belongs to this userId: otherwise Nevis would create a user, or replace the codes of another user. A wrong username can come from an
 * instance that changes usernames to lower case in its responses, or from an app with an old username.
 * @throws Refusal `binding_mismatch` if the username belongs to another userId, or to none
 */
async function usernameOf(nevis: NevisClient, subject: Subject): Promise<string> {
  const { userId } = subject
  const username = subject.username ?? (await nevis.getUser(userId as string)).username
  if (username === undefined) throw new TypeError('recovery: the subject needs a username, because Nevis creates recovery codes only for users with a username')
  if (userId === undefined) return username
  if (subject.username === undefined && !isUsername(username)) throw new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getUser', { reason: 'username cannot be used' })
  const owner = await findUser(nevis, { username })
  if (owner?.userId !== userId.toLowerCase()) throw new Refusal('binding_mismatch')
  return username
}
