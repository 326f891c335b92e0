/** Tests the status endpoint, which reports the status of a transaction without a session, and reveals nothing else. */
import session from 'express-session'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NevisStrategy, statusEndpoint } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, listen, signIn, startApp, statusOf, strategyOptions, type TestApp } from '../support/app'
import { Browser, type Page } from '../support/browser'

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

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 1 })
  store = new CountingStore()
  app = await startApp({ simulator, session: { store } })
})

afterEach(async () => {
  jest.restoreAllMocks()
  await app.close()
  await simulator.close()
})

const started = (factor?: string) => signIn(app.browser(), 'anna', factor === undefined ? {} : { factor })
const ask = (handle: string): Promise<Page> => app.browser().get(statusOf(handle))
const later = (ms: number) => {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockReturnValue(now + ms)
}

/** Moves `performance.now`, which decides when the next call to Nevis is allowed, but not `Date.now`, which decides when a transaction expires. */
const aWhileLater = () => {
  const now = performance.now.bind(performance)
  jest.spyOn(performance, 'now').mockImplementation(() => now() + 60_000)
}

/** Checks the whole answer: it contains only the four documented fields. */
function expectStatus(page: Page, status: string, prompt = 'wait', code = 200): void {
  expect(page.status).toBe(code)
  expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.getSetCookie()).toEqual([])
  if (status === 'unknown') return expect(page.json()).toEqual({ status })
  expect(page.json()).toEqual({
    status, prompt, expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), retryAfterSeconds: expect.any(Number),
  })
  const { retryAfterSeconds } = page.json()
  expect(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 1 && retryAfterSeconds <= 30).toBe(true)
}

describe('the status of a transaction', () => {
  describe('that is under way', () => {
    // Shows: ASVS V14.3.2, C-status-2
    it('is pending, until when it says', async () => {
      const before = Date.now()
      const page = await ask(await started())
      const after = Date.now()
      expectStatus(page, 'pending')
      const expiresAt = Date.parse(page.json().expiresAt)
      expect(expiresAt).toBeGreaterThanOrEqual(before + 120_000)
      expect(expiresAt).toBeLessThanOrEqual(after + 120_000)
    })

    it('is asked of Nevis three times at most, however many tabs ask at once', async () => {
      const handle = await started()
      simulator.requests.length = 0
      // Stop the clock. On a slow machine these 50 requests may take more than a second, and after a second another call to Nevis would be allowed.
      const now = performance.now()
      jest.spyOn(performance, 'now').mockImplementation(() => now)
      for (const page of await Promise.all(Array.from({ length: 50 }, () => ask(handle)))) expectStatus(page, 'pending')
      expect(new Set(simulator.requests.map(({ operation }) => operation))).toEqual(new Set(['getStatus']))
      expect(simulator.requests.length).toBeLessThanOrEqual(3)
    })

    it('is asked again a while later', async () => {
      const handle = await started()
      expectStatus(await ask(handle), 'pending')
      await simulator.phone('anna').approve()
      aWhileLater()
      expectStatus(await ask(handle), 'succeeded')
    })
  })

  describe('that was approved', () => {
    // Shows: ASVS V8.3.1, C-status-4
    it('is succeeded, and logs no user in', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      for (let i = 0; i < 2; i++) expectStatus(await browser.get(statusOf(handle)), 'succeeded')
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      expect(app.verified).toHaveLength(0)
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('that was denied', () => {
    it('is failed', async () => {
      const handle = await started()
      await simulator.phone('anna').deny()
      expectStatus(await ask(handle), 'failed')
    })
  })

  describe('that timed out at Nevis', () => {
    // Shows: T-password-7
    it('is failed, as if it had been denied', async () => {
      const handle = await started()
      simulator.advance(121_000)
      expectStatus(await ask(handle), 'failed')
    })
  })

  describe('that Nevis does not know', () => {
    it('is failed', async () => {
      const handle = await started()
      simulator.faults.add({ on: 'getStatus', status: 404, body: { status: 'unknown' } })
      expectStatus(await ask(handle), 'failed')
    })
  })

  describe('that is over by our clock', () => {
    // Shows: ASVS V9.2.1
    it('is expired, and Nevis is not asked', async () => {
      const handle = await started()
      const asked = simulator.requests.length
      later(120_000)
      expectStatus(await ask(handle), 'expired')
      expect(simulator.requests).toHaveLength(asked)
    })

    it.each(['sms', 'recovery'])('is expired for a code too: %s', async (factor) => {
      const handle = await started(factor)
      later(120_000)
      expectStatus(await ask(handle), 'expired', 'code')
    })
  })

  describe('of a factor with a code', () => {
    // Shows: C-sms-6
    it.each(['sms', 'recovery'])('is pending, and Nevis is not asked: %s', async (factor) => {
      const handle = await started(factor)
      const asked = simulator.requests.length
      for (let i = 0; i < 3; i++) expectStatus(await ask(handle), 'pending', 'code')
      expect(simulator.requests).toHaveLength(asked)
    })
  })

  describe('of a factor that this app no longer offers', () => {
    it('is asked of Nevis all the same', async () => {
      const handle = (await app.nevis.settings.keys()).handles.seal({ id: 't', factor: 'gone', expiresAt: Date.now() + 1000, statusToken: 'x' })
      expectStatus(await ask(handle), 'failed')
    })
  })
})

describe('the status while Nevis', () => {
  describe('cannot be reached', () => {
    // Shows: ASVS V16.5.2
    it.each([
      ['resets the connection', { reset: true as const }],
      ['answers with 500', { status: 500 }],
      ['answers with something else', { body: 'no JSON' }],
      ['is rate limiting', { rateLimit: true as const }],
      ['refuses the access key', { status: 403 }],
    ])('is pending: it %s', async (_name, fault) => {
      const handle = await started()
      await simulator.phone('anna').approve()
      simulator.faults.add({ on: 'getStatus', ...fault })
      expectStatus(await ask(handle), 'pending')
      simulator.faults.clear()
      aWhileLater()
      expectStatus(await ask(handle), 'succeeded')
    })
  })
})

describe('the status for a handle', () => {
  describe('that does not open', () => {
    it.each([
      '', '?transaction=', '?transaction=garbage', '?transaction[]=x', '?Transaction=x', `?transaction=${'A'.repeat(9000)}`, '?transaction=%00', '?transaction=%E0%A4%A',
    ])('is unknown, with 404, and Nevis is not asked: %s', async (query) => {
      expectStatus(await app.browser().get(`/login/2fa/status${query}`), 'unknown', undefined, 404)
      expect(simulator.requests).toHaveLength(0)
    })

    it('is unknown for the handle of another app', async () => {
      const other = new NevisStrategy({ ...strategyOptions(simulator), name: 'other' } as never, () => undefined)
      const handle = (await other.settings.keys()).handles.seal({ id: 't', factor: 'push', expiresAt: Date.now() + 1000 })
      expectStatus(await ask(handle), 'unknown', undefined, 404)
    })
  })

  describe('that is named twice', () => {
    // Shows: ASVS V15.3.7
    it('is unknown', async () => {
      const handle = await started()
      expectStatus(await app.browser().get(`${statusOf(handle)}&transaction=${handle}`), 'unknown', undefined, 404)
      expectStatus(await app.browser().get(`${statusOf(handle)}&transaction=x`), 'unknown', undefined, 404)
    })
  })
})

describe('the status endpoint', () => {
  describe('before the session', () => {
    // Shows: T-old-session-3
    it('does nothing to any session, whatever the browser brings', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      expect([...browser.cookies.keys()].sort()).toEqual(['connect.sid'])
      expect(store.uses).toBeGreaterThan(0)
      store.uses = 0
      await browser.get(statusOf(handle))
      await simulator.phone('anna').approve()
      await browser.get(statusOf(handle))
      await browser.get(statusOf('garbage'))
      expect(store.uses).toBe(0)
    })
  })

  describe('for another method', () => {
    it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('answers 405 to %s, and Nevis is not asked', async (method) => {
      const other = await served()
      try {
        const page = await new Browser(other.origin).send(method, `/?transaction=${other.handle}`, {})
        expect(page.status).toBe(405)
        expect(page.headers.get('allow')).toBe('GET, HEAD')
        expect(page.text).toBe('')
        expect(simulator.requests).toHaveLength(0)
      } finally {
        await other.close()
      }
    })

    it('answers HEAD like GET, without the body', async () => {
      const handle = await started()
      const [get, head] = [await ask(handle), await app.browser().send('HEAD', statusOf(handle), {})]
      expect(head.status).toBe(200)
      expect(head.text).toBe('')
      for (const name of ['content-type', 'content-length', 'cache-control']) expect(head.headers.get(name)).toBe(get.headers.get(name))
    })

    it('opens no stream to HEAD', async () => {
      const head = await app.browser().send('HEAD', statusOf(await started()), { accept: 'text/event-stream' })
      expect([head.status, head.headers.get('content-type'), head.text]).toEqual([200, 'application/json; charset=utf-8', ''])
    })
  })

  describe('on Node\'s own server, without any parser', () => {
    it('answers the same', async () => {
      const other = await served()
      try {
        expectStatus(await new Browser(other.origin).get(`/?x=1&transaction=${other.handle}`), 'pending', 'code')
        expectStatus(await new Browser(other.origin).get('/'), 'unknown', undefined, 404)
      } finally {
        await other.close()
      }
    })
  })

  describe('when the app\'s access key cannot be had', () => {
    it('passes that error on, and sends no answer', async () => {
      const other = await served({ accessKey: () => Promise.reject(new Error('vault sealed')) })
      try {
        const page = await new Browser(other.origin).get(`/?transaction=${other.handle}`)
        expect([page.status, page.text]).toEqual([599, 'vault sealed'])
      } finally {
        await other.close()
      }
    })
  })

  /** A server that has only the status endpoint; it answers 599 if an error is passed to `next`. */
  async function served(options: object = {}): Promise<{ origin: string; handle: string; close(): Promise<void> }> {
    const strategy = new NevisStrategy({ ...strategyOptions(simulator), ...options } as never, () => undefined)
    const handle = (await new NevisStrategy(strategyOptions(simulator) as never, () => undefined).settings.keys()).handles.seal({
      id: 't', factor: 'sms', expiresAt: Date.now() + 60_000,
    })
    const endpoint = statusEndpoint(strategy)
    const server = createServer((req, res) => endpoint(req, res, (error) => {
      res.statusCode = 599
      res.end((error as Error).message)
    }))
    await listen(server)
    const close = () => new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, handle, close }
  }
})
