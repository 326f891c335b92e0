/** The digest of a code that the user must type: it matches only this code, in this transaction, with this key. */
import { randomBytes } from 'node:crypto'
import { TypedCodes } from '../../src/trust/typed-code'

const KEY = randomBytes(32)
const codes = new TypedCodes([KEY], 'nevis')

describe('the digest of a typed code', () => {
  it('fits the code, and none of a thousand others', () => {
    const digest = codes.digestOf('000123', 't1')
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(codes.matches(digest, '000123', 't1')).toBe(true)
    const others = Array.from({ length: 1000 }, (_, i) => String(i).padStart(6, '0')).filter((code) => code !== '000123')
    expect(others.filter((code) => codes.matches(digest, code, 't1'))).toEqual([])
  })

  it.each<[string, TypedCodes, string]>([
    ['in another transaction', codes, 't2'],
    ['with another key', new TypedCodes([randomBytes(32)], 'nevis'), 't1'],
    ['in another strategy', new TypedCodes([KEY], 'other'), 't1'],
    ['without a key', new TypedCodes([], 'nevis'), 't1'],
  ])('does not fit %s', (_where, other, id) => {
    expect(other.matches(codes.digestOf('000123', 't1'), '000123', id)).toBe(false)
  })

  it.each([undefined, '', 'x', '000123', 'A'.repeat(43)])('is not fitted by what is no digest: %j', (digest) => {
    expect(codes.matches(digest, '000123', 't1')).toBe(false)
  })

  it('fits with a key that is no longer the first, and is made with the first', () => {
    const rotated = new TypedCodes([randomBytes(32), KEY], 'nevis')
    expect(rotated.matches(codes.digestOf('000123', 't1'), '000123', 't1')).toBe(true)
    expect(codes.matches(rotated.digestOf('000123', 't1'), '000123', 't1')).toBe(false)
  })
})
