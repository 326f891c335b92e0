/**
 * Codes and phone numbers as people type and paste them, brought into the one form that Nevis takes.
 *
 * What does not become a code or a number is not sent to Nevis: an attacker who may send any text in the place of a code
 * chooses when a web application firewall in between answers in place of Nevis.
 *
 * Out of scope: guessing. A digit or letter is never added, left out or changed for another one, only its spelling.
 */
import { isPhone } from './checks'

const SMS_CODE = /^[0-9]{1,64}$/
const RECOVERY_CODE = /^(?=.*[A-Za-z0-9])[A-Za-z0-9-]{1,64}$/
/** What is no code of one or two digits has three. */
const SHORT_COUNTRY_CODE = '[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]'
const COUNTRY_CODE_AND_ZEROS = new RegExp(`^(\\+(?:${SHORT_COUNTRY_CODE}|(?!${SHORT_COUNTRY_CODE})\\d{3}))0+`)
/** Longer input is not worth reading: the longest code has 64 characters. */
const MAX_CHARACTERS = 256

/** Soft hyphen, zero-width characters, marks of direction (bidi), variation selectors, and the box around a key-cap digit. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\ufe00-\ufe0f]|\u034f|\u20e3/g
const FULL_WIDTH = /[\uff01-\uff5e]/g
const FULL_WIDTH_OFFSET = 0xff01 - 0x21
/** Hyphens, dashes of all lengths, and the minus sign; the full-width one is among the full-width characters. */
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63]/g

/**
 * The code of an SMS: digits. Spaces between them, digits of other scripts and invisible characters are allowed for.
 * @param text as the person typed it
 * @returns undefined for what is no code
 */
export function smsCodeIn(text: unknown): string | undefined {
  return matching(SMS_CODE, normalized(text))
}

/**
 * A recovery code: letters, digits and dashes, 16 of the former. Upper and lower case differ, and stay as they are.
 * @param text as the person typed it
 * @returns undefined for what is no code
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/request-recovery-codes
 */
export function recoveryCodeIn(text: unknown): string | undefined {
  return matching(RECOVERY_CODE, normalized(text)?.replace(DASHES, '-'))
}

/**
 * An international phone number: `+` and digits. Spaces, dashes, dots, and parentheses around an area code are left out.
 * `(0)` is not: in most countries it must not be dialled after the country code, in some it must. Nor is a slash, which
 * may stand between two numbers, nor `00` for `+`, which means that in some countries only.
 * @param text as the person typed it
 * @returns undefined for what is no such number
 */
export function phoneNumberIn(text: unknown): string | undefined {
  const compact = normalized(text)?.replace(DASHES, '-').replace(/[-.]/g, '').replace(/\(([1-9][0-9]*)\)/g, '$1')
  return isPhone(compact) ? compact : undefined
}

/**
 * The same number without the zero of the national form: `+41 079 …` for `+41 79 …`, as many people write it and many senders take it.
 * @param phone `+` and digits, or the beginning of it
 * @see https://www.itu.int/rec/T-REC-E.164 country codes have one digit (1, 7), two, or three
 */
export function withoutTrunkZero(phone: string): string {
  return phone.replace(COUNTRY_CODE_AND_ZEROS, '$1')
}

function matching(pattern: RegExp, text: string | undefined): string | undefined {
  return text !== undefined && pattern.test(text) ? text : undefined
}

/** Without spaces and invisible characters, and with ASCII in place of other scripts' digits and of full-width characters. */
function normalized(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_CHARACTERS) return undefined
  const visible = text.replace(/\s/g, '').replace(INVISIBLE, '')
  const isAscii = /^[!-~]*$/.test(visible)
  return isAscii ? visible : withAsciiDigits(visible.replace(FULL_WIDTH, (character) => String.fromCharCode(character.charCodeAt(0) - FULL_WIDTH_OFFSET)))
}

/** The set is made here and not when the file is loaded, because V8 builds it from all of Unicode. */
function withAsciiDigits(text: string): string {
  const decimalDigit = new RegExp('^\\p{Nd}$', 'u')
  return Array.from(text, (character) => (decimalDigit.test(character) ? String(valueOf(character, decimalDigit)) : character)).join('')
}

/** Unicode keeps the digits 0 to 9 of a script in a row and in this order (standard, section 4.6); rows may follow each other. */
function valueOf(digit: string, decimalDigit: RegExp): number {
  const codePoint = digit.codePointAt(0) as number
  let first = codePoint
  while (decimalDigit.test(String.fromCodePoint(first - 1))) first--
  return (codePoint - first) % 10
}
