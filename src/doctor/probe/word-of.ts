/**
 * Names an error without its message, because the message may contain secret data.
 *
 * Out of scope: what the error means (`obstacle.ts`).
 */

/** Returns the error's code, for example `ENOTFOUND`; without a code, its name; without a name, `unknown`. */
export function wordOf(reason: unknown): string {
  const { code, name } = Object(reason) as { code?: unknown; name?: unknown }
  return [code, name].find((one): one is string => typeof one === 'string' && /^\w{1,40}$/.test(one)) ?? 'unknown'
}
