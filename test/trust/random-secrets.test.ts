/**
 * The strategy refuses a guessable `secret`, but must accept each of half a million random secrets. This test takes seconds. It has its own file, so that a
 * mutation run, which repeats the tests for each mutant, can leave it out (`test/mutate/slices.mjs`).
 */
import { randomBytes } from 'node:crypto'
import { isGuessable } from '../../src/trust/secret'

describe('of 100,000 random secrets', () => {
  it.each<[string, number, BufferEncoding]>([
    ['hexadecimal, 32 characters', 16, 'hex'],
    ['hexadecimal, 64 characters', 32, 'hex'],
    ['base64url, 32 characters', 24, 'base64url'],
    ['base64url, 43 characters', 32, 'base64url'],
    ['base64, 44 characters', 32, 'base64'],
  ])('none is refused: %s', (_name, bytes, encoding) => {
    const refused: string[] = []
    for (let i = 0; i < 100_000; i++) {
      const secret = randomBytes(bytes).toString(encoding)
      if (isGuessable(secret)) refused.push(secret)
    }
    expect(refused).toEqual([])
  }, 60_000)
})
