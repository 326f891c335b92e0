/**
 * Checks that no rate limiter stands in front of the status endpoint. Waiting pages ask it every two seconds; a user whose page is answered by
 * 429 waits in vain.
 *
 * Out of scope: limiters elsewhere. In front of the login they are welcome.
 */
import { ok, warning, type Finding } from './findings'
import { ask, UNKNOWN_HANDLE, type Reply } from './probe'

/** As many requests as one waiting page sends in two minutes, the default lifetime of an approval. */
const REQUESTS = 60

/** The headers of the RFC drafts and of their forerunners. */
const LIMIT_HEADERS = ['ratelimit', 'ratelimit-limit', 'ratelimit-policy', 'x-ratelimit-limit']

/** @param first the reply to the first request */
export async function limitFinding(origin: string, statusURL: string, first: Reply): Promise<Finding> {
  const check = 'routes.status-limit'
  const remedy = 'mount statusEndpoint before the limiter: it asks Nevis nothing for a wrong transaction, and one loop serves all pages of a right one'
  const header = LIMIT_HEADERS.find((name) => first.headers[name] !== undefined)
  if (header !== undefined) return warning(check, `a rate limiter runs before the status endpoint (header ${header})`, remedy)
  const replies = await Promise.all(Array.from({ length: REQUESTS }, () => ask(origin, 'GET', statusURL, { transaction: UNKNOWN_HANDLE })))
  const refused = replies.filter((reply) => reply?.status === 429).length
  if (refused > 0) return warning(check, `the status endpoint answers ${refused} of ${REQUESTS} requests with HTTP 429; one waiting page sends as many in two minutes`, remedy)
  return ok(check, 'no rate limiter is in front of the status endpoint')
}
