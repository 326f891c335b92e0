/**
 * Finds out why Nevis has refused a start. Nevis does not document which HTTP status it sends for a user who is blocked, has no device, or has the
 * maximum number of devices.
 *
 * A 400, 403, 409, … can also be about the access key or the request. So this file reads the user's record at Nevis and decides by two documented
 * fields, `exceededRateLimits` and `authenticators`. If it cannot read the record, the caller throws the original error. Out of scope: wrong codes
 * (`factors/code-check.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-use-cases/manage-users-and-authenticators/retrieve-user
 */
import type { User } from '../client/client'
import { NevisError } from '../client/errors'
import type { Operation } from '../client/wire'
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import { isBlocked } from '../factors/shared'
import type { Subject } from '../factors/transaction'
import { userOf } from './authenticators'
import type { Settings } from './settings'

/**
 * For these HTTP statuses, this file looks up the reason in the user's record. 5xx is left out, because Nevis documents it as a problem of its
 * servers.
 */
const UNEXPLAINED: readonly number[] = [400, 403, 409, 412, 422, 423, 429]
/** The statuses of `UNEXPLAINED` that mean that Nevis refused the content of the request. */
const ABOUT_THE_REQUEST: readonly number[] = [400, 409, 412, 422]
/** The maximum number of authenticators per user, unless it was changed in Nevis's management console. */
const DEFAULT_MAX_AUTHENTICATORS = 10
/**
 * The factors for which the user needs an authenticator (a registered phone). SMS needs only a phone number, and no documented field of the user's
 * record contains phone numbers.
 */
const ASK_AUTHENTICATORS: readonly string[] = ['push', 'app']

/**
 * @returns the Refusal that the user gets; undefined if the caller must throw the original error
 * @internal
 */
export async function refusalBehind(error: unknown, settings: Settings, subject: Subject, factor: Factor, operation: Operation): Promise<Refusal | undefined> {
  if (error instanceof Refusal) return error.cause instanceof NevisError && (await isUserBlocked(settings, subject)) ? new Refusal('user_blocked') : undefined
  if (!(error instanceof NevisError)) return undefined
  if (error.code === 'NEVIS_NOT_FOUND') return new Refusal('not_enrolled')
  if (!UNEXPLAINED.includes(error.nevisStatus ?? 0)) return undefined
  const user = await userOf(settings.client, subject).catch(() => undefined)
  if (user === undefined) return error.nevisStatus === 409 ? conflict(factor, operation) : undefined
  if (isBlocked(user)) return new Refusal('user_blocked', undefined, error.retryAfterSeconds)
  if (operation === 'approve') {
    return hasNothingToAsk(user, factor, error.nevisStatus ?? 0) ? new Refusal('not_enrolled') : undefined
  }
  if (factor.name === 'app' && user.authenticators.length >= DEFAULT_MAX_AUTHENTICATORS) return new Refusal('too_many_authenticators')
  return error.nevisStatus === 409 ? conflict(factor, operation) : undefined
}

/** True if Nevis has blocked the user. That can be the reason why Nevis has refused a phone number. */
async function isUserBlocked({ client }: Settings, subject: Subject): Promise<boolean> {
  const user = await userOf(client, subject).catch(() => undefined)
  return user !== undefined && isBlocked(user)
}

/**
 * Returns the Refusal for a 409, which Nevis documents as a conflict "in creation calls". For the enrolment of a phone app, it means that the user
 * has too many devices; for a phone number or recovery codes, that the user already has them.
 */
function conflict({ name }: Factor, operation: Operation): Refusal | undefined {
  if (operation !== 'enroll') return undefined
  return new Refusal(name === 'sms' || name === 'recovery' ? 'factor_exists' : 'too_many_authenticators')
}

/** True if the user's record shows that the user has not set up this factor, and if that can be the reason for the HTTP status. */
function hasNothingToAsk({ status, authenticators, raw }: User, { name }: Factor, nevisStatus: number): boolean {
  // If Nevis's answer has no list of authenticators, do not conclude that the user has none.
  if (!Array.isArray(raw['authenticators']) || authenticators.length > 0) return false
  // A 429 already has a reason: too many calls.
  if (ASK_AUTHENTICATORS.includes(name)) return nevisStatus !== 429
  // Some documents of Nevis say that a user with only a phone number has the status `new` as well. So the status `new` alone does not show that the
  // user has no phone number. A 403 or 423 can have another reason, such as a wrong access key or a missing subscription.
  return name === 'sms' && status === 'new' && ABOUT_THE_REQUEST.includes(nevisStatus)
}
