/** Transactions in a session: what is kept, for how long, and what is forgotten at once. */
import type { Transaction } from '../src'
import { SessionTransactions } from '../src/transactions'

const NOW = 1_700_000_000_000
const KEEP_MS = 600_000
let session: Record<string, unknown>
let kept: SessionTransactions

const transaction = (id: string, change: Partial<Transaction> = {}): Transaction => ({
  id, factor: 'push', operation: 'approve', subject: { username: 'anna' }, startedAt: NOW, expiresAt: NOW + 120_000, firstFactorAt: NOW, shown: {}, ...change,
})
const at = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(NOW + ms)
const ids = () => Object.keys((session['nevis'] as { transactions: object }).transactions)

beforeEach(() => {
  at(0)
  session = {}
  kept = new SessionTransactions(session, 'nevis', KEEP_MS)
})

afterEach(() => void jest.restoreAllMocks())

describe('a session', () => {
  it('holds what was put there, by its id and by what it is like', async () => {
    kept.put(transaction('a'))
    kept.put(transaction('b', { factor: 'sms' }))
    expect(kept.get('a')).toEqual(transaction('a'))
    expect(kept.find(({ factor }) => factor === 'sms')?.id).toBe('b')
    expect([kept.get('c'), kept.find(({ factor }) => factor === 'app')]).toEqual([undefined, undefined])
  })

  it('holds none at first, and none of another key', async () => {
    expect([kept.get('a'), kept.find(() => true)]).toEqual([undefined, undefined])
    kept.put(transaction('a'))
    expect(new SessionTransactions(session, 'other', KEEP_MS).get('a')).toBeUndefined()
  })

  it('holds the newer one of two with one id', () => {
    kept.put(transaction('a'))
    kept.put(transaction('a', { attempts: 1 }))
    expect([ids(), kept.get('a')?.attempts]).toEqual([['a'], 1])
  })

  it('holds eight, and forgets the one that was started first', () => {
    for (const [i, id] of [...'cabdhgfe'].entries()) kept.put(transaction(id, { startedAt: NOW + i }))
    kept.put(transaction('new', { startedAt: NOW - 1 }))
    expect(ids()).toEqual(['new', ...'efghdba'])
    kept.put(transaction('c', { startedAt: NOW }))
    expect(ids()).toEqual(['c', ...'efghdba'])
  })

  it.each<[string, Partial<Transaction>, number]>([
    ['as another factor may be tried', {}, KEEP_MS],
    ['as it may be approved, where that is longer', { expiresAt: NOW + KEEP_MS + 1000 }, KEEP_MS + 1000],
  ])('holds one as long %s', (_name, change, untilMs) => {
    kept.put(transaction('a', change))
    at(untilMs - 1)
    kept.put(transaction('b'))
    expect(ids()).toEqual(['b', 'a'])
    at(untilMs)
    kept.put(transaction('c', { firstFactorAt: NOW + untilMs }))
    expect(ids()).not.toContain('a')
  })

  it('gets a new object each time, with everything else that was in the old one', () => {
    session['nevis'] = { secondFactor: 1, returnTo: { path: '/a' } }
    const before = session['nevis']
    kept.put(transaction('a'))
    const after = session['nevis']
    expect(after).not.toBe(before)
    expect(after).toEqual({ secondFactor: 1, returnTo: { path: '/a' }, transactions: { a: transaction('a') } })
    kept.remove('a')
    expect(session['nevis']).not.toBe(after)
    expect(session['nevis']).toEqual({ secondFactor: 1, returnTo: { path: '/a' }, transactions: {} })
  })
})

describe('a transaction', () => {
  it('that is removed is gone, and it alone', () => {
    kept.put(transaction('a'))
    kept.put(transaction('b'))
    kept.remove('a')
    expect([kept.get('a'), kept.get('b')?.id]).toEqual([undefined, 'b'])
  })

  it('that is closed keeps its end, and neither its token nor what it showed', () => {
    const closed = transaction('a', { statusToken: 'canary', codesKey: 'canary', shown: { qrCode: 'canary', appLinkUri: 'canary' }, attempts: 2, digest: 'd' })
    kept.close(closed, 'not_approved')
    expect(kept.get('a')).toStrictEqual(transaction('a', { attempts: 2, digest: 'd', closed: 'not_approved' }))
  })
})
