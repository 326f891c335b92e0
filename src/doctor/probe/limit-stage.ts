/**
 * The stage `limits` of the command `probe`. This stage repeats wrong recovery codes, unanswered pushes, and enrolments of further phones, until Nevis responds
 * with another HTTP status.
 *
 * Out of scope: the limit for SMS, because each SMS costs money.
 */
import { codesIn, linkIn, textAt } from './answers'
import { enrollPhone, type Enrolled } from './app-stage'
import { isLost } from './facts-reader'
import type { Reply } from './reply'
import { httpOf, type StageContext } from './stage-context'

/** The probe tries at most this many wrong recovery codes. Nevis documents no limit for wrong codes, and there may be none. */
const MOST_CODES = 20
export const MOST_PUSHES = 40
/** After the first phone, the stage tries to enrol at most this many further phones: one more than Nevis's default limit of 10 authenticators. */
const MOST_PHONES = 11
/** How many QR codes the person must scan at most: one for the first phone, and one for each further phone. */
export const MOST_SCANS = MOST_PHONES + 1

/**
 * Runs the stage `limits`.
 * @param withPhone true if the stage `app` has run, so that a person with a phone takes part. This stage then also enrols phones and sends pushes
 */
export async function limitStage(context: StageContext, withPhone: boolean): Promise<void> {
  await wrongCodes(context)
  const user = withPhone ? await enrollPhone(context, 'enroll.app', scanOf(1)) : undefined
  if (user === undefined) return
  await phones(context, user)
  await pushes(context, user)
}

async function wrongCodes(context: StageContext): Promise<void> {
  const { caller, users } = context
  const username = users.next()
  const { json, userId } = await users.enroll('enroll.recovery', { username, recovery_username: username, channel: 'recovery' })
  const [code] = codesIn(json)
  if (userId === undefined || code === undefined) return context.noteFailure(`the enrolment of recovery codes got no codes (${httpOf(caller, 'enroll.recovery')})`)
  const verify = (step: string, typed: string) =>
    caller.call(step, { path: `/api/v1/users/${encodeURIComponent(userId)}/verification`, json: { code: typed, channel: 'recovery' } })
  await untilItChanges(context, 'limit.codes', MOST_CODES, () => verify('limit.codes', 'zzzz-yyyy-xxxx-wwww'))
  await verify('limit.codes.right', code)
}

async function pushes(context: StageContext, { userId, username }: Enrolled): Promise<void> {
  const { caller, users } = context
  const { json } = await users.enroll('limit.recovery', { username, recovery_username: username, channel: 'recovery' })
  await untilItChanges(context, 'limit.pushes', MOST_PUSHES, () => caller.call('limit.pushes', { path: '/api/v1/approval', json: { userId, channel: 'push' } }))
  await caller.call('limit.pushes.user', { method: 'GET', path: `/api/v1/users?username=${username}` })
  const [code] = codesIn(json)
  if (code === undefined) return
  const path = `/api/v1/users/${encodeURIComponent(userId)}/verification`
  await caller.call('limit.pushes.verification', { path, json: { code, channel: 'recovery' } })
}

async function phones(context: StageContext, { username }: Enrolled): Promise<void> {
  let scans = 1
  await untilItChanges(context, 'limit.phones', MOST_PHONES, async () => {
    const reply = await context.users.enroll('limit.phones', { username })
    const { link, image } = linkIn(reply.json)
    if (textAt(reply.json, 'statusToken') !== undefined && (link ?? image) !== undefined) await context.person.scan(link, image, scanOf(++scans))
    return reply
  })
}

const scanOf = (count: number) => `scan ${count} of at most ${MOST_SCANS}`

/** Repeats a request until the HTTP status differs from that of the first request, at most `most` times. */
async function untilItChanges({ caller, noteFailure }: StageContext, step: string, most: number, send: () => Promise<Reply>): Promise<void> {
  let first: number | undefined
  for (let count = 0; count < most; count++) {
    const { status } = await send()
    first ??= status
    // If a response was lost, it is not known whether Nevis's limit was reached. An error of the server (5xx) is no limit either.
    if (isLost(caller.facts, step) || status >= 500) {
      const what = status >= 500 ? `HTTP ${status}` : 'no answer'
      caller.forget(step)
      return noteFailure(`a request got ${what}, so the limit is not known`)
    }
    if (status !== first) {
      caller.facts[`${step}.after`] = String(count)
      return
    }
  }
  caller.facts[`${step}.after`] = `more than ${most}`
}
