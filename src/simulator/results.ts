/**
 * `POST /api/v1/status` and `POST /api/v1/introspect`: the status of a transaction, and whether a token is active.
 *
 * Out of scope: approving and denying (`phone.ts`, `verification.ts`).
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
  // If the transaction was started without a user, the response names the user only after success.
  const user = transaction.usernameless && status !== 'succeeded' ? undefined : transaction.user
  const result: StatusJson = {
    transactionId,
    status,
    ...(user !== undefined && { userId: user.userId }),
    ...(user?.username !== undefined && { username: user.username }),
    // Every status response contains a token: Nevis documents that pending and failed transactions have a token as well.
    token,
    createdAt: isoSeconds(createdAt),
    lastUpdatedAt: isoSeconds(lastUpdatedAt),
  }
  return answer(status === 'failed' ? 412 : 200, result)
}

/**
 * Introspects a token. Every token of this simulator is active until it expires, even the token of a pending or failed transaction. So if a client takes
 * `active` alone for a success, its tests fail.
 */
export function introspect({ cloud, body }: Call): Answer {
  const claims = cloud.introspect(requiredText(body, 'token'))
  const result: IntrospectionJson = claims === undefined ? { active: false } : { active: true, ...claims }
  return answer(200, result)
}
