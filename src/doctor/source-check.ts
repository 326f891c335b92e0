/**
 * Reads the source of the application for sign-ins that the doctor cannot see in the running application: for example `req.session.passport = …` in a handler.
 * Reads the files that the application has loaded, and those that it loads later by a fixed path. Uses the search of the command `init`.
 *
 * Out of scope: packages in `node_modules`. A linked package of the same project counts as part of the application.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import type { Session } from 'node:inspector'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forgottenIn } from './forgotten-factor'
import { signInCallsIn } from './init/sign-in-calls'
import { SecondFactors } from './init/second-factor'
import { Source } from './init/source'
import { loadsIn } from './loads'

const MAX_FILES = 500
const MAX_BYTES = 200_000
const MAX_TOTAL_BYTES = 10_000_000
/** A loaded file with one of these extensions contains no JavaScript. A file with another extension, or without one, may contain some. */
const NO_CODE = /\.(?:json|node|wasm)$/
/** A file of this package, also in another copy of the package, that an application loads, and the doctor itself does not. */
const STRATEGY = /[\\/]dist[\\/]strategy[\\/]strategy\.js$/

export interface SourceReport {
  /** The lines with a password check after which the second factor follows, for example `routes/auth.js:12`. */
  readonly closed: ReadonlySet<string>
  /** The sign-ins for which the source does not show that they require the second factor, one sentence each. */
  readonly open: readonly string[]
  /** Those sign-ins of `open` that certainly are a password route without the second factor. */
  readonly forgotten: readonly string[]
  /** The first line that may use `recordSecondFactor`. Undefined if no line does. */
  readonly recordedAt: string | undefined
  /** The first line that certainly calls `requireSecondFactor` of this package. */
  readonly requiredAt: string | undefined
  /** True if a line may use `requireSecondFactor` or `secondFactorOf`. */
  readonly mayRequire: boolean
  /** True if the code names this package, as `require('passport-nevis')` does, or if the process has loaded the strategy of this package. */
  readonly usesPackage: boolean
  /** False if the application has code that the doctor could not read. */
  readonly isWhole: boolean
}

/**
 * @param entry the path of the file that starts the application
 * @param loaded the files that the process has loaded
 * @param unlisted code that the process may have loaded, but that `loadedFiles` cannot list
 */
export function sourceReport(entry: string, loaded: readonly string[] = [], unlisted: readonly string[] = []): SourceReport {
  const { sources, unread } = reachableFrom(entry, loaded)
  const factors = new SecondFactors(sources)
  const signInCalls = sources.flatMap((source) => signInCallsIn(source, factors)).filter(({ isToken }) => isToken !== true)
  const place = ({ source, line }: (typeof signInCalls)[number]) => `${source.path}:${line}`
  const paths = new Set([entry, ...loaded].map(shownPath))
  const isLoaded = (source: Source) => loaded.length === 0 || unlisted.length > 0 || paths.has(source.path)
  const isForgotten = forgottenIn(sources, isLoaded)
  const firstLine = (isThis: (source: Source, at: number) => boolean) => {
    for (const source of sources) {
      const at = source.tokens.findIndex((_token, i) => isThis(source, i))
      if (at !== -1) return `${source.path}:${source.token(at).line}`
    }
    return undefined
  }
  return {
    forgotten: signInCalls.filter(isForgotten).map((signInCall) => `${signInCall.what} at ${place(signInCall)}`),
    recordedAt: firstLine(mayUse('recordSecondFactor')),
    requiredAt: firstLine(isRequired),
    mayRequire: firstLine(mayUse('requireSecondFactor')) !== undefined || firstLine(mayUse('secondFactorOf')) !== undefined,
    usesPackage: loaded.some((file) => STRATEGY.test(file)) || firstLine((source, at) => source.stringAt(at) === 'passport-nevis') !== undefined,
    isWhole: unread.length + unlisted.length === 0,
    closed: new Set(signInCalls.filter(({ remedy }) => remedy === undefined).map(place)),
    open: [...signInCalls.filter(({ remedy }) => remedy !== undefined).map((signInCall) => `${signInCall.what} at ${place(signInCall)}`), ...[...unread, ...unlisted].map((what) => `${what}, which the doctor cannot read`)],
  }
}

/** True if the token is `name`, an export of this package, or a name under which the file imports this export. False for the tokens of the import itself. */
const mayUse = (name: string) => (source: Source, at: number): boolean => {
  const text = source.isWord(at) ? source.token(at).text : source.stringAt(at)
  if (text !== name && (text === undefined || source.imports.get(text)?.name !== name)) return false
  const { parent } = source.token(at)
  const end = (source.tokens[parent]?.pair ?? at) + 1
  return source.is(end, 'from') ? source.is(parent - 1, 'export') : !source.is(end, '=') || !source.is(end + 1, 'require')
}

/** True if the token is a call of `requireSecondFactor` that the file imports from this package, under any name. */
function isRequired(source: Source, at: number): boolean {
  if (!source.isWord(at) || source.openOfCall(at) === undefined) return false
  const isMember = source.is(at - 1, '.')
  const imported = source.imports.get(source.token(isMember ? at - 2 : at).text)
  return imported?.from === 'passport-nevis' && (isMember ? source.token(at).text : imported.name) === 'requireSecondFactor'
}

/**
 * Returns the files whose code this process has loaded, by any kind of `require` and `import`; and in the second list, what may be missing in the first. Only
 * the debugger of V8 also knows ES modules, and other runtimes than Node.js may have no such debugger.
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
  const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+[\\/]/.exec(entry)?.[0]
  const isInstalled = (file: string) => (folder !== undefined && file.startsWith(folder) ? file.slice(folder.length - 1) : file).includes(`${sep}node_modules${sep}`)
  const isOfApp = (file: string) => !NO_CODE.test(file) && !isInstalled(file) && !own.some((one) => file.startsWith(one))
  const started = new Set([entry, ...loaded.filter(isOfApp)])
  const seen = new Set([...started].slice(0, MAX_FILES))
  let isCut = started.size > MAX_FILES
  let bytes = 0
  for (const file of seen) {
    const path = shownPath(file)
    const { size } = statSync(file)
    if (size <= MAX_BYTES) bytes += size
    if (bytes > MAX_TOTAL_BYTES) return { sources, unread: [...unread, `more than ${MAX_TOTAL_BYTES / 1_000_000} MB of code`] }
    const source = size > MAX_BYTES ? undefined : Source.read(path, readFileSync(file, 'utf8'))
    if (source === undefined) {
      unread.push(path)
      continue
    }
    sources.push(source)
    const { fixed, unclear } = loadsIn(source)
    unread.push(...unclear)
    for (const { specifier, name, line, isLater } of fixed) {
      if (isBuiltin(specifier)) continue
      const found = fileOf(file, specifier)
      // If the application has already loaded this file, it has also loaded all files that this file loads at its start.
      // So do not report that one of those files was not found.
      const isStarted = !isLater && started.has(file)
      // The path of an import can contain data, and a very long path would hide the rest of the finding.
      const shown = /^[\w@#~./-]{1,80}$/.test(specifier) ? `'${specifier}'` : '…'
      if (found === undefined && !isStarted) unread.push(`${name}(${shown}) at ${path}:${line}, a file or package that was not found (perhaps optional)`)
      if (found === undefined || !isOfApp(found)) continue
      if (isStarted) started.add(found)
      if (seen.has(found)) continue
      if (seen.size < MAX_FILES) seen.add(found)
      else isCut = true
    }
  }
  return { sources, unread: isCut ? [...unread, `more than ${MAX_FILES} files`] : unread }
}

/** The path of a file as findings show it: relative to the working directory, with `/` on each system. */
function shownPath(file: string): string {
  return relative(process.cwd(), file).split(sep).join('/')
}

/** The folders of this package: of the copy that runs here, and of the copy that the application loads. A linked copy is not in `node_modules`. */
function foldersOfPackage(entry: string): string[] {
  const folders = [join(__dirname, '..')]
  try {
    folders.push(dirname(createRequire(entry).resolve('passport-nevis')))
  } catch {
    // The name does not resolve from `entry`: the application gets the package in another way, for example by an alias.
  }
  return folders.map((folder) => folder + sep)
}

/** Endings that Node.js, or a loader of TypeScript, adds to a path. */
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.jsx', '.mjs', '/index.ts', '/index.tsx', '/index.mjs']

/** The file that a fixed path names. For a package, the file is one in `node_modules`, or in the folder of a linked package. Undefined if it is not found. */
function fileOf(from: string, specifier: string): string | undefined {
  const { resolve: find } = createRequire(from)
  const path = /^[^?#].[^?#]*/.exec(specifier.startsWith('file:') ? pathOf(specifier) : specifier)?.[0] ?? specifier
  for (const name of [path, ...(/^\.{0,2}[\\/]/.test(path) ? ENDINGS.flatMap((ending) => [path + ending, path.replace(/\.[cm]?jsx?$/, '') + ending]) : [])]) {
    try {
      return find(name)
    } catch {
      // This file does not exist: try the next name.
    }
  }
  return installedPackage(from, path)
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}

/** The manifest of an installed package that `require` cannot load, because it only has ES modules. Undefined for a linked package. */
function installedPackage(from: string, name: string): string | undefined {
  const [, packageName] = /^((?:@[\w.~-]+\/)?[\w~-][\w.~-]*)(?:\/|$)/.exec(name) ?? []
  if (packageName === undefined) return undefined
  for (let folder = dirname(from); ; folder = resolve(folder, '..')) {
    const manifest = join(folder, 'node_modules', packageName, 'package.json')
    if (existsSync(manifest)) return realpathSync(manifest).includes(`${sep}node_modules${sep}`) ? manifest : undefined
    if (folder === resolve(folder, '..')) return undefined
  }
}
