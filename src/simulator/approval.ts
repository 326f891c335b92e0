/**
 * `POST /api/v1/approval`: asks a user to approve by push, by QR code, by app link, or by an SMS code.
 *
 * Out of scope: the user's answer (`phone.ts`, `verification.ts`), and passkeys.
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref
 */
import { answer, type Answer } from './answer'
import type { Call } from './call'
import type { Cloud } from './cloud'
import { appMessage, flag, oneOf, smsTemplate, subject, text, uuid, withCode, type Body } from './inputs'
import { authorizedSubject, markUsed } from './intent-use'
import type { Transaction, User } from './model'
import { Problem } from './problem'
import { approvalJson } from './resources'

/** The error for a user who has, for example, no phone number for SMS. Nevis does not document the HTTP status of this error. The simulator sends 404. */
const nothingToAsk = (): Problem => new Problem(404, 'The user has nothing registered for this channel', {}, 'no-factor')

/** Returns the authenticator id in the request body. Default: the authenticator that was registered last. */
function deviceOf(user: User | undefined, body: Body, channel: 'app' | 'push'): string {
  const any = text(body, 'authenticatorId') === '*'
  if (any && channel !== 'app') throw new Problem(400, "The authenticatorId '*' is for the channel app only")
  const wanted = any ? undefined : uuid(body, 'authenticatorId')?.toLowerCase()
  if (user === undefined) return '*'
  const last = user.authenticators.at(-1)
  if (last === undefined) throw nothingToAsk()
  if (any) return '*'
  if (wanted === undefined) return last.authenticatorId
  if (!user.authenticators.some((each) => each.authenticatorId === wanted)) {
    throw new Problem(404, 'The authenticator does not exist')
  }
  return wanted
}

function askPhone(cloud: Cloud, body: Body, channel: 'app' | 'push', user: User | undefined): Transaction {
  const prompt = flag(body, 'prompt')
  const message = appMessage(body, prompt)
  const notificationMessage = text(body, 'notificationMessage')
  const authenticatorId = deviceOf(user, body, channel)
  if (channel === 'push' && user !== undefined) cloud.limits.countStart('push', user.userId)
  const transaction = cloud.transactions.begin({
    operation: 'approve',
    channel,
    user,
    authenticatorId,
    prompt,
    message,
    notificationMessage,
  })
  if (channel === 'push') cloud.transactions.arrive(transaction)
  return transaction
}

function sendCode(cloud: Cloud, body: Body, user: User): Transaction {
  const template = smsTemplate(body)
  if (body['authenticatorId'] === '*') throw new Problem(400, "The authenticatorId '*' is for the channel app only")
  if (user.phone === undefined) throw nothingToAsk()
  cloud.limits.countStart('sms', user.userId)
  const code = cloud.newSmsCode()
  user.inbox.push(withCode(template, code))
  return cloud.transactions.begin({ operation: 'approve', channel: 'sms', user, phone: user.phone, code })
}

export function approve({ cloud, body, intent }: Call): Answer {
  // Nevis's documentation says that the field `channel` is required, but also names a default. So the simulator uses the default if `channel` is missing.
  const asked = oneOf(text(body, 'channel') ?? 'push', 'channel', ['push', 'app', 'qr-code', 'sms'])
  const channel = asked === 'qr-code' ? 'app' : asked
  const named = authorizedSubject(cloud, intent, 'approve', channel, subject(body))
  // An approval must name a user, except by QR code or app link. Without a name, the user who scans the code becomes the user of the approval.
  if (named === undefined && channel !== 'app') throw new Problem(400, 'One of username and userId is required')
  const user = named && cloud.get(named)
  const transaction =
    channel === 'sms' && user !== undefined
      ? sendCode(cloud, body, user)
      : askPhone(cloud, body, channel === 'push' ? 'push' : 'app', user)
  markUsed(intent)
  return answer(201, approvalJson(cloud, transaction))
}
