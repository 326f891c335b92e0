/**
 * Authentication method references (`amr`, RFC 8176): standard values, such as `pwd` or `mfa`, that say how a user proved who they are.
 *
 * Each factor defines its own values. Out of scope: which values a route requires (`session/require-second-factor.ts`).
 */
import type { Operation } from '../client/wire'

/** `mfa` says that the user gave two different factors: https://www.rfc-editor.org/rfc/rfc8176#section-2 */
const MULTIPLE_FACTORS = 'mfa'

/**
 * The `amr` values of a profile. For an approval: the values of both factors, and `mfa` if the first factor has values. For an enrolment: only the values of
 * the first factor, because an enrolment does not prove who the user is.
 */
export function amrOf(operation: Operation, first: readonly string[] = [], second: readonly string[] = []): readonly string[] {
  if (operation === 'enroll') return Object.freeze([...first])
  return Object.freeze([...new Set([...first, ...second, ...(first.length > 0 ? [MULTIPLE_FACTORS] : [])])])
}

/** True for a non-empty list of printable ASCII texts without spaces, double quotes and backslashes, which fit into a token or a space-separated list. */
export function isListOfValues(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(one))
}
