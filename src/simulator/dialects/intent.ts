/**
 * Dialects of the simulator for intent tokens, and for a status request that contains a transaction token instead of a status token. A dialect is one
 * possible behaviour of Nevis that its documentation leaves open.
 *
 * Out of scope: applying a dialect (`apply.ts`).
 */
import type { Answer } from '../answer'
import type { Dialect, DialectGroup, Exchange } from './dialect'
import { errorAnswer, inAnswers, without, withStatus } from './rewrite'

const NOT_SAID = 'The status reference does not say what a token gets that is no status token.'

const ofOtherToken = (change: (exchange: Exchange) => Answer): NonNullable<Dialect['rewrites']> => (answer, exchange) =>
  exchange.operation === 'getStatus' && exchange.transaction === undefined ? change(exchange) : answer

/** For a status request with a transaction token: returns the status of this token's transaction, as if the request had sent the status token. */
function statusOfResult({ body, cloud }: Exchange): Answer {
  const found = cloud.transactions.all().find(({ token }) => token === body['statusToken'])
  if (found === undefined) return { status: 404, headers: {}, body: { status: 'unknown' } }
  const { transactionId, status, token, user } = found
  return { status: status === 'failed' ? 412 : 200, headers: {}, body: { transactionId, status, token, userId: user?.userId, username: user?.username } }
}

export const intent: DialectGroup = {
  title: 'Intent tokens',
  dialects: [
    { name: 'intent-201', says: 'An intent is answered with 201.', because: 'It is made by a POST; the samples show 200.', rewrites: withStatus('createIntent', 201) },
    { name: 'intent-token-named', says: 'The field is called `intentToken`.', because: 'The widget’s configuration has a field of that name.', rewrites: inAnswers('createIntent', (json) => ({ ...without(json, 'token'), intentToken: json['token'] })) },
    { name: 'status-of-other-token-400', says: 'The status of a token that is no status token is 400.', because: NOT_SAID, rewrites: ofOtherToken((exchange) => errorAnswer(400, exchange)) },
    { name: 'status-of-other-token-404', says: 'The status of a token that is no status token is 404 with an error body.', because: NOT_SAID, rewrites: ofOtherToken((exchange) => errorAnswer(404, exchange)) },
    { name: 'status-of-result-token', says: 'The token of a result has the status of its transaction.', because: NOT_SAID, rewrites: ofOtherToken(statusOfResult) },
  ],
}
