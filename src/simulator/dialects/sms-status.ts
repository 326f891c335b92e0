/**
 * Dialects of the simulator (variants of Nevis's behaviour) for status requests of SMS transactions. Nevis's older documentation allows these requests; the
 * newer documentation allows them only for app, push and fido2.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { Answer } from '../answer'
import type { Dialect, DialectGroup, Exchange } from './dialect'
import { errorAnswer, perStatus, without, type Json } from './rewrite'

const NEWER = 'The newer status reference allows polling for app, push and fido2 only, and does not say what else gets.'

const ofSms = (change: (answer: Answer, exchange: Exchange) => Answer): NonNullable<Dialect['rewrites']> => (answer, exchange) =>
  exchange.operation === 'getStatus' && exchange.transaction?.channel === 'sms' ? change(answer, exchange) : answer

const json = (answer: Answer) => answer.body as Json
/** True if the simulator would respond with the status `succeeded` without a dialect. */
const hasSucceeded = ({ original }: Exchange) => json(original)['status'] === 'succeeded'
const pending = (answer: Answer): Answer => ({ ...answer, status: 200, body: { ...json(answer), status: 'pending' } })

export const smsStatus: DialectGroup = {
  title: 'Status of an SMS',
  dialects: [
    { name: 'sms-not-pollable', says: 'The status of an SMS is 404 with an error body.', because: NEWER, rewrites: ofSms((_answer, exchange) => errorAnswer(404, exchange)) },
    ...perStatus([405, 409, 410, 500], (status) => ({
      name: `sms-status-${status}`,
      says: `The status of an SMS is ${status} with an error body.`,
      because: NEWER,
      rewrites: ofSms((_answer, exchange) => errorAnswer(status, exchange)),
    })),
    {
      name: 'sms-status-failed-after-verification',
      says: 'After the right code the status is `failed`: the status token is used up.',
      because: 'The documents call tokens of a status answer consumable.',
      rewrites: ofSms((answer, exchange) => (hasSucceeded(exchange) ? { ...answer, status: 412, body: { ...json(answer), status: 'failed' } } : answer)),
    },
    { name: 'sms-status-pending-for-ever', says: 'The status stays `pending` after the right code.', because: NEWER, rewrites: ofSms(pending) },
    {
      name: 'sms-status-unknown-200',
      says: 'The status is `unknown`, with HTTP 200.',
      because: NEWER,
      rewrites: ofSms((answer) => ({ ...answer, status: 200, body: { status: 'unknown' } })),
    },
    {
      name: 'sms-status-succeeded-without-token',
      says: 'The status is `succeeded`, and there is no token.',
      because: 'No token is named among what an SMS gives.',
      rewrites: ofSms((answer) => ({ ...answer, body: without(json(answer), 'token') })),
    },
    {
      name: 'sms-status-pending-without-user',
      says: 'The status stays `pending`, and names neither user nor token.',
      because: NEWER,
      rewrites: ofSms((answer) => ({ ...pending(answer), body: without(json(pending(answer)), 'userId', 'username', 'token') })),
    },
    {
      name: 'sms-status-pending-without-transaction-id',
      says: 'The status stays `pending`, without a transaction id.',
      because: NEWER,
      rewrites: ofSms((answer) => ({ ...pending(answer), body: without(json(pending(answer)), 'transactionId') })),
    },
    {
      name: 'sms-status-verified',
      says: 'After the right code the status is a word that no document has: `verified`.',
      because: 'The documents say that new values come without notice.',
      rewrites: ofSms((answer, exchange) => (hasSucceeded(exchange) ? { ...answer, body: { ...json(answer), status: 'verified' } } : answer)),
    },
  ],
}
