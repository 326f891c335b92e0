/**
 * The encryption of recovery codes on their way to the page. A reader who has only the handle, or only the session, cannot decrypt the codes: decryption needs
 * the handle and the session.
 */
import { randomBytes } from 'node:crypto'
import { Handles } from '../../src/trust/handle'
import { encryptCodes, decryptCodes } from '../../src/trust/recovery-codes'

const CODES = Array.from({ length: 10 }, (_, i) => `Abcd-${1000 + i}-efGH-ijkl`)
const readable = (text: string) => text + Buffer.from(text, 'base64url').toString('latin1')

describe('recovery codes', () => {
  describe('with both halves', () => {
    it('decrypt to the same codes', () => {
      const { key, encrypted } = encryptCodes(CODES)
      expect(decryptCodes(key, encrypted)).toEqual(CODES)
    })

    it('open in a process of another version', () => {
      const encrypted = 'j6kYcvBTwq4dHnjgEjYKwagxMgnC5gk5ry8cFwFFtkyCu04aTPljUnVAF7S8M-eMS-KG-h8'
      expect(decryptCodes('2CXAU-y5yrZ_Tl2IlbCD9Og47H0EcgWGKPr_ZFyhmy8', encrypted)).toEqual(['Abcd-1000', 'Efgh-2000'])
    })

    it('open from a handle, whose length any server takes', () => {
      const handles = new Handles([randomBytes(32)], 'nevis')
      const { encrypted } = encryptCodes(CODES)
      const handle = handles.seal({ id: randomBytes(16).toString('hex'), factor: 'recovery', operation: 'enroll', expiresAt: Date.now(), encryptedCodes: encrypted })
      expect(handle.length).toBeLessThan(1000)
    })

    it('open from a handle even where there are a hundred, with a long status token', () => {
      const key = randomBytes(32)
      const handles = new Handles([key], 'nevis')
      const codes = Array.from({ length: 100 }, (_, i) => `Abcd-${1000 + i}-efGH-ijkl`)
      const { key: codesKey, encrypted } = encryptCodes(codes)
      const handle = handles.seal({ id: 'x'.repeat(36), factor: 'recovery', operation: 'enroll', expiresAt: Date.now(), statusToken: 's'.repeat(1000), encryptedCodes: encrypted })
      expect(decryptCodes(codesKey, (handles.open(handle))?.encryptedCodes)).toEqual(codes)
    })
  })

  describe('with one half', () => {
    // Shows: N-lookup-3
    it('show nothing', () => {
      const { key, encrypted } = encryptCodes(CODES)
      for (const code of CODES) expect(readable(key) + readable(encrypted)).not.toContain(code)
      expect(decryptCodes(undefined, encrypted)).toBeUndefined()
      expect(decryptCodes(key, undefined)).toBeUndefined()
    })

    it('do not open with the key of others, nor changed', () => {
      const { key, encrypted } = encryptCodes(CODES)
      expect(decryptCodes(encryptCodes(CODES).key, encrypted)).toBeUndefined()
      const bytes = Buffer.from(encrypted, 'base64url')
      bytes[20] = (bytes[20] as number) ^ 1
      expect(decryptCodes(key, bytes.toString('base64url'))).toBeUndefined()
      for (const foreign of ['', 'x', key, encrypted.slice(1)]) expect(decryptCodes(key, foreign)).toBeUndefined()
      for (const foreign of ['', 'x', encrypted]) expect(decryptCodes(foreign, encrypted)).toBeUndefined()
    })
  })

  describe('that are too many for an address', () => {
    it('are refused, and not repeated', () => {
      expect(() => encryptCodes(Array.from({ length: 1000 }, () => 'c4n4ry'))).toThrow(new RangeError('NevisStrategy: the recovery codes are too long for a URL'))
    })

    it('are those that take more than 3000 bytes as JSON, however few characters these are', () => {
      const bytes = (more: string) => encryptCodes(['ü'.repeat(1498) + more])
      expect(() => bytes('')).not.toThrow()
      expect(() => bytes('x')).toThrow(RangeError)
    })
  })
})
