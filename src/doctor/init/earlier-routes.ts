/**
 * Finds routes that stand above a place in the file, on the same application or router. Express asks these routes first.
 *
 * Out of scope: routes in other files, and paths that are not string literals.
 */
import { METHODS, routeOf, type Route } from './routes'
import type { Source } from './source'

/** @param end the index of a token: only routes above it are returned */
export function earlierRoutes(source: Source, owner: string, end: number): Route[] {
  return source.tokens.slice(0, end).flatMap(({ text }, at): Route[] => {
    if (!METHODS.has(text) || !source.is(at - 1, '.') || !source.is(at + 1, '(')) return []
    const route = routeOf(source, at + 2)
    return route?.owner === owner && route.open === at + 1 ? [route] : []
  })
}

/** True if a route with the path `routePath`, such as `/login/:provider`, answers requests to `path`. */
export function covers(routePath: string, path: string): boolean {
  const [parts, others] = [routePath, path].map((one) => one.replace(/\/$/, '').toLowerCase().split('/')) as [string[], string[]]
  for (const [i, part] of parts.entries()) {
    if (/[*?]/.test(part)) return true
    if (others[i] === undefined || (part !== others[i] && !part.includes(':'))) return false
  }
  return parts.length === others.length
}
