/**
 * Decides whether an operation may run for a request that has an intent token instead of the access key.
 *
 * Out of scope: creating intent tokens (`intent.ts`).
 */
import type { Cloud } from './cloud'
import type { Intent, Subject } from './model'
import { Problem } from './problem'

/** True if both subjects name the same user. Subjects of users who do not exist yet are compared by their usernames. */
function isSameUser(cloud: Cloud, one: Subject, other: Subject): boolean {
  const user = cloud.find(one)
  if (user !== undefined) return user === cloud.find(other)
  return 'username' in one && 'username' in other && one.username === other.username
}

/**
 * Returns the user for whom the operation may run.
 * @param intent what the request's intent token allows; undefined if the request has the access key
 * @param subject the user in the request body; may be missing if there is an intent
 * @throws Problem with status 403 if the intent is for another operation, channel or user
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

/** Marks the intent token as used. Call this function only after the operation has succeeded: an error must not use up the token. */
export function markUsed(intent: Intent | undefined): void {
  if (intent !== undefined) intent.used = true
}
