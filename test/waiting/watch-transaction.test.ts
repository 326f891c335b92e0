/** Tests `watchTransaction`, which returns a transaction's status as an AsyncIterable, for example for web sockets. */
import { getEventListeners } from 'node:events'
import { watchTransaction, type WaitingStatus } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { signIn, startApp, type TestApp } from '../support/app'

let simulator: NevisSimulator
let app: TestApp
let asked: () => number

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567' })
  app = await startApp({ simulator, strategy: { pollSchedule: [{ untilSeconds: 600, everySeconds: 0.5 }] } })
  asked = () => simulator.requests.filter(({ operation }) => operation === 'getStatus').length
})

afterEach(async () => {
  jest.useRealTimers()
  jest.restoreAllMocks()
  await app.close()
  await simulator.close()
})

const { setTimeout: realTimeout } = globalThis

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => realTimeout(resolve, 10))
}

/** Fakes only the timers that this package uses. The network needs real timers. */
function moveTimers(): void {
  jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] })
}

async function collect(handle: string, onEach: (status: WaitingStatus, index: number) => unknown = () => undefined): Promise<string[]> {
  const statuses: string[] = []
  for await (const status of watchTransaction(app.nevis, handle)) {
    statuses.push(status.status)
    await onEach(status, statuses.length)
  }
  return statuses
}

describe('watching a transaction', () => {
  describe('that is pending', () => {
    it.each([['approve', 'succeeded'], ['deny', 'failed']] as const)('yields that, then the decision, and ends: %s', async (decision, expected) => {
      const handle = await signIn(app.browser(), 'anna')
      const statuses = await collect(handle, (status, n) => {
        expect(status).toEqual({ status: status.status, prompt: 'wait', expiresAt: expect.stringMatching(/Z$/), retryAfterSeconds: expect.any(Number) })
        return n === 1 ? simulator.phone('anna')[decision]() : undefined
      })
      expect(statuses).toEqual(['pending', expected])
    })

    it('yields that it has expired', async () => {
      const handle = await signIn(app.browser(), 'anna')
      const statuses = await collect(handle, () => {
        const now = Date.now()
        jest.spyOn(Date, 'now').mockReturnValue(now + 121_000)
      })
      expect(statuses).toEqual(['pending', 'expired'])
    })
  })

  describe('that is decided', () => {
    it('yields the decision alone', async () => {
      const handle = await signIn(app.browser(), 'anna')
      await simulator.phone('anna').approve()
      expect(await collect(handle)).toEqual(['succeeded'])
    })
  })

  describe('by several at once', () => {
    it('asks Nevis no more often than for one', async () => {
      const handle = await signIn(app.browser(), 'anna')
      const all = Promise.all(Array.from({ length: 10 }, () => collect(handle)))
      await until(() => asked() >= 3)
      const before = asked()
      await simulator.phone('anna').approve()
      expect((await all).map((statuses) => statuses.join())).toEqual(Array<string>(10).fill('pending,succeeded'))
      expect(asked()).toBe(before + 1)
    })
  })

  describe('of a factor with a code', () => {
    it('yields pending, and asks Nevis nothing', async () => {
      const handle = await signIn(app.browser(), 'anna', { factor: 'sms' })
      const iterator = watchTransaction(app.nevis, handle)
      expect((await iterator.next()).value).toMatchObject({ status: 'pending', prompt: 'code' })
      await iterator.return(undefined)
      expect(asked()).toBe(0)
    })
  })
})

describe('a watch that is ended early', () => {
  async function waiting(signal?: AbortSignal) {
    const iterator = watchTransaction(app.nevis, await signIn(app.browser(), 'anna'), signal && { signal })
    expect((await iterator.next()).value).toMatchObject({ status: 'pending' })
    return iterator
  }

  it('by its signal › ends without an error and asks no more', async () => {
    const abort = new AbortController()
    moveTimers()
    const iterator = await waiting(abort.signal)
    const end = iterator.next()
    await until(() => {
      jest.advanceTimersByTime(100)
      return asked() > 1
    })
    abort.abort()
    expect(await end).toEqual({ value: undefined, done: true })
    // A status call that has already begun may end normally. Afterwards, no timer is left that could start another call.
    await until(() => jest.getTimerCount() === 0)
  })

  it('by its signal, between two values › ends without an error', async () => {
    const abort = new AbortController()
    const iterator = await waiting(abort.signal)
    abort.abort()
    expect(await iterator.next()).toEqual({ value: undefined, done: true })
  })

  it('by leaving the loop › asks no more', async () => {
    moveTimers()
    for await (const status of watchTransaction(app.nevis, await signIn(app.browser(), 'anna'))) {
      expect(status.status).toBe('pending')
      break
    }
    expect(asked()).toBe(1)
    expect(jest.getTimerCount()).toBe(0)
  })

  it('or decided › leaves nothing on a signal that outlives it', async () => {
    const { signal } = new AbortController()
    const iterator = await waiting(signal)
    const end = iterator.next()
    await simulator.phone('anna').approve()
    expect((await end).value).toMatchObject({ status: 'succeeded' })
    expect((await iterator.next()).done).toBe(true)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('a handle that does not open', () => {
  it.each(['', 'garbage', 'A'.repeat(9000)])('is a mistake of the app that gives it: %s', async (handle) => {
    await expect(watchTransaction(app.nevis, handle).next()).rejects.toThrow(new TypeError('watchTransaction: the handle cannot be decrypted'))
  })
})
