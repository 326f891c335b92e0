/**
 * Dialects of the simulator (variants of Nevis's behaviour) for the response to an enrolment by SMS. Nevis documents that the response contains a userId and a
 * status token, but not in which fields.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { DialectGroup, DialectRequest } from './dialect'
import { inAnswers, objectIn, refusing, without, withStatus, type Json } from './rewrite'

const UNDOCUMENTED = 'The answer is not shown: api-use-cases/phone/register-phone.'

const isSms = ({ body }: Pick<DialectRequest, 'body'>) => body['channel'] === 'sms'
const isSmsEnrolment = (request: DialectRequest) => request.operation === 'enroll' && isSms(request)

const reshaped = (change: (json: Json, enrollment: Json, request: DialectRequest) => unknown) =>
  inAnswers('enroll', (json, exchange) => (isSms(exchange) ? change(json, objectIn(json, 'enrollment'), exchange) : json))

export const smsEnrolment: DialectGroup = {
  title: 'Enrolment by SMS',
  dialects: [
    {
      name: 'sms-enrolment-at-top-level',
      says: 'There is no `enrollment`: token and transaction id are at the top level.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: reshaped((json, enrollment) => ({ ...without(json, 'enrollment'), ...enrollment })),
    },
    {
      name: 'sms-enrolment-like-an-approval',
      says: 'The answer is that of an approval: status token, transaction id, userId.',
      because: 'The approval by SMS is shown so.',
      layer: 'shape',
      rewrites: reshaped(({ userId }, { statusToken, transactionId }) => ({ statusToken, transactionId, userId })),
    },
    {
      name: 'sms-enrolment-with-status',
      says: 'The answer is that of an approval, with the status of the transaction: `pending`.',
      because: 'The status of a transaction is shown so.',
      layer: 'shape',
      rewrites: reshaped(({ userId }, { statusToken, transactionId }) => ({ statusToken, transactionId, userId, status: 'pending' })),
    },
    { name: 'sms-enrolment-200', says: 'The enrolment is answered with 200.', because: UNDOCUMENTED, rewrites: withStatus('enroll', 200, isSms) },
    { name: 'sms-enrolment-202', says: 'The enrolment is answered with 202.', because: 'The text is still to be sent.', rewrites: withStatus('enroll', 202, isSms) },
    {
      name: 'wrong-phone-422',
      says: 'A number that nobody can have (country code 999) gets 422.',
      because: 'Many servers answer 422 to a value that is well formed and wrong.',
      refuses: refusing(422, (request) => isSmsEnrolment(request) && String(request.body['phone']).startsWith('+999')),
    },
    {
      name: 'phone-only-once-409',
      says: 'A user who has a number gets no other: 409.',
      because: 'The documents use 409 for duplicates "in creation calls".',
      refuses: refusing(409, (request) => {
        const { username, userId } = request.body
        const user = typeof userId === 'string' ? request.cloud.userById(userId) : request.cloud.userByName(String(username))
        return isSmsEnrolment(request) && user?.phone !== undefined
      }),
    },
    {
      name: 'sms-enrolment-without-transaction-id',
      says: '`enrollment` has no transaction id.',
      because: 'The documents name the user id and the status token alone.',
      rewrites: reshaped((json, enrollment) => ({ ...json, enrollment: without(enrollment, 'transactionId') })),
    },
    {
      name: 'sms-enrolment-without-user-id',
      says: 'No userId is in the answer.',
      because: UNDOCUMENTED,
      rewrites: reshaped((json) => without(json, 'userId')),
    },
    {
      name: 'sms-enrolment-null-beside-token',
      says: '`enrollment` is null, and the token is at the top level.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: reshaped((json, enrollment) => ({ ...json, enrollment: null, ...enrollment })),
    },
    {
      name: 'sms-enrolment-lists-the-phone',
      says: '`authenticators` lists the number that is being enrolled, without an id.',
      because: 'The management console shows phones beside authenticators.',
      rewrites: reshaped((json, _enrollment, { body }) => ({ ...json, authenticators: [{ type: 'sms', phone: body['phone'] }] })),
    },
    {
      name: 'no-sms-subscription-400',
      says: 'The instance has no SMS subscription: 400.',
      because: 'The documents require a subscription, and name no status without one.',
      refuses: refusing(400, isSmsEnrolment),
    },
  ],
}
