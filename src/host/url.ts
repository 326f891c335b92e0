/** Adds to addresses. Not its job: to check them (`options.ts`). */

/** @internal */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`
}
