/** Adds to addresses. Not its job: to check them (`options.ts`). */

/** @internal */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(parameters).toString()}`
}
