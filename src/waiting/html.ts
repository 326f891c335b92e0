/**
 * Builds HTML from text with all values escaped.
 *
 * Out of scope: the content of pages (`page.ts`).
 */
import { unescapeHtml } from '../client/messages'

/** Escaped HTML. Only the function `html` creates it. */
export class Html {
  constructor(readonly text: string) {}
}

export type Piece = string | number | Html | undefined | false | readonly Piece[]

/** Template tag that escapes every value that is not `Html`. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.reduce((text, string, i) => text + flatten(pieces[i - 1]) + string))
}

function flatten(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Html) return piece.text
  return typeof piece === 'object' ? piece.map(flatten).join('') : escape(String(piece))
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/**
 * Shows a message as the phone does: inside `<html>…</html>`, six formatting tags take effect, and everything else is plain text. Source:
 * https://docs.nevis.net/authcloud/api-doc/api-reference/approval-ref, `message`.
 */
export function messageHtml(message: string): Html {
  const wrapped = /^<html>([^]*)<\/html>$/.exec(message)?.[1]
  if (wrapped === undefined) return html`${message}`
  const pieces = wrapped.split(/(<\/?(?:b|br|em|i|strong|u)\s*\/?>)/)
  return html`${pieces.map((piece, i) => (i % 2 === 1 ? new Html(piece) : unescapeHtml(piece)))}`
}
