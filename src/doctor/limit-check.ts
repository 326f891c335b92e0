/**
 * Checks that no rate limiter refuses the requests to the status endpoint, which each waiting page calls every two seconds. If a limiter answers with 429, the
 * page does not learn that the user has approved.
 *
 * Out of scope: rate limiters on other routes.
 */
import { ok, unchecked, warning, type Finding } from './findings'
import { ask, UNKNOWN_HANDLE } from './probe'

/** One waiting page sends this many requests in two minutes, the default lifetime of an approval. */
const REQUESTS = 60

export async function limitFinding(origin: string, statusURL: string): Promise<Finding> {
  const check = 'routes.status-limit'
  const remedy = 'mount statusEndpoint before the limiter: for an unknown transaction, it does not call Nevis; all pages of one transaction share its calls'
  const replies = await Promise.all(Array.from({ length: REQUESTS }, () => ask(origin, 'GET', statusURL, { transaction: UNKNOWN_HANDLE })))
  const refused = replies.filter((reply) => reply?.status === 429).length
  if (refused > 0) return warning(check, `the status endpoint answers ${refused} of ${REQUESTS} requests with HTTP 429; one waiting page sends ${REQUESTS} requests in two minutes`, remedy)
  const unanswered = replies.filter((reply) => reply === undefined).length
  if (unanswered > 0) return unchecked(check, `the app does not answer ${unanswered} of ${REQUESTS} requests to the status endpoint within 5 s`, 'check that no rate limiter is in front of the status endpoint, and what slows the app down')
  return ok(check, 'no rate limiter refuses requests to the status endpoint')
}
