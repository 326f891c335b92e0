/**
 * The status endpoint: tells the waiting page how its transaction stands, as JSON or as server-sent events.
 *
 * It needs no session and writes none: a late answer would bring a finished transaction back, and polling would keep
 * a session alive for ever. Mount it before the session middleware.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Sealed } from '../handle'
import { queryFieldOf } from '../request'
import type { Middleware } from '../second-factor'
import type { NevisStrategy } from '../strategy'
import { respond, respondJson } from './respond'
import { followStatus, knownStatusOf, statusOf, type WaitingStatus } from './status'

export interface StatusEndpointOptions {
  /** Event streams open at once in this process; who comes later gets JSON and asks again. Default 10 000. */
  readonly maxStreams?: number
}

/** The middleware, and the end of its streams. */
export interface StatusEndpoint extends Middleware {
  /** Ends every open stream, so that a server can close; browsers connect again elsewhere. */
  closeStreams(): void
}

/** Proxies give up on a silent connection after 30 to 60 s. */
const HEARTBEAT_MS = 20_000

/**
 * `GET statusURL?transaction=<handle>` → `{ status, prompt, expiresAt, retryAfterSeconds }`, or with
 * `Accept: text/event-stream` the same as events named `status`: one at once, one when it is decided. For a handle
 * that does not open: `{ status: 'unknown' }` with 404.
 * @param strategy the one whose transactions it tells about
 */
export function statusEndpoint(strategy: NevisStrategy, { maxStreams = 10_000 }: StatusEndpointOptions = {}): StatusEndpoint {
  const { settings } = strategy
  const streams = new Set<ServerResponse>()

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const sealed = await settings.handles.open(queryFieldOf(req, 'transaction'))
    if (sealed === undefined) return respondJson(res, 404, { status: 'unknown' })
    const wantsStream = req.method === 'GET' && (req.headers.accept ?? '').includes('text/event-stream')
    if (wantsStream && streams.size < maxStreams && !res.destroyed) stream(res, sealed)
    else respondJson(res, 200, await statusOf(settings, sealed))
  }

  function stream(res: ServerResponse, sealed: Sealed): void {
    res.statusCode = 200
    res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
    res.setHeader('Cache-Control', 'no-store, no-transform')
    res.setHeader('X-Content-Type-Options', 'nosniff')
    res.setHeader('X-Accel-Buffering', 'no')
    const known = knownStatusOf(settings, sealed)
    if (known.status !== 'pending') return void res.end(event(known))
    // The first event waits for nobody: the answer may take as long as Nevis does.
    res.write(event(known))
    streams.add(res)
    const heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS).unref()
    const stop = followStatus(settings, sealed, (decided) => res.end(event(decided)))
    res.once('close', () => {
      clearInterval(heartbeat)
      stop()
      streams.delete(res)
    })
  }

  const endpoint: Middleware = (req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return respond(res, 405, { Allow: 'GET, HEAD' })
    serve(req, res).catch(next)
  }
  return Object.assign(endpoint, { closeStreams: () => streams.forEach((res) => res.end()) })
}

function event(status: WaitingStatus): string {
  return `event: status\ndata: ${JSON.stringify(status)}\n\n`
}
