/**
 * The encryption of recovery codes on their way to the page. A reader who has only the handle, or only the session, cannot decrypt the codes: decryption needs
 * the handle and the session.
 */
import { randomBytes } from 'node:crypto'
import { Handles } from '../../src/trust/handle'
import { lockCodes, unlockCodes } from '../../src/trust/recovery-codes'

const CODES = Array.from({ length: 10 }, (_, i) => `Abcd-${1000 + i}-efGH-ijkl`)
const readable = (text: string) => text + Buffer.from(text, 'base64url').toString('latin1')

describe('recovery codes', () => {
  describe('with both halves', () => {
    it('open to what was locked', () => {
      const { key, locked } = lockCodes(CODES)
      expect(unlockCodes(key, locked)).toEqual(CODES)
    })

    it('open in a process of another version', () => {
      const locked = 'j6kYcvBTwq4dHnjgEjYKwagxMgnC5gk5ry8cFwFFtkyCu04aTPljUnVAF7S8M-eMS-KG-h8'
      expect(unlockCodes('2CXAU-y5yrZ_Tl2IlbCD9Og47H0EcgWGKPr_ZFyhmy8', locked)).toEqual(['Abcd-1000', 'Efgh-2000'])
    })

    it('open from a handle, whose length any server takes', () => {
      const handles = new Handles([randomBytes(32)], 'nevis')
      const { locked } = lockCodes(CODES)
      const handle = handles.seal({ id: randomBytes(16).toString('hex'), factor: 'recovery', operation: 'enroll', expiresAt: Date.now(), lockedCodes: locked })
      expect(handle.length).toBeLessThan(1000)
    })

    it('open from a handle even where there are a hundred, with a long status token', () => {
      const key = randomBytes(32)
      const handles = new Handles([key], 'nevis')
      const codes = Array.from({ length: 100 }, (_, i) => `Abcd-${1000 + i}-efGH-ijkl`)
      const { key: codesKey, locked } = lockCodes(codes)
      const handle = handles.seal({ id: 'x'.repeat(36), factor: 'recovery', operation: 'enroll', expiresAt: Date.now(), statusToken: 's'.repeat(1000), lockedCodes: locked })
      expect(unlockCodes(codesKey, (handles.open(handle))?.lockedCodes)).toEqual(codes)
    })
  })

  describe('with one half', () => {
    // Shows: N-lookup-3
    it('show nothing', () => {
      const { key, locked } = lockCodes(CODES)
      for (const code of CODES) expect(readable(key) + readable(locked)).not.toContain(code)
      expect(unlockCodes(undefined, locked)).toBeUndefined()
      expect(unlockCodes(key, undefined)).toBeUndefined()
    })

    it('do not open with the key of others, nor changed', () => {
      const { key, locked } = lockCodes(CODES)
      expect(unlockCodes(lockCodes(CODES).key, locked)).toBeUndefined()
      const bytes = Buffer.from(locked, 'base64url')
      bytes[20] = (bytes[20] as number) ^ 1
      expect(unlockCodes(key, bytes.toString('base64url'))).toBeUndefined()
      for (const foreign of ['', 'x', key, locked.slice(1)]) expect(unlockCodes(key, foreign)).toBeUndefined()
      for (const foreign of ['', 'x', locked]) expect(unlockCodes(foreign, locked)).toBeUndefined()
    })
  })

  describe('that are too many for an address', () => {
    it('are refused, and not repeated', () => {
      expect(() => lockCodes(Array.from({ length: 1000 }, () => 'c4n4ry'))).toThrow(new RangeError('NevisStrategy: the recovery codes are too long for a URL'))
    })

    it('are those that take more than 3000 bytes as JSON, however few characters these are', () => {
      const bytes = (more: string) => lockCodes(['ü'.repeat(1498) + more])
      expect(() => bytes('')).not.toThrow()
      expect(() => bytes('x')).toThrow(RangeError)
    })
  })
})
