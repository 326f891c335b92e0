/**
 * Reads the source of the application, from the file that starts it, for sign-ins that the doctor cannot see in the running application: for example
 * `req.session.passport = …` in a handler. Uses the search of the command `init`.
 *
 * Out of scope: packages in `node_modules`, and files whose names the application computes.
 */
import { lstatSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative, sep } from 'node:path'
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

/** @param entry the path of the file that starts the application */
export function sourceReport(entry: string): SourceReport {
  const { sources, unread } = reachableFrom(entry)
  const factors = new SecondFactors(sources)
  const signInCalls = sources.flatMap((source) => signInCallsIn(source, factors)).filter(({ isToken }) => isToken !== true)
  const place = ({ source, line }: (typeof signInCalls)[number]) => `${source.path}:${line}`
  return {
    closed: new Set(signInCalls.filter(({ remedy }) => remedy === undefined).map(place)),
    open: [...signInCalls.filter(({ remedy }) => remedy !== undefined).map((signInCall) => `${signInCall.what} at ${place(signInCall)}`), ...unread.map((what) => `${what}, which the doctor cannot read`)],
  }
}

function reachableFrom(entry: string): { sources: Source[]; unread: string[] } {
  const [sources, unread, seen]: [Source[], string[], Set<string>] = [[], [], new Set([entry])]
  let isCut = false
  for (const file of seen) {
    const path = relative(process.cwd(), file).split(sep).join('/')
    const isLarge = lstatSync(file).size > MAX_BYTES
    const source = isLarge ? undefined : Source.read(path, readFileSync(file, 'utf8'))
    if (source === undefined) unread.push(path)
    else sources.push(source)
    for (const specifier of source === undefined ? [] : specifiersIn(source)) {
      const found = fileOf(file, specifier)
      if (found !== undefined && seen.size < MAX_FILES) seen.add(found)
      else if (found !== undefined && !seen.has(found)) isCut = true
    }
  }
  return { sources, unread: isCut ? [...unread, `more than ${MAX_FILES} files`] : unread }
}

/** The relative paths that the file loads with `import` or `require`. */
function specifiersIn(source: Source): string[] {
  return source.tokens.flatMap(({ kind }, at) => {
    const text = kind === 'string' ? source.stringAt(at) : undefined
    const isLoaded = source.is(at - 1, 'from') || source.is(at - 1, 'import') || (source.is(at - 1, '(') && (source.is(at - 2, 'require') || source.is(at - 2, 'import')))
    return text?.startsWith('.') === true && isLoaded ? [text] : []
  })
}

function fileOf(from: string, specifier: string): string | undefined {
  for (const name of [specifier, specifier.replace(/\.([cm]?)js$/, '.$1ts'), `${specifier}.ts`]) {
    try {
      const file = createRequire(from).resolve(name)
      if (/\.[cm]?[jt]s$/.test(file) && !file.includes(`${sep}node_modules${sep}`)) return file
    } catch {
      // This file does not exist: try the next name.
    }
  }
  return undefined
}
