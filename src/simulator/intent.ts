/**
 * `POST /api/v1/intent`: creates a one-time token with which a browser starts Nevis's widget.
 *
 * Out of scope: accepting the token (`intent-use.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/intent-ref
 */
import { answer, type Answer } from './answer'
import type { Call } from './call'
import { oneOf, requiredSubject, requiredText } from './inputs'
import { Problem } from './problem'

function channels(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined
  const wrong = new Problem(400, "The field 'channels' must be a list of app, push and sms")
  if (!Array.isArray(value) || value.length === 0) throw wrong
  return value.map((each: unknown) => {
    if (each !== 'app' && each !== 'push' && each !== 'sms') throw wrong
    return each
  })
}

export function createIntent({ cloud, body }: Call): Answer {
  const subject = requiredSubject(body)
  const operation = oneOf(requiredText(body, 'operation'), 'operation', ['enroll', 'approve'])
  // An intent to enrol may name a user who does not exist yet, but only by username.
  if (operation === 'approve' || 'userId' in subject) cloud.get(subject)
  const { token } = cloud.createIntent({ subject, operation, channels: channels(body['channels']) })
  return answer(200, { token })
}
