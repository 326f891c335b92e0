/**
 * The status endpoint: tells the waiting page the status of its transaction, as JSON or as server-sent events.
 *
 * Mount the endpoint before the session middleware: it needs no session, and polling would keep a session alive for ever. Out of scope: which status a browser
 * may see (`status.ts`).
 */
import { refuseUnknown } from '../client/option-names'
import { json, middleware, completeAnswer, type Answer, type Middleware } from '../host/answer'
import type { Stream } from '../host/stream'
import type { HandleContent } from '../trust/handle'
import { queryFieldOf, type HostRequest } from '../host/request'
import { settingsOf, type Settings } from '../strategy/settings'
import type { NevisStrategy } from '../strategy/strategy'
import { followStatus, knownStatusOf, statusOf, type WaitingStatus } from './status'

/** Options of {@link statusEndpoint}. */
export interface StatusEndpointOptions {
  /** How many event streams may be open in this process. Further browsers get JSON, and poll. Default 10 000; at most 20 per transaction. */
  readonly maxStreams?: number | undefined
}

/** The middleware, with a method that closes its streams. */
export interface StatusEndpoint extends Middleware {
  /**
   * Closes every open stream and opens no new one, so that the server can shut down. After this call, the pages poll, and every answer closes its
   * connection.
   */
  closeStreams(): void
}

/** The most open event streams per transaction: enough for several tabs, and for dead connections that are not detected yet. */
const MAX_STREAMS_EACH = 20
/** Proxies close a silent connection after 30 to 60 s, so a heartbeat is sent more often. */
const HEARTBEAT_MS = 20_000

/**
 * `GET statusURL?transaction=<handle>` → `{ status, prompt, expiresAt, retryAfterSeconds, isSilent? }`. The handle is the encrypted transaction id; `prompt`
 * says what the waiting page does (`wait`, `code`, `widget` or `confirm`). With `Accept: text/event-stream`, the endpoint sends the same data as events named
 * `status`: one immediately, and one when the user has answered. When Nevis stops or starts to respond, the endpoint sends an event named `silence`, with the
 * same data. A handle that cannot be decrypted gives 404 and `{ status: 'unknown' }`. The endpoint signs no user in. Mount it before the session middleware.
 * @param strategy the strategy whose transactions the endpoint reports
 * @param options the limit of open streams
 * @throws TypeError if `strategy` is no NevisStrategy, or an option is wrong or unknown
 * @returns middleware, and `closeStreams()` for a graceful shutdown
 */
export function statusEndpoint(strategy: NevisStrategy, options: StatusEndpointOptions = {}): StatusEndpoint {
  const settings = settingsOf('statusEndpoint', strategy)
  refuseUnknown('statusEndpoint', options, ['maxStreams'])
  const { maxStreams = 10_000 } = options
  if (!Number.isInteger(maxStreams) || maxStreams < 0) throw new TypeError('statusEndpoint: maxStreams must be a whole number, 0 or more')
  const streams = new OpenStreams(maxStreams)
  endpoints().set(settings, [...(endpoints().get(settings) ?? []), streams])

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

  function streaming(sealed: HandleContent): Answer {
    const headers = {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Content-Type-Options': 'nosniff',
      'X-Accel-Buffering': 'no',
    }
    // The first event must not wait for a call to Nevis. So send the status that this process knows.
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
      unfollow = followStatus(settings, sealed, (decided) => end(event(decided)), () => sink.write(event(knownStatusOf(settings, sealed), 'silence')))
      // If `closeStreams()` was called while this stream was being opened, end the stream at once.
      if (streams.areClosed) end()
      return stop
    }
    return { status: 200, headers, body }
  }

  return Object.assign(middleware(serve, strategy.name), { closeStreams: () => streams.close() })
}

const REGISTRY = Symbol.for('passport-nevis.endpoints')

/**
 * The open streams of each strategy. An app may mount several status endpoints of one strategy. The map is on `globalThis`, because npm may install two copies
 * of this package: one with the status endpoint, one with `metricsOf`.
 */
function endpoints(): WeakMap<Settings, readonly Pick<OpenStreams, 'size'>[]> {
  const shared = globalThis as { [REGISTRY]?: ReturnType<typeof endpoints> }
  return (shared[REGISTRY] ??= new WeakMap())
}

/**
 * How many event streams of a strategy are open in this process.
 * @internal
 */
export function openStreamsOf(settings: Settings): number {
  return (endpoints().get(settings) ?? []).reduce((sum, { size }) => sum + size, 0)
}

interface Slot {
  readonly id: string
  close: () => void
}

/** Limits the open streams in total and per transaction. Otherwise one client could use up all streams. */
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

  /** Called when a stream has ended: the stream no longer counts towards the limits. A second call for the same stream does nothing. */
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

function event(status: WaitingStatus, name = 'status'): string {
  return `event: ${name}\ndata: ${JSON.stringify(status)}\n\n`
}
