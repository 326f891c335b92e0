/**
 * Adds a query to a URL.
 *
 * Out of scope: checking the URL (`option-values.ts`).
 */

/** @internal */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`
}
