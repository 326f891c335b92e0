/** Starts while Nevis is down: no user is sent to the waiting page, no start is counted, and no weaker factor is used instead. */
import { MemoryLedger } from '../../src'
import { lab, outcomeOf } from '../security/support/lab'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type TestApp } from '../support/app'

const world = lab()
const credentials = { username: 'anna', password: PASSWORD }
const checked = { healthCheck: true }
const startIn = async (app: TestApp, fields: Record<string, string> = {}) => outcomeOf(await app.browser().post('/login', { ...credentials, ...fields }))
const pings = () => world.asked('ping')

describe('a start', () => {
  describe('without a health check', () => {
    it('sends no ping', async () => {
      await signIn((await world.start()).browser(), 'anna')
      expect(world.operations()).toEqual(['approve'])
    })
  })

  describe('with a health check', () => {
    it('pings once for many at the same time, and for ten seconds', async () => {
      const app = await world.start({ strategy: checked })
      const people = Array.from({ length: 20 }, (_, i) => world.simulator.addUser({ username: `person${i}` }))
      const outcomes = await Promise.all(people.map(({ username }) => startIn(app, { username })))
      expect(new Set(outcomes)).toEqual(new Set(['303 /login/2fa']))
      expect([pings(), world.asked('approve')]).toEqual([1, 20])
      await startIn(app)
      expect(pings()).toBe(1)
      world.later(10)
      await startIn(app)
      expect(pings()).toBe(2)
    })

    it('sends no ping for a request that is used again', async () => {
      const app = await world.start({ strategy: checked })
      const browser = app.browser()
      await signIn(browser, 'anna')
      world.later(11)
      await signIn(browser, 'anna')
      expect(world.operations()).toEqual(['ping', 'approve'])
    })
  })

  describe('with a health check, while Nevis is down', () => {
    // Shows: ASVS V16.5.2
    it.each([
      ['resets connections', { reset: true }, 'NEVIS_UNREACHABLE', 503],
      ['answers 503', { status: 503 }, 'NEVIS_UNEXPECTED_RESPONSE', 502],
      ['answers 429', { rateLimit: true }, 'NEVIS_RATE_LIMITED', 503],
      ['answers with a page', { body: '<h1>Maintenance</h1>' }, 'NEVIS_UNEXPECTED_RESPONSE', 502],
      ['answers with a page and 404', { status: 404, body: '<h1>Not Found</h1>' }, 'NEVIS_UNEXPECTED_RESPONSE', 502],
      ['refuses the access key', { status: 403 }, 'NEVIS_UNAUTHORIZED', 500],
    ] as const)('ends in an error, asks no user and signs no user in: it %s', async (_how, fault, code, status) => {
      const app = await world.start({ strategy: checked })
      world.simulator.faults.add({ on: 'ping', ...fault })
      const browser = app.browser()
      const page = await browser.post('/login', credentials)
      expect(page.status).toBe(status)
      expect(page.json()).toMatchObject({ action: 'error', name: 'NevisError', code })
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      expect(new Set(world.operations())).toEqual(new Set(['ping']))
      expect(world.events.all).toMatchObject([{ event: 'fault', at: 'request', call: 'ping' }])
    })

    // Shows: C-endpoint-3
    it('spends no start, whatever the factor, and no factor is let through instead', async () => {
      const ledger = new MemoryLedger()
      const count = jest.spyOn(ledger, 'count')
      const app = await world.start({ strategy: { ...checked, ledger, startBudget: { starts: 1, perSeconds: 300 } } })
      const outage = world.simulator.faults.add({ on: 'ping', reset: true })
      for (const factor of ['push', 'app', 'sms', 'recovery']) expect(await startIn(app, { factor })).toBe('NEVIS_UNREACHABLE')
      expect(count).not.toHaveBeenCalled()
      expect(new Set(world.operations())).toEqual(new Set(['ping']))
      outage.remove()
      expect(await startIn(app)).toBe('NEVIS_UNREACHABLE')
      world.later(2)
      expect(await startIn(app)).toBe('303 /login/2fa')
    })

    it('of another factor leaves what is under way as it is', async () => {
      const app = await world.start({ strategy: checked })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      world.later(10)
      world.simulator.faults.add({ on: 'ping', reset: true })
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, factor: 'sms' }))).toBe('NEVIS_UNREACHABLE')
      await world.simulator.phone('anna').approve()
      expect((await browser.get(waitingOf(handle))).location).toBe(callbackOf(handle))
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    })
  })
})

describe('a callback', () => {
  describe('with a health check, while only pings fail', () => {
    it('asks for the decision itself, and sends no ping', async () => {
      const app = await world.start({ strategy: checked })
      const browser = app.browser()
      const handle = handleIn((await browser.post('/login', credentials)).location)
      world.simulator.faults.add({ on: 'ping', reset: true })
      world.later(10)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
      expect(pings()).toBe(1)
    })
  })

  describe('with a health check that has just heard that all is well, while Nevis is down', () => {
    // Shows: ASVS V16.5.3, T-outage-3
    it('lets no user in, and the approval is not lost', async () => {
      const app = await world.start({ strategy: checked })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const outage = world.simulator.faults.add({ reset: true })
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('NEVIS_UNREACHABLE')
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      outage.remove()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    })
  })
})
