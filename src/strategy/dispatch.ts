/**
 * Decides what a request is: a callback, a start, a cancellation, or a request for more time.
 *
 * Only the body of a POST can start or cancel. So a link, an image or a prefetch cannot send a push. A callback is a GET or a POST.
 *
 * Against cross-site request forgery, a POST from a page of another site is refused. A GET from another site is refused if it contains input of the user, such
 * as a code.
 *
 * Out of scope: handling the request (`start.ts`, `callback.ts`).
 */
import { bodyFieldOf, fieldOf, type NevisRequest } from '../host/request'
import { callback } from './callback'
import { refuseOtherSites } from './cross-site'
import { extend } from './extend'
import { isCallbackRoute } from './purpose'
import { start } from './start'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/** @internal */
export async function dispatch(request: StrategyRequest): Promise<StrategyResult> {
  const { req } = request
  if (hasInput(req)) refuseOtherSites(request)
  const handle = handleOf(request)
  if (handle !== undefined && isCallback(request)) return callback(request, handle)
  if (req.method !== 'POST') throw request.refusalOfLink('start_requires_post')
  const named = bodyFieldOf(req, 'transaction')
  if (bodyFieldOf(req, 'extend') !== undefined) return extend(request, named)
  return bodyFieldOf(req, 'cancel') !== undefined ? cancel(request, named) : start(request, named, bodyFieldOf(req, 'factor'))
}

/** Fields that contain input of the user: a code, a token, or the choice in the checkbox "Remember this browser". */
const INPUT = ['code', 'token', 'remember']

/** True for every POST, and for a GET with input of the user. Another site must not send such a request. */
function hasInput(req: NevisRequest): boolean {
  return req.method === 'POST' || INPUT.some((name) => fieldOf(req, name) !== undefined)
}

/**
 * Reads the handle (the encrypted transaction id) of a callback. A POST must send the handle in its body, except on the callback route.
 *
 * The attack: an attacker sends the user a link to `/login?transaction=…` with the handle of the attacker's own transaction. The password form on that page
 * posts to the same URL. If the strategy took this POST for a callback, it would go on with the attacker's transaction instead of starting one for the user.
 */
function handleOf({ req, settings }: StrategyRequest): Field {
  return req.method === 'POST' && !isCallbackRoute(req, settings) ? bodyFieldOf(req, 'transaction') : fieldOf(req, 'transaction')
}

const ACTIONS = ['factor', 'cancel', 'extend']

/** True for a GET or a POST without the fields that ask for something else than a callback: for a start, a cancellation or more time. */
function isCallback({ req }: StrategyRequest): boolean {
  if (req.method === 'POST') return ACTIONS.every((name) => bodyFieldOf(req, name) === undefined)
  return req.method === 'GET' && ACTIONS.every((name) => fieldOf(req, name) === undefined)
}

async function cancel(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw request.missingTransactionRefusal()
  return request.cancel(transaction)
}
