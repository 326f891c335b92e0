/**
 * The stage `wait` of the command `probe`: starts an enrolment that no test user completes, and waits until it has expired. If the stage `app` has enrolled a
 * phone, this stage does the same with an approval that the person does not answer. Records how many seconds each took, and which status Nevis then sent. If the
 * stage `sms` has signed in, this stage first sends a code of a text message too late.
 *
 * Out of scope: approvals that a person answers (`app-stage.ts`), and codes that come in time (`sms-stage.ts`).
 */
import { textAt } from './answers'
import { channelOfApp } from './app-stage'
import { smsChannelOf } from './code-answers'
import { FactsReader } from './facts-reader'
import { statusWordIn } from './needs'
import { transactionIn, verify } from './sms-stage'
import { decided, httpOf, status, type StageContext } from './stage-context'

/** The probe waits at most this many seconds until an enrolment, an approval or a code expires: longer than any lifetime that the strategy accepts. */
const MOST_SECONDS = 900
/**
 * The pause between two status calls. It is longer than in the other stages, because the probe may make only a limited number of calls. The probe records
 * a lifetime as a multiple of this time, rounded down.
 */
export const POLL_SECONDS = 5

export async function waitStage(context: StageContext): Promise<void> {
  const { caller, users, phoneOwner } = context
  // The code comes first, so that the person need not wait for the text message until the others have expired.
  await lateCode(context)
  context.keepAnswers()
  const enrollment = await users.enroll('enroll.ignored', { username: users.next() })
  await untilExpired(context, 'enroll.ignored', 'status.ignored', 'the enrolment of a test user', textAt(enrollment.json, 'statusToken'))
  context.keepAnswers()
  if (phoneOwner === undefined) return
  // The probe does not show the QR code of this approval to the person, so the phone shows no request.
  const json = { userId: phoneOwner.userId, channel: channelOfApp(caller) }
  const approval = await caller.call('approval.ignored', { path: '/api/v1/approval', json, learns: ['transactionId'] })
  await untilExpired(context, 'approval.ignored', 'status.ignored-approval', 'the approval that nobody answers', textAt(approval.json, 'statusToken'))
}

async function untilExpired(context: StageContext, start: string, step: string, what: string, statusToken: string | undefined): Promise<void> {
  const { caller, noteFailure } = context
  if (statusToken === undefined) return noteFailure(`${what} got no status token (${httpOf(caller, start)})`)
  const { seconds, isAnswered, status: http } = await decided(context, step, statusToken, MOST_SECONDS, `the end of ${what}`, POLL_SECONDS * 1000)
  if (!isAnswered) {
    caller.forget(step)
    return noteFailure('Nevis did not answer until the request expired')
  }
  if (!showsEnd(http)) {
    caller.forget(step)
    return noteFailure(`the status of ${what} got HTTP ${http}, so its end is not known`)
  }
  caller.facts[`${step}.seconds`] = seconds >= MOST_SECONDS ? `more than ${MOST_SECONDS}` : roundedDown(seconds)
  await status(context, `${step}.again`, statusToken)
}

/** False for an error that says nothing about the request, for example a 401. Nevis documents 412 and 404 for a request that has ended. */
const showsEnd = (http: number) => http < 400 || http === 412 || http === 404

const roundedDown = (seconds: number) => String(Math.floor(seconds / POLL_SECONDS) * POLL_SECONDS)

/** Has the person type the code of one more text message. Keeps the code until it has expired, and only then sends it to Nevis. */
async function lateCode(context: StageContext): Promise<void> {
  const { caller, textOwner, noteFailure } = context
  if (textOwner === undefined) return
  const { userId, username, texts } = textOwner
  texts.announce('type its code now, twice; the probe sends this code only when it is too late')
  const startedAt = performance.now()
  const approval = await caller.call('approval.sms.late', { path: '/api/v1/approval', json: { userId, channel: 'sms' }, learns: ['transactionId'] })
  const statusToken = textAt(approval.json, 'statusToken')
  if (statusToken === undefined) return noteFailure(`no text message could be sent for a late code (${httpOf(caller, 'approval.sms.late')})`)
  const code = await texts.codeTypedTwice()
  if (code === undefined) return noteFailure('no code of a text message was typed twice, so none was sent too late')
  const typing = (performance.now() - startedAt) / 1000
  caller.facts['verification.sms.late.seconds'] = roundedDown(typing + (await untilCodeExpired(context, statusToken)))
  const channel = smsChannelOf(new FactsReader(caller.facts)) === 'needed' ? 'sms' : undefined
  await verify(context, { ...transactionIn(approval), step: 'sms', userId, username, statusToken }, 'late', code, channel)
}

/**
 * Waits until the status says that the sign-in with the code has ended. If the status does not say this, waits for `MOST_SECONDS`, and does not record the
 * status.
 * @returns the number of seconds
 */
async function untilCodeExpired(context: StageContext, statusToken: string): Promise<number> {
  const { caller, say, pause } = context
  const step = 'status.sms.late'
  let seconds = 0
  // The stage `sms` has recorded whether the status of a text message is `pending` at first. If it is not, the status cannot show the end.
  if (statusWordIn(new FactsReader(caller.facts), 'status.sms.pending') === 'pending') {
    const reply = await decided(context, step, statusToken, MOST_SECONDS, 'the end of the code', POLL_SECONDS * 1000)
    if (reply.isDecided && showsEnd(reply.status)) return reply.seconds
    caller.forget(step)
    seconds = reply.seconds
  }
  if (seconds >= MOST_SECONDS) return seconds
  say(`Waiting ${Math.ceil((MOST_SECONDS - seconds) / 60)} minutes, because the status does not show when the code ends …`)
  await pause((MOST_SECONDS - seconds) * 1000)
  return MOST_SECONDS
}
