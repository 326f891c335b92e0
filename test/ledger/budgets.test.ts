/**
 * Tests the limits on how often a user is asked and how often codes are tried. The ledger records its calls, and only the test moves the clock.
 *
 * The attacker has the password. To make the victim accept, the attacker sends one push after the other, or fifty at once, at the end of one period of a limit
 * and the beginning of the next, or with another spelling of the username. Or the attacker guesses codes. The honest user signs in ten times in five minutes,
 * opens five tabs, mistypes, or denies by mistake. All limits are tested with a ledger in memory, and with a ledger that rounds up to whole seconds.
 */
import fc from 'fast-check'
import { MemoryLedger, type Ledger, type Subject } from '../../src'
import { Budgets } from '../../src/ledger/budgets'
import type { Settings } from '../../src/strategy/settings'
import { SecondsLedger } from '../support/ledger-contract'

/** Not a whole second, so that a ledger that knows only whole seconds must round. */
const NOW = 1_700_000_000_400
const [HOUR, DAY, YEAR] = [3600, 86_400, 365 * 86_400]
const ANNA: Subject = { username: 'anna' }
/** For the parameter `askAgain` of `spend`: the user has answered no earlier approval request. */
const NOTHING_NEW = () => Promise.resolve(false)

let seconds: number
/** Moves the clock, which otherwise stands still. */
const later = (more: number) => void (seconds += more)
/** Sets the clock to this second, counted from the beginning of the test. */
const at = (moment: number) => void (seconds = moment)

beforeEach(() => {
  seconds = 0
  jest.spyOn(Date, 'now').mockImplementation(() => NOW + seconds * 1000)
})

afterEach(() => void jest.restoreAllMocks())

type Asked = [call: string, key: string, ttlSeconds?: number]

/** Records the calls to a ledger. */
function written(inner: Ledger): { ledger: Ledger; asked: Asked[] } {
  const asked: Asked[] = []
  const write = <T>(call: Asked, answer: T) => (asked.push(call), answer)
  return {
    asked,
    ledger: {
      claim: (key, ttl) => write(['claim', key, ttl], inner.claim(key, ttl)),
      count: (key, ttl) => write(['count', key, ttl], inner.count(key, ttl)),
      look: (key) => write(['look', key], inner.look(key)),
      forget: (key) => write(['forget', key], inner.forget(key)),
    },
  }
}

type Given = Partial<Settings> & { baseURL?: string }

function budgetsOn(ledger: Ledger, { baseURL = 'https://a.example', ...settings }: Given = {}): Budgets {
  const defaults = { maxAttempts: 5, startBudget: { starts: 5, perSeconds: 300 }, attemptBudget: { attempts: 30, perSeconds: HOUR }, firstFactorLifetimeMs: 0 }
  return new Budgets({ ledger, client: { baseURL }, ...defaults, ...settings })
}

function budgetsWith(given?: Given): { budgets: Budgets; asked: Asked[]; ledger: Ledger } {
  const { ledger, asked } = written(new MemoryLedger())
  return { budgets: budgetsOn(ledger, given), asked, ledger }
}

let number = 0
const transaction = () => ({ id: `t${++number}`, expiresAt: Date.now() + 120_000 })
const key = budgetsOn(new MemoryLedger()).keyOf(ANNA)
const ben = budgetsOn(new MemoryLedger()).keyOf({ username: 'ben' })
/** The recorded calls of the ledger as text, with `…` in place of each digest in a key. */
const shortened = (asked: Asked[]) => asked.map(([call, name, ...ttl]) => [call, name.replace(/[\w-]{43}|[\w-]{22}/, '…'), ...ttl].join(' '))
const times = <T>(count: number, act: (i: number) => T) => Array.from({ length: count }, (_, i) => act(i))

/** The largest number of moments within any window of this many seconds, both ends included. */
function mostIn(window: number, moments: number[]): number {
  return Math.max(0, ...moments.map((first) => moments.filter((one) => one >= first && one <= first + window).length))
}

describe('the name of a subject', () => {
  const keyOf = (subject: Subject, given?: Given) => budgetsOn(new MemoryLedger(), given).keyOf(subject)

  it.each<[string, Subject, Subject, boolean]>([
    ['one username', ANNA, { username: 'anna' }, true],
    ['one username in capitals and in small letters', ANNA, { username: 'ANNA' }, true],
    ['one userId in capitals and in small letters', { userId: 'ab' }, { userId: 'AB' }, true],
    ['a userId, with a username beside it or without', { userId: 'u', username: 'anna' }, { userId: 'u' }, true],
    ['a username, with a userId beside it and without', { userId: 'u', username: 'anna' }, ANNA, false],
    ['two usernames', ANNA, { username: 'ben' }, false],
    ['two usernames with one userId', { userId: 'u', username: 'anna' }, { userId: 'u', username: 'ben' }, true],
    ['one username with two userIds', { userId: 'u', username: 'anna' }, { userId: 'v', username: 'anna' }, false],
    ['two userIds', { userId: 'u' }, { userId: 'v' }, false],
    ['a username and a userId that read alike', { username: 'u' }, { userId: 'u' }, false],
  ])('%s: is the same or is not', (_name, one, other, isSame) => {
    expect(keyOf(one) === keyOf(other)).toBe(isSame)
  })

  it('is another one at another instance', () => {
    expect(keyOf(ANNA)).not.toBe(keyOf(ANNA, { baseURL: 'https://b.example' }))
  })

  it('is a digest, the same in every version: a new one gives no user a new budget', () => {
    expect([keyOf(ANNA), keyOf({ userId: 'u' })]).toEqual(['e0Tl6WB2M2ReTrgHSlcLtb', 'h0rmnyUAmuItC0W2jTrqo6'])
  })
})

/** Each ledger, and how many seconds longer than asked it keeps an entry. */
const LEDGERS: [string, () => Ledger, moreSeconds: number][] = [
  ['in memory', () => new MemoryLedger(), 0],
  ['in a ledger that rounds up to whole seconds', () => new SecondsLedger(), 1],
]

describe.each(LEDGERS)('starts, %s', (_name, make, more) => {
  let budgets: Budgets
  beforeEach(() => void (budgets = budgetsOn(make())))

  const start = async (name = key) => (await budgets.starts.spend(name, NOTHING_NEW)).slot
  /** Starts this many transactions at once. @returns the numbers of the starts that the limit allows, sorted */
  const startAtOnce = async (count: number) => (await Promise.all(times(count, () => start()))).filter((slot) => slot > 0).sort((a, b) => a - b)
  const approve = (...slots: number[]) => budgets.starts.freeSlots(key, slots)

  describe('by a user who approves nothing', () => {
    // Shows: T-bomber-1
    it('are five at once, the sixth 300 seconds after the fifth, the seventh 600 after the sixth, and so on up to four hours', async () => {
      expect(await startAtOnce(5)).toEqual([1, 2, 3, 4, 5])
      let slot = 5
      for (const pause of [300, 600, 1200, 2400, 4800, 9600, 14_400, 14_400, 14_400, 14_400]) {
        const refused = await budgets.starts.spend(key, NOTHING_NEW)
        expect(refused).toEqual({ slot: 0, limit: 5, over: 'starts', retryAfterSeconds: pause + more })
        later(pause + more - 1)
        expect(await budgets.starts.spend(key, NOTHING_NEW)).toEqual({ slot: 0, limit: 5, over: 'starts', retryAfterSeconds: 1 })
        later(1)
        expect(await start()).toBe(++slot)
      }
      expect(slot).toBe(15)
    })

    // Shows: ASVS V15.4.2
    it('succeed for five of fifty at once', async () => {
      expect(await startAtOnce(50)).toEqual([1, 2, 3, 4, 5])
    })

    it('succeed for one of fifty at once when the pause is over', async () => {
      await startAtOnce(50)
      later(300 + more)
      expect(await startAtOnce(50)).toEqual([6])
      later(600 + more)
      expect(await startAtOnce(50)).toEqual([7])
    })

    it.each([[1, 30], [50, 450]])('are, with %d at once every %d seconds for two and a half days, at most 8 in any hour and 20 in any day', async (atOnce, every) => {
      const pushes: number[] = []
      for (; seconds < 2.5 * DAY; later(every)) pushes.push(...(await startAtOnce(atOnce)).map(() => seconds))
      expect(mostIn(HOUR, pushes)).toBeLessThanOrEqual(8)
      expect(mostIn(DAY, pushes)).toBeLessThanOrEqual(20)
      expect(pushes.length).toBeGreaterThan(25)
    })

    // Shows: ASVS V6.6.4, T-bomber-1, CD-rate-1, N-oob-11, N-rate-2
    it('are at most 8 in any hour and 20 in any day, whenever and however many are tried', async () => {
      const wait = fc.constantFrom(0, 1, 299, 300, 301, 600, 1200, 2400, 3599, 3600, 4800, 9600, 14_399, 14_400, 43_200, 86_399, 86_400, 86_401)
      const tries = fc.array(fc.record({ wait: fc.oneof(wait, fc.nat(20_000)), count: fc.constantFrom(1, 2, 4, 5, 6, 50), isDenied: fc.boolean() }), { maxLength: 60 })
      await fc.assert(
        fc.asyncProperty(tries, async (all) => {
          at(0)
          budgets = budgetsOn(make())
          const pushes: number[] = []
          for (const { wait: pause, count, isDenied } of all) {
            later(pause)
            const got = await startAtOnce(count)
            if (isDenied) await Promise.all(got.map(() => budgets.endings.end(transaction(), [key], { wasDenied: true, canGoOn: true })))
            pushes.push(...got.map(() => seconds))
          }
          expect(mostIn(HOUR, pushes)).toBeLessThanOrEqual(8)
          expect(mostIn(DAY, pushes)).toBeLessThanOrEqual(20)
        }),
        { seed: 15, numRuns: 30 },
      )
    })

    it('are five at once again a day after the last one', async () => {
      const pushes: number[] = []
      for (; seconds < 2 * DAY; later(300)) pushes.push(...(await startAtOnce(5)).map(() => seconds))
      at((pushes.at(-1) as number) + DAY + 1)
      expect(await startAtOnce(50)).toEqual([1, 2, 3, 4, 5])
    })

    it('keep no other user waiting', async () => {
      await startAtOnce(50)
      expect(await start(ben)).toBe(1)
    })

    it('leave nothing behind where they are refused', async () => {
      await startAtOnce(5)
      for (let i = 0; i < 20; i++) await startAtOnce(10)
      later(300 + more)
      expect(await start()).toBe(6)
    })
  })

  describe('that are approved', () => {
    // Shows: T-bomber-2
    it('may be ten in five minutes, one after the other', async () => {
      for (let i = 0; i < 10; i++, later(30)) {
        const slot = await start()
        expect(slot).toBe(1)
        await approve(slot)
      }
    })

    it('may be ten in five minutes, five at once', async () => {
      for (let i = 0; i < 2; i++, later(100)) {
        const slots = await startAtOnce(5)
        expect(slots).toEqual([1, 2, 3, 4, 5])
        for (const slot of slots) await approve(slot)
      }
    })

    it('may be ten beside three that were not answered, which then still count', async () => {
      await startAtOnce(3)
      for (let i = 0; i < 10; i++, later(30)) {
        const slot = await start()
        expect(slot).toBe(4)
        await approve(slot)
      }
      expect(await startAtOnce(50)).toEqual([4, 5])
    })

    // Shows: T-bomber-2
    it('take back the pause that they began, so that the next one passes', async () => {
      await startAtOnce(4)
      const slot = await start()
      expect([slot, await start()]).toEqual([5, 0])
      await approve(slot)
      expect([await start(), await start()]).toEqual([5, 0])
    })

    it('do not take back the pause of a later start', async () => {
      await startAtOnce(5)
      later(300 + more)
      expect(await start()).toBe(6)
      await approve(5)
      expect(await budgets.starts.spend(key, NOTHING_NEW)).toMatchObject({ slot: 0, retryAfterSeconds: 600 + more })
    })

    it('give several places back at once, and other people\'s not', async () => {
      await startAtOnce(5)
      await budgets.starts.spend(ben, NOTHING_NEW)
      await approve(1, 3)
      await approve()
      expect(await startAtOnce(1)).toEqual([1])
      expect((await budgets.starts.spend(ben, NOTHING_NEW)).slot).toBe(2)
    })
  })

  describe('under a second name of the same person', () => {
    const second = 'second'

    // Shows: T-bomber-3
    it('count under both names, so that there is no second budget', async () => {
      for (let i = 0; i < 5; i++) {
        expect(await start()).toBe(i + 1)
        expect(await budgets.starts.countUnderSecondName(second)).toBe(i + 1)
      }
      expect(await budgets.starts.spend(second, NOTHING_NEW)).toEqual({ slot: 0, limit: 5, over: 'starts', retryAfterSeconds: 300 + more })
    })

    it('are not refused there, and give those places back, too', async () => {
      const slots = []
      for (let i = 0; i < 8; i++) slots.push(await budgets.starts.countUnderSecondName(second))
      expect(slots).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      await budgets.starts.freeSlots(second, slots)
      expect((await budgets.starts.spend(second, NOTHING_NEW)).slot).toBe(1)
      expect((await budgets.starts.spend(second, NOTHING_NEW)).slot).toBe(2)
    })

    /** One user starts a second factor four times under the second name, then twice under the first. The last start begins a pause under both names. */
    async function startedUnderBoth() {
      for (let i = 0; i < 4; i++) await budgets.starts.spend(second, NOTHING_NEW)
      await start()
      const [slot, held] = [await start(), await budgets.starts.countUnderSecondName(second)]
      await budgets.starts.pauseOtherName(key, held)
      expect([slot, held, (await budgets.starts.spend(key, NOTHING_NEW)).over, (await budgets.starts.spend(second, NOTHING_NEW)).over]).toEqual([2, 5, 'pause', 'starts'])
      return { slot, alsoHeld: { budget: second, slots: [held] } }
    }

    // Shows: T-bomber-2
    it('are approved, and no pause that they have begun under either name is left', async () => {
      const { slot, alsoHeld } = await startedUnderBoth()
      await budgets.starts.freeSlots(key, [slot], alsoHeld)
      expect([await start(), (await budgets.starts.spend(second, NOTHING_NEW)).slot]).toEqual([2, 5])
    })

    it('are approved, and the pause of a later start under both names stays', async () => {
      const { slot, alsoHeld } = await startedUnderBoth()
      later(300 + more)
      const last = [await start(), await budgets.starts.countUnderSecondName(second)]
      await budgets.starts.pauseOtherName(key, last[1] as number)
      await budgets.starts.freeSlots(key, [slot], alsoHeld)
      expect([last, (await budgets.starts.spend(key, NOTHING_NEW)).slot, (await budgets.starts.spend(second, NOTHING_NEW)).slot]).toEqual([[3, 6], 0, 0])
    })

    it('are approved, and the pause that a later start has begun under the first name stays', async () => {
      const { slot, alsoHeld } = await startedUnderBoth()
      later(300 + more)
      const slots = [await start(), await start(), await start()]
      await approve(3, 4)
      await budgets.starts.freeSlots(key, [slot], alsoHeld)
      expect([slots, (await budgets.starts.spend(key, NOTHING_NEW)).slot]).toEqual([[3, 4, 5], 0])
    })

    it('are approved, and a pause under the second name that they have not begun stays', async () => {
      for (let i = 0; i < 5; i++) await start()
      const held = await budgets.starts.countUnderSecondName(second)
      await budgets.starts.spend(second, NOTHING_NEW)
      for (let i = 0; i < 2; i++) await budgets.starts.noteDenial(second)
      await budgets.starts.freeSlots(key, [5], { budget: second, slots: [held] })
      expect([await start(), await budgets.starts.spend(second, NOTHING_NEW), (await budgets.starts.spend(second, NOTHING_NEW)).over]).toEqual([5, { slot: 1, limit: 5 }, 'pause'])
    })

    it('are refused, without an endless search, if more are counted than a day allows', async () => {
      const slots = []
      for (let i = 0; i < 40; i++) slots.push(await budgets.starts.countUnderSecondName(second))
      expect(slots.slice(-4)).toEqual([37, 0, 0, 0])
      later(14_400 + more)
      expect(await budgets.starts.spend(second, NOTHING_NEW)).toEqual({ slot: 0, limit: 5, over: 'starts', retryAfterSeconds: 1 })
    })
  })

  describe('with a budget of one start', () => {
    it('has the pause from the first start on', async () => {
      budgets = budgetsOn(make(), { startBudget: { starts: 1, perSeconds: 60 } })
      expect(await startAtOnce(50)).toEqual([1])
      expect(await budgets.starts.spend(key, NOTHING_NEW)).toEqual({ slot: 0, limit: 1, over: 'starts', retryAfterSeconds: 60 + more })
      later(60 + more)
      expect(await startAtOnce(50)).toEqual([2])
      await approve(2)
      later(1)
      expect(await start()).toBe(2)
    })
  })

  describe('with a window longer than the longest pause', () => {
    it('pauses for that window each time', async () => {
      budgets = budgetsOn(make(), { startBudget: { starts: 2, perSeconds: 20_000 } })
      expect(await startAtOnce(50)).toEqual([1, 2])
      later(20_000 + more)
      expect(await start()).toBe(3)
      expect(await budgets.starts.spend(key, NOTHING_NEW)).toMatchObject({ slot: 0, retryAfterSeconds: 20_000 + more })
    })
  })

  describe('after denials', () => {
    const denied = async (count: number) => {
      for (let i = 0; i < count; i++) await budgets.endings.end(transaction(), [key], { wasDenied: true, canGoOn: true })
    }

    it.each([[0, 0], [1, 0], [2, 15]])('%d of them pause for %d seconds', async (count, pause) => {
      expect(await start()).toBe(1)
      await denied(count)
      const { slot, over, retryAfterSeconds = 0 } = await budgets.starts.spend(key, NOTHING_NEW)
      expect([slot > 0, over, retryAfterSeconds]).toEqual(pause > 0 ? [false, 'pause', pause + more] : [true, undefined, 0])
      expect(await start(ben)).toBe(1)
    })

    // Shows: T-bomber-5
    it('pause longer with each further one, up to four hours', async () => {
      await start()
      await denied(1)
      for (const pause of [15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 14_400]) {
        await denied(1)
        expect(await budgets.starts.spend(key, NOTHING_NEW)).toEqual({ slot: 0, limit: 5, over: 'pause', retryAfterSeconds: pause + more })
        later(pause + more)
      }
      expect(await start()).toBe(2)
    })

    // Shows: T-bomber-5
    it('keep the pause of a start that fails before the user is notified; without denials, it ends', async () => {
      for (const count of [0, 3]) {
        await startAtOnce(5)
        await denied(count)
        await budgets.starts.freeSlotOfFailedStart(key, 5)
        expect([count, (await budgets.starts.spend(key, NOTHING_NEW)).over]).toEqual([count, count === 0 ? undefined : 'pause'])
      }
    })

    // Shows: T-bomber-8
    it('is counted once, whoever else learns of it', async () => {
      await start()
      const one = transaction()
      const ends = await Promise.all(times(10, () => budgets.endings.end(one, [key], { wasDenied: true, canGoOn: true })))
      expect(ends.filter((isNews) => isNews)).toHaveLength(1)
      expect(await start()).toBe(2)
    })

    it('counts no denial of a user who cancelled or was too slow, nor of a user without a name', async () => {
      await start()
      for (let i = 0; i < 5; i++) expect([await budgets.endings.end(transaction(), [key], { wasDenied: false, canGoOn: true }), await budgets.endings.end(transaction(), [], { wasDenied: true, canGoOn: true })]).toEqual([true, true])
      expect([await start(), await budgets.starts.denialsOf(key)]).toEqual([2, 0])
    })

    it.each([[0, 0], [1, 0], [2, 2], [3, 3], [5, 5]])('%d are looked up as %d, however often', async (count, expected) => {
      await denied(count)
      for (let i = 0; i < 3; i++) expect([await budgets.starts.denialsOf(key), await budgets.starts.denialsOf(ben)]).toEqual([expected, 0])
    })

    it('are remembered for a day from the first one on: what is counted together ends together', async () => {
      await denied(2)
      later(DAY - 10)
      await denied(2)
      expect(await budgets.starts.denialsOf(key)).toBe(4)
      later(10 + 2 * more)
      expect(await budgets.starts.denialsOf(key)).toBe(0)
      await denied(1)
      expect(await budgets.starts.denialsOf(key)).toBe(0)
      await denied(1)
      expect(await budgets.starts.denialsOf(key)).toBe(2)
    })
  })
})

describe('starts that cannot be given back', () => {
  it('still count, and do not spoil a good approval', async () => {
    const ledger = Object.assign(new MemoryLedger(), { forget: () => Promise.reject(new Error('gone')) })
    const budgets = budgetsOn(ledger)
    const { slot } = await budgets.starts.spend(key, NOTHING_NEW)
    expect(await budgets.starts.freeSlots(key, [slot])).toBeUndefined()
    expect((await budgets.starts.spend(key, NOTHING_NEW)).slot).toBe(2)
  })
})

describe('what starts cost', () => {
  it('is one call of the ledger for a usual one, and one for its approval', async () => {
    const { budgets, asked } = budgetsWith()
    expect(await budgets.starts.spend(key, NOTHING_NEW)).toEqual({ slot: 1, limit: 5 })
    await budgets.starts.freeSlots(key, [1])
    expect(shortened(asked)).toEqual(['claim start:…:1 86400', 'forget start:…:1'])
  })

  it('is a look at the pause from the second on, and the pause itself for the last of the budget', async () => {
    const { budgets, asked } = budgetsWith({ startBudget: { starts: 3, perSeconds: 300 } })
    for (let i = 0; i < 3; i++) await budgets.starts.spend(key, NOTHING_NEW)
    expect(shortened(asked)).toEqual([
      'claim start:…:1 86400',
      'claim start:…:1 86400', 'look pause:…', 'claim start:…:2 86400',
      'claim start:…:1 86400', 'look pause:…', 'claim start:…:2 86400', 'look start:…:3', 'claim pause:… 300', 'claim start:…:3 86400',
    ])
  })

  it('is three calls where they are refused, none of which leaves anything', async () => {
    const { budgets, asked } = budgetsWith()
    for (let i = 0; i < 5; i++) await budgets.starts.spend(key, NOTHING_NEW)
    asked.length = 0
    await budgets.starts.spend(key, NOTHING_NEW)
    expect(shortened(asked)).toEqual(['claim start:…:1 86400', 'look pause:…', 'look start:…:5'])
  })

  it('names no user', async () => {
    const { budgets, asked } = budgetsWith()
    await budgets.starts.spend(budgets.keyOf(ANNA), NOTHING_NEW)
    await budgets.spendText('+41791234567')
    expect(JSON.stringify(asked)).not.toMatch(/anna|example|79123/)
  })
})

describe.each(LEDGERS)('codes, %s', (_name, make, more) => {
  let budgets: Budgets
  beforeEach(() => void (budgets = budgetsOn(make())))

  /** @returns whether one more code may be tried; each code is tried in a new transaction */
  const spend = async () => (await budgets.codes.spend(transaction(), key)).over === undefined
  const isWrong = async () => (await spend()) && (await budgets.codes.noteWrong(key), true)

  it('are as many as a transaction allows', async () => {
    const one = transaction()
    const spent = await Promise.all(times(50, () => budgets.codes.spend(one, key)))
    expect(spent.slice(0, 6)).toEqual([...times(5, (i) => ({ count: i + 1, limit: 5, slot: i + 1 })), { count: 6, limit: 5, over: 'attempts' }])
    expect(spent.slice(5).every(({ over }) => over === 'attempts')).toBe(true)
  })

  it('over the limit of their transaction cost the subject none', async () => {
    const one = transaction()
    for (let i = 0; i < 40; i++) await budgets.codes.spend(one, key)
    const others = await Promise.all(times(40, spend))
    expect(others.filter((isTried) => isTried)).toHaveLength(25)
  })

  it('are thirty in an hour over all transactions, also of fifty at once and across the edge of a window; then they say when', async () => {
    expect(await spend()).toBe(true)
    later(HOUR + more - 1)
    expect((await Promise.all(times(50, spend))).filter((isTried) => isTried)).toHaveLength(29)
    expect(await budgets.codes.spend(transaction(), key)).toEqual({ count: 1, limit: 30, over: 'subjectAttempts', retryAfterSeconds: 1 })
    expect(await budgets.codes.spend(transaction(), ben)).toMatchObject({ count: 1, limit: 5, slot: expect.any(Number) as number })
    later(1)
    expect((await Promise.all(times(50, spend))).filter((isTried) => isTried)).toHaveLength(1)
    expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ over: 'subjectAttempts', retryAfterSeconds: HOUR + more - 1 })
    later(HOUR + more - 1)
    expect((await Promise.all(times(50, spend))).filter((isTried) => isTried)).toHaveLength(29)
  })

  it('that are right give back their own place, and no other', async () => {
    await Promise.all(times(30, spend))
    await budgets.codes.giveBack(key, 7)
    expect(await budgets.codes.spend(transaction(), key)).toEqual({ count: 1, limit: 5, slot: 7 })
    expect(await spend()).toBe(false)
  })

  describe('that are wrong', () => {
    const wrong = async (count: number) => {
      for (let i = 0; i < count; i++) {
        expect(await isWrong()).toBe(true)
        later(130)
      }
    }

    // Shows: ASVS V6.6.3, C-sms-7, N-rate-1
    it('lock the codes of the subject at the 35th in a day, not at the 34th', async () => {
      await wrong(34)
      expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ count: 1, limit: 5, slot: expect.any(Number) as number })
      await wrong(1)
      expect(await budgets.codes.spend(transaction(), key)).toEqual({ count: 0, limit: 35, over: 'locked' })
      expect(await budgets.codes.spend(transaction(), ben)).toMatchObject({ count: 1, limit: 5, slot: expect.any(Number) as number })
    })

    // Shows: T-password-2
    it('lock for good: on no later day is one tried, until the limits are lifted', async () => {
      await wrong(35)
      for (let day = 0; day < 364; day++, later(DAY)) expect(await spend()).toBe(false)
      await budgets.lift(key)
      expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ count: 1, limit: 5, slot: expect.any(Number) as number })
      await wrong(34)
      expect(await spend()).toBe(true)
    })

    it('lock no user who mistypes 34 times a day, every day', async () => {
      for (let day = 0; day < 5; day++) {
        await wrong(34)
        at((day + 1) * (DAY + 1))
      }
      expect(await spend()).toBe(true)
    })

    it('do not lock a user whose codes are right', async () => {
      for (let i = 0; i < 200; i++, later(130)) expect(await spend()).toBe(true)
    })

    // Shows: T-password-2
    it('leave the starts alone: a push still goes', async () => {
      await wrong(35)
      expect((await budgets.starts.spend(key, NOTHING_NEW)).slot).toBe(1)
    })

    // Shows: ASVS V6.6.3, T-password-2, N-rate-1
    it('are at most 98 in any day, whenever they are tried, fifty at once, with Nevis slow to answer, and with every second answer unclear', async () => {
      const wait = fc.oneof(fc.constantFrom(0, 1, 60, 1800, 3599, 3600, 3601, 43_200, 86_399, 86_400), fc.nat(7200))
      const tries = fc.array(fc.record({ wait, count: fc.constantFrom(1, 5, 19, 29, 50), areAnswered: fc.boolean() }), { minLength: 1, maxLength: 25 })
      await fc.assert(
        fc.asyncProperty(tries, fc.boolean(), async (all, areSomeUnclear) => {
          const answered = async (count: number): Promise<0> => {
            await Promise.all(times(count, () => (areSomeUnclear && ++notes % 2 > 0 ? budgets.codes.noteUnclear(key) : budgets.codes.noteWrong(key))))
            return 0
          }
          let notes = 0
          at(0)
          budgets = budgetsOn(make())
          const tried: number[] = []
          let unanswered = 0
          let lockedAt = Infinity
          for (const { wait: pause, count, areAnswered } of all) {
            later(pause)
            // The client waits only a few seconds for Nevis's answer to a code. So after a pause of more than a minute, all earlier codes have got an answer.
            if (pause > 60) unanswered = await answered(unanswered)
            const got = (await Promise.all(times(count, spend))).filter((isTried) => isTried).length
            tried.push(...times(got, () => seconds))
            unanswered += got
            if (areAnswered) unanswered = await answered(unanswered)
            const { over } = await budgets.codes.spend(transaction(), key)
            if (over === undefined) {
              tried.push(seconds)
              unanswered++
            }
            // Wrong codes lock the codes for a year, so no code may be tried after that. A lock because of unclear answers ends after a day: do not check it.
            expect(got > 0 && lockedAt < seconds && !areSomeUnclear).toBe(false)
            if (over === 'locked') lockedAt = Math.min(lockedAt, seconds)
          }
          // The 35th wrong code of a day locks the user's codes. A day begins with its first wrong code, so any 24 hours overlap at most two such days, with 34
          // wrong codes each. When the lock begins, up to 30 more codes (one hour's budget) can still be waiting for Nevis's answer. 34 + 34 + 30 = 98.
          expect(mostIn(DAY, tried)).toBeLessThanOrEqual(98)
        }),
        { seed: 15, numRuns: 30 },
      )
    })

    const answered = async (count: number): Promise<0> => {
      await Promise.all(times(count, () => budgets.codes.noteWrong(key)))
      return 0
    }

    // Shows: N-rate-1
    it('can be 97 in 24 hours: 33 at the end of one day, 34 in the next, and one hour\'s budget under way before the lock', async () => {
      const wrongAt = async (moment: number, count: number) => {
        at(moment)
        for (let i = 0; i < count; i++) expect(await isWrong()).toBe(true)
      }
      const more = 60
      await wrongAt(0, 1)
      await wrongAt(DAY - HOUR - 2 * more, 3)
      await wrongAt(DAY - more, 30)
      await wrongAt(DAY + HOUR, 30)
      await wrongAt(DAY + 2 * HOUR + more, 4)
      at(DAY + 3 * HOUR + 2 * more)
      const underWay = (await Promise.all(times(50, spend))).filter((isTried) => isTried).length
      expect(33 + 34 + underWay).toBe(97)
      await answered(underWay)
      expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ over: 'locked' })
    })

    it('are at most 100 in one day that begins with a wrong code, where fifty at once come at the worst moment: 34 known, and two hours\' budgets under way', async () => {
      let tried = 0
      for (; tried < 33; tried++, later(125)) expect(await isWrong()).toBe(true)
      later(HOUR)
      expect(await isWrong()).toBe(true)
      tried++
      later(HOUR - 1)
      const underWay = (await Promise.all(times(50, spend))).filter((isTried) => isTried).length
      later(2)
      const more = (await Promise.all(times(50, spend))).filter((isTried) => isTried).length
      await answered(underWay + more)
      expect(tried + underWay + more).toBeLessThanOrEqual(100)
      expect(underWay).toBeGreaterThan(0)
      later(HOUR)
      expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ over: 'locked' })
    })
  })
})

describe('a user whose codes an outage has locked for a day', () => {
  it('is locked for a year by 35 wrong codes that were on their way', async () => {
    const { budgets, ledger } = budgetsWith()
    await budgets.codes.noteUnclear(key)
    for (let wrong = 1; wrong <= 34; wrong++) await budgets.codes.noteWrong(key)
    expect([await ledger.look(`paused:${key}`), await ledger.look(`locked:${key}`)]).toEqual([DAY, 0])
    await budgets.codes.noteWrong(key)
    expect(await ledger.look(`locked:${key}`)).toBe(YEAR)
  })
})

describe('a lock of codes', () => {
  it.each<[string, 'noteWrong' | 'noteUnclear', number]>([['wrong', 'noteWrong', YEAR], ['unclear', 'noteUnclear', DAY]])('after 35 %s codes lasts to its last second', async (_name, note, lifetime) => {
    const { budgets } = budgetsWith()
    for (let i = 0; i < 35; i++) await budgets.codes[note](key)
    later(lifetime - 1)
    expect(await budgets.codes.spend(transaction(), key)).toEqual({ count: 0, limit: 35, over: 'locked' })
    later(1)
    expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ count: 1, slot: 1 })
  })
})

describe('tokens of the widget', () => {
  it('are at most twenty for a transaction, and cost the subject no code', async () => {
    const { budgets } = budgetsWith()
    const one = transaction()
    const tokens = await Promise.all(times(40, () => budgets.codes.spendToken(one)))
    expect(tokens).toEqual(times(40, (i) => ({ count: i + 1, limit: 20, ...(i >= 20 && { over: 'attempts' }) })))
    expect(await budgets.codes.spend(transaction(), key)).toEqual({ count: 1, limit: 5, slot: 1 })
  })
})

describe('what codes cost', () => {
  it('is four calls of the ledger for a code, and two for a wrong one', async () => {
    const { budgets, asked } = budgetsWith()
    await budgets.codes.spend({ id: 't', expiresAt: NOW + 119_500 }, key)
    await budgets.codes.noteWrong(key)
    expect(shortened(asked)).toEqual(['look locked:…', 'look paused:…', 'count attempts:t 420', 'claim code:…:1 3600', 'count wrong:… 86400', 'count unconfirmed:… 86400'])
  })

  it('is two looks where they are locked: nothing is counted', async () => {
    const { budgets, asked, ledger } = budgetsWith()
    await ledger.claim(`locked:${key}`, YEAR)
    asked.length = 0
    await budgets.codes.spend({ id: 't', expiresAt: NOW }, key)
    expect(shortened(asked)).toEqual(['look locked:…', 'look paused:…'])
  })
})

describe('a claim', () => {
  it('of a transaction is kept for as long as another factor may be tried after it, too', async () => {
    const { budgets, asked } = budgetsWith({ firstFactorLifetimeMs: 600_000 })
    await budgets.endings.claim({ id: 't1', expiresAt: NOW + 120_000 })
    expect(asked).toEqual([['claim', 'transaction:t1', 120 + 600 + 300]])
  })

  it('of a transaction is true once, and kept for five minutes longer than it lives', async () => {
    const { budgets, asked } = budgetsWith()
    const one = { id: 't1', expiresAt: NOW + 120_000 }
    expect([await budgets.endings.claim(one), await budgets.endings.claim(one), await budgets.endings.claim({ ...one, id: 't2' })]).toEqual([true, false, true])
    expect(asked[0]).toEqual(['claim', 'transaction:t1', 420])
  })

  it.each([[0, 300], [1, 301], [-1, 300], [-3_600_000, 300]])('of a transaction that ends in %d ms is kept for %d whole seconds', async (ms, kept) => {
    const { budgets, asked } = budgetsWith()
    await budgets.endings.claim({ id: 't1', expiresAt: NOW + ms })
    expect(asked).toEqual([['claim', 'transaction:t1', kept]])
  })

  it('is not to be had for a transaction that ended without success: it can never succeed later', async () => {
    const { budgets } = budgetsWith()
    const one = transaction()
    expect([await budgets.endings.end(one, [key], { wasDenied: false, canGoOn: true }), await budgets.endings.claim(one)]).toEqual([true, false])
  })

  it('of a token is true once, kept for fifteen minutes, and names no token', async () => {
    const { budgets, asked } = budgetsWith()
    expect([await budgets.endings.claimToken('canary'), await budgets.endings.claimToken('canary'), await budgets.endings.claimToken('Canary')]).toEqual([true, false, true])
    expect(shortened(asked)[0]).toBe('claim token:… 900')
    expect(JSON.stringify(asked)).not.toMatch(/canary/i)
  })
})

describe('a phone number', () => {
  it('gets ten texts a day, whoever asks for them and however many at once', async () => {
    const { budgets } = budgetsWith()
    const spent = await Promise.all(times(50, () => budgets.spendText('+41791234567')))
    expect(spent.filter(({ over }) => !over)).toHaveLength(10)
    later(DAY - 1)
    expect(await budgets.spendText('+41791234567')).toEqual({ over: true, limit: 10, retryAfterSeconds: 1 })
    expect(await budgets.spendText('+41791234568')).toEqual({ over: false, limit: 10 })
    later(1)
    expect(await budgets.spendText('+41791234567')).toEqual({ over: false, limit: 10 })
  })

  it('that has had ten texts is told when the oldest of them is a day old, although the first slot was taken again', async () => {
    const { budgets } = budgetsWith()
    await budgets.spendText('+41791234567')
    later(600)
    for (let i = 0; i < 9; i++) await budgets.spendText('+41791234567')
    later(DAY - 600)
    expect(await budgets.spendText('+41791234567')).toEqual({ over: false, limit: 10 })
    expect(await budgets.spendText('+41791234567')).toEqual({ over: true, limit: 10, retryAfterSeconds: 600 })
  })

  it('is the same however it is written', async () => {
    const { budgets, asked } = budgetsWith()
    for (const phone of ['+41791234567', '+41 79 123 45 67', '0041-79-123-45-67', '41791234567']) await budgets.spendText(phone)
    expect(new Set(asked.map(([, name]) => name.split(':')[1])).size).toBe(1)
  })

  it('has a budget of its own at each instance', async () => {
    const ledger = new MemoryLedger()
    for (let i = 0; i < 10; i++) await budgetsOn(ledger).spendText('+41791234567')
    expect(await budgetsOn(ledger, { baseURL: 'https://b.example' }).spendText('+41791234567')).toMatchObject({ over: false })
  })
})

describe('an enrolment', () => {
  it('is current until a newer one of the same subject is started', async () => {
    const { budgets } = budgetsWith()
    const first = await budgets.enrolments.start(key)
    expect(await budgets.enrolments.isNewest(key, first)).toBe(true)
    await budgets.enrolments.start(ben)
    expect(await budgets.enrolments.isNewest(key, first)).toBe(true)
    const second = await budgets.enrolments.start(key)
    expect([await budgets.enrolments.isNewest(key, first), await budgets.enrolments.isNewest(key, second)]).toEqual([false, true])
  })

  it('is current for one of fifty that are started at once', async () => {
    const { budgets } = budgetsWith()
    const generations = await Promise.all(times(50, () => budgets.enrolments.start(key)))
    const current = await Promise.all(generations.map((one) => budgets.enrolments.isNewest(key, one)))
    expect(current.filter((isCurrent) => isCurrent)).toHaveLength(1)
  })

  it('ends the one before across the edge of a day, too, and is not taken for one that was ended on the day before', async () => {
    const { budgets } = budgetsWith()
    await budgets.enrolments.start(key)
    later(DAY - 1)
    const evening = await budgets.enrolments.start(key)
    later(2)
    const morning = await budgets.enrolments.start(key)
    expect([await budgets.enrolments.isNewest(key, evening), await budgets.enrolments.isNewest(key, morning)]).toEqual([false, true])
  })

  it('ends all before it, also after starts whose reply was lost or that failed halfway', async () => {
    const ledger = new MemoryLedger()
    const { enrolments } = budgetsOn(ledger)
    const first = await enrolments.start(key)
    const lost = () => Promise.reject(new Error('the reply was lost'))
    for (const method of ['count', 'claim'] as const) {
      for (let i = 0; i < 3; i++) {
        const answer = ledger[method].bind(ledger)
        jest.spyOn(ledger, method).mockImplementationOnce(async (name: string, ttlSeconds: number) => (await answer(name, ttlSeconds), lost()))
        await expect(enrolments.start(key)).rejects.toThrow('lost')
      }
    }
    const last = await enrolments.start(key)
    expect(last).toBe(8)
    expect(await Promise.all(times(8, (number) => enrolments.isNewest(key, number + first)))).toEqual([false, false, false, false, false, false, false, true])
  })

  it('costs one call for the first, two for the second, three for each further one, and one to look', async () => {
    const { budgets, asked } = budgetsWith()
    for (let i = 0; i < 4; i++) await budgets.enrolments.start(key)
    await budgets.enrolments.isNewest(key, 4)
    const counted = `count enrolment:… ${YEAR}`
    const ended = (number: number) => `claim superseded:…:${number} 86400`
    expect(shortened(asked)).toEqual([counted, counted, ended(1), counted, 'look superseded:…:1', ended(2), counted, 'look superseded:…:2', ended(3), 'look superseded:…:4'])
  })
})

describe('limits that are lifted', () => {
  /** Uses up every limit on the starts and codes of a user. `name` is the name under which the ledger counts them. */
  async function limited(budgets: Budgets, name: string): Promise<void> {
    for (let i = 0; i < 3; i++) await budgets.starts.spend(name, NOTHING_NEW)
    for (let i = 0; i < 3; i++) await budgets.endings.end(transaction(), [name], { wasDenied: true, canGoOn: true })
    for (let i = 0; i < 30; i++) await budgets.codes.spend(transaction(), name)
    for (let i = 0; i < 50; i++) await budgets.codes.noteWrong(name)
    for (let i = 0; i < 9; i++) await budgets.starts.countUnderSecondName(name)
  }

  it('leave nothing that counts against the subject, and everything that counts against others', async () => {
    const memory = new MemoryLedger()
    const { ledger, asked } = written(memory)
    const budgets = budgetsOn(ledger)
    await limited(budgets, key)
    await limited(budgets, ben)
    const held = async (name: string) => {
      const names = new Set(asked.map(([, one]) => one).filter((one) => one.includes(name)))
      const left = await Promise.all([...names].map(async (one) => [one, await memory.look(one)] as const))
      return left.filter(([, ends]) => ends > 0).map(([one]) => one)
    }
    expect((await held(key)).length).toBeGreaterThan(40)
    const [, others] = [await budgets.lift(key), await held(ben)]
    expect(await held(key)).toEqual([])
    expect(others.length).toBeGreaterThan(40)
    expect(await budgets.starts.spend(key, NOTHING_NEW)).toEqual({ slot: 1, limit: 5 })
    expect(await budgets.codes.spend(transaction(), key)).toMatchObject({ count: 1, limit: 5, slot: expect.any(Number) as number })
    expect(await budgets.starts.denialsOf(key)).toBe(0)
  })

  it('did not exist: nothing happens', async () => {
    const { budgets } = budgetsWith()
    await budgets.lift(key)
    expect(await budgets.starts.spend(key, NOTHING_NEW)).toEqual({ slot: 1, limit: 5 })
  })

  it.each<[string, number, (budgets: Budgets) => Promise<unknown>]>([
    ['a start', DAY, ({ starts }) => starts.spend(key, NOTHING_NEW)],
    ['a denial', DAY, ({ endings }) => endings.end(transaction(), [key], { wasDenied: true, canGoOn: true })],
    ['a code', HOUR, ({ codes }) => codes.spend(transaction(), key)],
    ['an unclear code', DAY, ({ codes }) => codes.noteUnclear(key)],
    ['a wrong code, a day after an unclear one', DAY, async ({ codes }) => {
      await codes.noteUnclear(key)
      later(DAY - 1)
      await codes.noteWrong(key)
    }],
    ['the last of 35 unclear codes, a day after the others', DAY, async ({ codes }) => {
      for (let i = 0; i < 34; i++) await codes.noteUnclear(key)
      later(DAY - 1)
      await codes.noteUnclear(key)
    }],
    ['35 wrong codes', YEAR, async ({ codes }) => {
      for (let i = 0; i < 35; i++) await codes.noteWrong(key)
    }],
  ])('are found as long as they count %s, to the last second', async (_name, lifetime, use) => {
    const { budgets } = budgetsWith()
    expect(await budgets.holds(key)).toBe(false)
    await use(budgets)
    later(lifetime - 1)
    expect(await budgets.holds(key)).toBe(true)
    later(1)
    expect(await budgets.holds(key)).toBe(false)
  })

  it('do not bring back an approval that was used, or a token', async () => {
    const { budgets } = budgetsWith()
    const one = transaction()
    await budgets.endings.claim(one)
    await budgets.endings.claimToken('token')
    await budgets.lift(key)
    expect([await budgets.endings.claim(one), await budgets.endings.claimToken('token')]).toEqual([false, false])
  })
})
