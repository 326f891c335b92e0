/**
 * `POST /api/v1/status` and `POST /api/v1/introspect`: the status of a transaction, and whether a token is active.
 *
 * Out of scope: deciding transactions (`phone.ts`, `verification.ts`).
 *
 * Sources: https://docs.nevis.net/authcloud/api-doc/api-reference/status-ref and …/introspect-ref
 */
import type { IntrospectionJson, StatusJson } from '../client/wire'
import { answer, type Answer } from './answer'
import type { Call } from './call'
import { isoSeconds } from './clock'
import { requiredText } from './inputs'

export function getStatus({ cloud, body }: Call): Answer {
  const transaction = cloud.transactions.ofStatusToken(requiredText(body, 'statusToken'))
  if (transaction === undefined) return answer(404, { status: 'unknown' } satisfies StatusJson)
  const { transactionId, status, token, createdAt, lastUpdatedAt } = transaction
  // If the operation started without a user, the response names the user only after success.
  const user = transaction.usernameless && status !== 'succeeded' ? undefined : transaction.user
  const result: StatusJson = {
    transactionId,
    status,
    ...(user !== undefined && { userId: user.userId }),
    ...(user?.username !== undefined && { username: user.username }),
    // Nevis documents that the answer contains a token while the transaction is pending and after a failure, too.
    token,
    createdAt: isoSeconds(createdAt),
    lastUpdatedAt: isoSeconds(lastUpdatedAt),
  }
  return answer(status === 'failed' ? 412 : 200, result)
}

/**
 * Any token of this instance is active until it expires: access keys, status tokens, intent tokens (used or not), and the tokens of
 * pending and failed transactions. The documents allow other readings. The simulator uses this one because it exposes a client that relies on
 * `active` alone.
 */
export function introspect({ cloud, body }: Call): Answer {
  const claims = cloud.introspect(requiredText(body, 'token'))
  const result: IntrospectionJson = claims === undefined ? { active: false } : { active: true, ...claims }
  return answer(200, result)
}
