/**
 * The stage `wait` of the command `probe`: waits until an unanswered approval expires. Records how long that took, and which status Nevis then sent.
 *
 * Out of scope: approvals that a person answers (`app-stage.ts`).
 */
import { textAt } from './answers'
import { decided, httpOf, status, type Scene } from './scene'

/** The stage waits at most this long, which is the longest lifetime that the strategy accepts. */
const MOST_SECONDS = 900

export async function waitStage(scene: Scene): Promise<void> {
  const { json } = await scene.users.enroll('enroll.ignored', { username: scene.users.next() })
  const statusToken = textAt(json, 'statusToken')
  if (statusToken === undefined) return scene.noteFailure(`the enrolment of a test user got no status token (${httpOf(scene.caller, 'enroll.ignored')})`)
  const { seconds, isAnswered } = await decided(scene, 'status.ignored', statusToken, MOST_SECONDS, 'the request to expire')
  if (!isAnswered) {
    scene.caller.forget('status.ignored')
    return scene.noteFailure('Nevis did not answer until the request expired')
  }
  scene.caller.facts['status.ignored.seconds'] = seconds >= MOST_SECONDS ? `more than ${MOST_SECONDS}` : String(Math.round(seconds / 10) * 10)
  await status(scene, 'status.ignored.again', statusToken)
}
