/**
 * Checks the value of an option by its type: address, string, number, boolean, function.
 *
 * Each function throws a TypeError that names the option, never its value. Out of scope: which options there are (`client/option-names.ts`).
 */

import { parseURL } from '../client/parse-url'

/**
 * Creates the TypeError for a wrong option.
 * @param owner the class or function that has the option
 */
export function optionError(sentence: string, owner = 'NevisStrategy'): TypeError {
  return new TypeError(`${owner}: ${sentence}`)
}

/** A path of this site. `//evil` and `/\evil` do not match, because a browser would read `evil` as another host. */
const PATH = /^\/(?![/\\])/

/**
 * Checks an address of the app: a URL, or a path that a browser cannot read as another host. Refuses an address with white space, because browsers drop white
 * space.
 * @param owner the class or function that has the option
 * @returns the address in ASCII, encoded as a browser encodes it (`/best%C3%A4tigung` for `/bestätigung`), because Node refuses other characters in the
 * header `Location`
 */
export function address(option: string, value: unknown, owner?: string): string {
  const url = text(option, value, owner)
  const isAddress = PATH.test(url) || /^https?:\/\//.test(url)
  if (isAddress && !/[\s\p{Cc}#]/u.test(url) && parseURL(url, 'http://host') !== undefined) {
    const ascii = inAscii(url)
    // A browser resolves the path `/.//evil` to `//evil`, which is another host.
    if (!ascii.startsWith('/') || PATH.test(ascii)) return ascii
  }
  throw optionError(`${option} must be an absolute path such as "/login/2fa", or a URL`, owner)
}

/** Encodes an address as a browser does. Leaves an address in ASCII unchanged, so that it equals the path of the app's route. */
function inAscii(url: string): string {
  if (/^[\x21-\x7e]*$/.test(url)) return url
  const { href, pathname, search } = new URL(url, 'http://host')
  return url.startsWith('/') ? pathname + search : href
}

export function text(option: string, value: unknown, owner?: string): string {
  if (typeof value !== 'string' || value === '') throw optionError(`${option} must be a non-empty string`, owner)
  return value
}

export function texts(option: string, value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw optionError(`${option} must not be an empty list`)
  return list.map((one) => text(option, one))
}

export function wholeNumber(option: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  throw optionError(`${option} must be a whole number from ${least} to ${most}`)
}

export function flag(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw optionError(`${option} must be true or false`)
  return value
}

export function callable<F>(option: string, value: F): F {
  if (typeof value !== 'function') throw optionError(`${option} must be a function`)
  return value
}

/**
 * Checks the option `sessionKey`. Refuses the names of properties that Passport or the session itself uses, because this package would overwrite them.
 * @throws TypeError
 * @internal
 */
export function sessionKeyOf(owner: string, key: unknown): string {
  if (typeof key === 'string' && key !== '' && !['passport', 'cookie', '__proto__'].includes(key)) return key
  throw new TypeError(`${owner}: sessionKey must be a non-empty string, and neither "passport" nor "cookie"`)
}

/** True for a userId or a username: a text that is not empty. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
