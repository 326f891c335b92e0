/**
 * Finds the path under which a router is mounted, for example `/account` for `app.use('/account', router)`. Follows nested routers through several files.
 *
 * Out of scope: the routes themselves (`sign-in-calls.ts`), paths that are not string literals, and routers that are mounted twice.
 */
import { posix } from 'node:path'
import { isFunction, type Source } from './source'

const EXTENSIONS = ['', '.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '/index.js', '/index.ts', '/index.cjs', '/index.mjs']
const MAX_DEPTH = 5

const sourcesByPath = new WeakMap<readonly Source[], ReadonlyMap<string, Source>>()

/**
 * Finds the file of a relative import.
 * @returns undefined if the import is not relative, or if no source of the application matches
 */
export function resolved(sources: readonly Source[], from: Source, specifier: string): Source | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = posix.join(posix.dirname(from.path), specifier)
  const names = [...EXTENSIONS.map((extension) => path + extension), path.replace(/\.([cm]?)js$/, '.$1ts')]
  const known = sourcesByPath.get(sources) ?? new Map(sources.map((source) => [source.path, source]))
  sourcesByPath.set(sources, known)
  return names.map((name) => known.get(posix.normalize(name))).find((source) => source !== undefined)
}

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
  if (made === 'app') return ''
  if (made === undefined) return undefined
  const [mount, ...others] = mountsOf(sources, source, owner)
  if (mount === undefined || others.length > 0 || mount.path === undefined) return undefined
  const before = prefixIn(sources, mount.source, mount.owner, depth + 1)
  return before === undefined ? undefined : `${before}${mount.path.replace(/\/$/, '')}`
}

/** Finds the calls of `use` that mount a router, in all files. @param owner the variable of the file `source` that contains the router */
export function mountsOf(sources: readonly Source[], source: Source, owner: string): Mount[] {
  return sources.flatMap((other) => mountsIn(sources, other, source, owner))
}

export const isApp = (source: Source, owner: string): boolean => madeOf(source, owner) === 'app'

/**
 * Tells whether a variable contains an Express application or a router. If the file does not create the variable's value, a variable called `app` or `server`
 * counts as an application.
 */
function madeOf({ tokens }: Source, owner: string): 'app' | 'router' | undefined {
  for (let i = 0; i < tokens.length; i++) {
    // In TypeScript, a type can be between the name and its value: `router: Router = Router()`.
    const equals = tokens[i + 1]?.text === ':' ? i + 3 : i + 1
    if (tokens[i]?.text !== owner || tokens[equals]?.text !== '=') continue
    const made = tokens.slice(equals + 1, equals + 8).map(({ text }) => text).join('').replace(/^require\((['"])express\1\)/, 'express')
    if (/^express\(/.test(made)) return 'app'
    if (/^(?:new)?(?:express\.)?Router\(/.test(made)) return 'router'
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
    const isTarget = parts.some((part) => {
      if (isFunction(source, part)) return false
      const specifier = source.is(part.first, 'require') ? source.stringAt(part.first + 2) : source.imports.get(source.token(part.first).text)?.from
      if (specifier !== undefined) return resolved(sources, source, specifier) === target
      return source === target && part.first === part.last && source.is(part.first, router)
    })
    if (!isTarget) return []
    const [first] = parts
    const path = first === undefined || first.first !== first.last ? '' : source.stringAt(first.first)
    const isPath = first !== undefined && ['string', 'template', 'regex'].includes(source.token(first.first).kind)
    return [{ source, at, owner: source.token(at - 2).text, path: isPath ? path : '' }]
  })
}
