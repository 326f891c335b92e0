/** Tests the status as server-sent events: a stream sends one event at once, another event when the user has decided, and then ends. */
import session from 'express-session'
import { createServer, get, type ClientRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { statusEndpoint, type PlainAnswer, type StatusEndpointOptions } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, listen, signIn, startApp, type TestApp } from '../support/app'

class CountingStore extends session.MemoryStore {
  uses = 0
  override get(...args: Parameters<session.MemoryStore['get']>): void { this.uses++; super.get(...args) }
  override set(...args: Parameters<session.MemoryStore['set']>): void { this.uses++; super.set(...args) }
  override touch(...args: Parameters<session.MemoryStore['touch']>): void { this.uses++; super.touch(...args) }
  override destroy(...args: Parameters<session.MemoryStore['destroy']>): void { this.uses++; super.destroy(...args) }
}

let simulator: NevisSimulator
let app: TestApp
let store: CountingStore
/** The servers of a test, each with only a status endpoint. */
let servers: Server[]
let streams: Stream[]

const asked = () => simulator.requests.filter(({ operation }) => operation === 'getStatus').length
const started = (factor = 'push') => signIn(app.browser(), 'anna', { factor })
const later = (ms: number) => {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now + ms)
}

beforeEach(async () => {
  servers = []
  streams = []
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 1 })
  store = new CountingStore()
  app = await startApp({ simulator, session: { store }, strategy: { pollSchedule: [{ untilSeconds: 600, everySeconds: 0.5 }], startBudget: { starts: 50, perSeconds: 60 } } })
})

afterEach(async () => {
  jest.useRealTimers()
  jest.restoreAllMocks()
  streams.forEach((stream) => stream.leave())
  servers.forEach((server) => server.close().closeAllConnections())
  await app.close()
  await simulator.close()
})

/** Starts a server that has only a status endpoint. */
async function serve(options?: StatusEndpointOptions) {
  const endpoint = statusEndpoint(app.nevis, options)
  const server = createServer((req, res) => endpoint(req, res, (error) => res.destroy(error as Error)))
  servers.push(server)
  await listen(server)
  return { endpoint, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** A minimal EventSource, which sends the same request as the EventSource of a browser. */
class Stream {
  text = ''
  isOver = false

  private constructor(
    private readonly request: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk))
    response.on('close', () => (this.isOver = true)).on('error', () => undefined)
    streams.push(this)
  }

  static open(url: string, handle: string, accept = 'text/event-stream'): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const request = get(`${url}?transaction=${handle}`, { agent: false, headers: { accept } })
      request.on('response', (response) => resolve(new Stream(request, response))).on('error', reject)
    })
  }

  get headers() {
    return this.response.headers
  }

  get isStream(): boolean {
    return this.headers['content-type'] === 'text/event-stream; charset=utf-8'
  }

  /** Every event. Throws if anything else than an event named `status` or `silence` has arrived. */
  private get all(): { name: string; data: { status: string; isSilent?: boolean } }[] {
    return this.text.split('\n\n').filter((block) => block !== '' && !block.startsWith(':')).map((block) => {
      const [, name, data] = /^event: (status|silence)\ndata: (.*)$/.exec(block) as unknown as [string, string, string]
      return { name, data: JSON.parse(data) }
    })
  }

  get events(): { status: string }[] {
    return this.all.filter(({ name }) => name === 'status').map(({ data }) => data)
  }

  /** For each event named `silence`: true if the event says that Nevis does not respond, undefined if Nevis responds again. */
  get silences(): (boolean | undefined)[] {
    return this.all.filter(({ name }) => name === 'silence').map(({ data }) => data.isSilent)
  }

  get statuses(): string[] {
    return this.events.map(({ status }) => status)
  }

  leave(): void {
    this.request.destroy()
  }
}

const { setTimeout: realTimeout } = globalThis

/** Waits until the condition is true; jest's time limit for a test ends the wait. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => realTimeout(resolve, 5))
}

/** Replaces `setTimeout` and `setInterval`, which this package uses. Node's network code keeps its real timers. */
function moveTimers(): void {
  jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] })
}

describe('a stream', () => {
  describe('of a pending transaction', () => {
    it('says so at once, in headers that no proxy holds back, and stays open', async () => {
      const { url } = await serve()
      const stream = await Stream.open(url, await started())
      await until(() => stream.events.length > 0)
      expect(stream.response.statusCode).toBe(200)
      expect(stream.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      })
      expect(stream.headers['set-cookie']).toBeUndefined()
      expect(stream.events).toEqual([{ status: 'pending', prompt: 'wait', expiresAt: expect.stringMatching(/Z$/), retryAfterSeconds: expect.any(Number) }])
      expect(stream.isOver).toBe(false)
    })

    it.each([['approve', 'succeeded'], ['deny', 'failed']] as const)('says how it was decided, once, and ends: %s', async (decision, status) => {
      const { url } = await serve()
      const stream = await Stream.open(url, await started())
      await until(() => stream.events.length > 0)
      await simulator.phone('anna')[decision]()
      await until(() => stream.isOver)
      expect(stream.statuses).toEqual(['pending', status])
    })

    it('sends a heartbeat every 20 s until it ends, so that no proxy closes it', async () => {
      const { url } = await serve()
      moveTimers()
      const stream = await Stream.open(url, await started())
      await until(() => stream.events.length > 0)
      for (let beats = 1; beats <= 3; beats++) {
        jest.advanceTimersByTime(20_000)
        await until(() => stream.text.split(': still here\n\n').length === beats + 1)
      }
      expect(stream.statuses).toEqual(['pending'])
      await simulator.phone('anna').approve()
      await until(() => {
        jest.advanceTimersByTime(100)
        return stream.isOver
      })
      expect(stream.statuses).toEqual(['pending', 'succeeded'])
      await until(() => jest.getTimerCount() === 0)
    })

    it('is one of ten: Nevis is asked as often as for one, and all are told', async () => {
      const { url } = await serve()
      const handle = await started()
      const all = await Promise.all(Array.from({ length: 10 }, () => Stream.open(url, handle)))
      await until(() => all.every(({ events }) => events.length > 0))
      expect(asked()).toBe(1)
      await simulator.phone('anna').approve()
      await until(() => all.every(({ isOver }) => isOver))
      for (const { statuses } of all) expect(statuses).toEqual(['pending', 'succeeded'])
      expect(asked()).toBe(2)
    })

    it('asks Nevis no more once the browser has gone', async () => {
      const { url, server } = await serve()
      moveTimers()
      const stream = await Stream.open(url, await started())
      await until(() => {
        jest.advanceTimersByTime(100)
        return asked() > 1
      })
      stream.leave()
      await new Promise((resolve) => server.close(resolve))
      await until(() => jest.getTimerCount() === 0)
    })
  })

  describe('of a transaction that is decided', () => {
    it('says so and ends, and costs no further call', async () => {
      const { url } = await serve()
      const handle = await started()
      await simulator.phone('anna').approve()
      for (let i = 0; i < 3; i++) {
        const stream = await Stream.open(url, handle)
        await until(() => stream.isOver)
        expect(stream.isStream).toBe(true)
        // The process asks Nevis only when the first stream is opened. So this first stream sends `pending`, and then `succeeded` when Nevis has answered.
        expect(stream.statuses).toEqual(i === 0 ? ['pending', 'succeeded'] : ['succeeded'])
      }
      expect(asked()).toBe(1)
    })
  })

  describe('of a transaction that is over', () => {
    it('says that it has expired, and ends', async () => {
      const { url } = await serve()
      const handle = await started()
      later(120_000)
      const stream = await Stream.open(url, handle)
      await until(() => stream.isOver)
      expect(stream.statuses).toEqual(['expired'])
    })

    it('says so at its time, too', async () => {
      const { url } = await serve()
      const stream = await Stream.open(url, await started())
      await until(() => stream.events.length > 0)
      later(120_000)
      await until(() => stream.isOver)
      expect(stream.statuses).toEqual(['pending', 'expired'])
    })
  })

  describe('of a factor with a code', () => {
    it.each(['sms', 'recovery'])('is pending until its end, and Nevis is not asked: %s', async (factor) => {
      const { url } = await serve()
      const { id } = ((await app.nevis.settings.keys()).handles.open(await started(factor))) as { id: string }
      const handle = (await app.nevis.settings.keys()).handles.seal({ id: `${id}-short`, factor, statusToken: 'token', expiresAt: Date.now() + 400 })
      const stream = await Stream.open(url, handle)
      await until(() => stream.isOver)
      expect(stream.events).toMatchObject([{ status: 'pending', prompt: 'code' }, { status: 'expired', prompt: 'code' }])
      expect(asked()).toBe(0)
    })
  })

  describe('for a handle that does not open', () => {
    it('is refused with 404, as JSON', async () => {
      const { url } = await serve()
      const answer = await Stream.open(url, 'garbage')
      await until(() => answer.isOver)
      expect([answer.response.statusCode, answer.headers['content-type'], answer.text]).toEqual([404, 'application/json; charset=utf-8', '{"status":"unknown"}'])
    })
  })

  describe('while Nevis fails', () => {
    it('is pending, and told the decision afterwards', async () => {
      const { url } = await serve()
      const handle = await started()
      const fault = simulator.faults.add({ on: 'getStatus', status: 500 })
      const stream = await Stream.open(url, handle)
      await until(() => fault.hits > 1)
      expect(stream.statuses).toEqual(['pending'])
      await until(() => stream.silences.length > 0)
      const late = await Stream.open(url, handle)
      await until(() => late.events.length > 0)
      expect(late.events).toEqual([expect.objectContaining({ status: 'pending', isSilent: true })])
      late.leave()
      fault.remove()
      await until(() => stream.silences.length > 1)
      expect(stream.silences).toEqual([true, undefined])
      await simulator.phone('anna').approve()
      await until(() => stream.isOver)
      expect(stream.statuses).toEqual(['pending', 'succeeded'])
    }, 15_000)

    it('says that it is pending before Nevis has answered', async () => {
      const { url } = await serve()
      const handle = await started()
      let answer = (): void => {}
      jest.spyOn(app.nevis.settings.client, 'getStatus').mockReturnValue(new Promise((resolve) => (answer = () => resolve({ status: 'pending', transactionId: 'x', raw: {} }))))
      const stream = await Stream.open(url, handle)
      await until(() => stream.events.length > 0)
      expect(stream.statuses).toEqual(['pending'])
      answer()
    })
  })

  describe('among other media types that the browser accepts', () => {
    it.each(['text/event-stream, */*', 'application/json;q=0.1, text/event-stream'])('is a stream: %s', async (accept) => {
      const { url } = await serve()
      expect((await Stream.open(url, await started(), accept)).isStream).toBe(true)
    })

    it.each(['*/*', 'application/json', 'text/html'])('is JSON: %s', async (accept) => {
      const { url } = await serve()
      expect((await Stream.open(url, await started(), accept)).headers['content-type']).toBe('application/json; charset=utf-8')
    })
  })
})

describe('a sign-in by stream', () => {
  it('asks Nevis for one approval, for the status until it is decided, and for one introspection', async () => {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const { url } = await serve()
    const stream = await Stream.open(url, handle)
    await until(() => stream.events.length > 0)
    await simulator.phone('anna').approve()
    await until(() => stream.isOver)
    const before = asked()
    expect((await browser.get(callbackOf(handle))).text).toContain('"action":"success"')
    expect(asked()).toBe(before)
    const count = (operation: string) => simulator.requests.filter((request) => request.operation === operation).length
    expect([count('approve'), count('introspect')]).toEqual([1, 1])
    expect(simulator.requests).toHaveLength(2 + before)
  })
})

describe('more streams than there may be', () => {
  it.each([-1, 1.5, 'many', null])('is refused if it is no whole number: %p', async (maxStreams) => {
    await expect(serve({ maxStreams: maxStreams as number })).rejects.toThrow(new TypeError('statusEndpoint: maxStreams must be a whole number, 0 or more'))
  })

  it('are answered in JSON that says when to come again, until a place is free', async () => {
    const { url } = await serve({ maxStreams: 2 })
    const handle = await started()
    const [first, second] = [await Stream.open(url, handle), await Stream.open(url, handle)]
    expect([first.isStream, second.isStream]).toEqual([true, true])
    const third = await Stream.open(url, handle)
    await until(() => third.isOver)
    expect(third.isStream).toBe(false)
    expect(JSON.parse(third.text)).toMatchObject({ status: 'pending', retryAfterSeconds: expect.any(Number) })
    first.leave()
    let next = await Stream.open(url, handle)
    while (!next.isStream) next = await Stream.open(url, handle)
  })

  it('do not include those that ended at once', async () => {
    const { url } = await serve({ maxStreams: 2 })
    const handle = await started()
    await simulator.phone('anna').approve()
    for (let i = 0; i < 5; i++) {
      const stream = await Stream.open(url, handle)
      await until(() => stream.isOver)
    }
    expect((await Stream.open(url, await started())).isStream).toBe(true)
  })

  it('do not include those that were decided', async () => {
    const { url } = await serve({ maxStreams: 1 })
    for (let i = 0; i < 3; i++) {
      const stream = await Stream.open(url, await started())
      expect(stream.isStream).toBe(true)
      await simulator.phone('anna').approve()
      await until(() => stream.isOver)
    }
  })
})

describe('closeStreams', () => {
  it('ends every stream, so that the server closes, and leaves nothing to ask', async () => {
    const { url, endpoint, server } = await serve()
    const handle = await started()
    moveTimers()
    const all = await Promise.all(Array.from({ length: 5 }, () => Stream.open(url, handle)))
    await until(() => all.every(({ events }) => events.length > 0))
    const closed = new Promise((resolve) => server.close(resolve))
    endpoint.closeStreams()
    await closed
    for (const { statuses } of all) expect(statuses).toEqual(['pending'])
    await until(() => jest.getTimerCount() === 0)
  })

  it('may be called at any moment while one begins', async () => {
    const { endpoint } = await serve()
    const answer = endpoint.answer({ method: 'GET', url: `/?transaction=${await started()}`, headers: { accept: 'text/event-stream' } })
    for (let step = 0; step < 100; step++) {
      expect(() => endpoint.closeStreams()).not.toThrow()
      await Promise.resolve()
    }
    const { status, headers } = (await answer) as PlainAnswer
    expect([status, headers['Connection']]).toEqual([503, 'close'])
  })

  it('may be called when there are none', async () => {
    const { endpoint } = await serve()
    expect(() => endpoint.closeStreams()).not.toThrow()
  })
})

describe('the session', () => {
  it('is touched by no stream, whatever the browser brings', async () => {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    store.uses = 0
    const response = await fetch(`${app.origin}/login/2fa/status?transaction=${handle}`, {
      headers: { accept: 'text/event-stream', cookie: [...browser.cookies].map((cookie) => cookie.join('=')).join('; ') },
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.getSetCookie()).toEqual([])
    await simulator.phone('anna').approve()
    expect(await response.text()).toContain('"status":"succeeded"')
    expect(store.uses).toBe(0)
  })
})
