/**
 * The stage `sms` of the command `probe`, with SMS to one phone number: enrolment, sign-in, wrong codes, and the status afterwards.
 *
 * Out of scope: recovery codes (`user-stage.ts`).
 */
import { textAt } from './answers'
import { introspectTwice, status, type Scene } from './scene'

const WRONG_CODE = '000000'

export async function smsStage(scene: Scene): Promise<void> {
  const { caller, users, phone } = scene
  const username = users.next()
  caller.learn(phone, 'the phone number')
  const startedAt = Date.now()
  const enrolled = await users.enroll('enroll.sms', { username, channel: 'sms', phone })
  const { userId } = enrolled
  const statusToken = textAt(enrolled.json, 'statusToken')
  if (userId === undefined || statusToken === undefined) return scene.say('No text message could be sent.')
  await confirm(scene, 'enroll.sms', userId, statusToken, startedAt)
  await users.enroll('enroll.sms.again', { username, channel: 'sms', phone })
  await caller.call('user.with-sms', { method: 'GET', path: `/api/v1/users?username=${username}` })
  await caller.call('approval.push.no-app', { path: '/api/v1/approval', json: { userId, channel: 'push' } })
  const approval = await caller.call('approval.sms', { path: '/api/v1/approval', json: { userId, channel: 'sms' }, learns: ['transactionId'] })
  const token = textAt(approval.json, 'statusToken')
  if (token !== undefined) await confirm(scene, 'sms', userId, token, Date.now())
}

async function confirm(scene: Scene, step: string, userId: string, statusToken: string, startedAt: number): Promise<void> {
  const { caller, person } = scene
  const verify = (name: string, code: string, channel?: string) =>
    caller.call(`verification.${step}.${name}`, {
      path: `/api/v1/users/${encodeURIComponent(userId)}/verification`,
      json: { code, statusToken, ...(channel !== undefined && { channel }) },
    })
  await status(scene, `status.${step}.pending`, statusToken)
  await verify('wrong', WRONG_CODE)
  await verify('wrong.with-channel', WRONG_CODE, 'sms')
  const code = await person.typeCode()
  caller.facts['sms.code'] = /^\d{1,12}$/.test(code) ? `${code.length} digits` : 'other text'
  const right = await verify('right', code)
  if (right.status >= 400) await verify('right.with-channel', code, 'sms')
  const reply = await status(scene, `status.${step}.verified`, statusToken)
  await introspectTwice(scene, `introspect.${step}`, reply, startedAt)
}
