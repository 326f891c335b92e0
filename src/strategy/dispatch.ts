/**
 * Decides what a request is: a callback, a cancellation or a start.
 *
 * Only POST starts or cancels, and only with fields of its body. So no link, image, prefetch or other method can send a push. A callback is
 * GET or POST; HEAD does nothing. A POST that a page of another site has sent is refused, because the browser may add the user's cookie to it
 * (cross-site request forgery). Out of scope: doing it (`start.ts`, `callback.ts`).
 */
import { Refusal } from '../factors/failures'
import { isFromOtherSite } from '../host/origin'
import { bodyFieldOf, fieldOf } from '../host/request'
import { callback } from './callback'
import { extend } from './extend'
import { isCallbackRoute } from './purpose'
import { start } from './start'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/** @internal */
export async function dispatch(request: StrategyRequest): Promise<StrategyResult> {
  const { req, settings } = request
  if (req.method === 'POST' && settings.postOrigins !== 'any' && isFromOtherSite(req, settings.postOrigins)) throw new Refusal('cross_site_post')
  const handle = handleOf(request)
  if (handle !== undefined && isCallback(request)) return callback(request, handle)
  if (req.method !== 'POST') throw new Refusal('start_requires_post')
  const named = bodyFieldOf(req, 'transaction')
  if (bodyFieldOf(req, 'extend') !== undefined) return extend(request, named)
  return bodyFieldOf(req, 'cancel') !== undefined ? cancel(request, named) : start(request, named, bodyFieldOf(req, 'factor'))
}

/**
 * The handle of a callback. Only at `callbackURL` does the address of a POST name a transaction. An attacker could send the user to
 * `/login?transaction=…`, and a password form without an `action` keeps the address. Taken for a callback, that request would keep a planted
 * session's id and show the attacker's transaction. Whether a first factor was given cannot be told: an app may keep its user where we do not look.
 */
function handleOf({ req, settings }: StrategyRequest): Field {
  return req.method === 'POST' && !isCallbackRoute(req, settings) ? bodyFieldOf(req, 'transaction') : fieldOf(req, 'transaction')
}

const ACTIONS = ['factor', 'cancel', 'extend']

/** A POST with one of these fields in its body is no callback. Nor is a GET with one in its query: a link must not start or cancel. */
function isCallback({ req }: StrategyRequest): boolean {
  if (req.method === 'POST') return ACTIONS.every((name) => bodyFieldOf(req, name) === undefined)
  return req.method === 'GET' && ACTIONS.every((name) => fieldOf(req, name) === undefined)
}

async function cancel(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw request.missingTransactionRefusal()
  return request.cancel(transaction)
}
