/**
 * Dialects of the simulator (variants of Nevis's behaviour) for the response to an enrolment of recovery codes. Nevis documents neither the field with the
 * codes nor their number.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { randomUUID } from 'node:crypto'
import type { DialectGroup, Exchange } from './dialect'
import { inAnswers, objectIn, refusing, without, withStatus, type Json } from './rewrite'

const UNDOCUMENTED = 'The documents name no field for the codes: api-use-cases/recovery-codes/request-recovery-codes.'

const isRecovery = ({ body }: Pick<Exchange, 'body'>) => body['channel'] === 'recovery'

/**
 * Creates a function that moves the recovery codes to another place in the response.
 * @param place builds the changed body from the original body and the codes
 */
const codesIn = (place: (json: Json, codes: readonly string[]) => unknown) =>
  inAnswers('enroll', (json, exchange) => {
    if (!isRecovery(exchange)) return json
    return place(json, objectIn(json, 'enrollment')['recoveryCodes'] as string[])
  })

const user = (json: Json) => without(json, 'enrollment')
const PHONES = { phones: ['+41790000001'] }

export const recoveryEnrolment: DialectGroup = {
  title: 'Enrolment of recovery codes',
  dialects: [
    {
      name: 'recovery-codes-are-the-enrollment',
      says: '`enrollment` is the list of codes itself.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: codes })),
    },
    {
      name: 'recovery-codes-with-status-and-id',
      says: 'Each code is an object with `code`, `status` and `id`.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: { recoveryCodes: codes.map((code) => ({ code, status: 'active', id: randomUUID() })) } })),
    },
    {
      name: 'recovery-codes-one-deeper',
      says: 'The codes are in `enrollment.recovery.codes`.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: { recovery: { codes } } })),
    },
    {
      name: 'recovery-codes-are-the-answer',
      says: 'The whole answer is the list of codes, and no user is named.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((_json, codes) => codes),
    },
    {
      name: 'recovery-codes-as-objects-beside-phones',
      says: 'Each code is an object, and another list of strings (`phones`) stands in the answer.',
      because: 'The documents say that new fields come without notice.',
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, ...PHONES, enrollment: { recoveryCodes: codes.map((code) => ({ code })) } })),
    },
    {
      name: 'recovery-answer-without-user-details',
      says: 'The user in the answer has no status, and `authenticators` is null.',
      because: 'No answer to this enrolment is shown in the documents.',
      rewrites: inAnswers('enroll', (json, exchange) => (isRecovery(exchange) ? { ...without(json, 'status'), authenticators: null } : json)),
    },
    {
      name: 'recovery-answer-with-odd-details',
      says: 'The status is an HTTP status, `authenticators` a list of words, and transaction id, status token and QR code are empty.',
      because: 'No answer to this enrolment is shown in the documents.',
      rewrites: inAnswers('enroll', (json, exchange) =>
        isRecovery(exchange) ? { ...json, status: 201, authenticators: ['recovery'], transactionId: '', statusToken: '', qrCode: {} } : json),
    },
    {
      name: 'recovery-codes-beside-other-strings',
      says: 'The codes are in a list without a telling name, beside the id of a trace and a phone whose name has 16 characters.',
      because: 'Users choose the names of phones, and new fields come without notice.',
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...user(json), authenticators: [{ authenticatorId: randomUUID(), name: 'Samsung-SM-G991B' }], spanIds: ['00f067aa0ba902b7'], enrollment: { list: codes } })),
    },
    {
      name: 'recovery-codes-only-once',
      says: 'A user who has recovery codes gets no others: 409.',
      because: 'The documents use 409 for duplicates "in creation calls", and do not say whether a second set replaces the first.',
      refuses: refusing(409, (request) => {
        const username = request.body['username']
        return request.operation === 'enroll' && isRecovery(request) && (request.cloud.userByName(String(username))?.recoveryCodes.length ?? 0) > 0
      }),
    },
    {
      name: 'recovery-codes-named-codes',
      says: 'The codes are in `enrollment.codes`.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: { codes } })),
    },
    {
      name: 'recovery-codes-as-objects',
      says: 'Each code is an object with `code`.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: { recoveryCodes: codes.map((code) => ({ code })) } })),
    },
    {
      name: 'recovery-codes-in-one-text',
      says: 'The codes are one text, with line breaks between them.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: { recoveryCodes: codes.join('\n') } })),
    },
    {
      name: 'recovery-codes-numbered',
      says: 'The codes are an object whose names are numbers.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...json, enrollment: { recoveryCodes: Object.fromEntries(codes.map((code, at) => [String(at + 1), code])) } })),
    },
    {
      name: 'phones-before-recovery-codes',
      says: 'The codes are at the top level, after another list of strings (`phones`).',
      because: 'The documents say that new fields come without notice.',
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...PHONES, ...user(json), recoveryCodes: codes })),
    },
    {
      name: 'recovery-enrolment-200',
      says: 'The enrolment is answered with 200.',
      because: 'The documents show 201 for the Access App only.',
      rewrites: withStatus('enroll', 200, isRecovery),
    },
    {
      name: 'recovery-enrolment-203',
      says: 'The enrolment is answered with 203.',
      because: 'A gateway that changes an answer may say so: RFC 9110, section 15.3.4.',
      rewrites: withStatus('enroll', 203, isRecovery),
    },
    {
      name: 'recovery-codes-in-authenticator',
      says: 'The codes are in the first of `authenticators`.',
      because: 'The documents call each factor an authenticator.',
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ ...user(json), authenticators: [{ authenticatorId: randomUUID(), type: 'recovery', codes }] })),
    },
    {
      name: 'recovery-user-nested',
      says: 'The user is in `user`, and the codes are beside it.',
      because: UNDOCUMENTED,
      layer: 'shape',
      rewrites: codesIn((json, codes) => ({ user: user(json), recoveryCodes: codes })),
    },
    {
      name: 'recovery-codes-for-known-users-only',
      says: 'Recovery codes are made only for users who exist: 404 for others.',
      because: 'The documents say that `recovery_username` is "the user who needs recovery".',
      refuses: refusing(404, (request) => request.operation === 'enroll' && isRecovery(request) && request.cloud.userByName(String(request.body['username'])) === undefined),
    },
  ],
}
