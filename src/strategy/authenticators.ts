/**
 * Checks that an authenticator (a registered phone) belongs to a user. Nevis does not check this: it accepts the id of any user's authenticator.
 *
 * Out of scope: using the authenticator (`client/`).
 */
import { subjectMismatch } from '../trust/binding'
import type { NamedAuthenticator, NevisClient, User } from '../client/client'
import { fetchUser } from '../factors/shared'
import type { Subject } from '../factors/transaction'

/**
 * Finds an authenticator (a registered phone) of this user by its id. Call this function before `renameAuthenticator` and `deleteAuthenticator` if
 * the id comes from a request: Nevis does not check who owns the authenticator
 * (https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref). Makes one call to Nevis.
 * @param subject the signed-in user, by userId or by username
 * @param authenticatorId the value from the request, of any type
 * @returns undefined if the user has no such authenticator
 * @throws NevisError, any code; `NEVIS_NOT_FOUND` if Nevis does not know the user
 */
export async function ownAuthenticator(client: NevisClient, subject: Subject, authenticatorId: unknown): Promise<NamedAuthenticator | undefined> {
  const user = await fetchUser(client, subject)
  return subjectMismatch(subject, user) === undefined ? findAuthenticator(user, authenticatorId) : undefined
}

/**
 * Checks that the authenticator (the registered phone) belongs to the subject, the user whom Nevis shall ask.
 * @returns undefined if the authenticator belongs to the subject; `authenticatorId` if not; if Nevis's answer is about another user, the name of the field that
 * shows this
 * @internal
 */
export async function authenticatorMismatch(
  client: NevisClient,
  subject: Subject,
  authenticatorId: string,
): Promise<'userId' | 'username' | 'usernameCase' | 'authenticatorId' | undefined> {
  const user = await fetchUser(client, subject)
  return subjectMismatch(subject, user) ?? (findAuthenticator(user, authenticatorId) === undefined ? 'authenticatorId' : undefined)
}

function findAuthenticator({ authenticators }: User, authenticatorId: unknown): NamedAuthenticator | undefined {
  return authenticators.find((one): one is NamedAuthenticator => one.authenticatorId !== undefined && one.authenticatorId === authenticatorId)
}
