/**
 * The three questions about a request: is it a callback, a cancellation, or a start?
 *
 * Only POST starts or cancels anything, and only with fields of its body: no link, image or prefetch sends a push, and no other
 * method does either. A callback is GET or POST. HEAD finishes nothing.
 */
import { callback } from './callback'
import type { Exchange, Exit, Field } from './exchange'
import { Refusal } from '../factors/failures'
import { bodyFieldOf, fieldOf } from '../host/request'
import { start } from './start'

/** @internal */
export async function dispatch(exchange: Exchange): Promise<Exit> {
  const { req } = exchange
  const isPost = req.method === 'POST'
  const factor = bodyFieldOf(req, 'factor')
  const cancels = bodyFieldOf(req, 'cancel') !== undefined
  const handle = fieldOf(req, 'transaction')
  if ((isPost && factor === undefined && !cancels) || req.method === 'GET') {
    if (handle !== undefined && !(req.method === 'GET' && namesStart(exchange))) return callback(exchange, handle)
  }
  if (!isPost) throw new Refusal('start_requires_post')
  const named = bodyFieldOf(req, 'transaction')
  return cancels ? cancel(exchange, named) : start(exchange, named, factor)
}

/** A link with the fields of a start is none of a callback. */
function namesStart({ req }: Exchange): boolean {
  return fieldOf(req, 'factor') !== undefined || fieldOf(req, 'cancel') !== undefined
}

async function cancel(exchange: Exchange, handle: Field): Promise<Exit> {
  const transaction = exchange.held(handle)
  if (transaction === undefined) throw new Refusal(exchange.codeForLost())
  return exchange.cancel(transaction)
}
