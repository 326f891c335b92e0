/**
 * Dialects of the simulator for the response to a code. A dialect is one possible behaviour of Nevis where its documentation leaves something open. For a code,
 * Nevis documents 200 if the code is correct and "4xx otherwise", but no body.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { DialectGroup, DialectRequest, Exchange } from './dialect'
import { errorAnswer, perStatus, refusedWith, refusing, withStatus } from './rewrite'
import { userJson } from '../resources'
import type { User } from '../model'

const NO_BODY = 'The verification reference shows a status line and no body.'
const OTHERWISE = 'The verification reference says "4xx otherwise".'

const userOf = ({ path, cloud }: DialectRequest): User | undefined => cloud.userById(path.split('/').at(-2) ?? '')

/** True for the response to a right code. */
const isRight = ({ operation, original }: Exchange) => operation === 'verifyCode' && original.status === 200

/** True for the right code of a text message whose transaction has expired. */
const isLate = ({ operation, transaction, body, cloud }: Exchange) =>
  operation === 'verifyCode' && transaction?.status === 'failed' && cloud.clock.now() >= transaction.expiresAt && body['code'] === transaction.code

export const verification: DialectGroup = {
  title: 'Verification of a code',
  dialects: [
    {
      name: 'verification-says-succeeded',
      says: 'The right code gets `{"status":"succeeded"}`.',
      because: NO_BODY,
      rewrites: (answer, exchange) => (isRight(exchange) ? { ...answer, body: { status: 'succeeded' } } : answer),
    },
    { name: 'verification-202', says: 'The right code gets 202.', because: 'An SMS enrolment may be finished later.', rewrites: withStatus('verifyCode', 202) },
    {
      name: 'verification-answers-user',
      says: 'The right code gets the user.',
      because: NO_BODY,
      rewrites: (answer, exchange) => {
        const user = isRight(exchange) ? userOf(exchange) : undefined
        return user === undefined ? answer : { ...answer, body: userJson(exchange.cloud, user) }
      },
    },
    {
      name: 'verification-answers-user-status',
      says: 'The right code gets the userId and the status of the user.',
      because: NO_BODY,
      rewrites: (answer, exchange) => {
        const user = isRight(exchange) ? userOf(exchange) : undefined
        return user === undefined ? answer : { ...answer, body: { userId: user.userId, status: userJson(exchange.cloud, user).status } }
      },
    },
    {
      name: 'verification-says-ok',
      says: 'The right code gets the page `OK`.',
      because: NO_BODY,
      rewrites: (answer, exchange) =>
        isRight(exchange) ? { ...answer, headers: { ...answer.headers, 'content-type': 'text/html' }, body: 'OK' } : answer,
    },
    {
      name: 'verification-needs-channel',
      says: 'A verification of an SMS without `channel` is 400.',
      because: 'The newer verification reference has `channel: "sms"`; the older documents leave the field out.',
      refuses: refusing(400, ({ operation, body }) => operation === 'verifyCode' && body['channel'] === undefined),
    },
    {
      name: 'verification-without-intent-tokens',
      says: 'A verification takes the access key only: an intent token gets 403.',
      because: 'The use-case pages show an intent token, the verification reference does not.',
      refuses: refusing(403, ({ operation, headers, cloud }) => operation === 'verifyCode' && !cloud.isAccessKey((headers.authorization ?? '').slice('Bearer '.length))),
    },
    ...perStatus([400, 401, 403, 404, 410, 412, 415, 422, 423], (status) => ({
      name: `wrong-code-${status}`,
      says: `A wrong code gets ${status}.`,
      because: OTHERWISE,
      rewrites: refusedWith('wrong-code', status),
    })),
    {
      name: 'late-code-410',
      says: 'The right code of a text message gets 410 after its transaction has expired.',
      because: 'The verification reference says "4xx otherwise", and 410 means that something has been there and is gone.',
      rewrites: (answer, exchange) => (isLate(exchange) ? errorAnswer(410, exchange) : answer),
    },
    {
      name: 'late-code-200',
      says: 'The right code of a text message stays right after its transaction has expired.',
      because: 'No document says how long a code lives.',
      rewrites: (answer, exchange) => (isLate(exchange) ? { status: 200, headers: {}, body: undefined } : answer),
    },
    ...perStatus([400, 403, 404, 409, 412, 422, 423, 429], (status) => ({
      name: `blocked-verification-${status}`,
      says: `While a user is blocked, each code gets ${status}, the right one too.`,
      because: 'The documents say that a verification fails while the user is rate limited, and name no status.',
      refuses: refusing(status, (request) => {
        const user = request.operation === 'verifyCode' ? userOf(request) : undefined
        return user !== undefined && request.cloud.limits.blockedChannels(user.userId).length > 0
      }),
    })),
  ],
}
