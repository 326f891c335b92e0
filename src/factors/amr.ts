/**
 * Authentication method references (`amr`, RFC 8176): how a user proved who they are, in words that other systems know.
 *
 * Each factor names its own values. Out of scope: which values a route requires (`session/second-factor.ts`).
 */
import type { Operation } from '../client/wire'

/** Two different factors were given: https://www.rfc-editor.org/rfc/rfc8176#section-2 */
const MULTIPLE_FACTORS = 'mfa'

/**
 * The values of an approval: those of the first factor, if the app names them, those of the second, and `mfa` if both are there. An enrolment
 * is no proof, so it has those of the first factor only.
 */
export function amrOf(operation: Operation, first: readonly string[] = [], second: readonly string[] = []): readonly string[] {
  if (operation === 'enroll') return Object.freeze([...first])
  return Object.freeze([...new Set([...first, ...second, ...(first.length > 0 ? [MULTIPLE_FACTORS] : [])])])
}

/** True for a list of values that fit into a token and into a space-separated list. */
export function isListOfValues(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(one))
}
