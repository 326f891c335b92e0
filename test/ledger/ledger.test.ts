/** Tests the ledger in memory, and that no user is signed in while a ledger fails. */
import { inspect } from 'node:util'
import { MemoryLedger, StorageError, type Ledger } from '../../src'
import { failClosed } from '../../src/ledger/ledger'
import { ledgerContract, ledgerWith, SecondsLedger } from '../support/ledger-contract'

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
ledgerContract('A ledger that knows whole seconds only', () => ({ ledger: new SecondsLedger(), advance }))

describe('MemoryLedger', () => {
  const sizeOf = (ledger: MemoryLedger): number => (ledger as any).entries.size

  it.each([0, -1, 1.5, NaN, Infinity])('claims and counts nothing for %p seconds', async (seconds) => {
    const ledger = new MemoryLedger()
    for (const call of ['claim', 'count'] as const) await expect(ledger[call]('a', seconds)).rejects.toThrow(new RangeError('MemoryLedger: a lifetime must be a whole number of seconds, 1 or more'))
    expect(await ledger.look('a')).toBe(0)
  })

  describe('once ten thousand entries are over', () => {
    it('forgets them while it works', async () => {
      const ledger = new MemoryLedger()
      for (let i = 0; i < 5_000; i++) {
        await ledger.claim(`a${i}`, 1)
        await ledger.count(`b${i}`, 1)
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
      await ledger.count('long count', 3600)
      advance(60_000)
      expect(await ledger.claim('long', 3600)).toBe(false)
      expect(await ledger.count('long count', 3600)).toBe(2)
      expect(sizeOf(ledger)).toBe(2)
    })
  })

  describe('at the very moment', () => {
    const at = (now: number) => jest.spyOn(Date, 'now').mockReturnValue(now)

    it('remembers to the last millisecond, and no longer', async () => {
      const ledger = new MemoryLedger()
      at(1_000_000)
      await ledger.claim('a', 60)
      await ledger.count('b', 60)
      at(1_059_999)
      expect([await ledger.look('a'), await ledger.claim('a', 60), await ledger.look('b'), await ledger.count('b', 60)]).toEqual([1, false, 1, 2])
      at(1_060_000)
      expect([await ledger.look('a'), await ledger.claim('a', 60), await ledger.look('b'), await ledger.count('b', 60)]).toEqual([0, true, 0, 1])
    })

    it('looks at whole seconds, rounded up', async () => {
      const ledger = new MemoryLedger()
      at(1_000_000)
      await ledger.claim('a', 60)
      const left = []
      for (const ms of [0, 1, 1_000, 58_999, 59_000, 59_001]) {
        at(1_000_000 + ms)
        left.push(await ledger.look('a'))
      }
      expect(left).toEqual([60, 60, 59, 2, 1, 1])
    })

    it('looks through all of them every 30 seconds, and no more often', async () => {
      const ledger = new MemoryLedger()
      at(1_000_000)
      await ledger.claim('short', 29)
      await ledger.claim('exact', 30)
      await ledger.claim('long', 31)
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

  describe('that was told to forget', () => {
    it('holds nothing of the key', async () => {
      const ledger = new MemoryLedger()
      await ledger.claim('a', 60)
      await ledger.forget('a')
      expect(sizeOf(ledger)).toBe(0)
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

/** Each method of a ledger, with a value that a correct ledger can return. */
const PROMISED = { claim: false, count: 7, look: 0, forget: undefined } as const
type Call = keyof typeof PROMISED
const CALLS = Object.keys(PROMISED) as Call[]

describe('failClosed', () => {
  it('knows the class of the ledger inside, where it has one', () => {
    const bare: Ledger = Object.assign(Object.create(null), ledgerWith({}))
    expect([failClosed(new MemoryLedger()).kind, failClosed(bare).kind]).toEqual(['MemoryLedger', ''])
  })

  const failureOf = async (answer: () => unknown, call: Call): Promise<StorageError> => {
    const ledger = failClosed(ledgerWith({ [call]: answer }))
    const error: unknown = await ledger[call]('a', 60).then(
      (value) => { throw new Error(`answered ${inspect(value)}`) },
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(StorageError)
    return error as StorageError
  }

  it.each(CALLS)('checks a MemoryLedger too, whose %s the app may have replaced', async (call) => {
    const ledger = new MemoryLedger()
    Object.assign(ledger, { [call]: () => Promise.reject(new Error('gone')) })
    await expect(failClosed(ledger)[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
  })

  describe.each(CALLS)('with a ledger that has no %s', (call) => {
    it('rejects with LEDGER_UNAVAILABLE', async () => {
      const ledger = failClosed({ ...ledgerWith({}), [call]: undefined })
      await expect(ledger[call]('a', 60)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    })
  })

  const wrong: [string, () => unknown][] = [
    ['gives undefined', () => Promise.resolve(undefined)],
    ['gives nothing, not even a promise', () => undefined],
    ['gives null', () => Promise.resolve(null)],
    ['gives NaN', () => Promise.resolve(NaN)],
    ['gives OK', () => Promise.resolve('OK')],
    ['gives the text 1', () => Promise.resolve('1')],
    ['gives -1', () => Promise.resolve(-1)],
    ['gives 1.5', () => Promise.resolve(1.5)],
    ['gives Infinity', () => Promise.resolve(Infinity)],
    ['gives an object', () => Promise.resolve({})],
  ]

  describe.each<[Call, [string, () => unknown][]]>([
    ['claim', [...wrong, ['gives 0', () => Promise.resolve(0)], ['gives 1', () => Promise.resolve(1)]]],
    ['count', [...wrong, ['gives 0', () => Promise.resolve(0)], ['gives true', () => Promise.resolve(true)]]],
    ['look', [...wrong, ['gives true', () => Promise.resolve(true)], ['gives false', () => Promise.resolve(false)]]],
  ])('with a ledger whose %s', (call, answers) => {
    it.each(answers)('%s, rejects with LEDGER_UNAVAILABLE', async (_name, answer) => {
      expect(await failureOf(answer, call)).toMatchObject({ name: 'StorageError', code: 'LEDGER_UNAVAILABLE', status: 503 })
    })
  })

  describe('with a ledger whose forget', () => {
    it.each([[undefined], [null], [1], ['OK'], [false]])('gives %j, gives nothing on', async (answer) => {
      expect(await failClosed(ledgerWith({ forget: async () => answer })).forget('a')).toBeUndefined()
    })
  })

  describe.each(CALLS)('with a ledger whose %s', (call) => {
    const faults: [string, () => unknown][] = [
      ['rejects', () => Promise.reject(new Error('gone'))],
      ['rejects with nothing', () => Promise.reject(undefined)],
      ['throws', () => { throw new Error('gone') }],
    ]

    it.each(faults)('%s, rejects with LEDGER_UNAVAILABLE', async (_name, answer) => {
      expect(await failureOf(answer, call)).toMatchObject({ name: 'StorageError', code: 'LEDGER_UNAVAILABLE', status: 503 })
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
        expect(await failed).toMatchObject({ name: 'StorageError', code: 'LEDGER_UNAVAILABLE', status: 503, cause: { code: 'ETIMEDOUT' } })
      } finally {
        jest.useRealTimers()
      }
    })

    it('answers as promised, hands the answer on', async () => {
      const ledger = failClosed(ledgerWith({ [call]: async () => PROMISED[call] }))
      expect(await ledger[call]('a', 60)).toBe(PROMISED[call])
    })

    it('reads its own state, is called as a method with the key, and the seconds where it has some', async () => {
      const seen: unknown[] = []
      class Own implements Ledger {
        private readonly answers = PROMISED
        async claim(...args: [string, number]) { seen.push(args); return this.answers.claim }
        async count(...args: [string, number]) { seen.push(args); return this.answers.count }
        async look(...args: [string]) { seen.push(args); return this.answers.look }
        async forget(...args: [string]) { seen.push(args); return this.answers.forget }
      }
      expect(await failClosed(new Own())[call]('key', 42)).toBe(PROMISED[call])
      expect(seen).toEqual([['claim', 'count'].includes(call) ? ['key', 42] : ['key']])
    })
  })
})
