/** The ping of the health check: all starts share one ping, whose result is cached. Only the tests move the clock and decide what Nevis answers. */
import type { NevisClient } from '../../src'
import { NevisError } from '../../src/client/errors'
import { Health } from '../../src/strategy/health'
import { SharedCache } from '../../src/strategy/shared-cache'

let ping: jest.Mock<Promise<string>, []>
let health: Health

const down = (code: ConstructorParameters<typeof NevisError>[0] = 'NEVIS_UNREACHABLE') => () => Promise.reject(new NevisError(code, 'ping'))
const never = () => new Promise<string>(() => undefined)
/** The outcome of a health check: `up`, or the code of the error. */
const outcome = () => health.check().then(() => 'up', ({ code }: NevisError) => code as string)
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  jest.useFakeTimers()
  ping = jest.fn(async () => 'PONG')
  health = new Health({ ping } as unknown as NevisClient)
})

afterEach(() => {
  // Check that no timer is left.
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

describe('a health check', () => {
  describe('while Nevis is up', () => {
    it('pings once for a hundred at once', async () => {
      expect(new Set(await Promise.all(Array.from({ length: 100 }, outcome)))).toEqual(new Set(['up']))
      expect(ping).toHaveBeenCalledTimes(1)
    })

    it('pings again after ten seconds, and not before', async () => {
      await outcome()
      await pass(9_999)
      await outcome()
      expect(ping).toHaveBeenCalledTimes(1)
      await pass(1)
      await outcome()
      expect(ping).toHaveBeenCalledTimes(2)
    })
  })

  describe('while Nevis is down', () => {
    it('tells all who ask at once, with one ping', async () => {
      ping.mockImplementation(down())
      expect(new Set(await Promise.all(Array.from({ length: 100 }, outcome)))).toEqual(new Set(['NEVIS_UNREACHABLE']))
      expect(ping).toHaveBeenCalledTimes(1)
    })

    it('pings again after two seconds, and not before, and hears that it is back', async () => {
      ping.mockImplementation(down('NEVIS_RATE_LIMITED'))
      expect(await outcome()).toBe('NEVIS_RATE_LIMITED')
      ping.mockImplementation(async () => 'PONG')
      await pass(1_999)
      expect(await outcome()).toBe('NEVIS_RATE_LIMITED')
      expect(ping).toHaveBeenCalledTimes(1)
      await pass(1)
      expect(await outcome()).toBe('up')
      expect(ping).toHaveBeenCalledTimes(2)
    })
  })

  describe('while Nevis does not answer', () => {
    it('says that it was the ping', async () => {
      ping.mockImplementation(never)
      const failed = health.check().catch((error: unknown) => error)
      await pass(2_000)
      expect(await failed).toMatchObject({ code: 'NEVIS_TIMEOUT', operation: 'ping' })
    })

    it('gives up after two seconds for everyone, whenever they came, and pings once in that time', async () => {
      ping.mockImplementation(never)
      const early = outcome()
      await pass(1_500)
      const late = outcome()
      await pass(500)
      expect(await Promise.all([early, late])).toEqual(['NEVIS_TIMEOUT', 'NEVIS_TIMEOUT'])
      await pass(1_999)
      expect(await outcome()).toBe('NEVIS_TIMEOUT')
      expect(ping).toHaveBeenCalledTimes(1)
    })
  })
})

describe('what is remembered', () => {
  it('is told apart by its key, and forgotten once it is out of date', async () => {
    const remembered = new SharedCache<string>(1000, 1000)
    const ask = jest.fn(async () => 'x')
    for (const key of ['a', 'b', 'a']) await remembered.get(key, ask)
    expect(ask).toHaveBeenCalledTimes(2)
    await pass(10_000)
    await remembered.get('c', ask)
    expect(remembered.keys()).toEqual(['c'])
  })

  it('is good for as long as it was said, and so is a failure; and is looked through every ten seconds', async () => {
    const remembered = new SharedCache<string>(3000, 1000)
    const ask = jest.fn<Promise<string>, []>(async () => 'x')
    const kept = () => remembered.keys()
    await remembered.get('a', ask)
    ask.mockRejectedValueOnce(new Error('no'))
    await expect(remembered.get('b', ask)).rejects.toThrow('no')
    await pass(999)
    await expect(remembered.get('b', ask)).rejects.toThrow('no')
    expect(ask).toHaveBeenCalledTimes(2)
    await pass(1)
    expect(await remembered.get('b', ask)).toBe('x')
    await pass(1999)
    await remembered.get('a', ask)
    expect(ask).toHaveBeenCalledTimes(3)
    await pass(1)
    await remembered.get('a', ask)
    expect(ask).toHaveBeenCalledTimes(4)
    await pass(6998)
    await remembered.get('c', ask)
    expect(kept()).toEqual(['a', 'b', 'c'])
    await pass(1)
    await remembered.get('d', ask)
    expect(kept()).toEqual(['a', 'b', 'c', 'd'])
    await pass(1)
    await remembered.get('e', ask)
    expect(kept()).toEqual(['c', 'd', 'e'])
  })

  it('is forgotten at the very moment at which it is out of date', async () => {
    const remembered = new SharedCache<string>(10_000, 1)
    await remembered.get('a', async () => 'x')
    await pass(10_000)
    await remembered.get('b', async () => 'x')
    expect(remembered.keys()).toEqual(['b'])
  })

  it('is one question for all who come while it is open, however long it takes', async () => {
    const remembered = new SharedCache<string>(1, 1)
    let answer: (value: string) => void = () => undefined
    const ask = jest.fn(() => new Promise<string>((resolve) => { answer = resolve }))
    const first = remembered.get('a', ask)
    await pass(3_600_000)
    expect(remembered.get('a', ask)).toBe(first)
    answer('x')
    expect(await first).toBe('x')
    expect(ask).toHaveBeenCalledTimes(1)
  })
})
