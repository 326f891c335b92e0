/**
 * Refuses a request from a page of another site (cross-site request forgery), because the browser may add the user's cookie to such a request.
 *
 * Out of scope: which requests are checked (`dispatch.ts`, `callback.ts`).
 */
import { isFromOtherSite } from '../host/origin'
import type { StrategyRequest } from './strategy-request'

/**
 * Checks that the request does not come from a page of another site.
 * @throws Refusal `cross_site_post`, unless the option `allowPostsFromOtherSites` allows the other site
 * @internal
 */
export function refuseOtherSites(request: Pick<StrategyRequest, 'req' | 'settings' | 'refusalOfLink'>): void {
  const { postOrigins } = request.settings
  if (postOrigins !== 'any' && isFromOtherSite(request.req, postOrigins)) throw request.refusalOfLink('cross_site_post')
}
