/**
 * Tells whether a route certainly exists in the running application. There must be no condition in front of the route, of the calls of the functions around it,
 * of the `app.use` that mounts its router, and of the `require` or `import` that loads its file.
 *
 * In doubt, the answer is no. Out of scope: what the handlers of the route do (`forgotten-factor.ts`).
 */
import { functionIn, nameOfFunction, openOfParameters, startOfFunction, wordsOf } from './init/definitions'
import { codeAt, exportedCode } from './init/exports'
import type { Place } from './init/login-guards'
import { classAround, memberIn } from './init/members'
import { isApp, mountsOf, resolved } from './init/mount'
import type { Range, Source } from './init/source'

/** Code behind one of these words may run never, or only up to an error. */
const CONTROL = /^(?:if|else|for|await|while|do|switch|with|try|catch)$/
const CHOICE = /^(?:&&|\|\||\?\??)$/
/** The number of calls, mounts and loads that are followed at most, one behind the other. */
const MAX_DEPTH = 8
/** The number of calls that are examined at most, to find those of one function. */
const MAX_CALLS = 200

/** A call of a function: the file, the token of the name, and the parenthesis with the arguments. */
type Call = readonly [source: Source, at: number, args: number]

/**
 * @param sources the files of the application, the entry first
 * @param isLoaded false if the process has not loaded this file
 */
export function certainRoutes(sources: readonly Source[], isLoaded: (source: Source) => boolean): (place: Place) => boolean {
  const files = sources.filter(isLoaded)
  const apps = files.flatMap((source) => wordsOf(source, 'express').filter((at) => source.openOfCall(at) !== undefined))
  const loads = new Map<Source, boolean>()
  // Without these caches, many routes in one function or of one router would take quadratic time.
  const mounted = new Map<string, boolean>()
  const calls = new Map<string, readonly Call[]>()
  const keyOf = (source: Source, key: string | number) => `${files.indexOf(source)} ${key}`

  /** True if the code at this token certainly runs when the application starts. @param owner the app or router that has the route at this token */
  const runs = (source: Source, at: number, owner: string | undefined, depth: number): boolean => {
    if (depth > MAX_DEPTH || !files.includes(source)) return false
    for (let inner = at; ; ) {
      const block = source.blockOf(inner)
      if (isConditional(source, inner, block) || returnsBefore(source, block, inner)) return false
      if (block === -1) return isFileLoaded(source, depth) && (owner === undefined || isMounted(source, owner, depth))
      const open = openOfParameters(source, block)
      if (open === undefined) inner = block
      else {
        const first = startOfFunction(source, open)
        const last = source.token(block).pair as number
        // A function that is called where it is written: `(async () => { … })()`.
        if (!source.is(first - 1, '(') || !source.is(last + 1, ')') || !source.is(last + 2, '(')) return isCalled(source, block, open, owner, depth)
        inner = first
      }
    }
  }

  /** As `runs`. The owner can also be a property of a class, such as `this.app`, if the file sets the property only once. @param first the first token of the statement */
  const runsOn = (source: Source, at: number, first: number, owner: string, depth: number): boolean => {
    if (!source.is(first, 'this')) return runs(source, at, owner, depth)
    const isOnce = wordsOf(source, owner).filter((name) => source.is(name + 1, '=') || source.is(name + 1, ':')).length === 1
    return isOnce && isMounted(source, owner, depth) && runs(source, at, undefined, depth)
  }

  /** True if the process certainly loads the file: it is the entry, or the top level of such a file imports it. */
  const isFileLoaded = (source: Source, depth: number): boolean => {
    if (source === sources[0]) return true
    const known = loads.get(source)
    if (known !== undefined) return known
    loads.set(source, false)
    const is = files.some((other) =>
      other.tokens.some(({ kind }, at) => {
        if (kind !== 'string' || resolved(sources, other, other.stringAt(at) ?? '') !== source) return false
        const isStatic = other.token(at).parent === -1 && (other.is(at - 1, 'from') || other.is(at - 1, 'import')) && !other.is(other.statementOf(at).first + 1, 'type')
        const isCall = other.is(at - 1, '(') && (other.is(at - 2, 'require') || other.is(at - 2, 'import'))
        return (isStatic && isFileLoaded(other, depth)) || (isCall && runs(other, at, undefined, depth + 1))
      }),
    )
    loads.set(source, is)
    return is
  }

  /** True if this is the only application of Express, or a router or application that is certainly mounted at every place that mounts it. */
  const isMounted = (source: Source, owner: string, depth: number): boolean => {
    const known = mounted.get(keyOf(source, owner))
    if (known !== undefined) return known
    // Also ends the search if two routers mount each other.
    mounted.set(keyOf(source, owner), false)
    const is = isMountedAt(source, owner, depth)
    mounted.set(keyOf(source, owner), is)
    return is
  }

  const isMountedAt = (source: Source, owner: string, depth: number): boolean => {
    const mounts = mountsOf(sources, source, owner)
    if (mounts.length === 0) return isApp(source, owner) && apps.length < 2
    // If another file mounts one of several routers of this file, it is not clear which one.
    const isClear = wordsOf(source, 'Router').filter((at) => source.openOfCall(at) !== undefined).length < 2
    return mounts.every((mount) => (isClear || mount.source === source) && runsOn(mount.source, mount.at, mount.source.statementOf(mount.at).first, mount.owner, depth + 1))
  }

  const isCalled = (source: Source, brace: number, open: number, owner: string | undefined, depth: number): boolean => {
    const close = source.is(open, '(') ? (source.token(open).pair as number) : open
    const parameters = source.parametersOf(brace)
    const index = owner === undefined ? -1 : (parameters?.indexOf(owner) ?? -1)
    const isDestructured = parameters === undefined && source.tokens.slice(open, close).some(({ text }) => text === owner)
    if (isDestructured || (owner !== undefined && index === -1 && !isMounted(source, owner, depth))) return false
    const found = calls.get(keyOf(source, brace)) ?? callsOf(source, brace, open)
    calls.set(keyOf(source, brace), found)
    return found.some(([other, at, args]) => {
      const given = index === -1 ? undefined : other.partsOf(args)[index]
      if (index !== -1 && (given === undefined || given.first !== given.last || !other.isWord(given.first))) return false
      return runs(other, at, given && other.token(given.first).text, depth + 1)
    })
  }

  /** The calls of the function whose body begins at this brace. */
  const callsOf = (source: Source, brace: number, open: number): Call[] => {
    const isIt = ([other, range]: readonly [Source, Range]) => other === source && functionIn(other, range)?.body.first === brace
    const name = nameOfFunction(source, open, brace)
    const around = classAround(source, brace)
    let examined = 0
    return files.flatMap((other) =>
      other.tokens.flatMap(({ kind, text }, at): Call[] => {
        const args = kind === 'word' ? other.openOfCall(at) : undefined
        if (args === undefined || other.is((other.token(args).pair as number) + 1, '{')) return []
        const behind = (other.token(args).pair as number) + 1
        if (text === 'require' && other.is(behind, '(')) {
          const file = resolved(sources, other, other.stringAt(args + 1) ?? '')
          return file === source && exportedCode(sources, file, undefined).some(isIt) ? [[other, at, behind]] : []
        }
        if (other.is(at - 1, 'new')) return name === 'constructor' && codeAt(sources, other, at).some(([file, range]) => file === source && range.first === around?.first) ? [[other, at, args]] : []
        if (other.is(at - 1, '.') && other.is(at - 2, 'this')) {
          const isOwn = other === source && text === name && around !== undefined && around.first < at && at < around.last
          const member = isOwn ? memberIn(source, around, name, false) : undefined
          return member !== undefined && isIt([source, member]) ? [[other, at, args]] : []
        }
        return (text === name || other.imports.has(text)) && ++examined <= MAX_CALLS && codeAt(sources, other, at).some(isIt) ? [[other, at, args]] : []
      }),
    )
  }

  return ({ source, route }) => runsOn(source, route.open, route.statement.first, route.owner, 0)
}

/** True if the token is behind a condition in its statement: `if (…) app.use(…)`, `isDemo && app.use(…)`, `isDemo ? app.use(…) : …`. */
function isConditional(source: Source, at: number, block: number): boolean {
  const { first } = source.statementOf(at)
  const before = source.is(first - 1, ')') ? (source.token(first - 1).pair as number) - 1 : first - 1
  if (CONTROL.test(source.token(first).text) && !source.is(first, 'await')) return true
  if (first - 1 > block && CONTROL.test(source.token(before).text)) return true
  for (let inner = at; ; inner = source.token(inner).parent) {
    const { parent } = source.token(inner)
    if (hasChoice(source, parent === block ? first : parent + 1, inner, parent)) return true
    if (parent === block) return false
  }
}

/** True if a choice such as `&&`, or the `=>` of a function, is in front of the token, in the same brackets, and behind the last comma. */
function hasChoice(source: Source, first: number, at: number, parent: number): boolean {
  for (let i = at - 1; i >= first; i--) {
    if (source.token(i).parent !== parent) continue
    if (source.is(i, ',')) return false
    if (CHOICE.test(source.token(i).text) || source.is(i, '=>')) return true
  }
  return false
}

/** True if the function with this body may return before the token. */
function returnsBefore(source: Source, block: number, at: number): boolean {
  return wordsOf(source, 'return').some((back) => {
    if (back < block || back > at) return false
    let inner = source.blockOf(back)
    while (inner !== block && inner !== -1 && openOfParameters(source, inner) === undefined) inner = source.blockOf(inner)
    return inner === block
  })
}

/** True if a choice decides which of the handlers of the route run: `app.post('/login', isDemo ? demo : start)`. The bodies of the handlers do not count. */
export function hasChoiceOfHandlers({ source, route: { open } }: Place): boolean {
  return source.partsOf(open).some(({ first, last }) => {
    for (let i = first; i <= last && !source.is(i, '=>') && !source.is(i, 'function'); i++) if (CHOICE.test(source.token(i).text) && source.token(i).kind === 'punct') return true
    return false
  })
}
