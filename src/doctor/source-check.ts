/**
 * Reads the source of the application for sign-ins that the doctor cannot see in the running application: for example `req.session.passport = …` in a handler.
 * Reads the files that the application has loaded, and those that it loads later by a fixed path. Uses the search of the command `init`.
 *
 * Out of scope: packages in `node_modules`. A linked package of the same project counts as part of the application.
 */
import { readFileSync, statSync } from 'node:fs'
import type { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signInCallsIn } from './init/sign-in-calls'
import { SecondFactors } from './init/second-factor'
import { Source, specifiersIn } from './init/source'

const MAX_FILES = 500
const MAX_BYTES = 200_000
const CODE = /\.[cm]?[jt]sx?$/
/** Of the files that are loaded, only these contain no code. Any other can, also one without an extension. */
const NO_CODE = /\.(?:json|node|wasm)$/

export interface SourceReport {
  /** The lines with a password check after which the second factor follows, for example `routes/auth.js:12`. */
  readonly closed: ReadonlySet<string>
  /** The sign-ins for which the source does not show that they require the second factor, one sentence each. */
  readonly open: readonly string[]
}

/**
 * @param entry the path of the file that starts the application
 * @param loaded the files that the process has loaded
 * @param unlisted what the process may have loaded besides
 */
export function sourceReport(entry: string, loaded: readonly string[] = [], unlisted: readonly string[] = []): SourceReport {
  const { sources, unread } = reachableFrom(entry, loaded)
  const factors = new SecondFactors(sources)
  const signInCalls = sources.flatMap((source) => signInCallsIn(source, factors)).filter(({ isToken }) => isToken !== true)
  const place = ({ source, line }: (typeof signInCalls)[number]) => `${source.path}:${line}`
  return {
    closed: new Set(signInCalls.filter(({ remedy }) => remedy === undefined).map(place)),
    open: [...signInCalls.filter(({ remedy }) => remedy !== undefined).map((signInCall) => `${signInCall.what} at ${place(signInCall)}`), ...[...unread, ...unlisted].map((what) => `${what}, which the doctor cannot read`)],
  }
}

/**
 * Returns the files whose code this process has loaded, by any kind of `require` and `import`, and what it cannot list. Only the debugger of V8 also knows ES
 * modules, and other runtimes than Node.js may have no such debugger.
 */
export function loadedFiles(): [files: string[], unread: string[]] {
  const own = createRequire(__filename)
  const files = new Set<string>()
  const unread: string[] = []
  try {
    const { Session: Debugger } = own('node:inspector') as { Session: typeof Session }
    const session = new Debugger()
    session.connect()
    try {
      // `url` is what a comment `//# sourceURL=…` in the file says. `embedderName` is the file that Node.js has loaded.
      session.on('Debugger.scriptParsed', ({ params }: { params: { url: string; embedderName?: string } }) => {
        const url = params.embedderName ?? params.url
        files.add(url.startsWith('file:') ? fileURLToPath(url) : url)
      })
      session.post('Debugger.enable')
    } finally {
      session.disconnect()
    }
  } catch {
    unread.push('ES modules that this runtime cannot list')
  }
  for (const file of Object.keys(own.cache)) files.add(file)
  return [[...files].filter((file) => isAbsolute(file) && statSync(file, { throwIfNoEntry: false })?.isFile() === true), unread]
}

function reachableFrom(entry: string, loaded: readonly string[]): { sources: Source[]; unread: string[] } {
  const [sources, unread]: [Source[], string[]] = [[], []]
  const own = foldersOfPackage(entry)
  const isOfApp = (file: string) => !file.includes(`${sep}node_modules${sep}`) && !own.some((folder) => file.startsWith(folder))
  const all = [...new Set([entry, ...loaded.filter((file) => !NO_CODE.test(file) && isOfApp(file))])]
  const seen = new Set(all.slice(0, MAX_FILES))
  let isCut = all.length > MAX_FILES
  for (const file of seen) {
    const path = relative(process.cwd(), file).split(sep).join('/')
    const isLarge = statSync(file).size > MAX_BYTES
    const source = isLarge ? undefined : Source.read(path, readFileSync(file, 'utf8'))
    if (source === undefined) unread.push(path)
    else {
      sources.push(source)
      unread.push(...computedLoads(source))
    }
    for (const specifier of source === undefined ? [] : specifiersIn(source, loadNames(source))) {
      const found = fileOf(file, specifier, isOfApp)
      if (found !== undefined && seen.size < MAX_FILES) seen.add(found)
      else if (found !== undefined && !seen.has(found)) isCut = true
    }
  }
  return { sources, unread: isCut ? [...unread, `more than ${MAX_FILES} files`] : unread }
}

/** The folders of this package: that of this process, and that of the application. Both can be linked, and are then not in `node_modules`. */
function foldersOfPackage(entry: string): string[] {
  const folders = [join(__dirname, '..')]
  try {
    folders.push(dirname(createRequire(entry).resolve('passport-nevis')))
  } catch {
    // The application gets the package in another way, for example by an alias.
  }
  return folders.map((folder) => folder + sep)
}

/** Each `import(…)` and `require(…)` of a computed path in a function: the application may load such a file only when a request arrives. */
function computedLoads(source: Source): string[] {
  const loads = loadNames(source)
  const arrows = new Map<number, Arrow>()
  return source.tokens.flatMap(({ kind, text, line, parent }, at) => {
    if (kind === 'punct') noteArrow(arrows, text, parent, at)
    const isLoad = kind === 'word' && loads.has(text) && source.is(at + 1, '(') && (text === 'require' || !source.is(at - 1, '.'))
    if (!isLoad || isDefinition(source, at + 1)) return []
    const isFixed = source.fixedTextAt(at + 2) !== undefined && (source.is(at + 3, ')') || source.is(at + 3, ','))
    return !isFixed && isInFunction(source, at, arrows) ? [`${text}(…) of a computed path at ${source.path}:${line}`] : []
  })
}

/** `import`, `require`, and the variables to which the file assigns `require` or the result of `createRequire`. */
function loadNames(source: Source): ReadonlySet<string> {
  const names = source.tokens.flatMap(({ kind, text }, at) => {
    if (kind !== 'word' || !source.is(at + 1, '=')) return []
    let name = at + 2
    // Follows `a.b` and `a(…).b` to the last name.
    for (let end = name; source.is(end + 1, '.') || (end === name && source.is(end + 1, '(')); ) {
      if (source.is(end + 1, '(')) end = source.token(end + 1).pair as number
      else end = name = end + 2
    }
    return source.is(name, source.is(name + 1, '(') ? 'createRequire' : 'require') ? [text] : []
  })
  return new Set(['import', 'require', ...names])
}

/** The last `=>` between two brackets, up to the token that is read at the moment. */
interface Arrow {
  readonly at: number
  /** True if the `=>` is in the body of another arrow function without braces: `(a) => (b) => …`. */
  readonly isInner: boolean
}

function noteArrow(arrows: Map<number, Arrow>, text: string, parent: number, at: number): void {
  if (text === '=>') arrows.set(parent, { at, isInner: arrows.has(parent) })
  else if (text === ',' || text === ';') arrows.delete(parent)
}

const isDefinition = (source: Source, open: number) => source.is((source.token(open).pair as number) + 1, '{')

/** These methods call their argument at once. So, at the top level of a file, their callback has run when the application has started. */
const CALLS_AT_ONCE = /^(?:forEach|map|flatMap|filter|reduce)$/

function isInFunction(source: Source, at: number, arrows: ReadonlyMap<number, Arrow>): boolean {
  for (let inner = at; inner !== -1; inner = source.token(inner).parent) {
    const open = source.token(inner).parent
    const arrow = arrows.get(open)
    const isAtOnce = source.is(open, '(') && source.is(open - 2, '.') && CALLS_AT_ONCE.test(source.tokens[open - 1]?.text ?? '')
    const isInArrow = arrow !== undefined && source.statementOf(arrow.at).last >= inner
    const depth = (isInArrow ? (arrow.isInner ? 2 : 1) : 0) + (isBody(source, inner) ? 1 : 0)
    if (depth > (isAtOnce ? 1 : 0)) return true
  }
  return false
}

/** True if the token opens the body of a function or method that is not an arrow function. */
function isBody(source: Source, brace: number): boolean {
  if (!source.is(brace, '{') || !source.isBlock(brace)) return false
  const before = source.tokens[brace - 1]
  if (source.is(brace - 1, ')')) return !/^(?:if|for|await|while|switch|catch|with)$/.test(source.tokens[(before?.pair as number) - 1]?.text ?? '')
  // In TypeScript, a return type can be before the brace.
  return source.isTypeScript && before !== undefined && !/^(?:[;{]|=>|else|try|finally|do|catch)$/.test(before.text)
}

function fileOf(from: string, specifier: string, isOfApp: (file: string) => boolean): string | undefined {
  for (const name of [specifier, specifier.replace(/\.([cm]?)js$/, '.$1ts'), `${specifier}.ts`]) {
    try {
      const file = createRequire(from).resolve(name)
      if (CODE.test(file) && isOfApp(file)) return file
    } catch {
      // This file does not exist: try the next name.
    }
  }
  return undefined
}
