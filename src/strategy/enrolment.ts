/**
 * Who may be given a factor.
 *
 * Nevis adds a factor to any user it is told, and asks for no proof. So the first factor goes to a user who has given the
 * password; every further one only to a user who has just given a factor that is at least as strong, or a thief with the password, or
 * with one stolen recovery code, would add a phone. Both are asked when an enrolment starts and again before it counts: in
 * between, the real user may have enrolled. Out of scope: enrolling (`factors/`), and that a newer enrolment ends the older
 * (`budgets.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/registration-ref
 */
import { userOf } from './authenticators'
import { subjectMismatch } from '../trust/binding'
import type { NevisClient, User } from '../client/client'
import { NevisError } from '../client/errors'
import type { Operation } from '../client/wire'
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { Settings } from './options'
import type { NevisRequest } from '../host/request'
import { secondFactorOf } from '../session/second-factor'
import { isAtLeast } from '../factors/strength'
import type { Subject, Transaction } from '../factors/transaction'

/**
 * Asks Nevis who the subject is. What it answers must fit; a fault of Nevis passes, and nothing is enrolled.
 * @returns the subject with Nevis's id, if it has one; or the field that does not fit
 * @throws Refusal `already_enrolled`; NevisError
 * @internal
 */
export async function assertMayEnroll(
  settings: Settings,
  req: NevisRequest,
  factor: Factor,
  subject: Subject,
): Promise<Subject | 'userId' | 'username'> {
  const user = await findUser(settings.client, subject)
  const field = user && subjectMismatch(subject, user)
  if (field !== undefined) return field
  const isFirst = factor.name !== 'recovery' && (user === undefined || !hasFactor(user))
  if (!isFirst && !hasFreshSecondFactor(settings, req, factor, user?.userId, Date.now())) throw new Refusal('already_enrolled')
  return user === undefined ? subject : { ...subject, userId: user.userId }
}

/**
 * Asks once more, when the enrolment is about to count.
 * @param newFactors how many authenticators this enrolment has added by now: 1 if Nevis says that it has succeeded, else 0
 * @throws Refusal `already_enrolled`; NevisError
 * @internal
 */
export async function assertMayStillEnroll(
  settings: Settings,
  req: NevisRequest,
  factor: Factor,
  { userId, subject, startedAt }: Transaction,
  newFactors: number,
): Promise<void> {
  const id = userId ?? subject.userId
  if (hasFreshSecondFactor(settings, req, factor, id, startedAt)) return
  if (factor.name !== 'recovery') {
    const user = await findUser(settings.client, id === undefined ? subject : { userId: id })
    // A phone number that is not confirmed yet may show in the user's record, so only what is documented counts here.
    if (user === undefined || user.authenticators.length <= newFactors) return
  }
  throw new Refusal('already_enrolled')
}

/**
 * Nevis's answer to an enrolment names the user's factors, too: a user who was to get the first one must have none.
 * @internal
 */
export function isEnrolmentOfEnrolled(settings: Settings, req: NevisRequest, factor: Factor, { hasFactor: had, userId }: { hasFactor?: boolean; userId?: string }): boolean {
  return had === true && !hasFreshSecondFactor(settings, req, factor, userId, Date.now())
}

/**
 * A user who has no factor at Nevis is to be given the first one. Nevis is asked and not the app, which does not learn of an enrolment
 * whose browser never came back.
 * @throws NevisError
 * @internal
 */
export async function firstOperation(client: NevisClient, subject: Subject): Promise<Operation> {
  const user = await findUser(client, subject)
  return user !== undefined && hasFactor(user) ? 'approve' : 'enroll'
}

async function findUser(client: NevisClient, subject: Subject): Promise<User | undefined> {
  try {
    return await userOf(client, subject)
  } catch (error) {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') return undefined
    throw error
  }
}

/** Lists that are documented, and either no factors or looked at by themselves: https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref */
const FIELDS_WITHOUT_FACTORS = ['authenticators', 'exceededRateLimits']
const FACTOR_FIELD_NAME = /phone|mobile|sms|recover|code|otp|authenticator|device|fido|passkey|credential|factor|LoginDateSuccess/i

/**
 * A user is `new` until the first authenticator is confirmed. Whether Nevis shows phone numbers and recovery codes, and
 * under which names, is not documented: any list, and any name that could be one of them, counts. So does a login that
 * has succeeded: Nevis lets nobody log in without a factor.
 */
function hasFactor({ status, authenticators, raw }: User): boolean {
  if (status !== 'new' || authenticators.length > 0) return true
  return Object.entries(raw).some(([name, value]) => {
    if (FIELDS_WITHOUT_FACTORS.includes(name)) return false
    return Array.isArray(value) ? value.length > 0 : FACTOR_FIELD_NAME.test(name) && isNonEmpty(value)
  })
}

function isNonEmpty(value: unknown): boolean {
  return Boolean(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0)
}

/**
 * The record is void after a logout and in another login. It must be this user's, strong enough for the new factor, and no
 * older, at the time when the enrolment started, than a sign-in may take.
 */
function hasFreshSecondFactor(
  { sessionKey, firstFactorLifetimeMs, allowEnrollmentOfStrongerFactorAfter }: Settings,
  req: NevisRequest,
  factor: Factor,
  userId: string | undefined,
  startedAt: number,
): boolean {
  const record = secondFactorOf(req, { sessionKey })
  if (record === undefined || record.userId !== userId) return false
  if (!isAtLeast(record.factor, factor.name) && !allowEnrollmentOfStrongerFactorAfter.includes(record.factor)) return false
  // A clock that was set back must not make a record fresher than new.
  return record.at <= Date.now() && startedAt - record.at <= firstFactorLifetimeMs
}
