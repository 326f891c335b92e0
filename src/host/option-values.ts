/**
 * One value of an option, checked by its kind: an address, a text, a number, a switch, a function.
 *
 * Out of scope: to know the options (`options.ts`). Everything here throws a TypeError that names the option, never its value.
 */

import { parseURL } from '../client/parse-url'

/** @param owner class or function whose option it is */
export function optionError(sentence: string, owner = 'NevisStrategy'): TypeError {
  return new TypeError(`${owner}: ${sentence}`)
}

/** What can follow a slash without making a browser read another host: not `//evil`, not `/\evil`. */
const PATH = /^\/(?![/\\])/

/**
 * An address of the app: nothing that a browser could read as another host, with white space that it drops or without.
 * @param owner class or function whose option it is
 * @returns the address in ASCII, because it travels in the header `Location`, where Node refuses anything else: encoded as
 * a browser encodes it, `/best%C3%A4tigung` for `/bestätigung`
 */
export function address(option: string, value: unknown, owner?: string): string {
  const url = text(option, value, owner)
  const isAddress = PATH.test(url) || /^https?:\/\//.test(url)
  if (isAddress && !/[\s\p{Cc}#]/u.test(url) && parseURL(url, 'http://host') !== undefined) {
    const ascii = inAscii(url)
    // To resolve `/.//evil` leaves `//evil`.
    if (!ascii.startsWith('/') || PATH.test(ascii)) return ascii
  }
  throw optionError(`${option} must be an absolute path such as "/login/2fa", or a URL`, owner)
}

/** What is in ASCII stays as it was written, so that it equals the path at which the app mounts its route. */
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

/** A misspelt option would let more pass than was meant. */
export function refuseUnknown(owner: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${owner}: options must be an object`)
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new TypeError(`${owner}: unknown option "${unknown}"`)
}

/**
 * The property of the session that is ours alone: Passport's and the session's own would be overwritten.
 * @throws TypeError
 * @internal
 */
export function sessionKeyOf(owner: string, key: unknown): string {
  if (typeof key === 'string' && key !== '' && !['passport', 'cookie', '__proto__'].includes(key)) return key
  throw new TypeError(`${owner}: sessionKey must be a non-empty string, and neither "passport" nor "cookie"`)
}
