/**
 * The stage `users` of the command `probe`, with test users: enrolments that are never completed, recovery codes, intent tokens, users without a phone, and
 * deletion. This stage notifies no user.
 *
 * Out of scope: deleting the test users at the end (`test-users.ts`).
 */
import { codesIn, textAt } from './answers'
import { httpOf, introspect, status, type StageContext } from './stage-context'

/** A number that no phone has, because the country code 999 is not assigned (ITU-T E.164). So no SMS can arrive. */
const NO_PHONE_NUMBER = '+9990000000'
/** The name of a channel that does not exist, to see how Nevis answers to an unknown name. */
const INVENTED_CHANNEL = 'invented'

export async function userStage(context: StageContext): Promise<void> {
  const { caller, users } = context
  const username = users.next()
  const enrolled = await users.enroll('enroll.app', { username })
  await lookUp(context, username, enrolled.userId)
  const statusToken = textAt(enrolled.json, 'statusToken')
  if (statusToken === undefined) context.noteFailure(`the enrolment of a test user got no status token (${httpOf(caller, 'enroll.app')})`)
  else await pendingEnrollment(context, statusToken)
  await users.enroll('enroll.channel-app', { username, channel: 'app' })
  await users.enroll('enroll.sms.no-number', { username, channel: 'sms', phone: NO_PHONE_NUMBER })
  for (const channel of ['push', 'app', 'qr-code', 'sms', INVENTED_CHANNEL]) {
    await caller.call(`approval.${channel}.no-device`, { path: '/api/v1/approval', json: { username, channel } })
  }
  await recoveryCodes(context, username)
  const { userId } = enrolled
  if (userId === undefined) return context.noteFailure(`Nevis does not show that the test user exists (${httpOf(caller, 'enroll.app')})`)
  await intent(context, username, userId)
  await users.delete('user.delete', username)
  await caller.call('user.deleted', { method: 'GET', path: `/api/v1/users/${encodeURIComponent(userId)}` })
}

async function lookUp({ caller }: StageContext, username: string, userId: string | undefined): Promise<void> {
  await caller.call('user.by-name', { method: 'GET', path: `/api/v1/users?username=${username}` })
  await caller.call('user.by-lower-case-name', { method: 'GET', path: `/api/v1/users?username=${username.toLowerCase()}` })
  if (userId !== undefined) await caller.call('user.by-id', { method: 'GET', path: `/api/v1/users/${encodeURIComponent(userId)}` })
}

async function pendingEnrollment(context: StageContext, statusToken: string): Promise<void> {
  const pending = await status(context, 'status.enroll.pending', statusToken)
  await status(context, 'status.enroll.pending.with-key', statusToken, true)
  await introspect(context, 'introspect.status-token', statusToken)
  const token = textAt(pending.json, 'token')
  if (token !== undefined) await introspect(context, 'introspect.pending-token', token)
}

async function recoveryCodes(context: StageContext, username: string): Promise<void> {
  const { caller, users } = context
  const body = { username, recovery_username: username, channel: 'recovery' }
  const { json, userId, status: http } = await users.enroll('enroll.recovery', body)
  const [code, second, third] = codesIn(json)
  if (http !== 0) caller.facts['enroll.recovery.codes'] = String(codesIn(json).length)
  if (userId === undefined) return
  const path = `/api/v1/users/${encodeURIComponent(userId)}/verification`
  const verification = (typed: string) => ({ path, json: { code: typed, channel: 'recovery' }, codeOf: { userId, username } })
  const verify = (step: string, typed: string, again?: string) => caller.call(step, { ...verification(typed), ...(again !== undefined && { again: verification(again) }) })
  await verify('verification.recovery.wrong', 'zzzz-yyyy-xxxx-wwww')
  if (code === undefined || second === undefined) return context.noteFailure(`the enrolment of recovery codes got no codes (${httpOf(caller, 'enroll.recovery')})`)
  const right = await verify('verification.recovery.right', code, third)
  // Without an answer (status 0), it is not known whether Nevis got this code. So the code is perhaps still unused.
  if (right.status !== 0) await verify('verification.recovery.used', code)
  await users.enroll('enroll.recovery.again', body)
  await verify('verification.recovery.older-set', second)
}

async function intent(context: StageContext, username: string, userId: string): Promise<void> {
  const { json } = await context.caller.call('intent', { path: '/api/v1/intent', json: { username, operation: 'approve' } })
  const token = textAt(json, 'token') ?? textAt(json, 'intentToken')
  if (token === undefined) return context.noteFailure(`Nevis gave no intent token (${httpOf(context.caller, 'intent')})`)
  await introspect(context, 'introspect.intent', token)
  await status(context, 'status.intent', token)
  const path = `/api/v1/users/${encodeURIComponent(userId)}/verification`
  await context.caller.call('verification.with-intent', { path, json: { code: 'zzzz-yyyy-xxxx-wwww', channel: 'recovery' }, bearer: token, codeOf: { userId, username } })
}
