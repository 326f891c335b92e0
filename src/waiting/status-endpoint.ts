/**
 * The status endpoint: tells the waiting page how its transaction stands, as JSON or as server-sent events.
 *
 * It needs no session and writes none: a late answer would bring a finished transaction back, and polling would keep
 * a session alive for ever. Mount it before the session middleware.
 */
import { json, middleware, whole, type Answer, type Middleware, type Stream } from '../host/answer'
import type { Sealed } from '../trust/handle'
import { refuseUnknown } from '../host/option-values'
import { queryFieldOf, type HostRequest } from '../host/request'
import type { NevisStrategy } from '../strategy/strategy'
import { followStatus, knownStatusOf, statusOf, type WaitingStatus } from './status'

/** Options of {@link statusEndpoint}. */
export interface StatusEndpointOptions {
  /** Event streams open at once in this process, at most 20 of one transaction; who comes later gets JSON and asks again. Default 10 000. */
  readonly maxStreams?: number
}

/** The middleware, and the end of its streams. */
export interface StatusEndpoint extends Middleware {
  /** Ends every open stream, so that a server can close; browsers connect again elsewhere. */
  closeStreams(): void
}

/** Of one transaction in this process: tabs of its browser, and connections that have died unnoticed. */
const MAX_STREAMS_EACH = 20
/** Proxies give up on a silent connection after 30 to 60 s. */
const HEARTBEAT_MS = 20_000

/**
 * `GET statusURL?transaction=<handle>` → `{ status, prompt, expiresAt, retryAfterSeconds }`, or with
 * `Accept: text/event-stream` the same as events named `status`: one at once, one when it is decided. For a handle
 * that does not open: `{ status: 'unknown' }` with 404. It logs nobody in, and needs no session: mount it before the
 * session middleware.
 * @param strategy the one whose transactions it tells about
 * @param options how many streams it keeps open
 * @throws TypeError when an option is unknown
 * @returns middleware, and `closeStreams()` for a graceful shutdown
 */
export function statusEndpoint(strategy: NevisStrategy, options: StatusEndpointOptions = {}): StatusEndpoint {
  refuseUnknown('statusEndpoint', options, ['maxStreams'])
  const { maxStreams = 10_000 } = options
  const { settings } = strategy
  const streams = new OpenStreams(maxStreams)

  async function serve(req: HostRequest): Promise<Answer> {
    if (req.method !== 'GET' && req.method !== 'HEAD') return whole(405, { Allow: 'GET, HEAD' })
    const sealed = (await settings.keys()).handles.open(queryFieldOf(req, 'transaction'))
    if (sealed === undefined) return json(404, { status: 'unknown' })
    const wantsStream = req.method === 'GET' && (req.headers.accept ?? '').includes('text/event-stream')
    if (wantsStream && streams.haveRoomFor(sealed.id)) return streaming(sealed)
    return json(200, await statusOf(settings, sealed))
  }

  function streaming(sealed: Sealed): Answer {
    const headers = {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Content-Type-Options': 'nosniff',
      'X-Accel-Buffering': 'no',
    }
    // The first event waits for nobody: the answer may take as long as Nevis does.
    const known = knownStatusOf(settings, sealed)
    if (known.status !== 'pending') return { status: 200, headers, body: event(known) }
    // From now on it has its place among the open ones.
    const place = streams.take(sealed.id)
    const body: Stream = (sink) => {
      sink.write(event(known))
      const heartbeat = setInterval(() => sink.write(': still here\n\n'), HEARTBEAT_MS).unref()
      let unfollow = () => {}
      const stop = () => {
        clearInterval(heartbeat)
        unfollow()
        streams.free(place)
      }
      const end = (last?: string) => {
        stop()
        sink.end(last)
      }
      place.close = end
      unfollow = followStatus(settings, sealed, (decided) => end(event(decided)))
      return stop
    }
    return { status: 200, headers, body }
  }

  return Object.assign(middleware(serve), { closeStreams: () => streams.close() })
}

interface Place {
  readonly id: string
  close: () => void
}

/** The handle alone opens a stream, so whoever has one could otherwise take the places of all others. */
class OpenStreams {
  private readonly places = new Set<Place>()
  private readonly counts = new Map<string, number>()

  constructor(private readonly max: number) {}

  haveRoomFor(id: string): boolean {
    return this.places.size < this.max && (this.counts.get(id) ?? 0) < MAX_STREAMS_EACH
  }

  take(id: string): Place {
    const place = { id, close: () => {} }
    this.places.add(place)
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1)
    return place
  }

  /** May be told twice. */
  free(place: Place): void {
    if (!this.places.delete(place)) return
    const left = (this.counts.get(place.id) as number) - 1
    if (left > 0) this.counts.set(place.id, left)
    else this.counts.delete(place.id)
  }

  close(): void {
    this.places.forEach(({ close }) => close())
  }
}

function event(status: WaitingStatus): string {
  return `event: status\ndata: ${JSON.stringify(status)}\n\n`
}
