/**
 * Reads the source of the application for sign-ins that the doctor cannot see in the running application: for example `req.session.passport = …` in a handler.
 * Reads the files that the application has loaded, and those that it loads later by a fixed path. Uses the search of the command `init`.
 *
 * Out of scope: packages in `node_modules`. A linked package of the same project counts as part of the application.
 */
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signInCallsIn } from './init/sign-in-calls'
import { SecondFactors } from './init/second-factor'
import { Source } from './init/source'

const MAX_FILES = 500
const MAX_BYTES = 200_000

export interface SourceReport {
  /** The lines with a password check after which the second factor follows, for example `routes/auth.js:12`. */
  readonly closed: ReadonlySet<string>
  /** The sign-ins for which the source does not show that they require the second factor, one sentence each. */
  readonly open: readonly string[]
}

/**
 * @param entry the path of the file that starts the application
 * @param loaded the files that the process has loaded
 */
export function sourceReport(entry: string, loaded: readonly string[] = []): SourceReport {
  const { sources, unread } = reachableFrom(entry, loaded)
  const factors = new SecondFactors(sources)
  const signInCalls = sources.flatMap((source) => signInCallsIn(source, factors)).filter(({ isToken }) => isToken !== true)
  const place = ({ source, line }: (typeof signInCalls)[number]) => `${source.path}:${line}`
  return {
    closed: new Set(signInCalls.filter(({ remedy }) => remedy === undefined).map(place)),
    open: [...signInCalls.filter(({ remedy }) => remedy !== undefined).map((signInCall) => `${signInCall.what} at ${place(signInCall)}`), ...unread.map((what) => `${what}, which the doctor cannot read`)],
  }
}

/** The files whose code this process has loaded, by any kind of `require` and `import`. Only the debugger of V8 also knows ES modules. */
export function loadedFiles(): string[] {
  const files = new Set<string>()
  const session = new Session()
  session.connect()
  session.on('Debugger.scriptParsed', ({ params: { url } }) => {
    const file = url.startsWith('file:') ? fileURLToPath(url) : url
    if (isAbsolute(file) && existsSync(file)) files.add(file)
  })
  session.post('Debugger.enable')
  session.disconnect()
  return [...files]
}

function reachableFrom(entry: string, loaded: readonly string[]): { sources: Source[]; unread: string[] } {
  const [sources, unread]: [Source[], string[]] = [[], []]
  const own = foldersOfPackage(entry)
  const isOfApp = (file: string) => /\.[cm]?[jt]s$/.test(file) && !file.includes(`${sep}node_modules${sep}`) && !own.some((folder) => file.startsWith(folder))
  const all = [...new Set([entry, ...loaded.filter(isOfApp)])]
  const seen = new Set(all.slice(0, MAX_FILES))
  let isCut = all.length > MAX_FILES
  for (const file of seen) {
    const path = relative(process.cwd(), file).split(sep).join('/')
    const isLarge = lstatSync(file).size > MAX_BYTES
    const source = isLarge ? undefined : Source.read(path, readFileSync(file, 'utf8'))
    if (source === undefined) unread.push(path)
    else {
      sources.push(source)
      unread.push(...computedLoads(source))
    }
    for (const specifier of source === undefined ? [] : specifiersIn(source)) {
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

/** The paths and packages that the file loads with `import` or `require`. */
function specifiersIn(source: Source): string[] {
  return source.tokens.flatMap(({ kind }, at) => {
    const text = kind === 'string' ? source.stringAt(at) : undefined
    const isLoaded = source.is(at - 1, 'from') || source.is(at - 1, 'import') || (source.is(at - 1, '(') && (source.is(at - 2, 'require') || source.is(at - 2, 'import')))
    return text !== undefined && isLoaded ? [text] : []
  })
}

/** Each `import(…)` and `require(…)` of a computed path in a handler: the application loads such a file only when a request arrives. */
function computedLoads(source: Source): string[] {
  return source.tokens.flatMap(({ text, line }, at) => {
    const isLoad = (text === 'import' || text === 'require') && source.is(at + 1, '(') && !source.is(at - 1, '.')
    const isFixed = source.is(at + 3, ')') && source.tokens[at + 2]?.kind === 'string'
    return isLoad && !isFixed && isInHandler(source, at) ? [`${text}(…) of a computed path at ${source.path}:${line}`] : []
  })
}

function isInHandler(source: Source, at: number): boolean {
  for (let block = source.blockOf(at); block !== -1; block = source.blockOf(block)) {
    if (source.parametersOf(block)?.some((name) => /^_?(?:req|request|ctx|context)$/.test(name))) return true
  }
  return false
}

function fileOf(from: string, specifier: string, isOfApp: (file: string) => boolean): string | undefined {
  for (const name of [specifier, specifier.replace(/\.([cm]?)js$/, '.$1ts'), `${specifier}.ts`]) {
    try {
      const file = createRequire(from).resolve(name)
      if (isOfApp(file)) return file
    } catch {
      // This file does not exist: try the next name.
    }
  }
  return undefined
}
