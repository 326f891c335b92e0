/** Transactions in a session: which of their fields are stored, how long a transaction is kept, and which transactions are deleted immediately. */
import type { Transaction } from '../../src'
import { ShownCipher } from '../../src/trust/shown'
import { SessionTransactions } from '../../src/session/transactions'

const NOW = 1_700_000_000_000
const KEEP_MS = 600_000
const box = new ShownCipher([Buffer.alloc(32, 1)])
let session: Record<string, unknown>
let kept: SessionTransactions

const transaction = (id: string, change: Partial<Transaction> = {}): Transaction => ({
  id, factor: 'push', operation: 'approve', subject: { username: 'anna' }, startedAt: NOW, expiresAt: NOW + 120_000, firstFactorAt: NOW, shown: {}, ...change,
})
/** Returns a transaction without its field `shown` (such as a QR code): the session stores this field only in encrypted form. */
const withoutShown = ({ shown: _shown, ...rest }: Transaction) => rest
const at = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(NOW + ms)
const ids = () => Object.keys((session['nevis'] as { transactions: object }).transactions)

beforeEach(() => {
  at(0)
  session = {}
  kept = new SessionTransactions(session, 'nevis', KEEP_MS, box)
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
    expect(new SessionTransactions(session, 'other', KEEP_MS, box).get('a')).toBeUndefined()
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

  it('holds longest what it is told to, although it was started first', () => {
    kept = new SessionTransactions(session, 'nevis', KEEP_MS, box, ({ isStepUp }) => isStepUp === true)
    for (const [i, id] of [...'abcdefgh'].entries()) kept.put(transaction(id, { startedAt: NOW + i, ...('bd'.includes(id) && { isStepUp: true }) }))
    kept.put(transaction('new', { startedAt: NOW + 9 }))
    expect(ids()).toEqual(['new', ...'dbhgfec'])
  })

  it('lists what it holds, without what it shows', () => {
    expect(kept.list()).toEqual([])
    kept.put(transaction('a', { shown: { qrCode: 'x' } }))
    kept.put(transaction('b'))
    expect(kept.list().map(({ id, shown }) => [id, shown])).toEqual([['b', {}], ['a', {}]])
  })

  it('is left alone where it holds just that: it need not be saved', () => {
    const put = transaction('a', { shown: { qrCode: 'x' } })
    kept.put(put)
    const before = session['nevis']
    kept.put({ ...put, message: undefined as never })
    expect(session['nevis']).toBe(before)
    for (const change of [{ attempts: 1 }, { shown: {} }, { shown: { qrCode: 'y' } }]) {
      const last = session['nevis']
      kept.put({ ...put, ...change })
      expect(session['nevis']).not.toBe(last)
    }
  })

  it('holds one as long as another factor may be tried after its end', () => {
    const untilMs = KEEP_MS + 1000
    kept.put(transaction('a', { expiresAt: NOW + 1000 }))
    at(untilMs - 1)
    kept.put(transaction('b'))
    expect(ids()).toEqual(['b', 'a'])
    at(untilMs)
    kept.put(transaction('c'))
    expect(ids()).not.toContain('a')
  })

  it('gets a new object each time, with everything else that was in the old one', () => {
    session['nevis'] = { secondFactor: 1, returnTo: { path: '/a' } }
    const before = session['nevis']
    kept.put(transaction('a'))
    const after = session['nevis']
    expect(after).not.toBe(before)
    expect(after).toEqual({ secondFactor: 1, returnTo: { path: '/a' }, transactions: { a: withoutShown(transaction('a')) } })
    kept.remove('a')
    expect(session['nevis']).not.toBe(after)
    expect(session['nevis']).toEqual({ secondFactor: 1, returnTo: { path: '/a' }, transactions: {} })
  })
})

describe('a transaction', () => {
  it('that is removed is gone, and no other is', () => {
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

  it('that is closed while its request is still on the phone keeps its token, if it has one', () => {
    for (const given of [{ statusToken: 'token' }, {}]) {
      kept.close(transaction('a', { ...given, shown: { qrCode: 'canary' } }), 'cancelled', true)
      expect(kept.get('a')).toStrictEqual(transaction('a', { ...given, closed: 'cancelled' }))
    }
  })
})

describe('what a transaction shows', () => {
  const shown = { qrCode: 'data:canary', appLinkUri: 'app:canary' }

  it('lies encrypted in the session, and comes back', () => {
    kept.put(transaction('a', { shown, statusToken: 'plain' }))
    expect(JSON.stringify(session)).not.toContain('canary')
    expect(JSON.stringify(session)).toContain('plain')
    expect(kept.get('a')).toStrictEqual(transaction('a', { shown, statusToken: 'plain' }))
    expect(kept.find(({ id }) => id === 'a')).toStrictEqual(transaction('a', { shown, statusToken: 'plain' }))
  })

  it('is shown by no transaction to which it was moved, nor under another key', () => {
    kept.put(transaction('a', { shown }))
    kept.put(transaction('b'))
    const state = session['nevis'] as { transactions: Record<string, { encryptedShown?: string }> }
    Object.assign(state.transactions['b'] as object, { encryptedShown: state.transactions['a']?.encryptedShown })
    expect(kept.get('b')?.shown).toEqual({})
    expect(new SessionTransactions(session, 'nevis', KEEP_MS, new ShownCipher([Buffer.alloc(32, 2)])).get('a')?.shown).toEqual({})
    expect(kept.get('a')?.shown).toEqual(shown)
  })
})

describe('keepOnly', () => {
  it('forgets those of other subjects, and leaves the rest of the state', () => {
    session['nevis'] = { secondFactor: 1 }
    kept.put(transaction('a'))
    kept.put(transaction('b', { subject: { username: 'ben' } }))
    kept.keepOnly(({ subject }) => subject.username === 'anna')
    expect([ids(), session['nevis']]).toEqual([['a'], expect.objectContaining({ secondFactor: 1 })])
  })

  it('writes nothing where there are no others', () => {
    kept.keepOnly(() => false)
    expect(session).toEqual({})
    kept.put(transaction('a'))
    const before = session['nevis']
    kept.keepOnly(() => true)
    expect(session['nevis']).toBe(before)
  })
})

describe('room for one more transaction', () => {
  const planned = (bytes: number): { message: string; returnTo?: string } => ({ message: 'x'.repeat(bytes) })
  const returnTo = '/page'.padEnd(1500, 'x')

  describe('in a session that its host saves', () => {
    it('is always there: nothing is changed', () => {
      session = { save: () => undefined, reload: () => undefined, nevis: { returnTo: { path: returnTo } } }
      kept = new SessionTransactions(session, 'nevis', KEEP_MS, box)
      const wanted = { ...planned(100_000), returnTo }
      expect(kept.makeRoom(wanted)).toBe(wanted)
      expect(session['nevis']).toEqual({ returnTo: { path: returnTo } })
    })
  })

  describe('in a session in a cookie, as of @fastify/secure-session', () => {
    const FITS = 1500

    it('is there for a small one: nothing is changed', () => {
      session['nevis'] = { returnTo: { path: '/page' }, secondFactor: 1 }
      const wanted = { ...planned(FITS), returnTo: '/page' }
      expect(kept.makeRoom(wanted)).toBe(wanted)
      expect(session['nevis']).toEqual({ returnTo: { path: '/page' }, secondFactor: 1 })
    })

    it('is made by forgetting the way back, in what is planned and in the session, and nothing else', () => {
      session['nevis'] = { returnTo: { path: returnTo }, secondFactor: 1 }
      expect(kept.makeRoom({ ...planned(FITS), returnTo })).toStrictEqual(planned(FITS))
      expect(session['nevis']).toEqual({ secondFactor: 1 })
    })

    it('counts no transaction that is there: the oldest are forgotten when the new one is kept', () => {
      kept.put(transaction('a', { message: 'x'.repeat(2000) }))
      const wanted = planned(FITS)
      expect(kept.makeRoom(wanted)).toBe(wanted)
      expect(ids()).toEqual(['a'])
    })

    it.each<[string, () => object]>([
      ['what is planned is too large', () => planned(3000)],
      ['the app has filled the session', () => { session['cart'] = 'x'.repeat(2000); return planned(0) }],
    ])('is refused with SESSION_TOO_LARGE where %s', (_name, wanted) => {
      expect(() => kept.makeRoom(wanted())).toThrow(expect.objectContaining({ name: 'StorageError', code: 'SESSION_TOO_LARGE' }))
    })

    it('keeps, when it is saved, the transaction that was put last, and as many of the newer ones as fit', async () => {
      for (const id of 'abcd') kept.put(transaction(id, { message: 'x'.repeat(800) }))
      await kept.save()
      expect(ids()).toEqual(['d', 'c'])
    })

    it('keeps one that fits alone', async () => {
      for (const id of 'ab') kept.put(transaction(id, { message: 'x'.repeat(1500) }))
      await kept.save()
      expect(ids()).toEqual(['b'])
    })

    it('is refused with SESSION_TOO_LARGE when it is saved and not even one transaction fits', async () => {
      kept.put(transaction('a', { message: 'x'.repeat(3000) }))
      await expect(kept.save()).rejects.toMatchObject({ name: 'StorageError', code: 'SESSION_TOO_LARGE' })
    })

    it('is looked for in the data of a session behind a proxy', () => {
      session = { data: () => ({ cart: 'x'.repeat(2000) }) }
      kept = new SessionTransactions(session, 'nevis', KEEP_MS, box)
      expect(() => kept.makeRoom(planned(0))).toThrow(expect.objectContaining({ code: 'SESSION_TOO_LARGE' }))
    })
  })
})
