/** One form for each JSON value, so that equal values have equal digests. */

/**
 * The same value with its names sorted: some stores (PostgreSQL's `jsonb`) give them back in another order.
 * @param value what JSON can hold
 * @internal
 */
export function withSortedNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withSortedNames)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, withSortedNames(field)]))
}
