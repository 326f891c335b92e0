/** Tests the gauges that `metricsOf` returns for a strategy: the value of each gauge before and after an event that changes it. */
import { MemoryLedger, metricsOf, type Ledger } from '../../src'
import { callbackOf, PASSWORD, signIn, statusOf } from '../support/app'
import { lab } from '../security/support/lab'

const world = lab()

/** Opens an event stream and waits for its first event. */
async function stream(origin: string, handle: string): Promise<AbortController> {
  const controller = new AbortController()
  world.defer(() => controller.abort())
  const { body } = await fetch(origin + statusOf(handle), { headers: { accept: 'text/event-stream' }, signal: controller.signal })
  await body?.getReader().read()
  return controller
}

/** Waits until the condition is true, because the app learns of a closed connection, or makes the next status call, only a little later. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe('metricsOf', () => {
  describe('of a strategy that has done nothing', () => {
    it('knows nothing, and cannot be changed', async () => {
      const { nevis } = await world.start()
      const metrics = metricsOf(nevis)
      expect(metrics).toEqual({ openStreams: 0, waiting: 0, queuedStatusCalls: 0, spentStatusCalls: 0, statusCallsPerSecond: 200, health: 'unknown', ledgerLatencyMs: undefined })
      expect(Object.isFrozen(metrics)).toBe(true)
    })
  })

  describe('of users who wait', () => {
    it('counts their transactions and streams, and not those that have ended', async () => {
      const { nevis, origin, browser } = await world.start({ strategy: { startBudget: { starts: 100, perSeconds: 60 } } })
      const [anna, ben] = [browser(), browser()]
      const handles = { anna: await signIn(anna, 'anna'), ben: await signIn(ben, 'ben', { factor: 'app' }) }
      const open = [await stream(origin, handles.anna), await stream(origin, handles.anna), await stream(origin, handles.ben)]
      expect(metricsOf(nevis)).toMatchObject({ openStreams: 3, waiting: 2, health: 'up' })
      open[2]?.abort()
      await until(() => metricsOf(nevis).openStreams === 2)
      expect(metricsOf(nevis)).toMatchObject({ openStreams: 2, waiting: 2 })
      await world.simulator.phone('anna').approve()
      await anna.get(callbackOf(handles.anna))
      await until(() => metricsOf(nevis).openStreams === 0)
      expect(metricsOf(nevis)).toMatchObject({ openStreams: 0, waiting: 1 })
      await ben.post('/login/2fa', { transaction: handles.ben, cancel: '1' })
      expect(metricsOf(nevis).waiting).toBe(0)
    })

    it.each(['code', 'another factor'])('does not count a request that was ended by %s', async (end) => {
      const { nevis, browser } = await world.start()
      const anna = browser()
      const transaction = await signIn(anna, 'anna', { factor: 'sms' })
      await anna.get(statusOf(transaction))
      expect(metricsOf(nevis).waiting).toBe(1)
      const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      if (end === 'code') await anna.post('/login/2fa/callback', { transaction, code })
      else await anna.post('/login/2fa', { transaction, factor: 'app' })
      expect(metricsOf(nevis).waiting).toBe(0)
    })
  })

  describe('of status calls', () => {
    it('counts those that were made and those that are delayed', async () => {
      const { nevis, origin, browser } = await world.start({ strategy: { maxStatusCallsPerSecond: 1, pollSchedule: [{ untilSeconds: 600, everySeconds: 0.5 }], startBudget: { starts: 100, perSeconds: 60 } } })
      const handles = []
      for (let i = 0; i < 3; i++) handles.push(await signIn(browser(), i === 0 ? 'anna' : 'ben', { factor: i === 2 ? 'app' : 'push' }))
      for (const handle of handles) await stream(origin, handle)
      const { spentStatusCalls, statusCallsPerSecond } = metricsOf(nevis)
      expect([spentStatusCalls, statusCallsPerSecond]).toEqual([1, 1])
      // Three pages want a call every half second, and one call is allowed per second. So at least two calls always wait.
      await until(() => metricsOf(nevis).queuedStatusCalls >= 2)
      expect([2, 3]).toContain(metricsOf(nevis).queuedStatusCalls)
    })

    it('halves what is allowed while calls fail, and says that Nevis is down', async () => {
      const { nevis, browser } = await world.start()
      const handle = await signIn(browser(), 'anna')
      const failing = world.simulator.faults.add({ on: 'getStatus', status: 503 })
      await browser().get(statusOf(handle))
      expect(metricsOf(nevis)).toMatchObject({ statusCallsPerSecond: 100, health: 'down' })
      void failing
      world.simulator.faults.clear()
      await signIn(browser(), 'ben')
      expect(metricsOf(nevis).health).toBe('up')
    })
  })

  describe('of a ledger', () => {
    it('averages how long it takes, also where it fails', async () => {
      let tookMs = 4
      let now = 0
      jest.spyOn(performance, 'now').mockImplementation(() => now)
      const memory = new MemoryLedger()
      const slow = <T>(work: () => Promise<T>): Promise<T> => {
        now += tookMs
        return work()
      }
      const ledger: Ledger = {
        claim: (key, seconds) => slow(() => memory.claim(key, seconds)),
        count: (key, seconds) => slow(() => memory.count(key, seconds)),
        look: (key) => slow(() => memory.look(key)),
        forget: (key) => slow(() => memory.forget(key)),
      }
      const { nevis, browser } = await world.start({ strategy: { ledger } })
      await signIn(browser(), 'anna')
      expect(metricsOf(nevis).ledgerLatencyMs).toBeCloseTo(4)
      tookMs = 1000
      ledger.claim = () => slow(() => Promise.reject(new Error('gone')))
      await browser().post('/login', { username: 'ben', password: PASSWORD })
      expect(metricsOf(nevis).ledgerLatencyMs).toBeCloseTo(4 + 0.1 * 996)
    })
  })

  it('makes no call', async () => {
    const { nevis, browser } = await world.start()
    await signIn(browser(), 'anna')
    const before = world.simulator.requests.length
    for (let i = 0; i < 10; i++) metricsOf(nevis)
    expect(world.simulator.requests).toHaveLength(before)
  })
})
