/**
 * Decides whether an intent token, sent instead of the access key, allows an operation.
 *
 * Out of scope: creating intents (`intent.ts`).
 */
import type { Cloud } from './cloud'
import type { Intent, Subject } from './model'
import { Problem } from './problem'

/** True if both references mean the same user. For a username that is not enrolled yet: if both have the same username. */
function isSameUser(cloud: Cloud, one: Subject, other: Subject): boolean {
  const user = cloud.find(one)
  if (user !== undefined) return user === cloud.find(other)
  return 'username' in one && 'username' in other && one.username === other.username
}

/**
 * Decides for which user the operation may run.
 * @param intent `undefined` if the access key was sent
 * @param subject the user whom the request body names; may be undefined if there is an intent
 * @returns the user for whom the operation runs
 * @throws Problem (403)
 */
export function authorizedSubject(
  cloud: Cloud,
  intent: Intent | undefined,
  operation: Intent['operation'],
  channel: string,
  subject: Subject | undefined,
): Subject | undefined {
  if (intent === undefined) return subject
  const right =
    intent.operation === operation &&
    (intent.channels === undefined || intent.channels.includes(channel)) &&
    (subject === undefined || isSameUser(cloud, subject, intent.subject))
  if (!right) throw new Problem(403, 'The intent token is for something else')
  return intent.subject
}

/** Marks the intent as used. Called only after the operation has succeeded, so that a refused call leaves the intent usable. */
export function markUsed(intent: Intent | undefined): void {
  if (intent !== undefined) intent.used = true
}
