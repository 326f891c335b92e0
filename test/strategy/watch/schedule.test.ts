/** Tests how long a process waits before it asks Nevis for a status again, and how many calls per second a process may make. */
import { assert, double, integer, property } from 'fast-check'
import { defaultSchedule, delayMs, RateLimiter, withJitter, type PollStep } from '../../../src/strategy/watch/schedule'

const steps: readonly PollStep[] = [
  { untilSeconds: 2, everySeconds: 2 },
  { untilSeconds: 10, everySeconds: 1 },
  { untilSeconds: Infinity, everySeconds: 4 },
]

describe('delayMs', () => {
  describe('by the age of the transaction', () => {
    it.each([
      [-1000, 2000], [0, 2000], [1999, 2000], [2000, 1000], [9999, 1000], [10_000, 4000], [1e9, 4000],
    ])('at %d ms is %d', (ageMs, expected) => {
      expect(delayMs(steps, ageMs)).toBe(expected)
    })

    it('is that of the last step beyond a list that ends', () => {
      expect(delayMs([{ untilSeconds: 5, everySeconds: 3 }], 60_000)).toBe(3000)
    })
  })

  describe('after failures', () => {
    it('doubles with each, up to 10 s', () => {
      const delays = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayMs(steps, 5000, failures))
      expect(delays).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000])
    })

    it('is never shorter than the step itself', () => {
      expect(delayMs([{ untilSeconds: Infinity, everySeconds: 60 }], 0, 3)).toBe(60_000)
    })
  })

  describe('of the default schedule', () => {
    it('asks no more than ten times of a user who answers within 10 s, and is never more than 4 s late', () => {
      let calls = 0
      for (let ageMs = 0; ageMs <= 10_000; calls++) ageMs += delayMs(defaultSchedule, ageMs)
      expect(calls).toBeLessThanOrEqual(10)
      for (let ageMs = 0; ageMs <= 600_000; ageMs += 1000) expect(delayMs(defaultSchedule, ageMs)).toBeLessThanOrEqual(4000)
    })
  })
})

describe('withJitter', () => {
  it('stays within a tenth, both ways, and does vary', () => {
    assert(property(integer({ min: 1, max: 60_000 }), (ms) => {
      const varied = withJitter(ms)
      expect(varied).toBeGreaterThanOrEqual(ms * 0.9)
      expect(varied).toBeLessThanOrEqual(ms * 1.1)
    }))
    const many = Array.from({ length: 200 }, () => withJitter(1000))
    expect(Math.min(...many)).toBeLessThan(950)
    expect(Math.max(...many)).toBeGreaterThan(1050)
  })

  it('reaches both ends, and no further', () => {
    assert(property(double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
      jest.spyOn(Math, 'random').mockReturnValue(random)
      expect(withJitter(1000)).toBeCloseTo(900 + 200 * random)
    }))
    jest.restoreAllMocks()
  })
})

describe('FairRate', () => {
  beforeEach(() => jest.useFakeTimers())
  afterEach(() => {
    jest.restoreAllMocks()
    jest.useRealTimers()
  })

  /** Lets `size` transactions wait at once until they may call Nevis. `taken` gets the number of each transaction when it may. */
  function crowd(rate: RateLimiter, size: number, taken: number[] = []): number[] {
    for (let i = 0; i < size; i++) void rate.acquire().then(() => taken.push(i))
    return taken
  }

  /** How many of 1000 waiting transactions may call Nevis within a second. */
  async function turnsInASecond(rate: RateLimiter): Promise<number> {
    const taken = crowd(rate, 1000)
    await jest.advanceTimersByTimeAsync(1000)
    return taken.length
  }

  describe('under a crowd', () => {
    it('gives each second so many turns, and few more in the first', async () => {
      const rate = new RateLimiter(100)
      const taken = crowd(rate, 1000)
      const counts: number[] = []
      for (let second = 0; second < 5; second++) {
        const before = taken.length
        await jest.advanceTimersByTimeAsync(1000)
        counts.push(taken.length - before)
      }
      expect(counts[0]).toBeLessThanOrEqual(112)
      for (const count of counts) expect(count).toBeGreaterThanOrEqual(95)
      for (const count of counts.slice(1)) expect(count).toBeLessThanOrEqual(102)
    })

    it('serves in the order of asking', async () => {
      const taken = crowd(new RateLimiter(50), 120)
      await jest.advanceTimersByTimeAsync(5000)
      expect(taken).toEqual(Array.from({ length: 120 }, (_, i) => i))
    })

    it('lets no caller past who asks without waiting', async () => {
      const rate = new RateLimiter(10)
      crowd(rate, 20)
      expect(rate.tryAcquire()).toBe(false)
      await jest.advanceTimersByTimeAsync(1000)
      expect(rate.tryAcquire()).toBe(false)
      await jest.advanceTimersByTimeAsync(5000)
      expect(rate.tryAcquire()).toBe(true)
    })

    it('lets no caller past either where the turns of those who wait are overdue', () => {
      const rate = new RateLimiter(1)
      crowd(rate, 2)
      const now = performance.now()
      jest.spyOn(performance, 'now').mockReturnValue(now + 5000)
      expect(rate.tryAcquire()).toBe(false)
    })

    it('sleeps until the next turn is due, and gives it then', async () => {
      const rate = new RateLimiter(10)
      // At once, the limiter allows the next call, and also the calls of the following 0.1 s: at 10 calls per second, one more.
      const taken = crowd(rate, 4)
      await jest.advanceTimersByTimeAsync(0)
      expect(taken).toEqual([0, 1])
      const slept = jest.spyOn(globalThis, 'setTimeout')
      await jest.advanceTimersByTimeAsync(99)
      expect(taken).toEqual([0, 1])
      await jest.advanceTimersByTimeAsync(1)
      expect(taken).toEqual([0, 1, 2])
      await jest.advanceTimersByTimeAsync(100)
      expect(taken).toEqual([0, 1, 2, 3])
      expect(slept.mock.calls.map(([, ms]) => ms)).toEqual([100])
    })

    it('uses up no turn that no caller waits for', async () => {
      const rate = new RateLimiter(10_000)
      const taken = crowd(rate, 1002)
      await jest.advanceTimersByTimeAsync(1)
      expect(taken).toHaveLength(1002)
      expect(rate.tryAcquire()).toBe(true)
    })
  })

  describe('without a crowd', () => {
    it('gives a turn at once', () => {
      expect(new RateLimiter(1).tryAcquire()).toBe(true)
    })

    it('gives no second one before its time', async () => {
      const rate = new RateLimiter(1)
      expect([rate.tryAcquire(), rate.tryAcquire()]).toEqual([true, false])
      await jest.advanceTimersByTimeAsync(1000)
      expect(rate.tryAcquire()).toBe(true)
    })

    it('gives it to callers that would wait, too, without a timer', async () => {
      const taken = crowd(new RateLimiter(1), 1)
      expect(jest.getTimerCount()).toBe(0)
      await jest.advanceTimersByTimeAsync(0)
      expect(taken).toEqual([0])
    })

    it('saves up a tenth of a second, and no more', async () => {
      const rate = new RateLimiter(100)
      await jest.advanceTimersByTimeAsync(60_000)
      let turns = 0
      while (rate.tryAcquire()) turns++
      expect(turns).toBe(11)
    })
  })

  describe('while Nevis fails', () => {
    it('halves with each failure, and never stops altogether', async () => {
      const rate = new RateLimiter(100)
      rate.adapt(false)
      rate.adapt(false)
      const quarter = await turnsInASecond(rate)
      expect(quarter).toBeGreaterThanOrEqual(24)
      expect(quarter).toBeLessThanOrEqual(28)

      const worst = new RateLimiter(100)
      for (let i = 0; i < 50; i++) worst.adapt(false)
      const least = await turnsInASecond(worst)
      expect(least).toBeGreaterThanOrEqual(1)
      expect(least).toBeLessThanOrEqual(3)
    })

    it('grows back while Nevis answers, and not beyond', async () => {
      const rate = new RateLimiter(100)
      for (let i = 0; i < 50; i++) rate.adapt(false)
      for (let i = 0; i < 48; i++) rate.adapt(true)
      const half = await turnsInASecond(rate)
      expect(half).toBeGreaterThanOrEqual(48)
      expect(half).toBeLessThanOrEqual(57)

      const whole = new RateLimiter(100)
      for (let i = 0; i < 1000; i++) whole.adapt(true)
      expect(await turnsInASecond(whole)).toBeLessThanOrEqual(112)
    })
  })

  describe('when every transaction has had its turn', () => {
    it('leaves no timer behind', async () => {
      const rate = new RateLimiter(100)
      const taken = crowd(rate, 50)
      expect(jest.getTimerCount()).toBe(1)
      await jest.advanceTimersByTimeAsync(1000)
      expect(taken).toHaveLength(50)
      expect(jest.getTimerCount()).toBe(0)
    })
  })
})
