/**
 * Decides what a request is: a callback, a cancellation or a start.
 *
 * Only a POST can start or cancel a transaction, and its fields are read from the body only. So a link, an image or a prefetch cannot send a push. A
 * callback is a GET or a POST; HEAD does nothing.
 *
 * A POST that a page of another site has sent is refused, because the browser may add the user's cookie to it (cross-site request forgery). For the
 * same reason, a GET of another site with input of the user is refused.
 *
 * Out of scope: handling the request (`start.ts`, `callback.ts`).
 */
import { Refusal } from '../factors/failures'
import { bodyFieldOf, fieldOf, type NevisRequest } from '../host/request'
import { callback } from './callback'
import { refuseOtherSites } from './cross-site'
import { extend } from './extend'
import { isCallbackRoute } from './purpose'
import { start } from './start'
import type { Field, StrategyRequest, StrategyResult } from './strategy-request'

/**
 * Passes a request to the function that starts, cancels or finishes a transaction.
 * @internal
 */
export async function dispatch(request: StrategyRequest): Promise<StrategyResult> {
  const { req } = request
  if (hasInput(req)) refuseOtherSites(request)
  const handle = handleOf(request)
  if (handle !== undefined && isCallback(request)) return callback(request, handle)
  if (req.method !== 'POST') throw new Refusal('start_requires_post')
  const named = bodyFieldOf(req, 'transaction')
  if (bodyFieldOf(req, 'extend') !== undefined) return extend(request, named)
  return bodyFieldOf(req, 'cancel') !== undefined ? cancel(request, named) : start(request, named, bodyFieldOf(req, 'factor'))
}

/**
 * The fields of a GET that contain input of the user: the code or token, and the choice in the check box "Remember this browser". The script of the
 * waiting page adds this choice to the URL of the callback.
 */
const INPUT = ['code', 'token', 'remember']

/** True for a request that contains input of the user, so that another site must not send it: every POST, and a GET with such a field. */
function hasInput(req: NevisRequest): boolean {
  return req.method === 'POST' || INPUT.some((name) => fieldOf(req, name) !== undefined)
}

/**
 * Reads the handle (the encrypted transaction id) of a callback. The handle of a POST must be in the body, except on the route `callbackURL`, where
 * it may be in the URL.
 *
 * The attack: an attacker sends the user to `/login?transaction=…` with the attacker's handle. A password form without an `action` posts to the same
 * URL. If this POST counted as a callback, the session would keep its id, and the user would see the attacker's transaction. The attacker may also
 * have planted this session. This function cannot check instead whether the user has just given the password, because an app may store its user in a
 * place that this package does not know.
 */
function handleOf({ req, settings }: StrategyRequest): Field {
  return req.method === 'POST' && !isCallbackRoute(req, settings) ? bodyFieldOf(req, 'transaction') : fieldOf(req, 'transaction')
}

const ACTIONS = ['factor', 'cancel', 'extend']

/**
 * True if no field of the request asks for an action, such as a cancellation. A GET with such a field is refused, because a link must not cause an
 * action.
 */
function isCallback({ req }: StrategyRequest): boolean {
  if (req.method === 'POST') return ACTIONS.every((name) => bodyFieldOf(req, name) === undefined)
  return req.method === 'GET' && ACTIONS.every((name) => fieldOf(req, name) === undefined)
}

async function cancel(request: StrategyRequest, handle: Field): Promise<StrategyResult> {
  const transaction = request.openTransaction(handle)
  if (transaction === undefined) throw request.missingTransactionRefusal()
  return request.cancel(transaction)
}
