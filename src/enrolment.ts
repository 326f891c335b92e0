/**
 * Who may be given a factor.
 *
 * Nevis adds a factor to whomever it is told, and asks for no proof. So the first one goes to whoever has the password;
 * a further one only to whoever has just given one of those that are there, or a stolen password alone would add the
 * thief's phone. Not its job: to enrol.
 */
import { userOf } from './authenticators'
import { subjectMismatch } from './binding'
import type { NevisClient, User } from './client/client'
import { NevisError } from './client/errors'
import type { Operation } from './client/wire'
import { Refusal } from './failures'
import type { Settings } from './options'
import type { NevisRequest } from './request'
import { secondFactorOf } from './second-factor'
import type { Subject } from './transactions'

/**
 * Asks Nevis who the subject is. What it answers must fit; a fault of Nevis passes, and nothing is enrolled.
 * @returns the subject with Nevis's id, if it has one; or the field that does not fit
 * @throws Refusal `already_enrolled`; NevisError
 * @internal
 */
export async function admitted(settings: Settings, req: NevisRequest, subject: Subject): Promise<Subject | 'userId' | 'username'> {
  const user = await knownUser(settings.client, subject)
  if (user === undefined) return subject
  const field = subjectMismatch(subject, user)
  if (field !== undefined) return field
  if (hasFactor(user) && !hasJustProved(settings, req, user)) throw new Refusal('already_enrolled')
  return { ...subject, userId: user.userId }
}

/**
 * Who has no factor at Nevis is to be given the first one. Asked of Nevis and not of the application, which does not learn of
 * an enrolment whose browser never came back.
 * @throws NevisError
 * @internal
 */
export async function firstOperation(client: NevisClient, subject: Subject): Promise<Operation> {
  const user = await knownUser(client, subject)
  return user !== undefined && hasFactor(user) ? 'approve' : 'enroll'
}

async function knownUser(client: NevisClient, subject: Subject): Promise<User | undefined> {
  try {
    return await userOf(client, subject)
  } catch (error) {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') return undefined
    throw error
  }
}

/** Lists that are documented, and either no factors or looked at by themselves: https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref */
const NO_FACTORS = ['authenticators', 'exceededRateLimits']
const FACTOR = /phone|mobile|sms|recover|code|otp|authenticator|device|fido|passkey|credential|factor|LoginDateSuccess/i

/**
 * A user is `new` until the first authenticator is confirmed. Whether Nevis shows phone numbers and recovery codes, and
 * under which names, is not documented: any list, and any name that could be one of them, counts. So does a login that
 * has succeeded: nobody logs in at Nevis without a factor.
 */
function hasFactor({ status, authenticators, raw }: User): boolean {
  if (status !== 'new' || authenticators.length > 0) return true
  return Object.entries(raw).some(([name, value]) => {
    if (NO_FACTORS.includes(name)) return false
    return Array.isArray(value) ? value.length > 0 : FACTOR.test(name) && isSomething(value)
  })
}

function isSomething(value: unknown): boolean {
  return Boolean(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0)
}

/** The record is void after a logout and in another login; it must also be this person's, and no older than a sign-in may take. */
function hasJustProved({ sessionKey, firstFactorLifetimeMs }: Settings, req: NevisRequest, { userId }: User): boolean {
  const record = secondFactorOf(req, { sessionKey })
  if (record?.userId !== userId) return false
  const ageMs = Date.now() - record.at
  // A clock that was set back must not make a record fresher than new.
  return ageMs >= 0 && ageMs <= firstFactorLifetimeMs
}
