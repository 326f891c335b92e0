/**
 * Decides whether an intent token, sent in place of the access key, allows what is asked with it.
 *
 * Out of scope: to make intents (see `intent.ts`).
 */
import type { Cloud } from './cloud'
import type { Intent, Subject } from './model'
import { Problem } from './problem'

/** The user of the body and the user of the intent: the same words, or words for the same user. */
function isSameUser(cloud: Cloud, one: Subject, other: Subject): boolean {
  const user = cloud.find(one)
  if (user !== undefined) return user === cloud.find(other)
  return 'username' in one && 'username' in other && one.username === other.username
}

/**
 * @param intent `undefined` where the access key was sent
 * @param subject who is named in the body; with an intent nobody needs to be
 * @returns whom the call is about
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

/** Called when nothing can refuse the operation any more: a call that was refused leaves the intent usable. */
export function markUsed(intent: Intent | undefined): void {
  if (intent !== undefined) intent.used = true
}
