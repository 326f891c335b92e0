/**
 * The stage `app` of the command `probe`: enrols the phone of a person, has the person accept one approval and deny another, and introspects the tokens
 * that Nevis sends.
 *
 * Out of scope: requests that the person leaves unanswered (`wait-stage.ts`).
 */
import { linkIn, textAt } from './answers'
import type { Reply } from './caller'
import { decided, failIfUndecided, httpOf, introspectTwice, status, type Scene } from './scene'

const MOST_SECONDS = 180
const MESSAGE = 'A test of passport-nevis. This request signs you in nowhere.'

export interface Enrolled {
  readonly username: string
  readonly userId: string
}

export async function enrollPhone(scene: Scene, step: string, which?: string): Promise<Enrolled | undefined> {
  const { users, person } = scene
  const username = users.next()
  const startedAt = Date.now()
  const { json, userId } = await users.enroll(step, { username })
  const { link, image } = linkIn(json)
  const statusToken = textAt(json, 'statusToken')
  if (userId === undefined || statusToken === undefined || (link === undefined && image === undefined)) {
    scene.noteFailure(`the enrolment of a phone got no code to scan (${httpOf(scene.caller, step)}), so approvals were not tried`)
    return undefined
  }
  await person.scan(link, image, which)
  const reply = await decided(scene, `status.${step}.succeeded`, statusToken, MOST_SECONDS, 'the phone')
  failIfUndecided(scene, reply, MOST_SECONDS, 'the phone was not enrolled')
  if (reply.status === 0) return undefined
  await introspectTwice(scene, `introspect.${step}`, reply, startedAt)
  await scene.caller.call('user.with-phone', { method: 'GET', path: `/api/v1/users?username=${username}` })
  return { username, userId }
}

export async function appStage(scene: Scene): Promise<void> {
  const user = await enrollPhone(scene, 'enroll.app')
  if (user === undefined) return scene.say('The phone was not enrolled, so approvals are not tried.')
  await approval(scene, user, 'push', 'accept')
  await approval(scene, user, 'push', 'deny')
  await approval(scene, user, 'app', 'accept')
  await scene.caller.call('approval.sms.no-phone', { path: '/api/v1/approval', json: { username: user.username, channel: 'sms' } })
}

async function approval(scene: Scene, { userId }: Enrolled, channel: 'push' | 'app', what: 'accept' | 'deny'): Promise<void> {
  const { caller, person } = scene
  const startedAt = Date.now()
  const { json } = await caller.call(`approval.${channel}`, {
    path: '/api/v1/approval',
    json: { userId, channel, prompt: true, message: MESSAGE },
    learns: ['transactionId'],
  })
  const statusToken = textAt(json, 'statusToken')
  if (statusToken === undefined) return scene.noteFailure(`the request by ${channel} got no status token (${httpOf(caller, `approval.${channel}`)})`)
  await status(scene, `status.${channel}.pending`, statusToken)
  if (channel === 'app') await scan(scene, { json })
  await person.answer(what)
  const step = `status.${channel}.${what === 'accept' ? 'accepted' : 'denied'}`
  const reply = await decided(scene, step, statusToken, MOST_SECONDS, 'the phone')
  failIfUndecided(scene, reply, MOST_SECONDS, `the request by ${channel} was not answered`)
  await status(scene, `${step}.again`, statusToken)
  await introspectTwice(scene, `introspect.${channel}.${what}`, reply, startedAt)
}

async function scan({ person }: Scene, { json }: Pick<Reply, 'json'>): Promise<void> {
  const { link, image } = linkIn(json)
  await person.scan(link, image)
}
