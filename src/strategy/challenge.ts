/**
 * Makes the call to Nevis that starts an approval or enrolment. Converts Nevis's error answers to the Refusal that the user gets.
 *
 * Out of scope: how often a user may start (`start.ts`); who may enrol (`enrolment.ts`).
 */
import { authenticatorMismatch } from './authenticators'
import { subjectMismatch, type Mismatch } from '../trust/binding'
import type { Budgets } from '../ledger/budgets'
import { assertMayEnroll, isEnrolmentOfEnrolled } from './enrolment'
import { about, publish, type About } from './events'
import type { Challenge, Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { Settings } from './settings'
import type { NevisRequest } from '../host/request'
import { refusalBehind } from './nevis-refusal'
import type { Subject } from '../factors/transaction'
import { phoneOf, type StartParameters } from './start-parameters'

/**
 * Starts the approval or enrolment at Nevis.
 * @param userId the user's userId, if an earlier call to Nevis has returned the userId. The answer to the start must then contain the same userId
 * @returns the challenge. If Nevis's answer is about another user: the name of the field that does not match. If the answer to an enrolment shows that the user
 * already has a factor: `hasFactor`
 * @throws Refusal `already_enrolled`, `not_enrolled`, `unknown_authenticator`, `too_many_authenticators`, `factor_exists`, `user_blocked`,
 * `phone_refused`, `too_many_starts`; NevisError
 * @internal
 */
export async function challengeFor(
  settings: Settings,
  budgets: Budgets,
  req: NevisRequest,
  factor: Factor,
  parameters: StartParameters,
  authenticatorId: string | undefined,
  userId: string | undefined,
): Promise<Challenge | Mismatch | 'hasFactor'> {
  const { operation, subject, message } = parameters
  const phone = operation === 'enroll' ? phoneOf(req, parameters) : undefined
  const isTexted = phone !== undefined && factor.name === 'sms'
  const start = about(settings.name, { subject, operation, factor: factor.name })
  // Refuse an SMS over the limit before any call to Nevis. But count the SMS only after the call that checks whether the user may enrol: if the user may not,
  // no SMS is sent.
  if (isTexted) refuseText(await budgets.lookAtTexts(phone), start)
  const asked = operation === 'enroll' ? await assertMayEnroll(settings, req, factor, subject) : { ...subject, ...(userId !== undefined && { userId }) }
  if (typeof asked === 'string') return asked
  if (isTexted) refuseText(await budgets.spendText(phone), start)
  const request = {
    ...(message !== undefined && { message }),
    ...(phone !== undefined && { phone }),
    ...(authenticatorId !== undefined && { authenticatorId }),
    ...(operation === 'approve' && { typedCodeLine: settings.wording.typedCodeLine(req) }),
  }
  try {
    const foreign = authenticatorId === undefined ? undefined : await authenticatorMismatch(settings.client, subject, authenticatorId)
    if (foreign === 'authenticatorId') throw new Refusal('unknown_authenticator')
    if (foreign !== undefined) return foreign
    const answered = await (factor[operation] as Factor['approve'])(settings.client, subject, request)
    const field = subjectMismatch(asked, answered.server)
    if (field !== undefined) return field
    const challenge = withKnownUser(answered, asked)
    return operation === 'enroll' && isEnrolmentOfEnrolled(settings, req, factor, challenge.server) ? 'hasFactor' : challenge
  } catch (error) {
    // The factor `recovery` has found that the username does not belong to the userId.
    if (error instanceof Refusal && error.code === 'binding_mismatch') return 'username'
    throw (await refusalBehind(error, settings, asked, factor, operation)) ?? error
  }
}

/** If Nevis's answer to the start has no userId, adds the userId that an earlier call to Nevis has returned. */
function withKnownUser(challenge: Challenge, { userId }: Subject): Challenge {
  const { server, browser } = challenge
  return server.userId !== undefined || userId === undefined ? challenge : { server: { ...server, userId }, browser }
}

/** Refuses an SMS over the limit of its phone number. The limit is per number, because an attacker may enter one number in many accounts. */
function refuseText({ over, limit, retryAfterSeconds }: Awaited<ReturnType<Budgets['spendText']>>, start: About): void {
  if (!over) return
  publish('budget', () => ({ ...start, budget: 'phone', limit }))
  throw new Refusal('too_many_starts', undefined, retryAfterSeconds)
}
