/**
 * Finds the path under which a router is mounted, for example `/account` for `app.use('/account', router)`. Follows nested routers through several files.
 *
 * The path must be a string literal, or a constant whose value is a string literal. Out of scope: the routes themselves (`sign-in-calls.ts`), and routers that
 * are mounted twice.
 */
import { functionIn, nameIn, valueIn, wordsOf } from './definitions'
import { codeAt, exportedCode } from './exports'
import { isGuardName } from './guard-names'
import { resolved } from './relative-imports'
import { isFunction, type Range, type Source } from './source'

const MAX_DEPTH = 5

const prefixes = new WeakMap<readonly Source[], Map<string, string | undefined>>()

/**
 * Finds the mount path of a router. Searches the files only once for each router, because a file may have thousands of routes.
 * @param owner the variable that contains the router or the Express application
 * @returns an empty string for the Express application itself; undefined if the path is not clear
 */
export function prefixOf(sources: readonly Source[], source: Source, owner: string): string | undefined {
  const known = prefixes.get(sources) ?? new Map<string, string | undefined>()
  prefixes.set(sources, known)
  const key = `${source.path}\n${owner}`
  if (!known.has(key)) known.set(key, prefixIn(sources, source, owner, 0))
  return known.get(key)
}

function prefixIn(sources: readonly Source[], source: Source, owner: string, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined
  const made = madeOf(source, owner)
  if (made === undefined) return undefined
  // An application can also be mounted in another one. But the `use` of Passport mounts nothing.
  const [mount, ...others] = mountsOf(sources, source, owner).filter((one) => made === 'router' || madeOf(one.source, one.owner) !== undefined)
  if (mount === undefined && made === 'app') return ''
  if (mount === undefined || others.length > 0 || mount.path === undefined) return undefined
  const before = prefixIn(sources, mount.source, mount.owner, depth + 1)
  return before === undefined ? undefined : `${before}${mount.path.replace(/\/$/, '')}`
}

/** Finds the calls of `use` that mount a router, in all files. @param owner the variable of the file `source` that contains the router */
export function mountsOf(sources: readonly Source[], source: Source, owner: string): Mount[] {
  return sources.flatMap((other) => mountsIn(sources, other, source, owner))
}

/**
 * Tells whether a variable contains an Express application or a router. If the file does not create the variable's value, a variable called `app` or `server`
 * counts as an application.
 */
function madeOf(source: Source, owner: string): 'app' | 'router' | undefined {
  const { tokens } = source
  for (let i = 0; i < tokens.length; i++) {
    // In TypeScript, a type can be between the name and its value: `router: Router = Router()`.
    const equals = tokens[i + 1]?.text === ':' ? i + 3 : i + 1
    if (tokens[i]?.text !== owner || tokens[equals]?.text !== '=') continue
    const first = source.is(equals + 1, 'new') ? equals + 2 : equals + 1
    const made = tokens.slice(first, first + 7).map(({ text }) => text).join('').replace(/^require\((['"])express\1\)/, 'express')
    if (/^express\(/.test(made)) return 'app'
    const imported = source.is(first, 'require') ? { from: source.stringAt(first + 2) ?? '', name: undefined } : source.imports.get(source.token(first).text)
    const isRouter = imported !== undefined && (imported.from === 'express-promise-router' || (imported.from === 'express' && imported.name === 'Router'))
    if (/^(?:express\.)?Router\(/.test(made) || (isRouter && made.includes('('))) return 'router'
  }
  return /^(?:app|server)$/.test(owner) ? 'app' : undefined
}

interface Mount {
  readonly source: Source
  /** Index of the token `use`. */
  readonly at: number
  readonly owner: string
  readonly path: string | undefined
}

/** Finds the calls of `use` in `source` that mount `router`, a variable of the file `target`. */
function mountsIn(sources: readonly Source[], source: Source, target: Source, router: string): Mount[] {
  return source.tokens.flatMap(({ text }, at) => {
    if (text !== 'use' || !source.is(at - 1, '.') || !source.is(at + 1, '(') || !source.isWord(at - 2)) return []
    const parts = source.partsOf(at + 1)
    const index = parts.findIndex((part) => {
      if (isFunction(source, part)) return false
      const specifier = source.is(part.first, 'require') ? source.stringAt(part.first + 2) : source.imports.get(source.token(part.first).text)?.from
      if (specifier !== undefined) return resolved(sources, source, specifier) === target
      return source === target && part.first === part.last && source.is(part.first, router)
    })
    if (index === -1) return []
    return [{ source, at, owner: source.token(at - 2).text, path: index === 0 ? '' : pathAmong(sources, source, parts) }]
  })
}

/**
 * The path among the arguments of `use`.
 * @returns an empty string if the first argument is middleware, so that there is no path; undefined if the path is not clear
 */
export function pathAmong(sources: readonly Source[], source: Source, [first]: readonly Range[]): string | undefined {
  if (first === undefined) return ''
  if (first.first === first.last && !source.isWord(first.first)) return source.fixedTextAt(first.first)
  return isMiddleware(sources, source, first) ? '' : textOf(sources, source, first)
}

/** The text of a variable to which the application assigns one string literal, and nothing else. */
function textOf(sources: readonly Source[], source: Source, range: Range, depth = 0): string | undefined {
  const { first, last } = valueIn(source, range)
  if (first === last && !source.isWord(first)) return source.fixedTextAt(first)
  const [code, ...others] = depth <= MAX_DEPTH && nameIn(source, { first, last }) === last ? codeAt(sources, source, last) : []
  const isExtended = code !== undefined && wordsOf(source, source.token(last).text).some((at) => source.is(at + 1, '+') && source.is(at + 2, '='))
  return code === undefined || others.length > 0 || isExtended ? undefined : textOf(sources, ...code, depth + 1)
}

/** Packages whose functions return no middleware, but a part of a path. */
const PATHS = /^(?:node:)?(?:path|url)(?:\/posix)?$/

/**
 * True if the argument certainly is middleware: a function, a name of a function, a login guard, or what a function of an installed package returns, such as
 * `helmet()` or `express.json()`.
 */
function isMiddleware(sources: readonly Source[], source: Source, range: Range, depth = 0): boolean {
  const value = valueIn(source, range)
  if (isFunction(source, value)) return true
  if (source.is(value.first, '[') && source.token(value.first).pair === value.last) return source.partsOf(value.first).every((part) => isMiddleware(sources, source, part, depth))
  if (source.is(value.first, 'require') && value.last === value.first + 3) {
    const file = resolved(sources, source, source.stringAt(value.first + 2) ?? '')
    const exported = file === undefined ? [] : exportedCode(sources, file, undefined)
    return exported.length > 0 && exported.every(([other, code]) => isMiddlewareCode(sources, other, code, depth))
  }
  const at = nameIn(source, value)
  if (at === undefined || depth > MAX_DEPTH) return false
  if (isGuardName(source.token(at).text)) return true
  const found = codeAt(sources, source, at)
  if (at === value.last) return found.length > 0 && found.every(([other, code]) => isMiddlewareCode(sources, other, code, depth))
  const isOf = found.length > 0 && found.every(([other, code]) => {
    const { result } = functionIn(other, code) ?? {}
    return result !== undefined && isMiddleware(sources, other, result, depth + 1)
  })
  const from = source.imports.get(source.token(value.first).text)?.from
  const isOfPackage = from !== undefined && !from.startsWith('.') && !PATHS.test(from) && (at === value.first || /^(?:express|passport|body-parser|multer|csurf)$/.test(from))
  return isOf || isOfPackage
}

const isMiddlewareCode = (sources: readonly Source[], source: Source, code: Range, depth: number): boolean => functionIn(source, code) !== undefined || isMiddleware(sources, source, code, depth + 1)
