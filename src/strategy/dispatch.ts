/**
 * Decides what a request is: a callback, a cancellation or a start.
 *
 * Only POST starts or cancels, and only with fields of its body. So no link, image, prefetch or other method can send a push. A callback is
 * GET or POST; HEAD does nothing. A POST that a page of another site has sent is refused, because the browser may add the user's cookie to it
 * (cross-site request forgery). Out of scope: doing it (`start.ts`, `callback.ts`).
 */
import { Refusal } from '../factors/failures'
import { isFromOtherSite } from '../host/origin'
import { bodyFieldOf, fieldOf, logsIn } from '../host/request'
import { callback } from './callback'
import { extend } from './extend'
import { isAfterFirstFactor } from './session-fixation'
import { start } from './start'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/** @internal */
export async function dispatch(request: StrategyRequest): Promise<StrategyResult> {
  const { req, settings } = request
  if (req.method === 'POST' && settings.postOrigins !== 'any' && isFromOtherSite(req, settings.postOrigins)) throw new Refusal('cross_site_post')
  const handle = fieldOf(req, 'transaction')
  if (handle !== undefined && isCallback(request) && !(await isSignInWithLink(request))) return callback(request, handle)
  if (req.method !== 'POST') throw new Refusal('start_requires_post')
  const named = bodyFieldOf(req, 'transaction')
  if (bodyFieldOf(req, 'extend') !== undefined) return extend(request, named)
  return bodyFieldOf(req, 'cancel') !== undefined ? cancel(request, named) : start(request, named, bodyFieldOf(req, 'factor'))
}

const ACTIONS = ['factor', 'cancel', 'extend']

/** A POST with one of these fields in its body is no callback. Nor is a GET with one in its query: a link must not start or cancel. */
function isCallback({ req }: StrategyRequest): boolean {
  if (req.method === 'POST') return ACTIONS.every((name) => bodyFieldOf(req, name) === undefined)
  return req.method === 'GET' && ACTIONS.every((name) => fieldOf(req, name) === undefined)
}

/**
 * A POST that has just given a first factor is a start, although its address names a transaction: an attacker could send the user to
 * `/login?transaction=…`, and the password form keeps the address. Taken for a callback, the request would keep a planted session's id and
 * show the attacker's transaction.
 */
async function isSignInWithLink(request: StrategyRequest): Promise<boolean> {
  const { req, options } = request
  if (req.method !== 'POST' || !logsIn(options) || req.user == null || bodyFieldOf(req, 'transaction') !== undefined) return false
  return isAfterFirstFactor(request)
}

async function cancel(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw request.missingTransactionRefusal()
  return request.cancel(transaction)
}
