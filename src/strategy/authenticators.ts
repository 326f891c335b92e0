/**
 * Whose is an authenticator? Nevis takes the id of anybody's, so that the answer is ours to find.
 *
 * Not its job: to ask, rename or delete one (`client/`), or to say which one a request names (`wanted.ts`).
 */
import { subjectMismatch } from '../trust/binding'
import type { NamedAuthenticator, NevisClient, User } from '../client/client'
import type { Subject } from '../factors/transaction'

/**
 * The authenticator with this id, if it is the subject's own. Call it before `renameAuthenticator` and
 * `deleteAuthenticator` with an id that comes from a request: Nevis does not ask whose it is
 * (https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref). One call to Nevis.
 * @param subject who is signed in, by userId or by username
 * @param authenticatorId as the request brought it, of whatever type
 * @returns undefined for everything else, be it somebody else's or nobody's
 * @throws NevisError, any code; `NEVIS_NOT_FOUND` if Nevis does not know the subject
 */
export async function ownAuthenticator(client: NevisClient, subject: Subject, authenticatorId: unknown): Promise<NamedAuthenticator | undefined> {
  const user = await userOf(client, subject)
  return subjectMismatch(subject, user) === undefined ? findAuthenticator(user, authenticatorId) : undefined
}

/**
 * The same for a start.
 * @returns what does not fit: the user whom Nevis names, or the authenticator, which is not that user's
 * @internal
 */
export async function authenticatorMismatch(
  client: NevisClient,
  subject: Subject,
  authenticatorId: string,
): Promise<'userId' | 'username' | 'authenticatorId' | undefined> {
  const user = await userOf(client, subject)
  return subjectMismatch(subject, user) ?? (findAuthenticator(user, authenticatorId) === undefined ? 'authenticatorId' : undefined)
}

/**
 * @throws NevisError, any code; `NEVIS_NOT_FOUND` if there is none
 * @internal
 */
export function userOf(client: NevisClient, { userId, username }: Subject): Promise<User> {
  return userId === undefined ? client.findUserByUsername(username as string) : client.getUser(userId)
}

/** Spelt as Nevis spells it: what differs is refused. */
function findAuthenticator({ authenticators }: User, authenticatorId: unknown): NamedAuthenticator | undefined {
  return authenticators.find((one): one is NamedAuthenticator => one.authenticatorId !== undefined && one.authenticatorId === authenticatorId)
}
