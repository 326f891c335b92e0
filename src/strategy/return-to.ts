/**
 * Decides to which page of this site the user goes after the approval: the page in the route's option `returnTo` or, without this option, the page that the
 * session stores.
 *
 * Out of scope: how the session stores this page (`session/return-to.ts`).
 */
import { returnToBeforeLogin, returnToIn, sitePathOf } from '../session/return-to'
import type { StrategyRequest } from './strategy-request'

/**
 * The page of this site to which the user goes after the approval.
 * @throws TypeError if the route's option `returnTo` is not a path of this site
 * @internal
 */
export function returnToOf({ session, settings, req, options }: StrategyRequest): string | undefined {
  const { returnTo } = options
  if (returnTo !== undefined && sitePathOf(returnTo) === undefined) throw new TypeError('NevisStrategy: returnTo of a route must be a path of this site, such as /account')
  if (returnTo !== undefined) return returnTo
  return returnToIn(session, settings.sessionKey) ?? returnToBeforeLogin(session, req)
}
