/**
 * `POST /api/v1/users/{userId}/verification`: checks an SMS code or a recovery code.
 *
 * Nevis documents 200 for a correct code and "4xx otherwise". The simulator has chosen which 4xx it sends, and how many attempts are allowed.
 * Out of scope: limiting attempts over several transactions.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/verification-ref.
 */
import { answer, type Answer } from './answer'
import type { Call } from './call'
import type { Cloud } from './cloud'
import { oneOf, requiredText, text } from './inputs'
import type { User } from './model'
import { Problem } from './problem'

const WRONG_CODES_ALLOWED = 3

const wrong = (): Problem => new Problem(400, 'The code is not valid', {}, 'wrong-code')

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

/**
 * Checks a code. Instead of the access key, the request may contain the intent token that started the transaction. The path must then name the user of the
 * intent.
 */
export function verifyCode({ cloud, body, id, intent }: Call): Answer {
  const user = cloud.get({ userId: id })
  if (intent !== undefined && cloud.find(intent.subject) !== user) throw new Problem(403, 'The intent token is for something else')
  const code = requiredText(body, 'code')
  const channel = oneOf(text(body, 'channel') ?? 'sms', 'channel', ['sms', 'recovery'])
  if (channel === 'recovery') verifyRecovery(user, code)
  else verifySms(cloud, user, code, requiredText(body, 'statusToken'))
  return answer(200)
}
