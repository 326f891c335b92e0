/** The handle: opens exactly as it was sealed, and tells its bearer nothing. */
import { randomBytes } from 'node:crypto'
import { Handles, type Keys, type Sealed } from '../src/handle'

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const KEY = randomBytes(32)
const keysOf = (...keys: Buffer[]): Keys => async () => keys
const handles = new Handles(keysOf(KEY), 'nevis')
const SEALED: Sealed = { id: 'transaction-id', factor: 'push', statusToken: 'status-token', expiresAt: 1_700_000_000_000 }

/** The indices for which it opens: none, when all is well. */
async function opening(candidates: readonly string[]): Promise<number[]> {
  const opened = await Promise.all(candidates.map((candidate) => handles.open(candidate)))
  return opened.flatMap((sealed, i) => (sealed === undefined ? [] : [i]))
}

describe('a sealed handle', () => {
  describe('as it is', () => {
    it.each<[string, Sealed]>([
      ['with a status token', SEALED],
      ['without one', { id: 'transaction-id', factor: 'recovery', expiresAt: 1 }],
      ['of an enrolment, with recovery codes', { ...SEALED, operation: 'enroll', lockedCodes: 'bG9ja2Vk' }],
      ['with letters of every kind', { ...SEALED, id: 'ü"\\\n\u2028😀', factor: '["x"]' }],
    ])('opens to what was sealed, %s', async (_name, sealed) => {
      expect(await handles.open(await handles.seal(sealed))).toEqual(sealed)
    })

    it('holds no more of a transaction than it needs', async () => {
      const transaction = { ...SEALED, subject: { username: 'anna' }, userId: 'u', data: 1 }
      expect(await handles.open(await handles.seal(transaction))).toEqual(SEALED)
    })

    it('opens in a process of another version, so that nobody starts again when a new one is put in place', async () => {
      const sealed = 'AdvOkle1vZf6PTQPLqmdTiq4XHe_j-O1WqhPer0BEGGuY6B_wsGkmG4wLqUjJKY3f28PgAl0gn6N2dAB6LZRNJfLa3wJYUQHFvWGoztb_J822ULXr0M0B8-NrWsA'
      expect(await new Handles(keysOf(Buffer.alloc(32, 7)), 'nevis').open(sealed)).toEqual(SEALED)
    })

    it('fits into an address unescaped', async () => {
      for (let i = 0; i < 50; i++) expect(await handles.seal(SEALED)).toMatch(/^[A-Za-z0-9_-]+$/)
    })

    it('shows neither the id nor the status token', async () => {
      const handle = await handles.seal(SEALED)
      const readable = handle + Buffer.from(handle, 'base64url').toString('latin1')
      for (const secret of [SEALED.id, SEALED.statusToken as string, SEALED.factor, String(SEALED.expiresAt)]) {
        expect(readable).not.toContain(secret)
        expect(readable).not.toContain(Buffer.from(secret).toString('base64url'))
      }
    })

    it('is another one each time', async () => {
      const sealed = await Promise.all(Array.from({ length: 100 }, () => handles.seal(SEALED)))
      expect(new Set(sealed).size).toBe(100)
      // The initialization vectors too: one used twice would give the key away.
      expect(new Set(sealed.map((one) => Buffer.from(one, 'base64url').subarray(1, 13).toString('hex'))).size).toBe(100)
    })
  })

  describe('with one flipped bit', () => {
    it('does not open, whichever bit it is', async () => {
      const bytes = Buffer.from(await handles.seal(SEALED), 'base64url')
      const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
        return copy.toString('base64url')
      })
      expect(flipped.length).toBeGreaterThan(500)
      expect(await opening(flipped)).toEqual([])
    })
  })

  describe('with one other character', () => {
    it('does not open, whichever and wherever it is', async () => {
      const handle = await handles.seal(SEALED)
      const alphabet = [...BASE64URL, '+', '/', '=', ' ', '\n', '.', '%', '\0', 'é', '😀']
      const replaced = [...handle].flatMap((character, at) =>
        alphabet.filter((other) => other !== character).map((other) => handle.slice(0, at) + other + handle.slice(at + 1)),
      )
      expect(await opening(replaced)).toEqual([])
    })
  })

  describe('that became longer or shorter', () => {
    it('does not open with anything before or after it', async () => {
      const handle = await handles.seal(SEALED)
      const others = ['A', 'AAAA', '=', '==', ' ', '\n', '\0', '.', '&', '#', '%00', handle]
      expect(await opening(others.flatMap((other) => [handle + other, other + handle]))).toEqual([])
    })

    it('does not open without its end or its beginning', async () => {
      const handle = await handles.seal(SEALED)
      const parts = [...handle].flatMap((_, at) => [handle.slice(0, at), handle.slice(at + 1)])
      expect(await opening(parts)).toEqual([])
    })

    it('does not open with bytes taken out or put in', async () => {
      const bytes = Buffer.from(await handles.seal(SEALED), 'base64url')
      const changed = [...bytes].flatMap((_, at) => [
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
        Buffer.concat([bytes.subarray(0, at), Buffer.of(0), bytes.subarray(at)]),
      ])
      expect(await opening(changed.map((one) => one.toString('base64url')))).toEqual([])
    })
  })

  describe('in another spelling of the same bytes', () => {
    it.each(['', 'x', 'xx'])('does not open (id with %j at its end)', async (end) => {
      const handle = await handles.seal({ ...SEALED, id: `${SEALED.id}${end}` })
      const bytes = Buffer.from(handle, 'base64url')
      const spellings = [
        ...[...BASE64URL].map((last) => handle.slice(0, -1) + last),
        `${handle}=`, `${handle}==`, bytes.toString('base64'), ` ${handle}`, `${handle}\r\n`, `${handle.slice(0, 8)}\n${handle.slice(8)}`,
        `${handle.slice(0, 8)}!${handle.slice(8)}`,
      ].filter((spelling) => spelling !== handle && Buffer.from(spelling, 'base64url').equals(bytes))
      expect(spellings.length).toBeGreaterThan(4)
      expect(await opening(spellings)).toEqual([])
    })
  })

  describe('put together from two', () => {
    it('does not open', async () => {
      const [one, other] = [Buffer.from(await handles.seal(SEALED), 'base64url'), Buffer.from(await handles.seal(SEALED), 'base64url')]
      const mixed = [1, 13, one.length - 16].map((at) => Buffer.concat([one.subarray(0, at), other.subarray(at)]).toString('base64url'))
      expect(await opening(mixed.slice(1))).toEqual([])
      // Only the version byte is alike in both.
      expect(await opening(mixed.slice(0, 1))).toEqual([0])
    })
  })

  describe('of another strategy', () => {
    it.each(['nevis2', 'nevi', 'Nevis', '', 'nevis '])('does not open for the name %j', async (name) => {
      const handle = await handles.seal(SEALED)
      expect(await new Handles(keysOf(KEY), name).open(handle)).toBeUndefined()
      expect(await new Handles(keysOf(KEY), 'nevis').open(handle)).toEqual(SEALED)
    })
  })

  describe('of another key', () => {
    it('does not open', async () => {
      const handle = await handles.seal(SEALED)
      expect(await new Handles(keysOf(randomBytes(32)), 'nevis').open(handle)).toBeUndefined()
      expect(await new Handles(keysOf(randomBytes(32), randomBytes(32)), 'nevis').open(handle)).toBeUndefined()
      expect(await new Handles(keysOf(), 'nevis').open(handle)).toBeUndefined()
    })

    it('opens while that key is anywhere in the list', async () => {
      const handle = await handles.seal(SEALED)
      expect(await new Handles(keysOf(randomBytes(32), KEY), 'nevis').open(handle)).toEqual(SEALED)
      expect(await new Handles(keysOf(randomBytes(32), randomBytes(32), KEY), 'nevis').open(handle)).toEqual(SEALED)
    })
  })

  describe('made with several keys', () => {
    it('is sealed with the first', async () => {
      const next = randomBytes(32)
      const handle = await new Handles(keysOf(next, KEY), 'nevis').seal(SEALED)
      expect(await new Handles(keysOf(next), 'nevis').open(handle)).toEqual(SEALED)
      expect(await handles.open(handle)).toBeUndefined()
    })
  })

  describe('after the keys were changed', () => {
    it('opens by the keys of that moment', async () => {
      let current = [KEY]
      const rotating = new Handles(async () => current, 'nevis')
      const handle = await rotating.seal(SEALED)
      current = [randomBytes(32), KEY]
      expect(await rotating.open(handle)).toEqual(SEALED)
      current = [randomBytes(32)]
      expect(await rotating.open(handle)).toBeUndefined()
    })
  })
})

describe('something else', () => {
  describe('that was never a handle', () => {
    it.each([undefined, null, 7, true, {}, [], Buffer.alloc(60, 1), { toString: () => 'x' }])('does not open: %p', async (value) => {
      expect(await handles.open(value)).toBeUndefined()
    })

    it.each(['', 'A', 'AQ', 'AQ'.repeat(19), 'AQ'.repeat(40), '{}', 'null', '../../etc/passwd'])('does not open: %j', async (value) => {
      expect(await handles.open(value)).toBeUndefined()
    })

    it('does not open for random bytes of any length', async () => {
      const random = Array.from({ length: 300 }, (_, length) => Buffer.concat([Buffer.of(1), randomBytes(length)]).toString('base64url'))
      expect(await opening(random)).toEqual([])
    })

    it('is not opened by a list with a handle in it', async () => {
      expect(await handles.open([await handles.seal(SEALED)])).toBeUndefined()
    })
  })

  describe('that is too long', () => {
    it('does not open although it was sealed, and no key is asked for', async () => {
      const handle = await handles.seal({ ...SEALED, statusToken: 'x'.repeat(9000) })
      const keys = jest.fn(keysOf(KEY))
      expect(await new Handles(keys, 'nevis').open(handle)).toBeUndefined()
      expect(await new Handles(keys, 'nevis').open('A'.repeat(1_000_000))).toBeUndefined()
      expect(keys).not.toHaveBeenCalled()
    })

    it('opens at 8192 characters, and not at one byte more', async () => {
      const rest = Buffer.from(await handles.seal({ ...SEALED, statusToken: '' }), 'base64url').length
      const longest = { ...SEALED, statusToken: 'x'.repeat((8192 / 4) * 3 - rest) }
      const handle = await handles.seal(longest)
      expect(handle).toHaveLength(8192)
      expect(await handles.open(handle)).toEqual(longest)
      expect(await handles.open(await handles.seal({ ...longest, id: `${longest.id}x` }))).toBeUndefined()
    })

    it('opens with a status token of several kilobytes', async () => {
      const long = { ...SEALED, statusToken: 'x'.repeat(5000) }
      expect(await handles.open(await handles.seal(long))).toEqual(long)
    })
  })
})
