/**
 * Decides who may enrol a factor.
 *
 * Nevis adds a factor to any user whom the app names, and requires no proof of identity. So this package checks the user itself. A user without any factor
 * needs only the password. A user with a factor must first use a factor that is at least as strong as the new one. Without this rule, an attacker with the
 * password could add a phone of the attacker's own.
 *
 * Out of scope: enrolling (`factors/`), and making older enrolments invalid (`ledger/enrolments.ts`).
 *
 * Source: https://docs.nevis.net/authcloud/api-doc/api-reference/registration-ref
 */
import { isSameId, subjectMismatch } from '../trust/binding'
import type { Authenticator, NevisClient, User } from '../client/client'
import type { HandleContent } from '../trust/handle'
import type { Operation } from '../client/wire'
import type { Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import { findUser } from '../factors/shared'
import { resultOf } from '../host/app-function'
import { Budgets } from '../ledger/budgets'
import type { Settings } from './settings'
import { userOf, type HostRequest, type NevisRequest } from '../host/request'
import { secondFactorOf } from '../session/second-factor'
import { isAtLeast } from '../factors/strength'
import type { Subject, Transaction } from '../factors/transaction'

/**
 * Checks at the start of an enrolment whether the user may enrol the factor.
 * @returns the subject, with the userId if Nevis knows the user; if Nevis's answer is about another user, the name of the field that shows it
 * @throws Refusal `already_enrolled`; NevisError
 * @internal
 */
export async function assertMayEnroll(
  settings: Settings,
  req: NevisRequest,
  factor: Factor,
  subject: Subject,
): Promise<Subject | 'userId' | 'username' | 'usernameCase'> {
  const user = await findUser(settings.client, subject)
  const field = user && subjectMismatch(subject, user)
  if (field !== undefined) return field
  const isFirst = factor.name !== 'recovery' && (user === undefined || !hasFactor(user))
  if (!isFirst && !hasFreshSecondFactor(settings, req, factor, user?.userId, Date.now())) throw new Refusal('already_enrolled')
  return user === undefined ? subject : { ...subject, userId: user.userId }
}

/**
 * Checks again before the enrolment is accepted: the user may have enrolled another factor meanwhile.
 * @param newFactors how many authenticators this enrolment has added so far: 1 if Nevis has reported success, else 0
 * @throws Refusal `already_enrolled`; NevisError
 * @internal
 */
export async function assertMayStillEnroll(
  settings: Settings,
  req: NevisRequest,
  factor: Factor,
  { userId, subject, startedAt, budget, textedPhone, id: transactionId }: Transaction,
  newFactors: number,
  budgets: Budgets,
): Promise<void> {
  const id = userId ?? subject.userId
  if (hasFreshSecondFactor(settings, req, factor, id, startedAt)) return
  if (factor.name !== 'recovery' && !(await hasEnrolledSince(budgets, budgets.keysOf({ budget, userId: id }), startedAt))) {
    const user = await findUser(settings.client, id === undefined ? subject : { userId: id })
    // Count only `authenticators`: other fields of the user's record may already contain the phone number that is being enrolled. Nevis may also list this number
    // among the authenticators, so leave it out.
    if (user === undefined || countOf(textedPhone === undefined ? user : await withoutPhone(user, settings, textedPhone, transactionId)) <= newFactors) return
  }
  throw new Refusal('already_enrolled')
}

async function withoutPhone(user: User, settings: Settings, textedPhone: string, transactionId: string): Promise<User> {
  const { digests } = await settings.keys()
  const isTexted = ({ raw: { phone } }: Authenticator) => typeof phone === 'string' && digests.isPhone(textedPhone, phone, transactionId)
  return { ...user, authenticators: user.authenticators.filter((one) => !isTexted(one)) }
}

/**
 * True if another enrolment of this user has succeeded since the start of this one. Nevis's answer is not enough to know this: the user's record at Nevis may
 * not show the new factor, for example SMS. If the whole session is in a cookie, the result is also true after a sign-in since the start of this enrolment: with
 * such sessions, the ledger notes sign-ins and enrolments under one key.
 */
async function hasEnrolledSince({ signIns }: Budgets, keys: readonly string[], startedAt: number): Promise<boolean> {
  const answers = await Promise.all(keys.map((key) => signIns.hasSignedInSince(key, startedAt)))
  return answers.includes(true)
}

/**
 * True if the user has finished this enrolment. The session then no longer contains the transaction, and may have a new id, so this function asks the ledger.
 * Also true if the user has replaced or cancelled this enrolment, and has finished another one after this one was started. False if the ledger or the app's
 * option `subject` fails, and if the enrolment is of another user, who may have used the same browser before.
 * @internal
 */
export async function isEnrolmentFinished(settings: Settings, req: HostRequest, sealed: HandleContent): Promise<boolean> {
  const { operation, budget, encryptedCodes, expiresAt } = sealed
  if (operation !== 'enroll' || budget === undefined) return false
  const budgets = new Budgets(settings)
  const startedAt = expiresAt - (encryptedCodes === undefined ? settings.enrollmentLifetimeMs : settings.firstFactorLifetimeMs)
  const isFinished = async () =>
    (await ledgerKeysOf(settings, req, budgets)).includes(budget) &&
    // The user may still try another factor after an enrolment that was denied or has expired, but not after a finished one.
    !(await budgets.endings.mayTryOtherFactor(sealed)) &&
    hasEnrolledSince(budgets, [budget], startedAt)
  return isFinished().catch(() => false)
}

/**
 * Every key in the ledger that the signed-in user may have. At the start of the first enrolment, the app may not have known the userId yet, so that the key is
 * of the username.
 */
async function ledgerKeysOf({ subject }: Settings, req: HostRequest, budgets: Budgets): Promise<string[]> {
  const user = userOf(req) as { readonly nevisUserId?: unknown; readonly username?: unknown } | undefined
  // On Koa, `req` is the context, which has no property `user`.
  const named = await resultOf('subject', () => subject(Object.create(req, { user: { value: user } }) as NevisRequest))
  const keysOf = (name: 'userId' | 'username', ...values: readonly unknown[]) => values.flatMap((value) => (typeof value === 'string' ? budgets.keyOf({ [name]: value }) : []))
  return [...keysOf('userId', named?.userId, user?.nevisUserId), ...keysOf('username', named?.username, user?.username)]
}

/**
 * Returns how many authenticators (registered phones) the user has. If Nevis's answer has no list: 0 for a new user, else Infinity, so that
 * the enrolment is refused.
 */
function countOf({ authenticators, raw, status }: User): number {
  return Array.isArray(raw['authenticators']) || status === 'new' ? authenticators.length : Infinity
}

/**
 * True if Nevis's answer to the enrolment shows that the user already has a factor, and the user has not recently given a second factor.
 * @internal
 */
export function isEnrolmentOfEnrolled(settings: Settings, req: NevisRequest, factor: Factor, { hasFactor: had, userId }: { hasFactor?: boolean; userId?: string }): boolean {
  return had === true && !hasFreshSecondFactor(settings, req, factor, userId, Date.now())
}

/**
 * Chooses the operation: `enroll` for a user who has no factor at Nevis, else `approve`.
 * @returns the operation, and the user if Nevis knows the subject
 * @throws NevisError
 * @internal
 */
export async function firstOperation(client: NevisClient, subject: Subject): Promise<{ operation: Operation; user: User | undefined }> {
  const user = await findUser(client, subject)
  return { operation: user !== undefined && hasFactor(user) ? 'approve' : 'enroll', user }
}

/**
 * Fields of Nevis's user record that `hasFactor` skips. `exceededRateLimits` contains no factors, and `hasFactor` reads `authenticators` separately.
 * https://docs.nevis.net/authcloud/api-doc/api-reference/users-endpoint-ref
 */
const FIELDS_WITHOUT_FACTORS = ['authenticators', 'exceededRateLimits']
const FACTOR_FIELD_NAME = /phone|mobile|sms|recover|code|otp|authenticator|device|fido|passkey|credential|factor|LoginDateSuccess/i

/**
 * True if the user has a factor at Nevis: an authenticator, or a status other than `new`. A user with neither may still have a factor, because Nevis does not
 * document every field that contains factors. So any non-empty list counts as well, and so does any non-empty field whose name suggests a factor.
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
 * True if this user has recently given a second factor in this session, and that factor is strong enough for enrolling the new factor. Recently: at most
 * `firstFactorLifetimeSeconds` before the start of the enrolment.
 */
function hasFreshSecondFactor(
  { sessionKey, firstFactorLifetimeMs, allowEnrollmentOfStrongerFactorAfter }: Settings,
  req: NevisRequest,
  factor: Factor,
  userId: string | undefined,
  startedAt: number,
): boolean {
  const record = secondFactorOf(req, { sessionKey })
  if (record === undefined || userId === undefined || !isSameId(record.userId, userId)) return false
  if (!isAtLeast(record.factor, factor.name) && !allowEnrollmentOfStrongerFactorAfter.includes(record.factor)) return false
  // Refuse a second factor whose time is in the future: the server's clock was set back, so the age of the second factor is unknown.
  return record.at <= Date.now() && startedAt - record.at <= firstFactorLifetimeMs
}
