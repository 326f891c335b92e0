/**
 * `POST /api/v1/status` and `POST /api/v1/introspect`: how a transaction stands, and whether a token is genuine.
 *
 * Out of scope: to decide transactions.
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
  // Of an operation that began without a user, the user is told only when it has succeeded.
  const user = transaction.usernameless && status !== 'succeeded' ? undefined : transaction.user
  const result: StatusJson = {
    transactionId,
    status,
    ...(user !== undefined && { userId: user.userId }),
    ...(user?.username !== undefined && { username: user.username }),
    // As documented, also while pending and after a failure.
    token,
    createdAt: isoSeconds(createdAt),
    lastUpdatedAt: isoSeconds(lastUpdatedAt),
  }
  return answer(status === 'failed' ? 412 : 200, result)
}

/**
 * Any token of this instance is active until it expires: an access key, a status token and an intent token (used or
 * not) as well as the token of a transaction that is pending or has failed. That is the reading under which a client
 * that trusts `active` alone is attacked.
 */
export function introspect({ cloud, body }: Call): Answer {
  const claims = cloud.introspect(requiredText(body, 'token'))
  const result: IntrospectionJson = claims === undefined ? { active: false } : { active: true, ...claims }
  return answer(200, result)
}
