/**
 * `POST /api/v1/users/enroll`: starts the registration of an Access App or a phone number, or creates recovery codes.
 *
 * Out of scope: completing a registration (`phone.ts`, `verification.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/registration-ref
 */
import { answer, type Answer } from './answer'
import type { Call } from './call'
import type { Cloud } from './cloud'
import { oneOf, phoneNumber, smsTemplate, subject, text, withCode, type Body } from './inputs'
import { authorizedSubject, markUsed } from './intent-use'
import type { Subject, User } from './model'
import { Problem } from './problem'
import { enrollmentJson, linkJson } from './resources'

/** An enrolment creates this many recovery codes. Nevis does not document the number. */
export const RECOVERY_CODES = 10

/** Returns the user of an enrolment. Creates a user if the username is unknown, or if the request names no user. Throws for an unknown userId. */
function userFor(cloud: Cloud, named: Subject | undefined): User {
  if (named === undefined) return cloud.createUser(undefined)
  return 'userId' in named ? cloud.get(named) : (cloud.find(named) ?? cloud.createUser(named.username))
}

function enrollPhone(cloud: Cloud, body: Body, named: Subject | undefined): Answer {
  const phone = phoneNumber(body)
  const template = smsTemplate(body)
  if (named === undefined) throw new Problem(400, 'One of username and userId is required')
  const user = userFor(cloud, named)
  cloud.limits.countStart('sms', user.userId)
  const code = cloud.newSmsCode()
  const transaction = cloud.transactions.begin({ operation: 'enroll', channel: 'sms', user, phone, code })
  user.inbox.push(withCode(template, code))
  // Nevis does not document the body of the response to an enrolment by SMS. The simulator sends the user, and the transaction id and status token that the
  // application needs to verify the SMS code.
  const { transactionId, statusToken } = transaction
  return answer(201, enrollmentJson(cloud, user, { transactionId, statusToken }))
}

function enrollRecovery(cloud: Cloud, body: Body, named: Subject | undefined): Answer {
  const owner = text(body, 'recovery_username')
  if (owner === undefined) throw new Problem(400, "The field 'recovery_username' is required")
  const user = named === undefined ? undefined : cloud.find(named)
  const name = user === undefined && named !== undefined && 'username' in named ? named.username : user?.username
  if (name !== owner) throw new Problem(400, 'recovery_username and username must name the same user')
  const holder = user ?? cloud.createUser(owner)
  // In the simulator, new recovery codes replace the user's old ones. Nevis does not document whether they do.
  holder.recoveryCodes = cloud.newRecoveryCodes(RECOVERY_CODES)
  // Nevis does not document in which field of the response the recovery codes are. The simulator uses `recoveryCodes`.
  return answer(201, enrollmentJson(cloud, holder, { recoveryCodes: [...holder.recoveryCodes] }))
}

function enrollApp(cloud: Cloud, channel: 'app' | 'push', named: Subject | undefined): Answer {
  const user = userFor(cloud, named)
  cloud.checkRoom(user)
  const transaction = cloud.transactions.begin({ operation: 'enroll', channel, user })
  const { transactionId, statusToken } = transaction
  return answer(201, enrollmentJson(cloud, user, { transactionId, statusToken, ...linkJson(cloud, transaction) }))
}

export function enroll({ cloud, body, intent }: Call): Answer {
  const channel = oneOf(text(body, 'channel') ?? 'app', 'channel', ['app', 'push', 'sms', 'recovery'])
  const named = authorizedSubject(cloud, intent, 'enroll', channel, subject(body))
  const result =
    channel === 'sms'
      ? enrollPhone(cloud, body, named)
      : channel === 'recovery'
        ? enrollRecovery(cloud, body, named)
        : enrollApp(cloud, channel, named)
  markUsed(intent)
  return result
}
