/**
 * Finds out why Nevis has refused a start, from the user's record: Nevis does not document the HTTP statuses for a user who is blocked, has
 * no device, or has as many as may be.
 *
 * So before a 400, 403, 409, … is blamed on the access key or the request, the documented fields of the user are read: `exceededRateLimits`
 * and `authenticators`. If they cannot be read, the error stands. Out of scope: codes (`factors/code-check.ts`).
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

/** Not 5xx, which Nevis documents as a problem of its servers. */
const UNEXPLAINED: readonly number[] = [400, 403, 409, 412, 422, 423, 429]
/** Of these, the ones that are about what was asked for, and neither about the access key nor about a limit. */
const ABOUT_THE_REQUEST: readonly number[] = [400, 409, 412, 422]
/** The limit of the management console, if it was not changed. */
const DEFAULT_MAX_AUTHENTICATORS = 10
/** These ask an authenticator; SMS asks a number, which no documented field shows. */
const ASK_AUTHENTICATORS: readonly string[] = ['push', 'app']

/**
 * @returns the user's refusal, or undefined if the error stands
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
    return ABOUT_THE_REQUEST.includes(error.nevisStatus ?? 0) && hasNothingToAsk(user, factor) ? new Refusal('not_enrolled') : undefined
  }
  if (factor.name === 'app' && user.authenticators.length >= DEFAULT_MAX_AUTHENTICATORS) return new Refusal('too_many_authenticators')
  return error.nevisStatus === 409 ? conflict(factor, operation) : undefined
}

/** A phone number may be refused because its user is blocked. */
async function isUserBlocked({ client }: Settings, subject: Subject): Promise<boolean> {
  const user = await userOf(client, subject).catch(() => undefined)
  return user !== undefined && isBlocked(user)
}

/** 409 is documented as a conflict "in creation calls": of a device, there are too many; of a number or of codes, there is one already. */
function conflict({ name }: Factor, operation: Operation): Refusal | undefined {
  if (operation !== 'enroll') return undefined
  return new Refusal(name === 'sms' || name === 'recovery' ? 'factor_exists' : 'too_many_authenticators')
}

function hasNothingToAsk({ status, authenticators, raw }: User, { name }: Factor): boolean {
  // A list that is not there says nothing.
  if (!Array.isArray(raw['authenticators']) || authenticators.length > 0) return false
  return ASK_AUTHENTICATORS.includes(name) || (name === 'sms' && status === 'new')
}
