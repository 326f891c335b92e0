/** Tests that a transaction has one polling loop, however many tabs request the status. Only the tests move the clock and decide what Nevis answers. */
import type { NevisClient, Transaction } from '../../../src'
import { asUndecided, NevisError } from '../../../src/client/errors'
import type { HandleContent } from '../../../src/trust/handle'
import { StatusWatch, type Watched } from '../../../src/strategy/watch/watch'

const LIFETIME_MS = 120_000
const SCHEDULE = [{ untilSeconds: 10, everySeconds: 1 }, { untilSeconds: Infinity, everySeconds: 4 }]

type Answer = 'pending' | 'succeeded' | 'failed' | 'unknown' | Error

let answer: Answer
/** How long Nevis takes to answer, in milliseconds. */
let latencyMs: number
/** The times at which Nevis was asked, in milliseconds since the start. */
let asked: number[]
let startedAt: number
let watch: StatusWatch


const client = {
  getStatus: jest.fn(async () => {
    asked.push(Date.now() - startedAt)
    const given = answer
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs))
    if (given instanceof Error) throw given
    return { status: given, token: 'transaction token' }
  }),
} as unknown as NevisClient

const newWatch = (maxCallsPerSecond = 200) => new StatusWatch(client, { lifetimeMs: LIFETIME_MS, schedule: SCHEDULE, maxCallsPerSecond })
const sealed = (id = 't') => ({ id, factor: 'push', statusToken: 'token', expiresAt: startedAt + LIFETIME_MS })
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms)

function listening(id?: string): { heard: Watched[]; stop: () => void } {
  const heard: Watched[] = []
  return { heard, stop: watch.follow(sealed(id), (status) => heard.push(status)) }
}

beforeEach(() => {
  jest.useFakeTimers()
  answer = 'pending'
  latencyMs = 0
  asked = []
  startedAt = Date.now()
  watch = newWatch()
})

afterEach(() => {
  // Check that no timer is left, whatever the test has done.
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

describe('following a transaction', () => {
  describe('that is decided', () => {
    // Shows: C-enrol-3
    it.each([['succeeded', 'succeeded'], ['failed', 'failed'], ['unknown', 'failed']] as const)('tells every listener once: %s', async (given, expected) => {
      const tabs = Array.from({ length: 10 }, () => listening())
      await pass(3000)
      answer = given
      await pass(1200)
      for (const { heard } of tabs) expect(heard).toEqual([expected])
      await pass(LIFETIME_MS)
      for (const { heard } of tabs) expect(heard).toEqual([expected])
    })

    it('makes no further call, whoever comes later', async () => {
      answer = 'succeeded'
      listening()
      await pass(2000)
      expect(asked).toHaveLength(1)
      expect(listening().heard).toEqual(['succeeded'])
      expect(await watch.look(sealed())).toBe('succeeded')
      await pass(60_000)
      expect(await watch.look(sealed())).toBe('succeeded')
      expect(asked).toHaveLength(1)
    })
  })

  describe('by ten tabs and ten clients', () => {
    // Shows: C-status-2
    it('asks no more often than for one', async () => {
      const one = listening()
      await pass(20_000)
      one.stop()
      const forOne = asked.length

      asked = []
      startedAt = Date.now()
      const tabs = Array.from({ length: 10 }, () => listening('many'))
      for (let second = 0; second < 20; second++) {
        await Promise.all(Array.from({ length: 10 }, () => watch.look(sealed('many'))))
        await pass(1000)
      }
      tabs.forEach(({ stop }) => stop())
      expect(asked.length).toBeLessThanOrEqual(forOne + 10)
      for (let i = 1; i < asked.length; i++) expect(asked[i] as number - (asked[i - 1] as number)).toBeGreaterThan(0)
    })

    it('asks nothing for the second tab', async () => {
      const first = listening()
      await pass(1500)
      const before = asked.length
      const second = listening()
      expect(await watch.look(sealed())).toBe('pending')
      expect(asked).toHaveLength(before)
      first.stop()
      second.stop()
    })
  })

  describe('by its age', () => {
    // Shows: C-enrol-3
    it('asks at once, each second at first, later every four, give or take a tenth', async () => {
      const { stop } = listening()
      await pass(60_000)
      stop()
      expect(asked.shift()).toBe(0)
      const gaps = asked.map((at, i) => at - (asked[i - 1] ?? 0))
      asked.forEach((at, i) => {
        const step = (asked[i - 1] ?? 0) < 10_000 ? 1000 : 4000
        expect(gaps[i]).toBeGreaterThanOrEqual(step * 0.9)
        expect(gaps[i]).toBeLessThanOrEqual(step * 1.1 + 1)
        expect(at).toBeLessThanOrEqual(60_000)
      })
      expect(new Set(gaps).size).toBeGreaterThan(5)
    })
  })

  describe('that a page has just requested', () => {
    it('does not ask once more at the beginning', async () => {
      await watch.look(sealed())
      const { stop } = listening()
      await pass(800)
      stop()
      expect(asked).toEqual([0])
    })

    it('asks at the beginning where a second has passed since', async () => {
      await watch.look(sealed())
      await pass(1000)
      const { stop } = listening()
      stop()
      expect(asked).toEqual([0, 1000])
    })
  })

  describe('until no page listens', () => {
    it('asks no more and leaves nothing behind', async () => {
      const tabs = [listening(), listening()]
      await pass(3000)
      tabs[0]?.stop()
      const before = asked.length
      await pass(3000)
      expect(asked.length).toBeGreaterThan(before)
      tabs[1]?.stop()
      expect(jest.getTimerCount()).toBe(0)
      const after = asked.length
      await pass(LIFETIME_MS)
      expect(asked).toHaveLength(after)
      for (const { heard } of tabs) expect(heard).toEqual([])
    })

    it('goes on when a listener comes back', async () => {
      listening().stop()
      await pass(5000)
      const { heard } = listening()
      answer = 'succeeded'
      await pass(1200)
      expect(heard).toEqual(['succeeded'])
    })

    it('may be told twice that one has left', async () => {
      const [one, other] = [listening(), listening()]
      one.stop()
      one.stop()
      answer = 'failed'
      await pass(1200)
      expect([one.heard, other.heard]).toEqual([[], ['failed']])
    })
  })

  describe('when the last tab leaves and another comes while Nevis is being asked', () => {
    it('does not ask twice as often from then on', async () => {
      latencyMs = 20
      const first = listening()
      while (asked.length === 0) await pass(1)
      first.stop()
      const second = listening()
      await pass(60_000)
      second.stop()
      // In this minute, the app calls Nevis every second for ten seconds, and then every four seconds. Each interval can be a tenth shorter.
      expect(asked.length).toBeLessThanOrEqual(27)
      await pass(LIFETIME_MS)
    })
  })

  describe('until its end', () => {
    it('tells that it has expired, at its time, and asks no more', async () => {
      const { heard } = listening()
      await pass(LIFETIME_MS - 1)
      expect(heard).toEqual([])
      await pass(2)
      expect(heard).toEqual(['expired'])
      const before = asked.length
      expect(await watch.look(sealed())).toBe('expired')
      expect(listening().heard).toEqual(['expired'])
      await pass(LIFETIME_MS)
      expect(asked).toHaveLength(before)
    })

    it('counts more than a decision before it', async () => {
      answer = 'succeeded'
      expect(await watch.look(sealed())).toBe('succeeded')
      await pass(LIFETIME_MS)
      expect(await watch.look(sealed())).toBe('expired')
    })
  })

  describe('without a status token', () => {
    it('asks nothing, sleeps, and tells the end', async () => {
      const heard: Watched[] = []
      const { statusToken: _, ...code } = sealed()
      const slept = jest.spyOn(globalThis, 'setTimeout')
      watch.follow(code, (status) => heard.push(status))
      expect(await watch.look(code)).toBe('pending')
      await pass(LIFETIME_MS)
      expect(slept.mock.calls.map(([, ms]) => ms)).toEqual([LIFETIME_MS])
      slept.mockRestore()
      expect(heard).toEqual(['expired'])
      expect(asked).toEqual([])
    })
  })
})

describe('looking at a transaction', () => {
  it('asks once for all who look at the same time', async () => {
    latencyMs = 50
    answer = 'succeeded'
    const looks = Promise.all(Array.from({ length: 10 }, () => watch.look(sealed())))
    await pass(50)
    expect(await looks).toEqual(Array<string>(10).fill('succeeded'))
    expect(asked).toHaveLength(1)
  })

  it('asks three times at first, each of which may be the one that finds the answer', async () => {
    for (let i = 0; i < 10; i++) expect(await watch.look(sealed())).toBe('pending')
    expect(asked).toEqual([0, 0, 0])
  })

  it('waits two seconds for Nevis at most, and keeps its answer for the next look', async () => {
    latencyMs = 8000
    answer = 'succeeded'
    const look = watch.look(sealed())
    await pass(2000)
    expect(await look).toBe('pending')
    await pass(6000)
    expect(watch.peek(sealed())).toBe('succeeded')
    expect(asked).toHaveLength(1)
  })

  it('asks about once a second, however often a page asks, and finds the decision', async () => {
    for (let i = 0; i < 200; i++) {
      expect(await watch.look(sealed())).toBe('pending')
      await pass(50)
    }
    expect(asked.length).toBeGreaterThanOrEqual(9)
    expect(asked.length).toBeLessThanOrEqual(13)
    answer = 'succeeded'
    await pass(1000)
    expect(await watch.look(sealed())).toBe('succeeded')
  })

  it('leaves no timer, though no page looks again', async () => {
    await watch.look(sealed())
    expect(jest.getTimerCount()).toBe(0)
  })
})

describe('while Nevis', () => {
  const unreachable = new NevisError('NEVIS_UNREACHABLE', 'getStatus')

  describe.each([
    ['cannot be reached', unreachable],
    ['takes too long', new NevisError('NEVIS_TIMEOUT', 'getStatus')],
    ['answers with 5xx', new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getStatus', { nevisStatus: 500 })],
    ['cannot be asked for a reason of the app\'s own', new Error('vault sealed')],
  ])('%s', (_name, error) => {
    it('is pending, and is asked ever less often, then as usual', async () => {
      answer = error
      const { heard, stop } = listening()
      await pass(40_000)
      // The interval is 1 s in the first ten seconds, and then 4 s. Each further error doubles the interval, up to 10 s. So the app makes only a few calls in
      // 40 s.
      expect(asked.length).toBeGreaterThanOrEqual(4)
      expect(asked.length).toBeLessThanOrEqual(8)
      expect(heard).toEqual([])
      expect(await watch.look(sealed())).toBe('pending')

      answer = 'pending'
      await pass(11_000)
      const before = asked.length
      await pass(12_000)
      expect(asked.length - before).toBeGreaterThanOrEqual(2)
      answer = 'succeeded'
      await pass(5000)
      expect(heard).toEqual(['succeeded'])
      stop()
    })
  })

  describe('fails', () => {
    it('is asked less often for others, too', async () => {
      watch = newWatch(100)
      answer = unreachable
      for (let i = 0; i < 50; i++) {
        await watch.look(sealed(String(i)))
        await pass(20)
      }
      expect(asked.length).toBeLessThan(20)
    })

    it('is asked less often by those who look, too', async () => {
      answer = unreachable
      for (let i = 0; i < 20; i++) {
        expect(await watch.look(sealed())).toBe('pending')
        await pass(2000)
      }
      expect(asked.length).toBeLessThanOrEqual(7)
    })

    it('tells those who look that it is worth waiting longer', async () => {
      const usual = watch.delayMs(sealed())
      answer = unreachable
      await watch.look(sealed())
      expect(watch.delayMs(sealed())).toBeGreaterThan(usual)
    })
  })

  describe('answers with something that is no status', () => {
    it('is asked as often for others as before', async () => {
      watch = newWatch(100)
      answer = new NevisError('NEVIS_NOT_FOUND', 'getStatus', { nevisStatus: 404 })
      for (let i = 0; i < 50; i++) await watch.look(sealed(String(i))).then(() => pass(20))
      expect(asked).toHaveLength(50)
      expect(watch.usage().perSecond).toBe(100)
    })
  })

  describe('says when to come again', () => {
    it('is not asked before', async () => {
      answer = new NevisError('NEVIS_RATE_LIMITED', 'getStatus', { retryAfterSeconds: 20 })
      const { heard } = listening()
      await pass(1200)
      expect(asked).toHaveLength(1)
      answer = 'succeeded'
      await pass(18_000)
      expect(await watch.look(sealed())).toBe('pending')
      expect(asked).toHaveLength(1)
      await pass(4000)
      expect(asked).toHaveLength(2)
      expect(heard).toEqual(['succeeded'])
    })

    it('is asked by those who look exactly then', async () => {
      answer = new NevisError('NEVIS_RATE_LIMITED', 'getStatus', { retryAfterSeconds: 20 })
      await watch.look(sealed())
      await pass(19_999)
      await watch.look(sealed())
      expect(asked).toEqual([0])
      await pass(1)
      await watch.look(sealed())
      expect(asked).toEqual([0, 20_000])
    })

    it('is not waited for beyond the end', async () => {
      answer = new NevisError('NEVIS_RATE_LIMITED', 'getStatus', { retryAfterSeconds: 86_400 })
      const { heard } = listening()
      await pass(LIFETIME_MS)
      expect(heard).toEqual(['expired'])
    })
  })
})

describe('many transactions', () => {
  it('share the calls of the process', async () => {
    watch = newWatch(10)
    const people = Array.from({ length: 100 }, (_, i) => listening(String(i)))
    await pass(30_000)
    for (let second = 1; second < 30; second++) {
      const inSecond = asked.filter((at) => at >= second * 1000 && at < (second + 1) * 1000)
      expect(inSecond.length).toBeLessThanOrEqual(12)
    }
    expect(asked.length).toBeGreaterThan(250)
    people.forEach(({ stop }) => stop())
    await pass(LIFETIME_MS)
  })

  it('have their turns one after the other, however many tabs one of them opens', async () => {
    watch = newWatch(1)
    const tokens = Array.from({ length: 10 }, (_, i) => `token ${i}`)
    const follow = (statusToken: string) => watch.follow({ ...sealed(statusToken), statusToken }, () => undefined)
    const stops = tokens.map(follow)
    for (let second = 0; second < 60; second++) {
      await pass(1000)
      stops.push(follow('token 0'))
    }
    stops.forEach((stop) => stop())
    const counts = tokens.map((token) => jest.mocked(client.getStatus).mock.calls.filter(([asked]) => asked === token).length)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
    await pass(LIFETIME_MS)
  })

  it('are not asked for when their turn comes after every listener has left', async () => {
    watch = newWatch(1)
    const people = Array.from({ length: 20 }, (_, i) => listening(String(i)))
    await pass(3000)
    people.forEach(({ stop }) => stop())
    const before = asked.length
    await pass(LIFETIME_MS)
    expect(asked).toHaveLength(before)
  })

  it('that no page listens to are forgotten where there are too many at once, the oldest first', async () => {
    const { transactions } = watch as unknown as { transactions: Map<string, unknown> }
    const { stop } = listening('heard')
    await pass(1)
    for (let i = 0; i < 60_000; i++) watch.peek(sealed(String(i)))
    expect(transactions.size).toBeLessThanOrEqual(50_000)
    expect([transactions.has('heard'), transactions.has('0'), transactions.has('59999')]).toEqual([true, false, true])
    stop()
  })

  it('are kept with the fields of a handle only, even if a whole transaction is passed', async () => {
    const kept: HandleContent[] = []
    watch = new StatusWatch(client, { lifetimeMs: LIFETIME_MS, schedule: SCHEDULE, maxCallsPerSecond: 200, faulted: (one) => kept.push(one) })
    answer = new NevisError('NEVIS_TIMEOUT', 'getStatus')
    await watch.look({ ...sealed(), shown: { qrCode: 'x'.repeat(9000) }, data: { amount: 240.5 } } as HandleContent)
    expect(kept).toEqual([sealed()])
  })

  it('are forgotten after their end', async () => {
    const { transactions } = watch as unknown as { transactions: Map<string, unknown> }
    for (let i = 0; i < 100; i++) await watch.look(sealed(String(i)))
    expect(transactions.size).toBe(100)
    await pass(LIFETIME_MS + 60_000)
    await watch.look({ ...sealed('new'), expiresAt: Date.now() + 1000 })
    expect(transactions.size).toBe(1)
    expect(await watch.look({ ...sealed('old'), expiresAt: Date.now() })).toBe('expired')
    expect(transactions.size).toBe(1)
    // The app asks Nevis once more about each expired transaction, with at most 200 calls per second. Wait for these calls: `afterEach` checks that no timer is
    // left.
    await pass(1000)
  })
})

describe('a denied transaction that is kept after its end, so that the denial still counts', () => {
  it('is known all the time, and Nevis is asked about it once', async () => {
    watch = new StatusWatch(client, { lifetimeMs: LIFETIME_MS, schedule: SCHEDULE, maxCallsPerSecond: 200, keepDeniedMs: 3_600_000 })
    const user = { budget: 'anna' }
    const transaction = { ...sealed(), ...user, operation: 'approve', shown: {} } as unknown as Transaction
    watch.begin(transaction)
    watch.leave(transaction)
    answer = 'failed'
    latencyMs = 100
    await pass(LIFETIME_MS + 61_000)
    const known: number[] = []
    for (let i = 0; i < 20; i++) {
      watch.usage() // forgets what is over, every ten seconds at most
      known.push(watch.requestsOf(user).length)
      await pass(10_000)
    }
    expect([known, asked.length]).toEqual([Array(20).fill(1), 1])
  })
})

describe('deciding at the callback', () => {
  const transaction = { id: 't', factor: 'push', operation: 'approve', statusToken: 'token' } as Transaction
  const decide = (change: Partial<Transaction> = {}) => watch.decide({ ...transaction, expiresAt: startedAt + LIFETIME_MS, ...change })
  const success = { status: 'succeeded', token: 'transaction token' }

  describe('a success that a listener has just been told of', () => {
    it('is given to each callback of the next five seconds, also to one that the browser repeats', async () => {
      listening()
      answer = 'succeeded'
      await pass(1200)
      for (let i = 0; i < 2; i++) expect(await decide()).toEqual(success)
      expect(asked).toHaveLength(2)
    })

    it('is asked for once more five seconds later, and is gone if Nevis says so', async () => {
      listening()
      answer = 'succeeded'
      await pass(1200)
      answer = 'unknown'
      await pass(5000)
      expect((await decide())?.status).toBe('unknown')
      expect(watch.peek(sealed())).toBe('failed')
    })
  })

  describe('a success that a look has just found', () => {
    it('is given to a callback, without another call', async () => {
      await pass(60_000)
      answer = 'succeeded'
      expect(await watch.look(sealed())).toBe('succeeded')
      expect(await decide()).toEqual(success)
      expect(asked).toHaveLength(1)
    })
  })

  describe('a status that no page has asked for yet', () => {
    it.each(['pending', 'succeeded', 'failed', 'unknown'] as const)('is asked for: %s', async (given) => {
      answer = given
      expect((await decide())?.status).toBe(given)
      expect(asked).toHaveLength(1)
    })
  })

  describe('with another transaction\'s success in memory', () => {
    it.each<[string, Partial<Transaction>]>([
      ['another transaction', { id: 'other' }],
      ['another status token', { statusToken: 'other' }],
    ])('asks Nevis for its own: %s', async (_who, other) => {
      answer = 'succeeded'
      await watch.look(sealed())
      answer = 'pending'
      jest.mocked(client.getStatus).mockClear()
      expect((await decide(other))?.status).toBe('pending')
      expect(jest.mocked(client.getStatus).mock.calls).toEqual([[other.statusToken ?? 'token']])
      expect((await decide())?.status).toBe('succeeded')
    })

    it('knows nothing for a transaction without a status token, and leaves the success to its own', async () => {
      answer = 'succeeded'
      await watch.look(sealed())
      const { statusToken: _, ...closed } = { ...transaction, expiresAt: startedAt + LIFETIME_MS }
      expect(await watch.decide(closed as Transaction)).toBeUndefined()
      expect((await decide())?.status).toBe('succeeded')
      expect(asked).toHaveLength(1)
    })
  })

  describe('300 times', () => {
    it.each(['pending', 'failed', 'unknown'] as const)('at once is one call, whose answer all get: %s', async (given) => {
      latencyMs = 20
      answer = given
      const decisions = Promise.all(Array.from({ length: 300 }, () => decide()))
      await pass(20)
      expect(new Set((await decisions).map((seen) => seen?.status))).toEqual(new Set([given]))
      expect(asked).toHaveLength(1)
    })

    it.each(['at once', 'one after the other'])('%s, of an approved one, is one call', async (how) => {
      answer = 'succeeded'
      if (how === 'one after the other') for (let i = 0; i < 300; i++) expect(await decide()).toEqual(success)
      else expect(await Promise.all(Array.from({ length: 300 }, () => decide()))).toEqual(Array(300).fill(success))
      expect(asked).toHaveLength(1)
    })

    it('once its success is five seconds old, is another call', async () => {
      answer = 'succeeded'
      await decide()
      await pass(4999)
      await decide()
      expect(asked).toHaveLength(1)
      await pass(1)
      await decide()
      expect(asked).toHaveLength(2)
    })

    it('one after the other is ten calls at first, and then one a second', async () => {
      for (let i = 0; i < 150; i++) expect((await decide())?.status).toBe('pending')
      expect(asked).toEqual(Array(10).fill(0))
      for (let i = 0; i < 150; i++) {
        await pass(100)
        await decide()
      }
      expect(asked.length - 10).toBe(15)
    })

    // With `afterDenial: 'stop'`, each start asks Nevis about the user's earlier step-ups, even about expired ones that another process has watched.
    it.each(['pending', 'failed'] as const)('is as many, if the transaction has expired before this process learns of it: %s', async (given) => {
      answer = given
      for (let i = 0; i < 150; i++) expect((await decide({ expiresAt: startedAt - 1 }))?.status).toBe(given)
      expect(asked).toHaveLength(10)
    })

    it('has calls of its own, beside the three of those who look: a page that has just looked delays no sign-in', async () => {
      for (let i = 0; i < 300; i++) await watch.look(sealed())
      expect(asked).toEqual([0, 0, 0])
      answer = 'succeeded'
      expect(await decide()).toEqual(success)
      expect(asked).toEqual([0, 0, 0, 0])
    })

    it('takes no calls from those who look', async () => {
      for (let i = 0; i < 300; i++) await decide()
      answer = 'succeeded'
      expect(await watch.look(sealed())).toBe('succeeded')
      expect(asked).toHaveLength(11)
    })
  })

  describe('while a look is under way', () => {
    it('waits for its answer', async () => {
      latencyMs = 50
      answer = 'succeeded'
      const [look, decision] = [watch.look(sealed()), decide()]
      await pass(50)
      expect([await look, (await decision)?.status]).toEqual(['succeeded', 'succeeded'])
      expect(asked).toHaveLength(1)
    })
  })

  describe('while Nevis does not answer', () => {
    const unreachable = new NevisError('NEVIS_UNREACHABLE', 'getStatus', { retryAfterSeconds: 60 })

    it('is an error for everyone who comes, and never "pending"', async () => {
      answer = unreachable
      await watch.look(sealed())
      for (let i = 0; i < 20; i++) await expect(decide()).rejects.toBe(unreachable)
      // One status call was for the page. The twenty callbacks made ten calls, the most that the limit for callbacks allows at once.
      expect(asked).toHaveLength(11)
    })

    it('is asked once a second all the same, and finds that Nevis is back', async () => {
      answer = unreachable
      for (let i = 0; i < 30; i++) {
        await expect(decide()).rejects.toBe(unreachable)
        await pass(1000)
      }
      expect(asked).toHaveLength(30)
      answer = 'succeeded'
      expect((await decide())?.status).toBe('succeeded')
    })
  })
})

describe('the end of a transaction without success', () => {
  const endings = (ended: (sealed: HandleContent) => void | Promise<void>) =>
    new StatusWatch(client, { lifetimeMs: LIFETIME_MS, schedule: SCHEDULE, maxCallsPerSecond: 200, ended })

  it.each(['failed', 'unknown'] as const)('is told once, whoever learns of it: %s', async (given) => {
    const ended = jest.fn()
    watch = endings(ended)
    const { heard } = listening()
    answer = given
    await pass(1200)
    await watch.look(sealed())
    await watch.decide({ ...sealed(), operation: 'approve' } as Transaction)
    expect(heard).toEqual(['failed'])
    expect(ended.mock.calls).toEqual([[sealed(), expect.objectContaining({ status: given }), undefined]])
  })

  it.each(['pending', 'succeeded', unreachableError()] as const)('is not told of while there is none: %s', async (given) => {
    const ended = jest.fn()
    watch = endings(ended)
    answer = given
    await watch.look(sealed())
    await pass(LIFETIME_MS)
    expect(await watch.look(sealed())).toBe('expired')
    expect(ended).not.toHaveBeenCalled()
  })

  it.each<[string, () => void | Promise<void>]>([
    ['throws', () => { throw new Error('ledger') }],
    ['rejects', async () => { throw new Error('ledger') }],
  ])('reaches all listeners if one of them %s', async (_how, ended) => {
    watch = endings(ended)
    const { heard } = listening()
    answer = 'failed'
    await pass(1200)
    expect(heard).toEqual(['failed'])
  })
})

describe('Nevis that does not respond', () => {
  it.each([
    ['NEVIS_UNREACHABLE', [false, true, true, false]],
    ['NEVIS_TIMEOUT', [true, true, true, false]],
    ['NEVIS_UNEXPECTED_RESPONSE', [false, false, false]],
  ] as const)('is told after two failed calls in a row, or one that timed out, until it responds: %s', async (code, expected) => {
    const told: boolean[] = []
    const stop = watch.follow(sealed(), () => undefined, () => told.push(watch.isSilent(sealed())))
    const silent: boolean[] = []
    for (let i = 1; i <= expected.length; i++) {
      answer = i === expected.length ? 'pending' : new NevisError(code, 'getStatus', code === 'NEVIS_UNEXPECTED_RESPONSE' ? { nevisStatus: 200 } : {})
      const before = asked.length
      while (asked.length === before) await pass(500)
      silent.push(watch.isSilent(sealed()))
    }
    expect(silent).toEqual(expected)
    expect(told).toEqual(expected[1] ? [true, false] : [])
    stop()
  })
})

describe('a listener that throws', () => {
  it('keeps no other listener from hearing', async () => {
    const gone = () => { throw new Error('gone') }
    watch.follow(sealed(), gone, gone)
    const { heard } = listening()
    answer = new NevisError('NEVIS_TIMEOUT', 'getStatus')
    await pass(1200)
    answer = 'succeeded'
    await pass(5000)
    expect(heard).toEqual(['succeeded'])
  })
})

function unreachableError(): NevisError {
  return new NevisError('NEVIS_UNREACHABLE', 'getStatus')
}

describe('answers without a known status', () => {
  const page = () => new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getStatus', { nevisStatus: 200 })
  const gateway = () => new NevisError('NEVIS_UNEXPECTED_RESPONSE', 'getStatus', { nevisStatus: 502 })
  const processing = (id = 't') => asUndecided(page(), id)

  /** Lets Nevis give these answers again and again, and returns how many seconds pass until the page learns something. */
  async function secondsUntilTold(answers: readonly (() => Answer)[]): Promise<number> {
    const next = () => (answer = (answers[asked.length % answers.length] as () => Answer)())
    next()
    const { heard, stop } = listening()
    for (let seconds = 1; seconds < 110; seconds += 1) {
      next()
      await pass(1000)
      if (heard.length > 0) return seconds
    }
    stop()
    return Infinity
  }

  it('end the waiting after three pages, and also if a gateway or no server answers in between', async () => {
    expect(await secondsUntilTold([page])).toBeLessThan(8)
    expect(asked).toHaveLength(3)
    expect(await watch.look(sealed())).toBe('unreadable')
  })

  it.each([['pages and 502', [page, gateway]], ['pages and no answer', [page, gateway, () => new NevisError('NEVIS_TIMEOUT', 'getStatus')]]] as const)('end the waiting if they alternate: %s', async (_what, answers) => {
    expect(await secondsUntilTold(answers)).toBeLessThan(60)
  })

  it('do not end it if a status comes in between', async () => {
    expect(await secondsUntilTold([page, () => 'pending'])).toBe(Infinity)
  })

  it('do not end it for a gateway alone, because Nevis may come back', async () => {
    expect(await secondsUntilTold([gateway])).toBe(Infinity)
  })

  it('end it only after a minute if they have an unknown word for this transaction', async () => {
    const seconds = await secondsUntilTold([processing])
    expect([seconds >= 60, seconds < 70]).toEqual([true, true])
  })

  it('end it only after a minute if that minute begins again after a known status', async () => {
    answer = processing()
    listening()
    await pass(40_000)
    answer = 'pending'
    await pass(5000)
    answer = processing()
    await pass(50_000)
    expect(await watch.look(sealed())).toBe('pending')
    await pass(20_000)
    expect(await watch.look(sealed())).toBe('unreadable')
  })

  it.each([['a gateway', gateway], ['nobody', unreachableError]])('do not end it if an unknown word came only once, and since then %s answers', async (_what, silence) => {
    expect(await secondsUntilTold([() => (asked.length === 0 ? processing() : silence())])).toBe(Infinity)
  })

  it('end it soon if they are about another transaction', async () => {
    expect(await secondsUntilTold([() => processing('other')])).toBeLessThan(8)
  })
})
