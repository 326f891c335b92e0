/** The ledger in memory, and that a ledger which fails lets nobody in. */
import { inspect } from 'node:util'
import { MemoryLedger, StorageError, type Ledger } from '../src'
import { failClosed } from '../src/ledger'
import { ledgerContract } from './support/ledger-contract'

const realNow = Date.now
let offset = 0

function advance(ms: number): void {
  offset += ms
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + offset)
}

afterEach(() => {
  jest.restoreAllMocks()
  offset = 0
})

ledgerContract('MemoryLedger', () => ({ ledger: new MemoryLedger(), advance }))
ledgerContract('MemoryLedger behind failClosed', () => ({ ledger: failClosed(new MemoryLedger()), advance }))

describe('MemoryLedger', () => {
  const sizeOf = (ledger: MemoryLedger): number => (ledger as any).entries.size

  describe('once ten thousand entries are over', () => {
    it('forgets them while it works', async () => {
      const ledger = new MemoryLedger()
      for (let i = 0; i < 5_000; i++) {
        await ledger.claim(`a${i}`, 1)
        await ledger.count(`a${i}`, 1)
      }
      expect(sizeOf(ledger)).toBe(10_000)
      advance(60_000)
      await ledger.claim('one more', 60)
      expect(sizeOf(ledger)).toBe(1)
    })

    it('keeps those that are not over', async () => {
      const ledger = new MemoryLedger()
      for (let i = 0; i < 100; i++) await ledger.claim(`short${i}`, 1)
      await ledger.claim('long', 3600)
      await ledger.count('long', 3600)
      advance(60_000)
      expect(await ledger.claim('long', 3600)).toBe(false)
      expect(await ledger.count('long', 3600)).toBe(2)
      expect(sizeOf(ledger)).toBe(2)
    })
  })

  describe('at the very moment', () => {
    const at = (now: number) => jest.spyOn(Date, 'now').mockReturnValue(now)

    it('remembers to the last millisecond, and no longer', async () => {
      const ledger = new MemoryLedger()
      at(1_000_000)
      await ledger.claim('a', 60)
      await ledger.count('a', 60)
      at(1_059_999)
      expect([await ledger.claim('a', 60), await ledger.count('a', 60)]).toEqual([false, 2])
      at(1_060_000)
      expect([await ledger.claim('a', 60), await ledger.count('a', 60)]).toEqual([true, 1])
    })

    it('looks through all of them every 30 seconds, and no more often', async () => {
      const ledger = new MemoryLedger()
      at(1_000_000)
      await ledger.claim('short', 29.999)
      await ledger.claim('exact', 30)
      await ledger.claim('long', 30.001)
      at(1_029_999)
      await ledger.claim('more', 60)
      expect(sizeOf(ledger)).toBe(4)
      at(1_030_000)
      await ledger.claim('more', 60)
      expect(sizeOf(ledger)).toBe(2)
      at(1_059_999)
      await ledger.claim('more', 60)
      expect(sizeOf(ledger)).toBe(2)
      at(1_060_000)
      await ledger.claim('more', 60)
      expect(sizeOf(ledger)).toBe(1)
    })
  })

  describe('two of them', () => {
    it('share nothing', async () => {
      const [one, other] = [new MemoryLedger(), new MemoryLedger()]
      expect(await one.claim('a', 60)).toBe(true)
      expect(await other.claim('a', 60)).toBe(true)
    })
  })
})

describe('failClosed', () => {
  it('knows the class of the ledger inside, where it has one', () => {
    const bare = Object.assign(Object.create(null) as object, { claim: async () => true, count: async () => 1 }) as Ledger
    expect([failClosed(new MemoryLedger()).kind, failClosed(bare).kind]).toEqual(['MemoryLedger', ''])
  })

  const failureOf = async (answer: () => unknown, call: 'claim' | 'count'): Promise<StorageError> => {
    const ledger = failClosed({ claim: answer, count: answer } as unknown as Ledger)
    const error: unknown = await ledger[call]('a', 60).then(
      (value) => { throw new Error(`answered ${inspect(value)}`) },
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(StorageError)
    return error as StorageError
  }

  it.each(['claim', 'count'] as const)('watches over a MemoryLedger too, whose %s somebody may have replaced', async (call) => {
    const ledger = new MemoryLedger()
    Object.assign(ledger, { [call]: () => Promise.reject(new Error('gone')) })
    await expect(failClosed(ledger)[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
  })

  describe.each(['claim', 'count'] as const)('with a ledger whose %s', (call) => {
    const wrong: [string, () => unknown][] = [
      ['rejects', () => Promise.reject(new Error('gone'))],
      ['rejects with nothing', () => Promise.reject(undefined)],
      ['throws', () => { throw new Error('gone') }],
      ['gives undefined', () => Promise.resolve(undefined)],
      ['gives nothing, not even a promise', () => undefined],
      ['gives null', () => Promise.resolve(null)],
      ['gives NaN', () => Promise.resolve(NaN)],
      ['gives OK', () => Promise.resolve('OK')],
      ['gives the text 1', () => Promise.resolve('1')],
      ['gives 0', () => Promise.resolve(0)],
      ['gives -1', () => Promise.resolve(-1)],
      ['gives 1.5', () => Promise.resolve(1.5)],
      ['gives Infinity', () => Promise.resolve(Infinity)],
      ['gives an object', () => Promise.resolve({})],
      ['gives what the other one promises', () => Promise.resolve(call === 'claim' ? 1 : true)],
    ]

    it.each(wrong)('%s, rejects with LEDGER_UNAVAILABLE', async (_name, answer) => {
      const error = await failureOf(answer, call)
      expect(error).toMatchObject({ name: 'StorageError', code: 'LEDGER_UNAVAILABLE', status: 503 })
    })

    it('fails, keeps the name and code of the cause and none of its secrets', async () => {
      const gone = Object.assign(new Error('SET canary failed'), {
        code: 'ECONNREFUSED',
        command: { name: 'set', args: ['canary'] },
        stack: 'Error: canary',
      })
      const error = await failureOf(() => Promise.reject(gone), call)
      expect(error.cause).toEqual({ name: 'Error', code: 'ECONNREFUSED' })
      const printed = [inspect(error, { showHidden: true, depth: Infinity }), JSON.stringify(error), error.stack, String(error)]
      expect(printed.join('\n')).not.toContain('canary')
    })

    it('never answers, rejects with LEDGER_UNAVAILABLE after five seconds', async () => {
      jest.useFakeTimers()
      try {
        const failed = failureOf(() => new Promise(() => undefined), call)
        let isSettled = false
        void failed.finally(() => { isSettled = true })
        await jest.advanceTimersByTimeAsync(4_999)
        expect(isSettled).toBe(false)
        await jest.advanceTimersByTimeAsync(1)
        expect(await failed).toMatchObject({ name: 'StorageError', code: 'LEDGER_UNAVAILABLE', status: 503 })
      } finally {
        jest.useRealTimers()
      }
    })

    it('answers as promised, hands the answer on', async () => {
      const ledger = failClosed({ claim: async () => false, count: async () => 7 })
      expect(await ledger[call]('a', 60)).toBe(call === 'claim' ? false : 7)
    })

    it('reads its own state, is called as a method with the key and the seconds', async () => {
      const seen: unknown[] = []
      class Own implements Ledger {
        private readonly answer = { claim: true, count: 3 }
        async claim(...args: [string, number]) { seen.push(args); return this.answer.claim }
        async count(...args: [string, number]) { seen.push(args); return this.answer.count }
      }
      expect(await failClosed(new Own())[call]('key', 42)).toBe(call === 'claim' ? true : 3)
      expect(seen).toEqual([['key', 42]])
    })
  })
})
