/**
 * Tells whether a route certainly exists in the running application, and whether nothing can answer in front of it. Both are certain only if:
 * - the route, the `app.use` that mounts its router, and the `require` or `import` of its file are statements outside of all functions and conditions;
 * - everything in front of these is for other paths, or is known middleware such as `express.json()`.
 *
 * In doubt, the answer is no. Out of scope: what the handlers of the route do (`forgotten-factor.ts`).
 */
import { definitionsOf, isUnknownAt, nameIn, openOfParameters, usesOf, valueIn, wordsOf } from './init/definitions'
import { exportedCode } from './init/exports'
import type { Place } from './init/login-guards'
import { mountsOf } from './init/mount'
import { resolved } from './init/relative-imports'
import type { Range, Source } from './init/source'

const CONTROL = /^(?:if|else|for|await|while|do|with|:)$/
/** A path that Express compares letter by letter. */
const PLAIN_PATH = /^[\w/.-]*$/
/** Middleware that asks no user for anything: the package, and the name of the function if the package also has other functions. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  express: /^(?:json|urlencoded|static|text|raw)$/,
  passport: /^(?:initialize|session)$/,
  ...Object.fromEntries(['body-parser', 'compression', 'connect-flash', 'cookie-parser', 'cors', 'express-flash', 'express-session', 'helmet', 'method-override', 'morgan', 'serve-favicon', 'serve-static'].map((name) => [name, /./])),
}
/** At most this many tokens of the app's source code are read. After that, every further route counts as uncertain. */
const MAX_READ = 20_000_000

/**
 * @param sources the files of the application, the entry first
 * @param isLoaded false if the process has not loaded this file
 * @returns a function that returns the whole path of the route, for example `/auth/login`; undefined if it is uncertain whether the route exists
 */
export function certainRoutes(sources: readonly Source[], isLoaded: (source: Source) => boolean): (place: Place) => string | undefined {
  const files = loadedAtStart(sources.filter(isLoaded))
  const apps = sources.flatMap((source) => wordsOf(source, 'express').filter((at) => source.openOfCall(at) !== undefined))
  const total = sources.reduce((sum, { tokens }) => sum + tokens.length, 0)
  let read = 0

  /** @param at the token of the app or router, with which the statement begins @param path the path below this app or router */
  const wholePath = (source: Source, at: number, path: string): string | undefined => {
    const { text: owner } = source.token(at)
    const uses = usesOf(source, owner)
    read += total + uses.length
    if (read > MAX_READ || !files.has(source) || !PLAIN_PATH.test(path) || !isPlainCall(source, at)) return undefined
    const made = isFixed(source, owner) ? madeIn(source, owner) : undefined
    if (made === undefined || !uses.every((use) => use === at || source.is(use + 1, '=') || isHarmless(source, use, at, path))) return undefined
    if (made === 'app') return apps.length === 1 ? path : undefined
    const [mount, ...others] = mountsOf(sources, source, owner)
    const parts = mount === undefined ? [] : mount.source.partsOf(mount.at + 1)
    const router = parts.at(-1)
    // A route counts as uncertain if its router is mounted on another router. So `wholePath` calls itself at most once, for the app.
    if (mount === undefined || router === undefined || others.length > 0 || madeIn(mount.source, mount.owner) !== 'app') return undefined
    const isAlone = parts.length === 1 || (parts.length === 2 && mount.source.stringAt((parts[0] as Range).first) !== undefined)
    const isIt = mount.source === source ? router.first === router.last : isWholeModule(sources, mount.source, router, source, owner)
    return isAlone && isIt ? wholePath(mount.source, mount.at - 2, `${(mount.path ?? '').replace(/\/$/, '')}${path}`) : undefined
  }
  return ({ source, route: { open, path } }) => wholePath(source, open - 3, path)
}

/** The files that the process certainly loads at its start: the entry, and those that such a file imports outside of all functions and conditions. */
function loadedAtStart(files: readonly Source[]): Set<Source> {
  const found = new Set(files.slice(0, 1))
  for (const source of found) {
    source.tokens.forEach(({ kind }, at) => {
      if (kind !== 'string' || source.blockOf(at) !== -1) return
      const isStatic = source.is(at - 1, 'from') || (source.is(at - 1, 'import') && source.token(at).parent === -1)
      const { first } = source.statementOf(at)
      const isImport = isStatic && source.is(first, 'import') && !source.is(first + 1, 'type')
      const isRequire = source.is(at - 1, '(') && source.is(at - 2, 'require') && isUnconditional(source, at - 2)
      const file = isImport || isRequire ? resolved(files, source, source.stringAt(at) ?? '') : undefined
      if (file !== undefined) found.add(file)
    })
  }
  return found
}

/** True if the code at this token runs at the start of the file: it is in no function, and behind no condition, `return` or `=>`. */
function isUnconditional(source: Source, at: number): boolean {
  const { first } = source.statementOf(at)
  const before = source.is(first - 1, ')') ? (source.token(first - 1).pair as number) - 1 : first - 1
  if (source.blockOf(at) !== -1 || CONTROL.test(source.token(first).text) || (first > 0 && CONTROL.test(source.token(before).text))) return false
  if (source.tokens.slice(first, at).some(({ kind, text }) => kind === 'punct' && /^(?:&&|\|\||\?\??|=>|\?\.)$/.test(text))) return false
  return !wordsOf(source, 'return').some((back) => back < at && !isInFunction(source, back))
}

const isInFunction = (source: Source, at: number): boolean => {
  for (let block = source.blockOf(at); block !== -1; block = source.blockOf(block)) if (openOfParameters(source, block) !== undefined) return true
  return false
}

/** True for a statement `app.post(…)` that contains nothing else, and that certainly runs. */
function isPlainCall(source: Source, at: number): boolean {
  const { first, last } = source.statementOf(at)
  const close = source.is(at + 3, '(') ? (source.token(at + 3).pair as number) : -1
  return first === at && (last === close || (last === close + 1 && source.is(last, ';'))) && isUnconditional(source, at)
}

/** True if the file gives the name only one value. */
export function isFixed(source: Source, name: string): boolean {
  const uses = usesOf(source, name)
  const isSet = (at: number) => /^(?:const|let|var|function|class|\*)$/.test(source.tokens[at - 1]?.text ?? '') || source.is(at + 1, '=') || (/^(?:\?\?|\|\||&&)$/.test(source.tokens[at + 1]?.text ?? '') && source.is(at + 2, '='))
  const imported = source.imports.get(name)
  return uses.filter(isSet).length === (imported === undefined || imported.at?.length === 1 ? 1 : 0) && !uses.some((at) => isUnknownAt(source, at))
}

/** Tells whether the file makes the value of this name by `express()` or `express.Router()`. */
function madeIn(source: Source, name: string): 'app' | 'router' | undefined {
  const [range, ...others] = definitionsOf(source, name)
  const value = range === undefined || others.length > 0 ? undefined : valueIn(source, range)
  const callee = value === undefined ? undefined : nameIn(source, value)
  if (value === undefined || callee === undefined || source.openOfCall(callee) === undefined || source.imports.get(source.token(value.first).text)?.from !== 'express') return undefined
  return source.is(callee, 'Router') ? 'router' : callee === value.first ? 'app' : undefined
}

/** True if the argument of a mount stands for the whole module `target`, which exports only its router. */
function isWholeModule(sources: readonly Source[], source: Source, { first, last }: Range, target: Source, router: string): boolean {
  const isRequire = source.is(first, 'require') && last === first + 3
  const { text } = source.token(first)
  if (!isRequire && (first !== last || source.imports.get(text)?.name !== undefined || !isFixed(source, text))) return false
  const [code, ...others] = exportedCode(sources, target, undefined)
  const value = definitionsOf(target, router)[0]
  return code !== undefined && others.length === 0 && value !== undefined && code[0] === target && code[1].first === valueIn(target, value).first
}

/** True if this use of the app or router cannot change what happens at the path. @param at the statement of the route or mount */
function isHarmless(source: Source, use: number, at: number, path: string): boolean {
  const isBehind = use > at && source.blockOf(use) === -1
  const open = use + 3
  if (!source.is(use + 1, '.') || !source.is(open, '(')) return isBehind
  const method = source.token(use + 2).text
  const isChain = method !== 'route' && source.is((source.token(open).pair as number) + 1, '.')
  const [first, ...others] = source.partsOf(open)
  const own = first !== undefined && first.first === first.last ? source.stringAt(first.first) : undefined
  if (/^(?:set|enable|disable|listen)$/.test(method)) return true
  if (/^(?:get|put|patch|delete|head|options)$/.test(method)) return !isChain
  if (/^(?:post|all|route|use)$/.test(method) && !isChain) {
    if (own !== undefined && PLAIN_PATH.test(own) && !isAt(path, own, method === 'use')) return true
    if (method === 'use' && own === undefined && (isBehind || [first, ...others].every((part) => part !== undefined && isHarmlessCall(source, part)))) return true
    if (method === 'use' && own !== undefined && others.every((part) => isHarmlessCall(source, part))) return true
  }
  return false
}

/** True if a route with the path `own`, or middleware that is mounted there, gets requests to `path`. Express ignores the case, and a slash at the end. */
function isAt(path: string, own: string, isMount: boolean): boolean {
  const [whole, part] = [path, own].map((one) => one.toLowerCase().replace(/\/+$/, '')) as [string, string]
  return whole === part || (isMount && whole.startsWith(`${part}/`))
}

function isHarmlessCall(source: Source, part: Range): boolean {
  const callee = nameIn(source, part)
  const first = source.is(part.first, '(') ? part.first + 3 : part.first
  const { text } = source.token(first)
  return callee !== undefined && source.openOfCall(callee) !== undefined && isFixed(source, text) && HARMLESS[source.imports.get(text)?.from ?? '']?.test(source.token(callee).text) === true
}
