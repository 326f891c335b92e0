/**
 * The status endpoint: tells the waiting page the status of its transaction, as JSON or as server-sent events.
 *
 * It neither reads nor writes a session. A late write could bring back a finished transaction, and polling would keep a session alive for ever. So
 * mount the endpoint before the session middleware. Out of scope: which status a browser may see (`status.ts`).
 */
import { json, middleware, completeAnswer, type Answer, type Middleware } from '../host/answer'
import type { Stream } from '../host/stream'
import type { Sealed } from '../trust/handle'
import { refuseUnknown } from '../host/option-values'
import { queryFieldOf, type HostRequest } from '../host/request'
import type { Settings } from '../strategy/settings'
import type { NevisStrategy } from '../strategy/strategy'
import { followStatus, knownStatusOf, statusOf, type WaitingStatus } from './status'

/** Options of {@link statusEndpoint}. */
export interface StatusEndpointOptions {
  /**
   * How many event streams may be open at the same time in this process; at most 20 of them per transaction. Further requests get JSON, and their
   * pages poll. Default 10 000.
   */
  readonly maxStreams?: number
}

/** The middleware, with a method that closes its streams. */
export interface StatusEndpoint extends Middleware {
  /**
   * Closes every open stream and opens no new one, so that the server can shut down. After this call, a request for a stream gets 503, and the page
   * polls for JSON instead. Every answer then also closes its connection: a connection that a browser keeps open would keep the process alive.
   */
  closeStreams(): void
}

/** How many event streams one transaction may have: enough for several tabs of a browser, and for dead connections that are not detected yet. */
const MAX_STREAMS_EACH = 20
/** Time between two heartbeats on an open stream: shorter than the 30 to 60 s after which proxies close a silent connection. */
const HEARTBEAT_MS = 20_000

/**
 * `GET statusURL?transaction=<handle>` → `{ status, prompt, expiresAt, retryAfterSeconds }`, or with `Accept: text/event-stream` the same as events
 * named `status`: one immediately, one when the transaction is decided. If the handle cannot be decrypted: `{ status: 'unknown' }` with 404. The
 * endpoint signs no user in, and needs no session: mount it before the session middleware.
 * @param strategy the strategy whose transactions the endpoint reports
 * @param options the limit of open streams
 * @throws TypeError if an option is unknown
 * @returns middleware, and `closeStreams()` for a graceful shutdown
 */
export function statusEndpoint(strategy: NevisStrategy, options: StatusEndpointOptions = {}): StatusEndpoint {
  refuseUnknown('statusEndpoint', options, ['maxStreams'])
  const { maxStreams = 10_000 } = options
  const { settings } = strategy
  const streams = new OpenStreams(maxStreams)
  endpoints.set(settings, [...(endpoints.get(settings) ?? []), streams])

  async function serve(req: HostRequest): Promise<Answer> {
    const answer = await answerTo(req)
    return streams.areClosed ? { ...answer, headers: { ...answer.headers, Connection: 'close' } } : answer
  }

  async function answerTo(req: HostRequest): Promise<Answer> {
    if (req.method !== 'GET' && req.method !== 'HEAD') return completeAnswer(405, { Allow: 'GET, HEAD' })
    const sealed = (await settings.keys()).handles.open(queryFieldOf(req, 'transaction'))
    if (sealed === undefined) return json(404, { status: 'unknown' })
    const wantsStream = req.method === 'GET' && (req.headers.accept ?? '').includes('text/event-stream')
    if (wantsStream && (streams.areClosed || streams.haveRoomFor(sealed.id))) return streaming(sealed)
    return json(200, await statusOf(settings, sealed))
  }

  function streaming(sealed: Sealed): Answer {
    const headers = {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Content-Type-Options': 'nosniff',
      'X-Accel-Buffering': 'no',
    }
    // The first event contains the status that this process already knows. A call to Nevis for a newer status could delay this event.
    const known = knownStatusOf(settings, sealed)
    if (known.status !== 'pending') return { status: 200, headers, body: event(known) }
    if (streams.areClosed) return completeAnswer(503, { 'Retry-After': '1' })
    // Count the stream before the web framework starts to send it, so that parallel requests cannot exceed the limit.
    const slot = streams.take(sealed.id)
    const body: Stream = (sink) => {
      sink.write(event(known))
      const heartbeat = setInterval(() => sink.write(': still here\n\n'), HEARTBEAT_MS).unref()
      let unfollow = () => {}
      const stop = () => {
        clearInterval(heartbeat)
        unfollow()
        streams.free(slot)
      }
      const end = (last?: string) => {
        stop()
        sink.end(last)
      }
      slot.close = end
      unfollow = followStatus(settings, sealed, (decided) => end(event(decided)))
      // If `closeStreams()` was called after this answer was made, end the stream at once.
      if (streams.areClosed) end()
      return stop
    }
    return { status: 200, headers, body }
  }

  return Object.assign(middleware(serve, strategy.name), { closeStreams: () => streams.close() })
}

/** The open streams of each strategy. The value is a list, because an app may mount several status endpoints of one strategy. */
const endpoints = new WeakMap<Settings, readonly OpenStreams[]>()

/**
 * Event streams of a strategy that are open in this process.
 * @internal
 */
export function openStreamsOf(settings: Settings): number {
  return (endpoints.get(settings) ?? []).reduce((sum, { size }) => sum + size, 0)
}

interface Slot {
  readonly id: string
  close: () => void
}

/** Limits the open streams in total and per transaction. Without the limit per transaction, one client with one handle could use up all streams. */
class OpenStreams {
  areClosed = false
  private readonly slots = new Set<Slot>()
  private readonly counts = new Map<string, number>()

  constructor(private readonly max: number) {}

  get size(): number {
    return this.slots.size
  }

  haveRoomFor(id: string): boolean {
    return this.slots.size < this.max && (this.counts.get(id) ?? 0) < MAX_STREAMS_EACH
  }

  take(id: string): Slot {
    const slot = { id, close: () => {} }
    this.slots.add(slot)
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1)
    return slot
  }

  /** Frees the place of a stream. A second call for the same stream does nothing. */
  free(slot: Slot): void {
    if (!this.slots.delete(slot)) return
    const left = (this.counts.get(slot.id) as number) - 1
    if (left > 0) this.counts.set(slot.id, left)
    else this.counts.delete(slot.id)
  }

  close(): void {
    this.areClosed = true
    this.slots.forEach(({ close }) => close())
  }
}

function event(status: WaitingStatus): string {
  return `event: status\ndata: ${JSON.stringify(status)}\n\n`
}
