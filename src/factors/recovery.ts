/**
 * The factor `recovery`: one of the recovery codes that the user saved at enrolment; each code works once.
 *
 * Out of scope: encrypting new codes (`trust/recovery-codes.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/authenticate-with-recovery-codes
 */
import { randomUUID } from 'node:crypto'
import { isUsername } from '../client/checks'
import { NevisError } from '../client/errors'
import { refuseUnknown } from '../client/option-names'
import { recoveryCodeIn } from '../client/typed-input'
import { isRightCode } from './code-check'
import type { Factor } from './factor'
import { enrollmentChallenge, withUserId, wrongCode } from './shared'

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
      const username = subject.username ?? (await nevis.getUser(subject.userId as string)).username
      if (username === undefined) throw new TypeError('recovery: the subject needs a username, because Nevis creates recovery codes only for users with a username')
      if (subject.username === undefined && !isUsername(username)) throw new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getUser', { reason: 'username cannot be used' })
      const challenge = enrollmentChallenge(await nevis.enroll({ username, channel: 'recovery' }), randomUUID())
      // If Nevis's response contains no codes, the user has nothing to save, so the enrolment fails.
      if (challenge.browser.recoveryCodes === undefined) throw new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'enroll', { reason: 'no recovery codes' })
      return challenge
    },
    async check(nevis, { id, userId, subject, operation }, { code }) {
      const succeeded = { status: 'succeeded', userId: userId as string, transactionId: id } as const
      // Nevis has nothing to check: it created the codes when the enrolment started, and the user has just confirmed that they are saved.
      if (operation === 'enroll') return succeeded
      const typed = recoveryCodeIn(code)
      const right = typed !== undefined && (await isRightCode(nevis, { userId: userId as string, code: typed, channel: 'recovery' }, { username: subject.username }))
      return right ? succeeded : wrongCode
    },
  }
}
