/** Tests the handle (the encrypted transaction in a URL): decrypting returns exactly what was encrypted, and the browser can read nothing in the handle. */
import { randomBytes } from 'node:crypto'
import { Handles, type HandleContent } from '../../src/trust/handle'

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const KEY = randomBytes(32)
const handles = new Handles([KEY], 'nevis')
const SEALED: HandleContent = { id: 'transaction-id', factor: 'push', statusToken: 'status-token', expiresAt: 1_700_000_000_000 }

/** Returns the indices of those altered handles that can still be decrypted. Nearly every test expects an empty list. */
function opening(candidates: readonly string[]): number[] {
  const opened = candidates.map((candidate) => handles.open(candidate))
  return opened.flatMap((sealed, i) => (sealed === undefined ? [] : [i]))
}

describe('an encrypted handle', () => {
  describe('as it is', () => {
    // Shows: ASVS V11.3.2
    it.each<[string, HandleContent]>([
      ['with a status token', SEALED],
      ['without one', { id: 'transaction-id', factor: 'recovery', expiresAt: 1 }],
      ['of an enrolment, with recovery codes', { ...SEALED, operation: 'enroll', encryptedCodes: 'bG9ja2Vk' }],
      ['with the name of its budget', { ...SEALED, budget: 'e0Tl6WB2M2ReTrgHSlcLtb' }],
      ['with every field', { ...SEALED, operation: 'approve', encryptedCodes: 'bG9ja2Vk', budget: 'e0Tl6WB2M2ReTrgHSlcLtb', isCodeTyped: false, moves: 2 }],
      ['with letters of every kind', { ...SEALED, id: 'ü"\\\n\u2028😀', factor: '["x"]' }],
    ])('decrypts to what was encrypted, %s', (_name, sealed) => {
      expect(handles.open(handles.seal(sealed))).toEqual(sealed)
    })

    it('holds no more of a transaction than it needs', () => {
      const transaction = { ...SEALED, subject: { username: 'anna' }, userId: 'u', data: 1 }
      expect(handles.open(handles.seal(transaction))).toEqual(SEALED)
    })

    it('opens in a process of another version, so that no user starts again when a new version is put in place', () => {
      const sealed = 'AdvOkle1vZf6PTQPLqmdTiq4XHe_j-O1WqhPer0BEGGuY6B_wsGkmG4wLqUjJKY3f28PgAl0gn6N2dAB6LZRNJfLa3wJYUQHFvWGoztb_J822ULXr0M0B8-NrWsA'
      expect(new Handles([Buffer.alloc(32, 7)], 'nevis').open(sealed)).toEqual(SEALED)
    })

    it('fits into an address unescaped', () => {
      for (let i = 0; i < 50; i++) expect(handles.seal(SEALED)).toMatch(/^[A-Za-z0-9_-]+$/)
    })

    it('shows neither the id nor the status token', () => {
      const handle = handles.seal(SEALED)
      const readable = handle + Buffer.from(handle, 'base64url').toString('latin1')
      for (const secret of [SEALED.id, SEALED.statusToken as string, SEALED.factor, String(SEALED.expiresAt)]) {
        expect(readable).not.toContain(secret)
        expect(readable).not.toContain(Buffer.from(secret).toString('base64url'))
      }
    })

    it('is another one each time', () => {
      const sealed = Array.from({ length: 1000 }, () => handles.seal(SEALED))
      expect(new Set(sealed).size).toBe(1000)
      // Not only the handles, but also their initialization vectors must differ: if AES-GCM uses a vector twice, an attacker can find the authentication key.
      expect(new Set(sealed.map((one) => Buffer.from(one, 'base64url').subarray(1, 13).toString('hex'))).size).toBe(1000)
    })
  })

  describe('with one flipped bit', () => {
    // Shows: ASVS V9.1.1, ASVS V11.3.3, T-handle-2
    it('does not open, whichever bit it is', () => {
      const bytes = Buffer.from(handles.seal(SEALED), 'base64url')
      const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
        return copy.toString('base64url')
      })
      expect(flipped.length).toBeGreaterThan(500)
      expect(opening(flipped)).toEqual([])
    })
  })

  describe('with one other character', () => {
    // Shows: ASVS V9.1.2
    it('does not open, whichever and wherever it is', () => {
      const handle = handles.seal(SEALED)
      const alphabet = [...BASE64URL, '+', '/', '=', ' ', '\n', '.', '%', '\0', 'é', '😀']
      const replaced = [...handle].flatMap((character, at) =>
        alphabet.filter((other) => other !== character).map((other) => handle.slice(0, at) + other + handle.slice(at + 1)),
      )
      expect(opening(replaced)).toEqual([])
    })
  })

  describe('that became longer or shorter', () => {
    it('does not open with anything before or after it', () => {
      const handle = handles.seal(SEALED)
      const others = ['A', 'AAAA', '=', '==', ' ', '\n', '\0', '.', '&', '#', '%00', handle]
      expect(opening(others.flatMap((other) => [handle + other, other + handle]))).toEqual([])
    })

    it('does not open without its end or its beginning', () => {
      const handle = handles.seal(SEALED)
      const parts = [...handle].flatMap((_, at) => [handle.slice(0, at), handle.slice(at + 1)])
      expect(opening(parts)).toEqual([])
    })

    it('does not open with bytes taken out or put in', () => {
      const bytes = Buffer.from(handles.seal(SEALED), 'base64url')
      const changed = [...bytes].flatMap((_, at) => [
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
        Buffer.concat([bytes.subarray(0, at), Buffer.of(0), bytes.subarray(at)]),
      ])
      expect(opening(changed.map((one) => one.toString('base64url')))).toEqual([])
    })
  })

  describe('in another spelling of the same bytes', () => {
    it.each(['', 'x', 'xx'])('does not open (id with %j at its end)', (end) => {
      const handle = handles.seal({ ...SEALED, id: `${SEALED.id}${end}` })
      const bytes = Buffer.from(handle, 'base64url')
      const spellings = [
        ...[...BASE64URL].map((last) => handle.slice(0, -1) + last),
        `${handle}=`, `${handle}==`, bytes.toString('base64'), ` ${handle}`, `${handle}\r\n`, `${handle.slice(0, 8)}\n${handle.slice(8)}`,
        `${handle.slice(0, 8)}!${handle.slice(8)}`,
      ].filter((spelling) => spelling !== handle && Buffer.from(spelling, 'base64url').equals(bytes))
      expect(spellings.length).toBeGreaterThan(4)
      expect(opening(spellings)).toEqual([])
    })
  })

  describe('put together from two', () => {
    // Shows: ASVS V9.1.1
    it('does not open', () => {
      const [one, other] = [Buffer.from(handles.seal(SEALED), 'base64url'), Buffer.from(handles.seal(SEALED), 'base64url')]
      const mixed = [1, 13, one.length - 16].map((at) => Buffer.concat([one.subarray(0, at), other.subarray(at)]).toString('base64url'))
      expect(opening(mixed.slice(1))).toEqual([])
      // `mixed[0]` takes only its first byte from `one`. This byte is the version, which is the same in both handles. So `mixed[0]` is `other`, and can be
      // decrypted.
      expect(opening(mixed.slice(0, 1))).toEqual([0])
    })
  })

  describe('of another strategy', () => {
    // Shows: ASVS V11.3.3
    it.each(['nevis2', 'nevi', 'Nevis', '', 'nevis '])('does not open for the name %j', (name) => {
      const handle = handles.seal(SEALED)
      expect(new Handles([KEY], name).open(handle)).toBeUndefined()
      expect(new Handles([KEY], 'nevis').open(handle)).toEqual(SEALED)
    })
  })

  describe('of another key', () => {
    // Shows: ASVS V9.1.3
    it('does not open', () => {
      const handle = handles.seal(SEALED)
      expect(new Handles([randomBytes(32)], 'nevis').open(handle)).toBeUndefined()
      expect(new Handles([randomBytes(32), randomBytes(32)], 'nevis').open(handle)).toBeUndefined()
      expect(new Handles([], 'nevis').open(handle)).toBeUndefined()
    })

    it('opens while that key is anywhere in the list', () => {
      const handle = handles.seal(SEALED)
      expect(new Handles([randomBytes(32), KEY], 'nevis').open(handle)).toEqual(SEALED)
      expect(new Handles([randomBytes(32), randomBytes(32), KEY], 'nevis').open(handle)).toEqual(SEALED)
    })
  })

  describe('made with several keys', () => {
    it('is encrypted with the first secret', () => {
      const next = randomBytes(32)
      const handle = new Handles([next, KEY], 'nevis').seal(SEALED)
      expect(new Handles([next], 'nevis').open(handle)).toEqual(SEALED)
      expect(handles.open(handle)).toBeUndefined()
    })
  })
})

describe('something else', () => {
  describe('that was never a handle', () => {
    it.each([undefined, null, 7, true, {}, [], Buffer.alloc(60, 1), { toString: () => 'x' }])('does not open: %p', (value) => {
      expect(handles.open(value)).toBeUndefined()
    })

    // Shows: ASVS V9.1.2
    it.each(['', 'A', 'AQ', 'AQ'.repeat(19), 'AQ'.repeat(40), '{}', 'null', '../../etc/passwd'])('does not open: %j', (value) => {
      expect(handles.open(value)).toBeUndefined()
    })

    // Shows: ASVS V11.2.5
    it('does not open for random bytes of any length', () => {
      const random = Array.from({ length: 300 }, (_, length) => Buffer.concat([Buffer.of(1), randomBytes(length)]).toString('base64url'))
      expect(opening(random)).toEqual([])
    })

    it('is not opened by a list with a handle in it', () => {
      expect(handles.open([handles.seal(SEALED)])).toBeUndefined()
    })
  })

  describe('that is too long', () => {
    it('is refused although it was encrypted', () => {
      expect(handles.open(handles.seal({ ...SEALED, statusToken: 'x'.repeat(9000) }))).toBeUndefined()
      expect(handles.open('A'.repeat(1_000_000))).toBeUndefined()
    })

    it('does not fit, and what fits can be opened also with the fields that a transaction gets later', () => {
      const contents = Array.from({ length: 400 }, (_, i) => ({ ...SEALED, statusToken: 'x'.repeat(5700 + i) }))
      const fitting = contents.filter((content) => handles.fits(content))
      expect(fitting.length).toBeGreaterThan(0)
      expect(fitting.length).toBeLessThan(contents.length)
      for (const content of fitting) expect(handles.open(handles.seal({ ...content, moves: 99, isCodeTyped: true }))).toBeDefined()
    })

    it('opens at 8192 characters, and not at one byte more', () => {
      const rest = Buffer.from(handles.seal({ ...SEALED, statusToken: '' }), 'base64url').length
      const longest = { ...SEALED, statusToken: 'x'.repeat((8192 / 4) * 3 - rest) }
      const handle = handles.seal(longest)
      expect(handle).toHaveLength(8192)
      expect(handles.open(handle)).toEqual(longest)
      expect(handles.open(handles.seal({ ...longest, id: `${longest.id}x` }))).toBeUndefined()
    })

    it('opens with a status token of several kilobytes', () => {
      const long = { ...SEALED, statusToken: 'x'.repeat(5000) }
      expect(handles.open(handles.seal(long))).toEqual(long)
    })
  })
})
