/**
 * Builds messages for the Access App in Nevis's HTML format (text that begins with `<html>`), from fixed text and untrusted values.
 *
 * Out of scope: sending the messages, and showing them anywhere but on the phone.
 */
import { ArgumentError } from './checks'
import { appMessageFault } from './messages'

/** Line separators, paragraph separators and control characters: they would start a new line of the message. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu
/** Invisible format characters, for example bidi controls. Excludes the joiners U+200C and U+200D, because emoji and several scripts need them. */
const UNSEEN = /(?![\u200c\u200d])\p{Cf}/gu
/** Lone surrogates: halves of a UTF-16 pair, which are not valid text. */
const BROKEN = /\p{Cs}/gu
/** Letters that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Template tag: ``htmlMessage`Pay <b>CHF ${amount}</b> to ${payee}?` `` is `<html>Pay <b>CHF 50.00</b> to M&amp;S?</html>`. The phone formats the tags `b br
 * em i strong u`, without attributes. Tags are allowed in the template only, never in a value.
 *
 * An attacker may have chosen a value (such as the payee's name) to falsify the message. So a value can only be one line of text:
 * - `&`, `<` and `>` are escaped, so a value cannot format anything;
 * - line breaks, tabs and other control characters become one space, so a value cannot add a line such as "Amount: 5";
 * - invisible format characters are removed: a bidi override (U+202E) would reverse the digits that the user sees;
 * - a value with right-to-left letters is put between U+2068 and U+2069, because such letters would otherwise reverse numbers next to them (Unicode Standard
 *   Annex 9, 2.4).
 *
 * Limit the length of values yourself: a long value can push the rest of the message off the screen.
 *
 * @param values strings, numbers or bigints
 * @returns a message for push and app
 * @throws TypeError if the template contains another tag, or a value is of another type (for example `undefined`)
 * @see https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref (`message`)
 */
export function htmlMessage(template: TemplateStringsArray, ...values: (string | number | bigint)[]): string {
  const pieces = template.map((text, i) => (i === 0 ? text : escaped(values[i - 1]) + text))
  const message = `<html>${pieces.join('')}</html>`
  const fault = appMessageFault(message)
  if (fault !== undefined) throw new ArgumentError(`htmlMessage: the message ${fault}`)
  return message
}

function escaped(value: unknown): string {
  if (!['string', 'number', 'bigint'].includes(typeof value)) throw new TypeError('htmlMessage: values must be strings, numbers or bigints')
  const text = String(value).replace(BROKEN, '\ufffd').replace(BREAKS, ' ').replace(UNSEEN, '')
  const shown = text.replace(/[&<>]/g, (character) => ENTITIES[character] as string)
  return RIGHT_TO_LEFT.test(text) ? `\u2068${shown}\u2069` : shown
}
