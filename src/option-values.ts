/**
 * One value of an option of NevisStrategy, checked by its kind: an address, a text, a number, a switch, a function.
 *
 * Not its job: to know the options (`options.ts`). Everything here throws a TypeError that names the option, never its value.
 */

export function mistake(sentence: string): TypeError {
  return new TypeError(`NevisStrategy: ${sentence}`)
}

/** Nothing that a browser could read as another host: `//evil`, `/\evil`, or either with white space that it drops. */
export function address(option: string, value: unknown): string {
  const url = text(option, value)
  const isAddress = /^\/(?![/\\])/.test(url) || /^https?:\/\//.test(url)
  if (isAddress && !/[\s\p{Cc}#]/u.test(url) && URL.canParse(url, 'http://host')) return url
  throw mistake(`${option} must be an absolute path such as "/login/2fa", or a URL`)
}

export function text(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw mistake(`${option} must be a non-empty string`)
  return value
}

export function texts(option: string, value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw mistake(`${option} must not be an empty list`)
  return list.map((one) => text(option, one))
}

export function whole(option: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  throw mistake(`${option} must be a whole number from ${least} to ${most}`)
}

export function flag(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw mistake(`${option} must be true or false`)
  return value
}

export function fn<F>(option: string, value: F): F {
  if (typeof value !== 'function') throw mistake(`${option} must be a function`)
  return value
}
