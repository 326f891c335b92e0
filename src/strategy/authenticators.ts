/**
 * Checks that an authenticator (a registered phone) belongs to a user. Nevis accepts the id of any user's authenticator, so this package must check
 * who owns the authenticator.
 *
 * Out of scope: using the authenticator at Nevis (`client/`), and reading the id of the authenticator from a request (`start-parameters.ts`).
 */
import { subjectMismatch } from '../trust/binding'
import type { NamedAuthenticator, NevisClient, User } from '../client/client'
import type { Subject } from '../factors/transaction'

/**
 * Finds the authenticator with this id among the subject's own. Call this function before `renameAuthenticator` and
 * `deleteAuthenticator` with an id that comes from a request: Nevis does not check who owns the authenticator
 * (https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref). Makes one call to Nevis.
 * @param subject the signed-in user, by userId or by username
 * @param authenticatorId the value from the request, of any type
 * @returns undefined if the subject has no such authenticator
 * @throws NevisError, any code; `NEVIS_NOT_FOUND` if Nevis does not know the subject
 */
export async function ownAuthenticator(client: NevisClient, subject: Subject, authenticatorId: unknown): Promise<NamedAuthenticator | undefined> {
  const user = await userOf(client, subject)
  return subjectMismatch(subject, user) === undefined ? findAuthenticator(user, authenticatorId) : undefined
}

/**
 * The strategy calls this function before a start that names an authenticator (a registered phone). It checks that this authenticator belongs to the
 * subject, which is the user whom Nevis shall ask. Makes one call to Nevis.
 * @returns undefined if the authenticator belongs to the subject; `authenticatorId` if it does not. If Nevis's answer is about another user: the name
 * of the field that shows it
 * @internal
 */
export async function authenticatorMismatch(
  client: NevisClient,
  subject: Subject,
  authenticatorId: string,
): Promise<'userId' | 'username' | 'usernameCase' | 'authenticatorId' | undefined> {
  const user = await userOf(client, subject)
  return subjectMismatch(subject, user) ?? (findAuthenticator(user, authenticatorId) === undefined ? 'authenticatorId' : undefined)
}

/**
 * Reads the subject's user record at Nevis.
 * @throws NevisError, any code; `NEVIS_NOT_FOUND` if Nevis does not know the subject
 * @internal
 */
export function userOf(client: NevisClient, { userId, username }: Subject): Promise<User> {
  return userId === undefined ? client.findUserByUsername(username as string) : client.getUser(userId)
}

/** Finds the authenticator with exactly this id: upper and lower case must match. */
function findAuthenticator({ authenticators }: User, authenticatorId: unknown): NamedAuthenticator | undefined {
  return authenticators.find((one): one is NamedAuthenticator => one.authenticatorId !== undefined && one.authenticatorId === authenticatorId)
}
