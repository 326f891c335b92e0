/**
 * Builds HTML from text with all values escaped.
 *
 * Out of scope: the content of pages (`page.ts`).
 */
import { unescapeHtml } from '../client/messages'
import { FALLBACK_BEGIN, FALLBACK_MARKS } from './texts/fallback'

/** Escaped HTML. Only the functions of this file create objects of this class. */
export class Html {
  constructor(readonly text: string) {}
}

export type Piece = string | number | Html | undefined | false | readonly Piece[]

/** Template tag that escapes every value that is not `Html`. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.reduce((text, string, i) => text + flatten(pieces[i - 1], NO_ELEMENTS.test(strings[i - 1] as string)) + string))
}

/**
 * HTML for a page whose script does not run, because JavaScript is switched off or the script could not be loaded. The stylesheet shows this HTML at once
 * without JavaScript, otherwise only if the script does not start within some seconds. The script removes this HTML when it starts. (`<noscript>` would stay
 * hidden if the script could not be loaded.)
 */
export function unscripted(content: Html): Html {
  return html`<div class="nevis-unscripted">${content}</div>`
}

/** Puts HTML in place of the placeholder of a text. */
export function filled(text: string, placeholder: string, piece: Html): Html {
  return new Html(html`${text}`.text.replace(placeholder, () => piece.text))
}

/** Matches HTML that ends where an attribute's value or the text of a title begins. These two places must not contain elements. */
const NO_ELEMENTS = /(?:="|<title>)$/

function flatten(piece: Piece, isPlain: boolean): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Html) return piece.text
  return typeof piece === 'object' ? piece.map((one) => flatten(one, isPlain)).join('') : inLanguage(escape(String(piece)), isPlain)
}

/**
 * Replaces the marks around English texts on a page in another language. An element with `lang="en"` takes their place or, where no element is allowed, the
 * Unicode characters for text from left to right. Marks inside other marks have no effect.
 */
function inLanguage(text: string, isPlain: boolean): string {
  const [begin, end] = isPlain ? ['\u2066', '\u2069'] : ['<span lang="en" dir="ltr">', '</span>']
  let depth = 0
  const replaced = text.replace(FALLBACK_MARKS, (mark) => {
    if (mark === FALLBACK_BEGIN) return depth++ === 0 ? begin : ''
    if (depth === 0) return ''
    return --depth === 0 ? end : ''
  })
  return depth > 0 ? replaced + end : replaced
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
