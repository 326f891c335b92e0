/**
 * Sorts the properties of JSON values, so that equal values have equal digests.
 *
 * Out of scope: computing a digest.
 */

/**
 * Sorts the property names of a value, at any depth, because some stores (PostgreSQL's `jsonb`) return the properties in another order.
 * @param value a JSON value
 * @internal
 */
export function withSortedNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withSortedNames)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, withSortedNames(field)]))
}
