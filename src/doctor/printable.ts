/**
 * Makes a text safe to print in a terminal and in the log of a build.
 *
 * An app, a server on the network and a file name can hold what a terminal obeys: escape sequences that move the cursor over an
 * error, change the title or fill the clipboard; line breaks that forge a line of the report; marks that turn a text around.
 * Out of scope: secrets. What may hold one never becomes a finding.
 */

/** Longer than every text of ours. */
const MOST_CHARACTERS = 400

/** Control, format, surrogate, private and unassigned characters, and the two other line breaks. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu

export function printable(text: string): string {
  const clean = text.replace(UNPRINTABLE, '?')
  return clean.length <= MOST_CHARACTERS ? clean : `${clean.slice(0, MOST_CHARACTERS)}…`
}

/** True for a name or code of an error: one word that says nothing else. */
export function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value)
}
