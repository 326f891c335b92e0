/**
 * What Nevis is asked at a start, and what its refusals mean for the person.
 *
 * Not its job: budgets, sessions (`exchange.ts`), or who may be enrolled (`enrolment.ts`).
 */
import { foreignIn } from './authenticators'
import { subjectMismatch, type Mismatch } from './binding'
import { NevisError } from './client/errors'
import { admitted } from './enrolment'
import type { Challenge, Factor } from './factors/factor'
import { Refusal } from './failures'
import type { Settings } from './options'
import type { NevisRequest } from './request'
import { phoneOf, type NevisAuthenticateOptions, type Wanted } from './wanted'

/**
 * @returns what was started; or the field in which Nevis names somebody else
 * @throws Refusal `already_enrolled`, `not_enrolled`, `unknown_authenticator`, `too_many_authenticators`, `phone_refused`;
 * NevisError
 * @internal
 */
export async function challengeFor(
  settings: Settings,
  req: NevisRequest,
  options: NevisAuthenticateOptions,
  factor: Factor,
  { operation, subject, message }: Wanted,
  authenticatorId: string | undefined,
): Promise<Challenge | Mismatch> {
  const asked = operation === 'enroll' ? await admitted(settings, req, subject) : subject
  if (typeof asked === 'string') return asked
  const phone = operation === 'enroll' ? await phoneOf(req, options) : undefined
  const request = {
    ...(message !== undefined && { message }),
    ...(phone !== undefined && { phone }),
    ...(authenticatorId !== undefined && { authenticatorId }),
  }
  try {
    const foreign = authenticatorId === undefined ? undefined : await foreignIn(settings.client, subject, authenticatorId)
    if (foreign === 'authenticatorId') throw new Refusal('unknown_authenticator')
    if (foreign !== undefined) return foreign
    const challenge = await (factor[operation] as Factor['approve'])(settings.client, subject, request)
    return subjectMismatch(asked, challenge.server) ?? challenge
  } catch (error) {
    if (error instanceof NevisError && error.code === 'NEVIS_NOT_FOUND') throw new Refusal('not_enrolled')
    // The answer above the limit is not documented; a conflict is the one of the listed codes that says so.
    if (error instanceof NevisError && error.nevisStatus === 409 && operation === 'enroll') throw new Refusal('too_many_authenticators')
    throw error
  }
}
