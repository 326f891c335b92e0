/**
 * The stage `quiet` of the command `probe`: requests about users, tokens and paths that do not exist, and an introspection of the access key. This stage
 * notifies no user and creates nothing.
 *
 * Out of scope: requests that create a user (`user-stage.ts`).
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { introspect, noteTimes, status, type StageContext } from './stage-context'

export async function readOnlyStage(context: StageContext, accessKey: string): Promise<void> {
  const { caller, users } = context
  const username = users.next()
  const token = `e30.${randomBytes(24).toString('base64url')}.${randomBytes(24).toString('base64url')}`
  await caller.call('ping', { method: 'GET', path: '/ping', accept: '*/*' })
  await caller.call('ping.no-key', { method: 'GET', path: '/ping', accept: '*/*', withKey: false })
  await caller.call('ping.invented-key', { method: 'GET', path: '/ping', accept: '*/*', bearer: token })
  await caller.call('ping.accept-json', { method: 'GET', path: '/ping' })
  noteClock(context)
  const introspection = await introspect(context, 'introspect.key', accessKey)
  // If no server answers at this address, five requests are enough to see it.
  if (Object.values(caller.facts).every((fact) => String(fact).startsWith('no answer ('))) return
  noteTimes(context, 'introspect.key', introspection)
  await introspect(context, 'introspect.unknown', token)
  await status(context, 'status.unknown', token, false)
  await status(context, 'status.unknown.with-key', token, true)
  await caller.call('user.unknown-name', { method: 'GET', path: `/api/v1/users?username=${username}` })
  await caller.call('user.unknown-id', { method: 'GET', path: `/api/v1/users/${randomUUID()}` })
  await caller.call('approval.unknown-user', { path: '/api/v1/approval', json: { username, channel: 'push' } })
  const userId = randomUUID()
  await caller.call('verification.unknown-user', { path: `/api/v1/users/${userId}/verification`, json: { code: 'aaaa-bbbb-cccc-dddd', channel: 'recovery' }, codeOf: { userId, username } })
  // Record now how Nevis sends its responses. The path of the next request does not exist, so a gateway may answer in place of Nevis and send its response in
  // another way.
  caller.noteDelivery()
  await caller.call('path.unknown', { method: 'GET', path: `/api/v1/passport-nevis-probe-${randomBytes(4).toString('hex')}` })
}

/** Records by how much Nevis's clock is ahead of or behind this machine's, rounded to half a minute. An exact time could reveal who made the report. */
function noteClock({ caller }: StageContext): void {
  const { clockMs } = caller
  if (clockMs === undefined) return
  const halfMinutes = Math.round(clockMs / 30_000)
  caller.facts['clock'] = halfMinutes === 0 ? 'agrees' : `${Math.abs(halfMinutes) * 30} s ${halfMinutes > 0 ? 'ahead' : 'behind'}`
}
