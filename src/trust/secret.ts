/**
 * Tells a secret that a person made up from one that a random generator made.
 *
 * Out of scope: proof. A sentence of many different words passes; only the person who makes a secret knows whether it is random.
 */

/** The command that makes a good secret: 256 bits. */
export const MAKE_SECRET = `node -e "console.log(require('crypto').randomBytes(32).toString('base64url'))"`

/** What people type when they need many characters, forwards and backwards. */
const FORWARDS = 'abcdefghijklmnopqrstuvwxyz 01234567890123456789 qwertyuiop qwertzuiop asdfghjkl zxcvbnm yxcvbnm'
const SEQUENCES = new Set(threesOf(`${FORWARDS} ${[...FORWARDS].reverse().join('')}`))

/**
 * The weakest secret that must pass is one of 32 random hexadecimal digits: two million of them were tried, and all passed.
 * A word that is repeated has 30 or fewer of these bits, an alphabet 25.
 */
const MIN_BITS = 80

/**
 * True for a secret of one letter, of a repeated block, of sequences such as `0123456789abcdef`, or of few different characters.
 * Counts the characters that do not follow from those before them, as if each were one of the characters that occur.
 */
export function isGuessable(secret: string): boolean {
  return isRepeated(secret) || unpredictableCharactersIn(secret) * Math.log2(new Set(secret).size) < MIN_BITS
}

/** A block, twice or more, the last one perhaps cut off. */
function isRepeated(secret: string): boolean {
  for (let length = 1; length <= secret.length / 2; length++) if (secret.startsWith(secret.slice(length))) return true
  return false
}

/** How many characters end three that neither stand earlier in the secret nor in a sequence, nor are all the same. */
function unpredictableCharactersIn(secret: string): number {
  const seen = new Set<string>()
  let fresh = 2
  for (const three of threesOf(secret.toLowerCase())) {
    const [first, second, third] = three
    const follows = seen.has(three) || SEQUENCES.has(three) || (first === second && second === third)
    if (!follows) fresh++
    seen.add(three)
  }
  return fresh
}

function threesOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 2) }, (_, i) => text.slice(i, i + 3))
}
