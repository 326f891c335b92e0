/**
 * Finds out why Nevis has refused a start: the user is blocked, has no device or has too many devices. Nevis does not document an HTTP status for each
 * reason.
 *
 * So this file reads the user's record at Nevis, and looks at the documented fields `exceededRateLimits` and `authenticators`. Out of scope: wrong
 * codes (`factors/code-check.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/manage-users-and-authenticators/retrieve-user
 */
import type { User } from '../client/client'
import { isFromPage, NevisError } from '../client/errors'
import type { Operation } from '../client/wire'
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import { fetchUser, isBlocked } from '../factors/shared'
import type { Subject } from '../factors/transaction'
import { publishFault } from '../host/faults'
import { about } from './events'
import type { Settings } from './settings'

/** HTTP statuses for which this file looks up the reason in the user's record at Nevis. */
const UNEXPLAINED: readonly number[] = [400, 403, 409, 412, 422, 423, 429]
/** HTTP statuses with which Nevis refuses the content of a request. */
const ABOUT_THE_REQUEST: readonly number[] = [400, 409, 412, 422]
/** Nevis's default for the number of devices per user. The customer can change it in Nevis's management console. */
const DEFAULT_MAX_AUTHENTICATORS = 10
/** The longest username that every instance accepts: https://docs.nevis.net/apidoc/authcloud/ */
const MAX_USERNAME_CHARACTERS = 50
/** Factors that need a registered phone (authenticator). SMS needs only a phone number. */
const ASK_AUTHENTICATORS: readonly string[] = ['push', 'app']

/**
 * Finds out why Nevis has refused the call.
 * @returns the Refusal that the user gets; undefined if the caller must throw the original error
 * @internal
 */
export async function refusalBehind(error: unknown, settings: Settings, subject: Subject, factor: Factor, operation: Operation): Promise<Refusal | undefined> {
  if (error instanceof Refusal) {
    if (!(error.cause instanceof NevisError)) return undefined
    return (await isUserBlocked(settings, subject)) ? new Refusal('user_blocked') : undefined
  }
  if (!(error instanceof NevisError)) return undefined
  if (error.code === 'NEVIS_NOT_FOUND') return new Refusal('not_enrolled')
  const isUnexplained = UNEXPLAINED.includes(error.nevisStatus ?? 0) || (operation === 'approve' && error.nevisStatus === 500)
  if (!isUnexplained) return undefined
  // An HTML page as the answer comes from a gateway or a firewall. Then only the user's record at Nevis can give the reason.
  const isOfNevis = !isFromPage(error)
  const user = await fetchUser(settings.client, subject).catch(() => undefined)
  if (user === undefined) {
    if (isOfNevis && operation === 'enroll' && isUsernameTooLong(error, subject)) return new Refusal('invalid_username')
    return isOfNevis && error.nevisStatus === 409 ? conflict(factor, operation) : undefined
  }
  if (isBlocked(user)) return new Refusal('user_blocked', undefined, error.retryAfterSeconds)
  if (operation === 'approve') {
    if (factor.name === 'sms') return !isOfNevis ? undefined : refusedText(error, settings, subject)
    return hasNothingToAsk(user, factor, error.nevisStatus ?? 0) ? new Refusal('not_enrolled') : undefined
  }
  if (factor.name === 'app' && user.authenticators.length >= DEFAULT_MAX_AUTHENTICATORS) return new Refusal('too_many_authenticators')
  return isOfNevis && error.nevisStatus === 409 ? conflict(factor, operation) : undefined
}

async function isUserBlocked({ client }: Settings, subject: Subject): Promise<boolean> {
  const user = await fetchUser(client, subject).catch(() => undefined)
  return user !== undefined && isBlocked(user)
}

/** True if Nevis may have refused to create a user because of the username: its older documents allow 50 characters, the newer ones 300. */
function isUsernameTooLong({ nevisStatus }: NevisError, { userId, username = '' }: Subject): boolean {
  return nevisStatus === 400 && userId === undefined && username.length > MAX_USERNAME_CHARACTERS
}

/** The Refusal for a 409 to an enrolment: the user already has this phone number or recovery codes, or has too many devices. */
function conflict({ name }: Factor, operation: Operation): Refusal | undefined {
  if (operation !== 'enroll') return undefined
  return new Refusal(name === 'sms' || name === 'recovery' ? 'factor_exists' : 'too_many_authenticators')
}

/**
 * The Refusal for an SMS that Nevis refuses to send to a known user who is not blocked. No documented field shows whether the user has a phone number. If the HTTP
 * status refuses the content of the request, the user probably has none, and can choose another factor. But Nevis may also have refused the text, or the instance
 * may have no SMS subscription. So the event `fault` tells the operators. A 403 may mean that the access key is wrong, so it stays an error.
 */
function refusedText(error: NevisError, { name }: Settings, subject: Subject): Refusal | undefined {
  if (!ABOUT_THE_REQUEST.includes(error.nevisStatus ?? 0)) return undefined
  publishFault(error, 'request', about(name, { subject, operation: 'approve', factor: 'sms' }))
  return new Refusal('not_enrolled')
}

/** True if the user's record at Nevis shows that the user has no phone for this factor. */
function hasNothingToAsk({ authenticators, raw }: User, { name }: Factor, nevisStatus: number): boolean {
  // A 429 means too many calls, so it does not show that the user has no phone.
  if (!ASK_AUTHENTICATORS.includes(name) || nevisStatus === 429) return false
  // If Nevis's answer has no list of authenticators, do not conclude that the user has none. A passkey cannot answer a push, and cannot scan a QR code.
  return Array.isArray(raw['authenticators']) && authenticators.every(({ authenticatorType }) => authenticatorType?.toLowerCase() === 'fido2')
}
