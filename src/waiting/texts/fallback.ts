/**
 * If a language lacks a text, the page shows the English text. This file marks such a text, so that the HTML can say that it is English. The marks are two code
 * points that Unicode reserves for the internal use of a program.
 *
 * Out of scope: what becomes of the marks in the HTML (`html.ts`).
 */
export const FALLBACK_BEGIN = '\ufdd0'
const FALLBACK_END = '\ufdd1'

/** All marks. A text may contain several marked texts: for example, a sentence contains the name of a factor. */
export const FALLBACK_MARKS = /[\ufdd0\ufdd1]/g

export function marked(text: string): string {
  return `${FALLBACK_BEGIN}${text}${FALLBACK_END}`
}

/** The text without marks, for JSON and for files. */
export function unmarked(text: string): string {
  return text.replace(FALLBACK_MARKS, '')
}
