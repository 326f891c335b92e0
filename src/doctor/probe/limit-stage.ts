/**
 * The stage `limits` of the command `probe`. This stage repeats wrong recovery codes, unanswered pushes, and enrolments of further phones, until Nevis responds
 * with another HTTP status.
 *
 * Out of scope: the limit for SMS, because each SMS costs money.
 */
import { codesIn, linkIn, textAt } from './answers'
import { enrollPhone, scanned, type Enrolled } from './app-stage'
import type { Caller } from './caller'
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
  // The steps of this stage have names of their own. Under the same names, their answers would replace those of the other stages in the report.
  const user = withPhone ? await enrollPhone(context, 'enroll.limits', context.users.next(), scanOf(1)) : undefined
  if (user === undefined) return
  await phones(context, user)
  await pushes(context, user)
}

async function wrongCodes(context: StageContext): Promise<void> {
  const { caller, users } = context
  const username = users.next()
  const { json, userId } = await users.enroll('enroll.recovery.limits', { username, recovery_username: username, channel: 'recovery' })
  const [code] = codesIn(json)
  if (userId === undefined || code === undefined) return context.noteFailure(`the enrolment of recovery codes got no codes (${httpOf(caller, 'enroll.recovery.limits')})`)
  const verify = (step: string, typed: string) =>
    caller.call(step, { path: `/api/v1/users/${encodeURIComponent(userId)}/verification`, json: { code: typed, channel: 'recovery' }, codeOf: { userId, username } })
  await untilItChanges(context, 'limit.codes', MOST_CODES, () => verify('limit.codes', 'zzzz-yyyy-xxxx-wwww'))
  if (!('limit.codes.after' in caller.facts)) return
  const right = await verify('limit.codes.right', code)
  if (right.status >= 400 && (await isGeneral(context, 'limit.codes.right'))) forgetLimit(caller, 'limit.codes')
}

async function pushes(context: StageContext, { userId, username }: Enrolled): Promise<void> {
  const { caller, users } = context
  const { json } = await users.enroll('limit.recovery', { username, recovery_username: username, channel: 'recovery' })
  await untilRefused(context, 'limit.pushes', MOST_PUSHES, () => caller.call('limit.pushes', { path: '/api/v1/approval', json: { userId, channel: 'push' } }))
  if (caller.facts['limit.pushes.after'] === '0') {
    // Nevis has refused even the first push. So the cause is not the limit, but for example a permission that the access key lacks.
    context.noteFailure(`the first push got ${httpOf(caller, 'limit.pushes')}, so the limit is not known`)
    forgetLimit(caller, 'limit.pushes')
  }
  if (!('limit.pushes.after' in caller.facts)) return
  await caller.call('limit.pushes.user', { method: 'GET', path: `/api/v1/users?username=${username}` })
  const [code] = codesIn(json)
  if (code === undefined) return
  const path = `/api/v1/users/${encodeURIComponent(userId)}/verification`
  await caller.call('limit.pushes.verification', { path, json: { code, channel: 'recovery' } })
}

/** Has the person enrol further phones of the same user. Waits for each: Nevis may count a phone only when it is enrolled. */
async function phones(context: StageContext, { username }: Enrolled): Promise<void> {
  let scans = 1
  await untilRefused(context, 'limit.phones', MOST_PHONES, async () => {
    const reply = await context.users.enroll('limit.phones', { username })
    const { link, image } = linkIn(reply.json)
    const statusToken = textAt(reply.json, 'statusToken')
    if (statusToken === undefined || (link ?? image) === undefined) return reply
    await context.person.scan(link, image, scanOf(++scans))
    return (await scanned(context, 'status.enroll.limits.further', statusToken)) && reply
  })
}

const scanOf = (count: number) => `scan ${count} of at most ${MOST_SCANS}`

/** Sends a request. Returns undefined if the stage has failed: then the probe cannot find the limit. */
type Send = () => Promise<Reply | undefined>

/** Repeats a request until Nevis refuses it, at most `most` times. */
function untilRefused(context: StageContext, step: string, most: number, send: Send): Promise<void> {
  return repeat(context, step, most, send, ({ status }) => status >= 400)
}

/**
 * For a wrong code: repeats it, at most `most` times, until Nevis refuses it with another HTTP status, or until the client would take it for right. Such an
 * answer is no limit, but a danger (`acceptedWrongCodesIn`).
 */
function untilItChanges(context: StageContext, step: string, most: number, send: Send): Promise<void> {
  const isAccepted = () => context.caller.facts[`${step}.verdict`] === 'yes'
  return repeat(context, step, most, send, ({ status }, first) => isAccepted() || (status >= 400 && status !== first.status))
}

async function repeat(context: StageContext, step: string, most: number, send: Send, isReached: (reply: Reply, first: Reply) => boolean): Promise<void> {
  const { caller, noteFailure } = context
  let first: Reply | undefined
  for (let count = 0; count < most; count++) {
    const reply = await send()
    if (reply === undefined) return forgetLimit(caller, step)
    first ??= reply
    // If a response was lost, it is not known whether Nevis's limit was reached. An error of the server (5xx) is no limit either.
    if (isLost(caller.facts, step) || reply.status >= 500) {
      forgetLimit(caller, step)
      return noteFailure(`a request got ${reply.status >= 500 ? `HTTP ${reply.status}` : 'no answer'}, so the limit is not known`)
    }
    if (isReached(reply, first)) {
      if (reply.status >= 400 && (await isGeneral(context, step))) return
      caller.facts[`${step}.after`] = String(count)
      return
    }
  }
  caller.facts[`${step}.after`] = `more than ${most}`
}

/**
 * True if a request of another kind, about a user who does not exist, is no longer answered as in the stage `quiet`: then the refusal of a request shows no limit
 * for requests of its kind, but for example that of a gateway for all requests. In this case, deletes what was recorded under the name `step`.
 */
async function isGeneral({ caller, users, noteFailure }: StageContext, step: string): Promise<boolean> {
  const other = 'limit.other'
  await caller.call(other, { method: 'GET', path: `/api/v1/users?username=${users.next()}` })
  const http = httpOf(caller, other)
  caller.forget(other)
  if (http === httpOf(caller, 'user.unknown-name')) return false
  noteFailure(`a look-up of a user was refused, too (${http}), so the limit is not known`)
  forgetLimit(caller, step)
  return true
}

function forgetLimit(caller: Caller, step: string): void {
  caller.forget(step)
  delete caller.facts[`${step}.after`]
}
