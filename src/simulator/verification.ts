/**
 * `POST /api/v1/users/{userId}/verification`: checks a code from a text or a recovery code.
 *
 * Out of scope: to count attempts over several transactions.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref. Documented are 200 for the right
 * code and "4xx otherwise", no body for either; which 4xx is the simulator's choice, and so is the number of tries.
 */
import { answer, type Answer } from './answer'
import type { Call } from './call'
import type { Cloud } from './cloud'
import { oneOf, requiredText, text } from './inputs'
import type { User } from './model'
import { Problem } from './problem'

const WRONG_CODES_ALLOWED = 3

const wrong = (): Problem => new Problem(400, 'The code is not valid')

function verifyRecovery(user: User, code: string): void {
  const at = user.recoveryCodes.indexOf(code)
  if (at < 0) throw wrong()
  user.recoveryCodes.splice(at, 1)
}

function verifySms(cloud: Cloud, user: User, code: string, statusToken: string): void {
  const transaction = cloud.transactions.ofStatusToken(statusToken)
  const fits = transaction?.channel === 'sms' && transaction.user === user && transaction.status === 'pending'
  if (!fits) throw wrong()
  if (transaction.code !== code) {
    transaction.wrongCodes++
    if (transaction.wrongCodes >= WRONG_CODES_ALLOWED) cloud.transactions.decide(transaction, 'failed')
    throw wrong()
  }
  if (transaction.operation === 'enroll') {
    user.phone = transaction.phone
    user.updatedAt = cloud.clock.now()
  }
  cloud.transactions.decide(transaction, 'succeeded')
}

export function verifyCode({ cloud, body, id }: Call): Answer {
  const user = cloud.get({ userId: id })
  const code = requiredText(body, 'code')
  const channel = oneOf(text(body, 'channel') ?? 'sms', 'channel', ['sms', 'recovery'])
  if (channel === 'recovery') verifyRecovery(user, code)
  else verifySms(cloud, user, code, requiredText(body, 'statusToken'))
  return answer(200)
}
