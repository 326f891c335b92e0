/** How often somebody is asked and how often codes are tried: by a ledger that writes down what it is asked, and a clock that stands. */
import { MemoryLedger, type Ledger, type Subject, type Transaction } from '../src'
import { Budgets } from '../src/budgets'
import type { Settings } from '../src/options'

const NOW = 1_700_000_000_000
const ANNA: Subject = { username: 'anna' }
const transaction: Transaction = {
  id: 't1', factor: 'sms', operation: 'approve', subject: ANNA, startedAt: NOW, expiresAt: NOW + 120_000, firstFactorAt: NOW, shown: {},
}
let asked: [call: string, key: string, ttlSeconds: number][]
let ledger: Ledger

const budgetsWith = ({ baseURL = 'https://a.example', ...settings }: Partial<Settings> & { baseURL?: string } = {}) =>
  new Budgets({
    ledger, client: { baseURL }, maxAttempts: 2, startBudget: { starts: 3, perSeconds: 100 }, attemptBudget: { attempts: 3, perSeconds: 3600 }, ...settings,
  } as unknown as Settings)
const at = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(NOW + ms)
const kinds = () => asked.map(([call, key, ttlSeconds]) => [call, key.replace(/[\w-]{43}/, '…'), ttlSeconds])

beforeEach(() => {
  at(0)
  asked = []
  const memory = new MemoryLedger()
  const write = (call: 'claim' | 'count') => (key: string, ttlSeconds: number) => {
    asked.push([call, key, ttlSeconds])
    return memory[call](key, ttlSeconds) as Promise<never>
  }
  ledger = { claim: write('claim'), count: write('count') }
})

afterEach(() => void jest.restoreAllMocks())

describe('starts', () => {
  it('are as many as the budget has, counted from the first, and anew when its time is over', async () => {
    const budgets = budgetsWith()
    let ms = 0
    const spent = async () => {
      // A look at the pause lasts a millisecond.
      at(ms++)
      return budgets.spendStart(ANNA)
    }
    expect([await spent(), await spent(), await spent(), await spent()]).toEqual([
      { count: 1, limit: 3 }, { count: 2, limit: 3 }, { count: 3, limit: 3 }, { count: 4, limit: 3, over: 'starts' },
    ])
    ms = 99_999
    expect(await spent()).toMatchObject({ over: 'starts' })
    expect(await spent()).toEqual({ count: 1, limit: 3 })
  })

  it('cost one call of the ledger, and from the second one on a look at the pause', async () => {
    const budgets = budgetsWith()
    await budgets.spendStart(ANNA)
    expect(kinds()).toEqual([['count', 'starts:…', 100]])
    await budgets.spendStart(ANNA)
    expect(kinds().slice(1)).toEqual([['count', 'starts:…', 100], ['claim', 'pause:…', 0.001]])
  })

  it.each<[string, Subject, Subject, boolean]>([
    ['of one name', ANNA, { username: 'anna' }, true],
    ['of one userId, whatever the name', { userId: 'u', username: 'anna' }, { userId: 'u' }, true],
    ['of two names', ANNA, { username: 'ben' }, false],
    ['of two userIds', { userId: 'u', username: 'anna' }, { userId: 'v', username: 'anna' }, false],
    ['of a name and a userId that read alike', { username: 'u' }, { userId: 'u' }, false],
  ])('%s are counted together, or are not', async (_name, one, other, together) => {
    const budgets = budgetsWith()
    await budgets.spendStart(one)
    expect((await budgets.spendStart(other)).count).toBe(together ? 2 : 1)
  })

  it('of two instances have nothing to do with each other, and no name leaves the process', async () => {
    await budgetsWith().spendStart(ANNA)
    expect(await budgetsWith({ baseURL: 'https://b.example' }).spendStart(ANNA)).toMatchObject({ count: 1 })
    expect(JSON.stringify(asked)).not.toMatch(/anna|example/)
  })

  it('are counted under the same key in every version: a new one gives nobody a new budget', async () => {
    await budgetsWith().spendStart(ANNA)
    await budgetsWith().spendStart({ userId: 'u' })
    expect(asked.map(([, key]) => key)).toEqual(['starts:e0Tl6WB2M2ReTrgHSlcLtbv75qzem65ucsF72Q1hMpo', 'starts:h0rmnyUAmuItC0W2jTrqo6crKWU3LHjhsOfZifq6ZXw'])
  })
})

describe('a pause', () => {
  /** @param answers to those who ask for the pause, in their order; then always no */
  const looks = async (...answers: boolean[]) => {
    const claim = jest.fn(async (_key: string, _ttlSeconds: number) => answers.shift() ?? false)
    ledger = { count: async () => 2, claim }
    const { over } = await budgetsWith().spendStart(ANNA)
    return [over, claim.mock.calls.length]
  }

  it.each<[boolean[], unknown[]]>([
    [[true], [undefined, 1]],
    [[false, true], [undefined, 2]],
    [[false, false, false, true], [undefined, 4]],
    [[false, false, false, false, true], [undefined, 5]],
    [[false, false, false, false, false, true], ['pause', 5]],
  ])('is believed once five looks have met it, for one may be somebody else who looks: %j', async (answers, expected) => {
    expect(await looks(...answers)).toEqual(expected)
  })
})

describe('denials', () => {
  const denials = async (times: number) => {
    const budgets = budgetsWith({ startBudget: { starts: 1000, perSeconds: 100 } })
    await budgets.spendStart(ANNA)
    for (let i = 0; i < times; i++) await budgets.noteDenial(ANNA)
    return budgets
  }

  it.each([[0, 0], [1, 0], [2, 15], [3, 30], [4, 60], [5, 100], [6, 100]])('%d of them pause for %d seconds', async (times, seconds) => {
    const budgets = await denials(times)
    if (seconds > 0) {
      expect(kinds().filter(([, key, ttl]) => key === 'pause:…' && ttl !== 0.001).at(-1)).toEqual(['claim', 'pause:…', seconds])
      expect(await budgets.spendStart(ANNA)).toEqual({ count: 2, limit: 1000, over: 'pause' })
    } else expect(await budgets.spendStart(ANNA)).toEqual({ count: 2, limit: 1000 })
    expect(await budgets.spendStart({ username: 'ben' })).toEqual({ count: 1, limit: 1000 })
  })

  it('pause until their time is over', async () => {
    const budgets = await denials(2)
    at(14_999)
    expect(await budgets.spendStart(ANNA)).toMatchObject({ over: 'pause' })
    at(15_000)
    expect((await budgets.spendStart(ANNA)).over).toBeUndefined()
  })

  it.each([[0, 0], [1, 0], [2, 2], [3, 3], [5, 5]])('%d are looked up as %d, however often somebody looks', async (times, expected) => {
    const budgets = await denials(times)
    for (let i = 0; i < 3; i++) {
      at(i)
      expect(await budgets.denialsOf(ANNA)).toBe(expected)
      expect(await budgets.denialsOf({ username: 'ben' })).toBe(0)
    }
  })

  it('are remembered for an hour', async () => {
    await denials(2)
    expect(kinds().filter(([, key]) => (key as string).startsWith('deni'))).toEqual([
      ['count', 'denials:…', 3600], ['claim', 'denied:…:1', 3600], ['count', 'denials:…', 3600], ['claim', 'denied:…:2', 3600],
    ])
  })
})

describe('codes', () => {
  const other = { ...transaction, id: 't2' }

  it('are as many as a transaction allows', async () => {
    const budgets = budgetsWith()
    const spent = [await budgets.spendCode(transaction), await budgets.spendCode(transaction), await budgets.spendCode(transaction)]
    expect(spent).toEqual([{ count: 1, limit: 2 }, { count: 2, limit: 2 }, { count: 3, limit: 2, over: 'attempts' }])
  })

  it('are as many as their subject may try over all transactions, and one over the limit of its transaction costs the subject none', async () => {
    const budgets = budgetsWith()
    for (let i = 0; i < 5; i++) await budgets.spendCode(transaction)
    expect(await budgets.spendCode(other)).toEqual({ count: 1, limit: 2 })
    expect(await budgets.spendCode(other)).toEqual({ count: 2, limit: 3, over: 'subjectAttempts' })
  })

  it('are counted for whom Nevis has named, where it has', async () => {
    const budgets = budgetsWith()
    const named = { ...transaction, userId: 'u', subject: ANNA }
    await budgets.spendCode(named)
    const [, [, byUserId]] = asked as [unknown, [string, string]]
    await budgets.spendCode({ ...transaction, subject: { userId: 'u' } })
    await budgets.spendCode({ ...transaction, id: 't3', subject: ANNA })
    expect(asked[3]?.[1]).toBe(byUserId)
    expect(asked[5]?.[1]).not.toBe(byUserId)
  })

  it('are counted for five minutes longer than the transaction lives, and per subject for the time of the budget', async () => {
    at(500)
    await budgetsWith().spendCode(transaction)
    expect(kinds()).toEqual([['count', 'attempts:t1', 420], ['count', 'codes:…', 3600]])
  })
})

describe('a claim', () => {
  it('of a transaction is true once, and kept for five minutes longer than it lives', async () => {
    const budgets = budgetsWith()
    expect([await budgets.claim(transaction), await budgets.claim(transaction), await budgets.claim({ ...transaction, id: 't2' })]).toEqual([true, false, true])
    expect(asked[0]).toEqual(['claim', 'transaction:t1', 420])
  })

  it('of a token is true once, kept for fifteen minutes, and names no token', async () => {
    const budgets = budgetsWith()
    expect([await budgets.claimToken('canary'), await budgets.claimToken('canary'), await budgets.claimToken('Canary')]).toEqual([true, false, true])
    expect(kinds()[0]).toEqual(['claim', 'token:…', 900])
    expect(JSON.stringify(asked)).not.toMatch(/canary/i)
  })
})
