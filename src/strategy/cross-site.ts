/**
 * Refuses a request from a page of another site (cross-site request forgery). The browser may add the user's cookie to it.
 *
 * Out of scope: which requests are checked (`dispatch.ts`, `callback.ts`).
 */
import { Refusal } from '../factors/failures'
import { isFromOtherSite } from '../host/origin'
import type { StrategyRequest } from './strategy-request'

/**
 * @throws Refusal `cross_site_post`, unless the option `allowPostsFromOtherSites` allows the other site
 * @internal
 */
export function refuseOtherSites({ req, settings }: Pick<StrategyRequest, 'req' | 'settings'>): void {
  if (settings.postOrigins !== 'any' && isFromOtherSite(req, settings.postOrigins)) throw new Refusal('cross_site_post')
}
