/**
 * The attack: guessing the option `secret`, which protects handles and transactions. If 32 characters were the only rule, an app could use one repeated letter,
 * a word typed several times, or the digits in a row. An attacker can try such secrets on the handle in the URL of their own waiting page: only the right
 * secret decrypts this handle. With the secret, the attacker can forge handles and transactions.
 */
import { randomBytes } from 'node:crypto'
import { NevisStrategy, push } from '../../src'
import { isGuessable } from '../../src/trust/secret'

const made = (secret: string | readonly string[]) =>
  new NevisStrategy({ instance: 'shop', accessKey: 'key-0123456789', factors: [push()], waitingURL: '/2fa', secret }, async () => false)

describe('a secret', () => {
  describe('that can be guessed', () => {
    const guessable: [string, string][] = [
      ['one letter', 'a'.repeat(32)],
      ['one letter, many times', 'x'.repeat(500)],
      ['a word, repeated', 'secret'.repeat(6)],
      ['a word, repeated and cut off', 'passwordpasswordpasswordpassword'.slice(0, 30) + 'pa'],
      ['two words, repeated', 'keyboard cat '.repeat(3)],
      ['a word, repeated with numbers', 'password1password2password3password4'],
      ['words to be replaced', 'change-me-change-me-please-change-me'],
      ['digits in a row', '0123456789'.repeat(4)],
      ['hexadecimal digits in a row', '0123456789abcdef'.repeat(2)],
      ['the alphabet and the digits', 'abcdefghijklmnopqrstuvwxyz0123456789'],
      ['the alphabet, large and small', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'],
      ['the alphabet, backwards', 'zyxwvutsrqponmlkjihgfedcba9876543210'],
      ['rows of a keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
      ['rows of a keyboard of another country', 'qwertzuiopasdfghjklyxcvbnm1234567890'],
      ['two letters by turns that look random', 'abbababbaabbabaababbabaabbaababba'],
      ['spaces', ' '.repeat(40)],
      ['a good half, twice', '9f86d081884c7d65'.repeat(2)],
      ['a good secret, twice', 'q7ZkV0xT9mLw3RbYc5HsJ2Nd'.repeat(2)],
      ['a byte, repeated in hexadecimal', '5e'.repeat(32)],
    ]

    // Shows: ASVS V11.2.3
    it.each(guessable)('%s › is refused with the command that makes a good one, and is not repeated', (_name, secret) => {
      let thrown: unknown
      try {
        made(secret)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(TypeError)
      const { message } = thrown as TypeError
      expect(message).toBe(`NevisStrategy: secret must be random, not a repetition or a sequence; generate one with: node -e "console.log(require('crypto').randomBytes(32).toString('base64url'))"`)
      expect(message).not.toContain(secret)
    })

    it('among good ones › is refused, because it opens what an attacker has encrypted', () => {
      expect(() => made([randomBytes(32).toString('base64url'), 'a'.repeat(32)])).toThrow('secret must be random')
    })
  })

  describe('of 16 different characters, a hair from what is refused', () => {
    it.each([
      [true, 'is refused with 19 characters: 76 bits', 'fb2e9c0a7d1853f46b0'],
      [false, 'is taken with 20 characters: 80 bits', 'fb2e9c0a7d1853f46b0d'],
      [true, 'is refused with 20 characters that end in the same one three times: it counts twice', 'fb2e9c0a7d1853f46bbb'],
      [false, 'is taken with 20 characters of which two are the same', 'fb2e9c0a7d1853f46bb0'],
    ])('guessable: %s › %s', (guessable, _name, secret) => {
      expect(new Set(secret).size).toBe(16)
      expect(isGuessable(secret)).toBe(guessable)
    })
  })

  describe('that cannot', () => {
    it.each([
      ['of the command', randomBytes(32).toString('base64url')],
      ['of 128 bits in hexadecimal', '9f86d081884c7d659a2feaa0c55ad015'],
      ['of 32 random digits', '53031364425331681986148501980203'],
      ['that is a long sentence', 'a secret of thirty-two characters'],
    ])('%s › is taken', (_name, secret) => {
      expect(() => made(secret)).not.toThrow()
    })
  })
})
