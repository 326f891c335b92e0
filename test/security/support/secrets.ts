/**
 * Converts values to text in every way in which code could print them, so that a test can search the text for a planted secret.
 *
 * Out of scope: planting secrets.
 */
import { inspect } from 'node:util'

/** Matches every secret that the tests plant, for example a token that contains `c4n4ry`. It matches no text that the code itself prints. */
export const CANARY = /c4n4ry|\+4179000|41790000000/i

export function printed(...values: readonly unknown[]): string {
  const shown: unknown[] = []
  for (const value of values) {
    shown.push(inspect(value, { showHidden: true, depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity }))
    shown.push(inspect(value, { getters: true, depth: 20 }))
    shown.push(json(value), json(value, Object.getOwnPropertyNames(Object(value))), text(value))
    if (value instanceof Error) shown.push(value.message, value.stack, inspect(value.cause, { showHidden: true, depth: Infinity }))
  }
  return shown.join('\n')
}

function json(value: unknown, names?: string[]): string | undefined {
  try {
    return JSON.stringify(value, names)
  } catch {
    // A value with cycles cannot be serialised; `inspect` has already printed it.
    return undefined
  }
}

function text(value: unknown): string {
  try {
    return String(value)
  } catch {
    return ''
  }
}
