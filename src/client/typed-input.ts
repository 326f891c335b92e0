/**
 * Converts codes and phone numbers, as users type or paste them, to the form that Nevis accepts.
 *
 * Input in any other form is never sent to Nevis. Otherwise an attacker could type text that a web application firewall blocks, and the client would mistake
 * the firewall's response for Nevis's response. Out of scope: correcting mistakes. This file only removes spaces and dashes, and replaces digits of other
 * scripts by ASCII digits.
 */
import { isPhone } from './checks'

const SMS_CODE = /^[0-9]{1,64}$/
const RECOVERY_CODE = /^(?=.*[A-Za-z0-9])[A-Za-z0-9-]{1,64}$/
/** The country codes with one or two digits. All other country codes have three. */
const SHORT_COUNTRY_CODE = '[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]'
const COUNTRY_CODE_AND_ZEROS = new RegExp(`^(\\+(?:${SHORT_COUNTRY_CODE}|(?!${SHORT_COUNTRY_CODE})\\d{3}))0+`)
/** Input with more characters than this is rejected at once. The longest code that Nevis accepts has 64 characters. */
const MAX_CHARACTERS = 256

/** Invisible characters: soft hyphen, zero-width characters, bidi marks, variation selectors, and the box around a key-cap digit. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\ufe00-\ufe0f]|\u034f|\u20e3/g
const FULL_WIDTH = /[\uff01-\uff5e]/g
const FULL_WIDTH_OFFSET = 0xff01 - 0x21
/** Hyphens, dashes of all lengths, and the minus sign. The full-width dash is handled with the full-width characters. */
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63]/g

/**
 * Returns the digits of an SMS code. Accepts spaces, invisible characters and digits of other scripts.
 * @param text as the user typed it
 * @returns undefined if the text is not a code
 */
export function smsCodeIn(text: unknown): string | undefined {
  return matching(SMS_CODE, normalized(text))
}

/**
 * Returns a recovery code: 16 letters or digits, with dashes. Keeps upper and lower case, because they differ.
 * @param text as the user typed it
 * @returns undefined if the text is not a code
 * @see https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/request-recovery-codes
 */
export function recoveryCodeIn(text: unknown): string | undefined {
  return matching(RECOVERY_CODE, normalized(text)?.replace(DASHES, '-'))
}

/**
 * Returns an international phone number: `+` and digits. Removes spaces, dashes, dots, and parentheses around an area code. Rejects `(0)`: after the country
 * code, most countries omit this zero, some keep it. Rejects a slash, because it may separate two numbers. Rejects a leading `00`, because it means `+` only
 * in some countries.
 * @param text as the user typed it
 * @returns undefined if the text is not such a number
 */
export function phoneNumberIn(text: unknown): string | undefined {
  const compact = normalized(text)?.replace(DASHES, '-').replace(/[-.]/g, '').replace(/\(([1-9][0-9]*)\)/g, '$1')
  return isPhone(compact) ? compact : undefined
}

/**
 * Removes the zero after the country code: `+41079…` becomes `+4179…`. Many people type this zero, and many SMS providers accept it.
 * @param phone `+` and digits: a complete phone number, or only its beginning
 * @see https://www.itu.int/rec/T-REC-E.164 country codes have one digit (1, 7), two, or three
 */
export function withoutTrunkZero(phone: string): string {
  return phone.replace(COUNTRY_CODE_AND_ZEROS, '$1')
}

function matching(pattern: RegExp, text: string | undefined): string | undefined {
  return text !== undefined && pattern.test(text) ? text : undefined
}

/** Removes spaces and invisible characters. Replaces digits of other scripts and full-width characters with ASCII characters. */
function normalized(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_CHARACTERS) return undefined
  const visible = text.replace(/\s/g, '').replace(INVISIBLE, '')
  const isAscii = /^[!-~]*$/.test(visible)
  return isAscii ? visible : withAsciiDigits(visible.replace(FULL_WIDTH, (character) => String.fromCharCode(character.charCodeAt(0) - FULL_WIDTH_OFFSET)))
}

/** Creates the pattern on each call, because `\p{Nd}` would slow down the loading of this file. */
function withAsciiDigits(text: string): string {
  const decimalDigit = new RegExp('^\\p{Nd}$', 'u')
  return Array.from(text, (character) => (decimalDigit.test(character) ? String(valueOf(character, decimalDigit)) : character)).join('')
}

/**
 * The value (0 to 9) of a digit. The ten digits of a script are consecutive code points (Unicode standard, section 4.6), so the value is the number of
 * digits directly before this digit. The digits of the next script may follow without a gap, so this function takes the number modulo 10.
 */
function valueOf(digit: string, decimalDigit: RegExp): number {
  const codePoint = digit.codePointAt(0) as number
  let first = codePoint
  while (decimalDigit.test(String.fromCodePoint(first - 1))) first--
  return (codePoint - first) % 10
}
