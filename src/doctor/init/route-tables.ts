/**
 * Finds routes in tables: `{ method: 'post', path: '/login', handlers: [check, secondFactor] }`, which other code passes to Express.
 *
 * Out of scope: the code that passes them to Express, which may add a prefix to the path.
 */
import { METHODS, type Route } from './routes'
import type { Source } from './source'

const PATH = /^(?:path|url|route)$/
const METHOD = /^(?:methods?|verb)$/

/** True for an array of handlers in a table of routes: a property of an object with a method and a path, or a property named like a method (`post: […]`). */
export function isInTable(source: Source, open: number): boolean {
  if (!source.is(open - 1, ':')) return false
  const key = source.stringAt(open - 2) ?? source.token(open - 2).text
  return METHODS.has(key) || routeAt(source, source.token(open).parent) !== undefined
}

/** The routes in the file's tables of routes. `open` is the brace of the route's object, and `owner` is empty. */
export function tableRoutesIn(source: Source): Route[] {
  return source.tokens.flatMap((_token, at) => routeAt(source, at) ?? [])
}

/** The route in a table of routes whose object contains this token. Undefined if no such object contains the token. */
export function tableRouteAround(source: Source, at: number): Route | undefined {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    const route = routeAt(source, open)
    if (route !== undefined) return route
  }
  return undefined
}

function routeAt(source: Source, open: number): Route | undefined {
  if (!source.is(open, '{') || source.isBlock(open)) return undefined
  const parts = source.partsOf(open).filter(({ first }) => source.is(first + 1, ':'))
  const textOf = (name: RegExp) => {
    const part = parts.find(({ first }) => name.test(source.stringAt(first) ?? source.token(first).text))
    return part && (source.fixedTextAt(part.first + 2) ?? source.fixedTextAt(part.first + 3)) // `methods: ['post']`
  }
  const [path, method] = [textOf(PATH), textOf(METHOD)?.toLowerCase()]
  if (path === undefined || method === undefined || !METHODS.has(method)) return undefined
  return { owner: '', method, path, statement: source.statementOf(open), open }
}
