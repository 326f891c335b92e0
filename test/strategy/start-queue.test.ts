/** The starts of one subject run one after another: each start waits for the previous one, and can share the result of the previous one. */
import { StartQueue } from '../../src/strategy/start-queue'

/** A task that the test itself ends. */
function workOf(name: string, log: string[]) {
  let end!: (result: string) => void
  let fail!: (error: Error) => void
  const done = new Promise<string>((resolve, reject) => { end = resolve; fail = reject })
  const run = (waited: boolean, before: string | undefined) => {
    log.push(`${name} begins, ${waited ? `after ${before}` : 'at once'}`)
    return done
  }
  return { run, end, fail }
}

/** Waits until every task that can continue has continued. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

let turns: StartQueue<string>
let log: string[]

beforeEach(() => {
  turns = new StartQueue()
  log = []
})

describe('turns', () => {
  it('come one after another under one key, in the order in which they were asked for, each with the result before it', async () => {
    const [one, two, three] = ['one', 'two', 'three'].map((name) => workOf(name, log)) as [ReturnType<typeof workOf>, ReturnType<typeof workOf>, ReturnType<typeof workOf>]
    const results = [one, two, three].map(({ run }) => turns.run('anna', run))
    await settled()
    expect(log).toEqual(['one begins, at once'])
    // The work of the third task is ready first, but must wait for the two tasks before it.
    three.end('C')
    one.end('A')
    await settled()
    expect(log).toEqual(['one begins, at once', 'two begins, after A'])
    two.end('B')
    expect(await Promise.all(results)).toEqual(['A', 'B', 'C'])
    expect(log).toEqual(['one begins, at once', 'two begins, after A', 'three begins, after B'])
  })

  it('come after one that still runs, even if the one between them has waited too long', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] })
    try {
      const one = workOf('one', log)
      const three = workOf('three', log)
      const first = turns.run('anna', one.run)
      const refused = expect(turns.run('anna', workOf('two', log).run)).rejects.toMatchObject({ code: 'too_many_starts' })
      await jest.advanceTimersByTimeAsync(15_000)
      await refused
      const last = turns.run('anna', three.run)
      await settled()
      expect(log).toEqual(['one begins, at once'])
      one.end('A')
      await first
      await settled()
      expect(log).toEqual(['one begins, at once', 'three begins, after undefined'])
      three.end('C')
      expect(await last).toBe('C')
    } finally {
      jest.useRealTimers()
    }
  })

  it('do not wait for those under another key', async () => {
    const one = workOf('one', log)
    const first = turns.run('anna', one.run)
    expect(await turns.run('ben', async (waited) => `waited: ${waited}`)).toBe('waited: false')
    one.end('A')
    expect(await first).toBe('A')
  })

  it('go on after one that failed, whose error its own caller alone gets', async () => {
    const one = workOf('one', log)
    const first = turns.run('anna', one.run)
    const second = turns.run('anna', async (waited, before) => `${waited}, ${before}`)
    one.fail(new Error('gone'))
    await expect(first).rejects.toThrow('gone')
    expect(await second).toBe('true, undefined')
  })

  it('go on after work that throws at once, which leaves no timer that keeps the process alive', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] })
    try {
      const first = turns.run('anna', () => { throw new Error('gone') })
      const second = turns.run('anna', async () => 'fine')
      await expect(first).rejects.toThrow('gone')
      expect(await second).toBe('fine')
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
  })

  it('are forgotten once they are over: the next one begins at once and hears of no result', async () => {
    await turns.run('anna', async () => 'A')
    await turns.run('anna', async () => { throw new Error('gone') }).catch(() => undefined)
    expect(await turns.run('anna', async (waited, before) => `${waited}, ${before}`)).toBe('false, undefined')
  })

  it('are not waited for longer than fifteen seconds: the one before may hang in the app', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] })
    try {
      const hangs = workOf('hangs', log)
      void turns.run('anna', hangs.run)
      const next = turns.run('anna', async () => 'next').catch((error: { code: string; retryAfterSeconds: number }) => [error.code, error.retryAfterSeconds])
      await jest.advanceTimersByTimeAsync(15_000)
      expect(await next).toEqual(['too_many_starts', 10])
    } finally {
      jest.useRealTimers()
    }
  })

  it('are waited for by sixty at most; a crowd is refused at once, and other keys are free', async () => {
    const first = workOf('first', log)
    const taken = Array.from({ length: 60 }, (_, i) => turns.run('anna', i === 0 ? first.run : async () => 'later'))
    await expect(turns.run('anna', async () => 'one too many')).rejects.toMatchObject({ code: 'too_many_starts' })
    expect(await turns.run('ben', async () => 'free')).toBe('free')
    first.end('A')
    await Promise.all(taken)
    expect(await turns.run('anna', async () => 'again')).toBe('again')
  })
})
