/**
 * Makes a text safe to print in a terminal and in a build log.
 *
 * A text from the application or a server may be an attack: an escape sequence can hide an error, a line break can add a false line, and a bidi control can
 * reorder text.
 * Out of scope: secrets. Findings never contain one.
 */

/** A text with more characters is cut off. All texts of this package are shorter. */
const MOST_CHARACTERS = 400

/** Characters that are replaced: control, format, surrogate, private and unassigned characters, and the line breaks U+2028 and U+2029. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu

export function printable(text: string): string {
  const clean = text.replace(UNPRINTABLE, '?')
  return clean.length <= MOST_CHARACTERS ? clean : `${clean.slice(0, MOST_CHARACTERS)}…`
}

/** True for a single word of letters and digits, for example `ECONNREFUSED`. */
export function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value)
}
