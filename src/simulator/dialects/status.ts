/**
 * Dialects of the simulator for the status of a transaction. A dialect is one possible behaviour of Nevis that its documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import { isRecord, type Answer } from '../answer'
import type { Dialect, DialectGroup, Exchange } from './dialect'
import { errorAnswer, refusing, without, type Json } from './rewrite'

const ADDITIVE = 'The documents say that new values come without notice.'
const TABLES = 'The tables of the status references differ in which fields are always there.'

/** The transaction's status in the response without a dialect (`original`); undefined if that response is an error. */
const originalStatus = ({ original: { body } }: Exchange) => (isRecord(body) && typeof body['status'] === 'string' ? body['status'] : undefined)

const ofStatus = (change: (json: Json, answer: Answer, exchange: Exchange) => Answer): NonNullable<Dialect['rewrites']> => (answer, exchange) =>
  exchange.operation === 'getStatus' && isRecord(answer.body) && originalStatus(exchange) !== undefined ? change(answer.body, answer, exchange) : answer

const withJson = (change: (json: Json) => Json) => ofStatus((json, answer) => ({ ...answer, body: change(json) }))
/**
 * Creates a function that changes responses to status requests.
 * @param status the function changes only responses that would have this status without any dialect
 */
const when = (status: string, change: (json: Json, answer: Answer, exchange: Exchange) => Answer) =>
  ofStatus((json, answer, exchange) => (originalStatus(exchange) === status ? change(json, answer, exchange) : answer))
const said = (was: string, is: string) => when(was, (json, answer) => ({ ...answer, body: { ...json, status: is } }))

export const status: DialectGroup = {
  title: 'Status',
  dialects: [
    { name: 'status-without-transaction-id', says: 'No status names the transaction.', because: TABLES, rewrites: withJson((json) => without(json, 'transactionId')) },
    { name: 'status-without-user-id', says: 'No status names the user.', because: TABLES, rewrites: withJson((json) => without(json, 'userId', 'username')) },
    { name: 'status-succeeded-without-token', says: '`succeeded` comes without a token.', because: TABLES, rewrites: when('succeeded', (json, answer) => ({ ...answer, body: without(json, 'token') })) },
    { name: 'status-pending-without-user-id', says: '`pending` does not name the user.', because: 'The newer reference says so of operations without a user.', rewrites: when('pending', (json, answer) => ({ ...answer, body: without(json, 'userId', 'username') })) },
    { name: 'status-pending-user-id-null', says: '`userId` is null while the status is `pending`.', because: 'The newer reference says that it may be missing then.', rewrites: when('pending', (json, answer) => ({ ...answer, body: { ...json, userId: null } })) },
    { name: 'status-failed-only', says: '`failed` comes with no other field.', because: '`unknown` is shown so.', rewrites: when('failed', (json, answer) => ({ ...answer, body: without(json, 'transactionId', 'userId', 'username', 'token') })) },
    { name: 'status-failed-error-body', says: 'A failed operation is 412 with an error body.', because: 'The list of errors has 412 "used by the status polling endpoint".', rewrites: when('failed', (_json, _answer, exchange) => errorAnswer(412, exchange)) },
    { name: 'status-rejected', says: 'A denial is 412 with the status `rejected`.', because: ADDITIVE, rewrites: said('failed', 'rejected') },
    { name: 'status-expired', says: 'The end of time is 412 with the status `expired`.', because: ADDITIVE, rewrites: said('failed', 'expired') },
    { name: 'status-pending-202', says: '`pending` comes with 202.', because: 'The meaning of 202 in RFC 9110.', rewrites: when('pending', (_json, answer) => ({ ...answer, status: 202 })) },
    {
      name: 'status-succeeded-once',
      says: '`succeeded` is told once; then the status is 412 `failed`.',
      because: 'The documents call the token of a status consumable.',
      rewrites: when('succeeded', (json, answer, { earlier }) => (earlier > 0 ? { ...answer, status: 412, body: { ...json, status: 'failed' } } : answer)),
    },
    { name: 'status-processing', says: 'From the second question on, `pending` is called `processing`.', because: ADDITIVE, rewrites: when('pending', (json, answer, { earlier }) => (earlier > 0 ? { ...answer, body: { ...json, status: 'processing' } } : answer)) },
    { name: 'status-in-capitals', says: 'The status is in capitals.', because: 'Enumerations are in capitals in many servers.', layer: 'shape', rewrites: withJson((json) => ({ ...json, status: String(json['status']).toUpperCase() })) },
    { name: 'status-success', says: '`succeeded` is called `success`.', because: 'The widget and the mobile examples have this word.', rewrites: said('succeeded', 'success') },
    {
      name: 'status-needs-key',
      says: 'The status needs the access key: 401 without.',
      because: 'The overview says that all calls must be authenticated; the samples of the status send no key.',
      refuses: refusing(401, ({ operation, headers }) => operation === 'getStatus' && headers.authorization === undefined),
    },
    { name: 'status-nested', says: 'The answer is in `transaction`.', because: 'No schema is published.', layer: 'shape', rewrites: ofStatus((json, answer) => ({ ...answer, body: { transaction: json } })) },
    { name: 'transaction-id-in-capitals', says: 'The transaction id is in capitals.', because: 'A UUID is the same in capitals: RFC 9562, section 4.', rewrites: withJson((json) => ('transactionId' in json ? { ...json, transactionId: String(json['transactionId']).toUpperCase() } : json)) },
    { name: 'status-unknown-error-body', says: 'A token that is not known gets 404 with an error body.', because: 'The list of errors has 404 for what does not exist.', rewrites: when('unknown', (_json, _answer, exchange) => errorAnswer(404, exchange)) },
  ],
}
