/**
 * Random texts for property tests about markup and text direction. fast-check's own strings contain `<`, `&` or a bidi override in only about one of
 * ten thousand characters, so code that escapes nothing would pass.
 *
 * Out of scope: what the code must do with the texts.
 */
import { constantFrom, oneof, string } from 'fast-check'

export const MARKUP = ['<', '>', '&', '"', '\'', '/', ';', '#', '&lt;', '&#60;', '<b>', '</html>', '<!--'] as const
export const DIRECTION = ['\u202a', '\u202b', '\u202d', '\u202e', '\u202c', '\u2066', '\u2067', '\u2068', '\u2069', '\u200e', '\u200f', '\u061c'] as const
export const CONTROLS = ['\n', '\r', '\t', '\u0000', '\u001b', '\u0085', '\u2028', '\u2029', '\u200b', '\ufeff', '\ud83d'] as const
const LETTERS = ['a', 'B', '5', '.', ' ', 'ש', 'ع', 'é', '👩\u200d👧'] as const

export const hostileText = string({
  unit: oneof(
    { weight: 3, arbitrary: constantFrom(...MARKUP) },
    { weight: 2, arbitrary: constantFrom(...DIRECTION) },
    { weight: 1, arbitrary: constantFrom(...CONTROLS) },
    { weight: 2, arbitrary: constantFrom(...LETTERS) },
    { weight: 2, arbitrary: string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  ),
})
