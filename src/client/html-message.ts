/**
 * Messages in Nevis's `<html>` form, made of fixed text and values that nobody here controls.
 *
 * Not its job: to send them, or to show them anywhere else than on the phone.
 */
import { appMessageFault } from './messages'

/** Line and paragraph separators and control characters: in a value they would be a line of somebody else's making. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu
/** Format characters that nobody sees, bidi controls among them. Joiners stay: emoji and whole scripts need them. */
const UNSEEN = /(?![\u200c\u200d])\p{Cf}/gu
/** Halves of a character. */
const BROKEN = /\p{Cs}/gu
/** Letters that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Tag for templates: ``htmlMessage`Pay <b>${amount} CHF</b> to ${payee}?` `` is
 * `<html>Pay <b>50.00 CHF</b> to M&amp;S?</html>`. The phone formats the tags `b br em i strong u`, without attributes;
 * they may stand in the template alone.
 *
 * A value can only be text, and only one line of it, because somebody else may have chosen it to make the message lie:
 * - `&`, `<` and `>` are escaped, so that it formats nothing;
 * - line breaks, tabs and other control characters become one space, so that it adds no line such as "Amount: 5";
 * - format characters that are not seen are left out: a bidi override (U+202E) would show what follows it, digits
 *   included, in another order than it is signed;
 * - letters written from right to left turn numbers next to them around even without such characters, so a value with
 *   such letters is put between U+2068 and U+2069, which keep its direction to itself (Unicode Standard Annex 9, 2.4).
 *
 * How long a value may be is for you to say: a long one pushes the rest off the screen.
 *
 * @param values strings, numbers or bigints
 * @returns a message for push and app
 * @throws TypeError when the template holds another tag, or a value is of another type (`undefined`)
 * @see https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref (`message`)
 */
export function htmlMessage(template: TemplateStringsArray, ...values: (string | number | bigint)[]): string {
  const pieces = template.map((text, i) => (i === 0 ? text : escaped(values[i - 1]) + text))
  const message = `<html>${pieces.join('')}</html>`
  const fault = appMessageFault(message)
  if (fault !== undefined) throw new TypeError(`htmlMessage: the message ${fault}`)
  return message
}

function escaped(value: unknown): string {
  if (!['string', 'number', 'bigint'].includes(typeof value)) throw new TypeError('htmlMessage: values must be strings, numbers or bigints')
  const text = String(value).replace(BROKEN, '\ufffd').replace(BREAKS, ' ').replace(UNSEEN, '')
  const shown = text.replace(/[&<>]/g, (character) => ENTITIES[character] as string)
  return RIGHT_TO_LEFT.test(text) ? `\u2068${shown}\u2069` : shown
}
