/**
 * Recognises the forms of the waiting page. If a request from such a form fails and the user can correct the mistake, the strategy redirects the browser back
 * to the waiting page.
 *
 * Out of scope: which site has sent the form (`cross-site.ts`).
 */
import { bodyFieldOf } from '../host/request'
import type { StrategyRequest } from './strategy-request'

/**
 * True for a form of the waiting page: only these forms have the field `retry`. A field in the URL does not count, because any link could contain it.
 * @internal
 */
export function isFromWaitingPage({ req }: StrategyRequest): boolean {
  return bodyFieldOf(req, 'retry') !== undefined
}
