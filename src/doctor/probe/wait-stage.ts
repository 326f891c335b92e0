/**
 * The stage `wait` of the command `probe`: starts an enrolment that no test user completes, and waits until it has expired. If the stage `app` has enrolled a
 * phone, this stage does the same with an approval that the person does not answer. Records how many seconds each took, and which status Nevis then sent.
 *
 * Out of scope: approvals that a person answers (`app-stage.ts`).
 */
import { textAt } from './answers'
import { decided, httpOf, status, type StageContext } from './stage-context'

/** The probe waits at most this many seconds until an enrolment or approval expires: longer than any lifetime that the strategy accepts. */
const MOST_SECONDS = 900
/**
 * The pause between two status calls. It is longer than in the other stages, because the probe may make only a limited number of calls. The probe records
 * a lifetime as a multiple of this time, rounded down.
 */
export const POLL_SECONDS = 5

export async function waitStage(context: StageContext): Promise<void> {
  const { caller, users, phoneOwner } = context
  const enrollment = await users.enroll('enroll.ignored', { username: users.next() })
  await untilExpired(context, 'enroll.ignored', 'status.ignored', 'the enrolment of a test user', textAt(enrollment.json, 'statusToken'))
  if (phoneOwner === undefined) return
  // The probe does not show the QR code of this approval to the person, so the phone shows no request.
  const channel = 'approval.app.refused.http' in caller.facts ? 'qr-code' : 'app'
  const approval = await caller.call('approval.ignored', { path: '/api/v1/approval', json: { userId: phoneOwner.userId, channel }, learns: ['transactionId'] })
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
  // Nevis documents 412 and 404 for a request that has ended. Any other error, for example a 401, says nothing about the request.
  if (http >= 400 && http !== 412 && http !== 404) {
    caller.forget(step)
    return noteFailure(`the status of ${what} got HTTP ${http}, so its end is not known`)
  }
  caller.facts[`${step}.seconds`] = seconds >= MOST_SECONDS ? `more than ${MOST_SECONDS}` : String(Math.floor(seconds / POLL_SECONDS) * POLL_SECONDS)
  await status(context, `${step}.again`, statusToken)
}
