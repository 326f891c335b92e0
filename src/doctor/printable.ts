/**
 * Makes a text safe to print in a terminal and in the log of a build.
 *
 * An app, a server on the network or a file name can contain characters that a terminal interprets: escape sequences that overwrite
 * an error, change the title or fill the clipboard; line breaks that forge a line of the report; bidi controls that reorder text.
 * Out of scope: secrets; a value that may be secret is never put in a finding.
 */

/** Longer texts are cut off after this many characters. The doctor's own texts are all shorter. */
const MOST_CHARACTERS = 400

/** Characters that are not printed: control, format, surrogate, private and unassigned characters, and the two other line breaks. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu

export function printable(text: string): string {
  const clean = text.replace(UNPRINTABLE, '?')
  return clean.length <= MOST_CHARACTERS ? clean : `${clean.slice(0, MOST_CHARACTERS)}…`
}

/** True for one word of letters and digits, such as the name or code of an error. */
export function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value)
}
