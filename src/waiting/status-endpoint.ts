/**
 * The status endpoint: tells the waiting page how its transaction stands.
 *
 * It needs no session and writes none: a late answer would bring a finished transaction back, and polling would keep
 * a session alive for ever. Mount it before the session middleware.
 */
import { queryFieldOf } from '../request'
import type { Middleware } from '../second-factor'
import type { NevisStrategy } from '../strategy'
import { respond, respondJson } from './respond'
import { statusOf } from './status'

/**
 * `GET statusURL?transaction=<handle>` → `{ status, prompt, expiresAt, retryAfterSeconds }`; for a handle that does
 * not open `{ status: 'unknown' }` with 404.
 * @param strategy the one whose transactions it tells about
 */
export function statusEndpoint(strategy: NevisStrategy): Middleware {
  const { settings } = strategy
  return (req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return respond(res, 405, { Allow: 'GET, HEAD' })
    settings.handles
      .open(queryFieldOf(req, 'transaction'))
      .then(async (sealed) => {
        if (sealed === undefined) respondJson(res, 404, { status: 'unknown' })
        else respondJson(res, 200, await statusOf(settings, sealed))
      })
      .catch(next)
  }
}
