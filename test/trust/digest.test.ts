/** The digest of a transaction: it matches the transaction that was started, and no other. */
import { assert, jsonValue, property } from 'fast-check'
import { randomBytes } from 'node:crypto'
import { Digests, MAY_CHANGE } from '../../src/trust/digest'
import { withSortedNames } from '../../src/host/canonical'
import type { Transaction } from '../../src/factors/transaction'

const KEY = randomBytes(32)
const digests = new Digests([KEY], 'nevis')
const TRANSACTION: Transaction = {
  id: 'id', factor: 'push', operation: 'approve', subject: { username: 'anna' }, startedAt: 1, expiresAt: 2, firstFactorAt: 1, shown: {}, message: 'Pay?', data: { amount: 5 },
}
/** A transaction with every field. TypeScript reports a field that is missing here. */
const EVERY_FIELD: { readonly [Field in Exclude<keyof Transaction, 'digest' | 'statusTokenDigest'>]-?: NonNullable<Transaction[Field]> } = {
  ...TRANSACTION, hasOwnId: true, userId: 'u', isUserIdNamed: true, authenticatorId: 'a', statusToken: 't', client: 'c', firstFactorAmr: ['pwd'], message: 'Pay?',
  isInPlaceOfApproval: true, data: { amount: 5 }, factors: ['push'], available: ['push'], phone: '+41791234567', textedPhone: 'd', returnTo: '/a', codesKey: 'k', typedCode: 'd',
  isCodeTyped: false, budget: 'b', slots: [1], alsoHeld: { budget: 'h', slots: [2] }, enrolments: { a: 1 }, purpose: 'p /pay', next: 'n', moves: 2, login: 'l', isStepUp: true,
  browser: 'w', origin: 'o', remember: true, forgetMarks: { a: 1 }, attempts: 1, refused: 'wrong_code', refusedFactor: 'sms', refusedAfterEnd: 'wrong_code', isUnsent: true,
  closed: 'cancelled',
}
/** The fields that may change, written again here: if `digest.ts` no longer protects a field, a test fails. */
const CHANGEABLE: readonly string[] = [
  'statusToken', 'closed', 'next', 'attempts', 'refused', 'refusedFactor', 'refusedAfterEnd', 'shown', 'codesKey', 'returnTo', 'authenticatorId', 'isStepUp',
]

describe('a digest', () => {
  it('fits what was bound', () => {
    const bound = digests.withDigest(TRANSACTION)
    expect(bound).toEqual({ ...TRANSACTION, digest: expect.stringMatching(/^[\w-]{43}$/) })
    expect(digests.matches(bound)).toBe(true)
  })

  it('fits while only that changes which a transaction is meant to change', () => {
    const bound = digests.withDigest(TRANSACTION)
    const later = { ...bound, attempts: 3, closed: 'cancelled' as const, shown: { qrCode: 'x' }, next: 'other', returnTo: '/a' }
    expect(digests.matches(later)).toBe(true)
    const withToken = digests.withDigest({ ...TRANSACTION, statusToken: 'x' })
    const { statusToken: _token, ...tokenless } = withToken
    expect([digests.matches(withToken), digests.matches({ ...tokenless, closed: 'cancelled' })]).toEqual([true, true])
    expect([digests.matches(tokenless), digests.matches({ ...withToken, statusToken: 'y' })]).toEqual([false, false])
    expect(digests.matches({ ...bound, statusToken: 'x' })).toBe(false)
  })

  it('fits after any way through JSON, with the names in any order', () => {
    assertJson((data) => {
      const { digest, ...rest } = digests.withDigest({ ...TRANSACTION, data })
      const stored = JSON.parse(JSON.stringify({ digest, ...Object.fromEntries(Object.entries(rest).reverse()) })) as Transaction
      expect(digests.matches(stored)).toBe(true)
    })
  })

  const whole = digests.withDigest(EVERY_FIELD)
  const others = ['changed', undefined, null, { amount: 6 }, [], 0, '']

  it.each(Object.keys(whole).filter((field) => !CHANGEABLE.includes(field)))('does not fit where %s is another, or gone', (field) => {
    for (const value of others) expect(digests.matches({ ...whole, [field]: value })).toBe(false)
  })

  it.each(CHANGEABLE.filter((field) => field !== 'statusToken'))('fits where %s is another, or gone', (field) => {
    for (const value of others) expect(digests.matches({ ...whole, [field]: value })).toBe(true)
  })

  it('covers every field that is not listed as one that may change', () => {
    expect(Object.keys(MAY_CHANGE).sort()).toEqual(['digest', ...CHANGEABLE].sort())
  })

  it('does not fit in another strategy, nor with another key', () => {
    const bound = digests.withDigest(TRANSACTION)
    expect(new Digests([KEY], 'other').matches(bound)).toBe(false)
    expect(new Digests([randomBytes(32)], 'nevis').matches(bound)).toBe(false)
    expect(new Digests([], 'nevis').matches(bound)).toBe(false)
  })

  it('fits with a key that is no longer the first', () => {
    const bound = digests.withDigest(TRANSACTION)
    expect(new Digests([randomBytes(32), KEY], 'nevis').matches(bound)).toBe(true)
    expect(digests.matches(new Digests([randomBytes(32), KEY], 'nevis').withDigest(TRANSACTION))).toBe(false)
  })
})

describe.each<[string, (by: Digests, ...values: [string, string]) => string, (by: Digests, digest: string, ...values: [string, string]) => boolean]>([
  ['a phone number in a transaction', (by, phone, id) => by.digestOfPhone(phone, id), (by, digest, phone, id) => by.isPhone(digest, phone, id)],
  ['a factor of a user', (by, subject, factor) => by.digestOfFactor(subject, factor), (by, digest, subject, factor) => by.isFactor(digest, subject, factor)],
])('a digest of %s', (_name, digestOf, fits) => {
  const [renewed, strange] = [new Digests([randomBytes(32), KEY], 'nevis'), new Digests([randomBytes(32)], 'nevis')]

  it('fits these two values alone, also with a key that is no longer the first', () => {
    const digest = digestOf(digests, 'a', 'b')
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect([digests, renewed].map((by) => fits(by, digest, 'a', 'b'))).toEqual([true, true])
    for (const [first, second] of [['a', 'c'], ['c', 'b'], ['b', 'a'], ['ab', ''], ['', '']] as const) expect(fits(digests, digest, first, second)).toBe(false)
  })

  it('does not fit in another strategy, with another key, or in place of a digest of something else', () => {
    const digest = digestOf(digests, 'a', 'b')
    for (const other of [new Digests([KEY], 'other'), strange]) expect(fits(other, digest, 'a', 'b')).toBe(false)
    expect(fits(digests, digestOf(renewed, 'a', 'b'), 'a', 'b')).toBe(false)
    expect([digests.isPhone(digest, 'a', 'b'), digests.isPhone(digest, 'b', 'a'), digests.isFactor(digest, 'a', 'b'), digests.isFactor(digest, 'b', 'a')].filter(Boolean)).toHaveLength(1)
  })
})

describe('a value with its names in order', () => {
  it.each([
    [{ b: 1, a: { d: [2, { f: null, e: 'x' }], c: true } }, '{"a":{"c":true,"d":[2,{"e":"x","f":null}]},"b":1}'],
    [{ a: undefined, '': 0, 'ü"': '\n' }, '{"":0,"ü\\"":"\\n"}'],
    [[1, '1', true, null], '[1,"1",true,null]'],
    [JSON.parse('{"b":1,"__proto__":{"d":2,"c":3}}'), '{"__proto__":{"c":3,"d":2},"b":1}'],
  ])('is as JSON, of %j: %s', (value, text) => {
    expect(JSON.stringify(withSortedNames(value))).toBe(text)
  })

  it('is the same value, so that two values never look alike', () => {
    assertJson((value) => expect(JSON.parse(JSON.stringify(withSortedNames(value)))).toEqual(value))
  })
})

/** Checks a property for random values, each after a JSON round trip. */
function assertJson(see: (value: unknown) => void): void {
  assert(property(jsonValue(), (value) => see(JSON.parse(JSON.stringify(value)))))
}
