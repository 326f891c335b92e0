/**
 * Decides what a request is: a callback, a cancellation or a start.
 *
 * Only POST starts or cancels, and only with fields of its body. So no link, image, prefetch or other method can send a push. A callback is
 * GET or POST; HEAD does nothing. Out of scope: doing it (`start.ts`, `callback.ts`).
 */
import { Refusal } from '../factors/failures'
import { bodyFieldOf, fieldOf } from '../host/request'
import { callback } from './callback'
import { start } from './start'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/** @internal */
export async function dispatch(request: StrategyRequest): Promise<StrategyResult> {
  const { req } = request
  const handle = fieldOf(req, 'transaction')
  if (handle !== undefined && isCallback(request)) return callback(request, handle)
  if (req.method !== 'POST') throw new Refusal('start_requires_post')
  const named = bodyFieldOf(req, 'transaction')
  return bodyFieldOf(req, 'cancel') !== undefined ? cancel(request, named) : start(request, named, bodyFieldOf(req, 'factor'))
}

/** A POST with `factor` or `cancel` in its body is no callback. Nor is a GET with either in its query: a link must not start or cancel. */
function isCallback({ req }: StrategyRequest): boolean {
  if (req.method === 'POST') return bodyFieldOf(req, 'factor') === undefined && bodyFieldOf(req, 'cancel') === undefined
  return req.method === 'GET' && fieldOf(req, 'factor') === undefined && fieldOf(req, 'cancel') === undefined
}

async function cancel(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw new Refusal(request.codeForMissingTransaction())
  return request.cancel(transaction)
}
