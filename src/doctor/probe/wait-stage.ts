/**
 * The stage of the probe that waits until an unanswered request ends. It records after how long that was, and the status then.
 *
 * Out of scope: requests that a person answers (`app-stage.ts`).
 */
import { textAt } from './answers'
import { decided, status, type Scene } from './scene'

/** The stage waits this long at most: longer than any lifetime that the strategy allows. */
const MOST_SECONDS = 900

export async function waitStage(scene: Scene): Promise<void> {
  const { json } = await scene.users.enroll('enroll.ignored', { username: scene.users.next() })
  const statusToken = textAt(json, 'statusToken')
  if (statusToken === undefined) return
  const { seconds } = await decided(scene, 'status.ignored', statusToken, MOST_SECONDS)
  scene.caller.facts['status.ignored.seconds'] = seconds >= MOST_SECONDS ? `more than ${MOST_SECONDS}` : String(Math.round(seconds / 10) * 10)
  await status(scene, 'status.ignored.again', statusToken)
}
