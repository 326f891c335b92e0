/**
 * The stage `app` of the command `probe`: enrols the phone of a person, has the person accept one approval and deny another, introspects the tokens that Nevis
 * sends, and starts requests with long messages.
 *
 * Out of scope: requests that the person leaves unanswered (`wait-stage.ts`).
 */
import { MAX_CHARACTERS } from '../../client/messages'
import { ACCEPTED, linkIn, NOT_ACCEPTED, statusIn, textAt } from './answers'
import type { Caller } from './caller'
import { isTransient } from './facts-reader'
import type { Reply } from './reply'
import { decidedByPerson, httpOf, introspectTwice, status, type StageContext } from './stage-context'

/** How many requests the probe sends at most until the person presses the right button. */
const MOST_REQUESTS = 3
const NOT_ENROLLED = 'the phone was not enrolled'
const MESSAGE = 'A test of passport-nevis. This request signs you in nowhere.'
/** The lengths of the messages with which the probe starts requests, in characters. Nevis's guide to its own test asks for fewer than 200. */
export const MESSAGE_LENGTHS = [200, 2000, MAX_CHARACTERS] as const
export const MESSAGE_STEP = 'approval.app.message.'
export const messageStep = (length: number) => `${MESSAGE_STEP}${length}`
/** With these HTTP statuses, an instance that accepts a short message says that a message is too long. */
export const TOO_LONG: readonly string[] = ['400', '413', '422']

export interface Enrolled {
  readonly username: string
  readonly userId: string
}

/**
 * Has the person enrol a phone for a test user, by scanning a code.
 * @param which says which of several scans this is
 * @returns the user, and the status after the scan; undefined if the phone was not enrolled
 */
export async function enrollPhone(context: StageContext, step: string, username: string, which?: string): Promise<(Enrolled & { readonly reply: Reply }) | undefined> {
  const { users, person } = context
  const { json, userId } = await users.enroll(step, { username })
  const { link, image } = linkIn(json)
  const statusToken = textAt(json, 'statusToken')
  if (userId === undefined || statusToken === undefined || (link === undefined && image === undefined)) {
    context.noteFailure(`the enrolment of a phone got no code to scan (${httpOf(context.caller, step)}), so approvals were not tried`)
    return undefined
  }
  await person.scan(link, image, which)
  const reply = await scanned(context, `status.${step}.succeeded`, statusToken)
  return reply && { username, userId, reply }
}

/**
 * Waits until Nevis says that the person has scanned the code of an enrolment. If the enrolment has failed, for example because the person has cancelled it,
 * records a failure and not the status. Otherwise, the report would present this status as the one after a scan.
 * @returns the status after the scan; undefined if the phone was not enrolled
 */
export async function scanned(context: StageContext, step: string, statusToken: string): Promise<Reply | undefined> {
  const reply = await decidedByPerson(context, step, statusToken, NOT_ENROLLED)
  if (reply === undefined || (reply.status < 400 && !NOT_ACCEPTED.includes(statusIn(reply.json)))) return reply
  context.caller.forget(step)
  context.noteFailure(`${NOT_ENROLLED}: it was cancelled, or the code expired (HTTP ${reply.status})`)
  return undefined
}

export async function appStage(context: StageContext): Promise<void> {
  const { caller, users } = context
  const startedAt = Date.now()
  const user = await enrollPhone(context, 'enroll.app', users.next())
  if (user === undefined) return context.say('The phone was not enrolled, so approvals are not tried.')
  await introspectTwice(context, 'introspect.enroll.app', user.reply, startedAt)
  await caller.call('user.with-phone', { method: 'GET', path: `/api/v1/users?username=${user.username}` })
  context.phoneOwner = user
  await approval(context, user, 'push', 'accept')
  await approval(context, user, 'push', 'deny')
  await approval(context, user, 'app', 'accept')
  await longMessages(context, user)
  await caller.call('approval.sms.no-phone', { path: '/api/v1/approval', json: { username: user.username, channel: 'sms' } })
}

/** Starts requests with long messages over the channel `app`. The person does not see the codes of these requests, so the phone shows no request. */
async function longMessages({ caller }: StageContext, { userId }: Enrolled): Promise<void> {
  for (const length of MESSAGE_LENGTHS) {
    const json = { userId, channel: channelOfApp(caller), prompt: true, message: MESSAGE.padEnd(length, '.') }
    await caller.call(messageStep(length), { path: '/api/v1/approval', json, learns: ['transactionId'] })
  }
}

/** The name of the channel `app` that the instance has accepted in this stage. Default: `app`. */
export function channelOfApp({ facts }: Caller): 'app' | 'qr-code' {
  return 'approval.app.refused.http' in facts ? 'qr-code' : 'app'
}

type Decision = 'accept' | 'deny'
type Channel = 'push' | 'app'

/**
 * Has the person accept or deny one request. If the status then says the opposite, the person has probably pressed the other button, or the request expired
 * first. The probe then sends a new request. The probe does not record the answer to the wrong button, because the report would present it as the answer to the
 * right button.
 */
async function approval(context: StageContext, user: Enrolled, channel: Channel, what: Decision): Promise<void> {
  const step = `status.${channel}.${what === 'accept' ? 'accepted' : 'denied'}`
  for (let requests = 1; ; requests++) {
    const startedAt = Date.now()
    const reply = await request(context, user, channel, what, step)
    if (reply === undefined) return
    if (!isOpposite(reply, what)) {
      await status(context, `${step}.again`, reply.statusToken)
      return introspectTwice(context, `introspect.${channel}.${what}`, reply, startedAt)
    }
    context.caller.forget(step)
    const said = `Nevis says "${statusIn(reply.json)}" about the request that you were asked to ${what}`
    if (requests === MOST_REQUESTS) return context.noteFailure(`the answer to a request by ${channel} that the person ${what === 'accept' ? 'accepts' : 'denies'} is not known: ${requests} times, the status was the opposite`)
    context.say(`${said}. The wrong button was pressed, or the request expired. Sending a new request …`)
  }
}

/** Sends one approval request. Returns the status after the person's answer; undefined if Nevis gave no status token, or the person did not answer. */
async function request(context: StageContext, { userId }: Enrolled, channel: Channel, what: Decision, step: string): Promise<(Reply & { readonly statusToken: string }) | undefined> {
  const { caller, person } = context
  const approve = (name: string) =>
    caller.call(`approval.${channel}`, {
      path: '/api/v1/approval',
      json: { userId, channel: name, prompt: true, message: MESSAGE },
      learns: ['transactionId'],
    })
  const first = await approve(channel)
  const isRefused = channel === 'app' && first.status >= 400 && !isTransient(String(first.status)) && textAt(first.json, 'statusToken') === undefined
  // Nevis's older documents call the channel `app` by the name `qr-code`. So if Nevis refuses `app`, try `qr-code`.
  if (isRefused) caller.facts['approval.app.refused.http'] = String(first.status)
  const { json } = isRefused ? await approve('qr-code') : first
  const statusToken = textAt(json, 'statusToken')
  if (statusToken === undefined) return void context.noteFailure(`the request by ${channel} got no status token (${httpOf(caller, `approval.${channel}`)})`)
  await status(context, `status.${channel}.pending`, statusToken)
  if (channel === 'app') {
    const { link, image } = linkIn(json)
    if (link === undefined && image === undefined) return void context.noteFailure(`the request by app got no code to scan (${httpOf(caller, 'approval.app')}), so it was not answered`)
    await person.scan(link, image)
  }
  await person.answer(what)
  const reply = await decidedByPerson(context, step, statusToken, `the request by ${channel} was not answered`)
  return reply && { ...reply, statusToken }
}

/** True if the status clearly says the opposite of what the person was asked to do. False for an error body. */
function isOpposite({ json }: Reply, what: Decision): boolean {
  return (what === 'accept' ? NOT_ACCEPTED : ACCEPTED).includes(statusIn(json))
}
