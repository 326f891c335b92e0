/**
 * Finds the file that a relative import loads, and the files that load a file.
 *
 * Out of scope: installed packages, and which names the file exports (`exports.ts`).
 */
import { posix } from 'node:path'
import type { Source } from './source'

const EXTENSIONS = ['', '.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '/index.js', '/index.ts', '/index.cjs', '/index.mjs']

const sourcesByPath = new WeakMap<readonly Source[], ReadonlyMap<string, Source>>()

/** @returns undefined if the import is not relative, or if no source of the application matches */
export function resolved(sources: readonly Source[], from: Source, specifier: string): Source | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = posix.join(posix.dirname(from.path), specifier)
  const names = [...EXTENSIONS.map((extension) => path + extension), path.replace(/\.([cm]?)js$/, '.$1ts')]
  const known = sourcesByPath.get(sources) ?? new Map(sources.map((source) => [source.path, source]))
  sourcesByPath.set(sources, known)
  return names.map((name) => known.get(posix.normalize(name))).find((source) => source !== undefined)
}

/** The paths and packages that the file loads with `import` or `require`. */
export function specifiersIn(source: Source): string[] {
  return source.tokens.flatMap((_token, at) => {
    const text = source.fixedTextAt(at)
    const isLoaded = source.is(at - 1, 'from') || source.is(at - 1, 'import') || (source.is(at - 1, '(') && (source.is(at - 2, 'require') || source.is(at - 2, 'import')))
    return text !== undefined && isLoaded ? [text] : []
  })
}

const importers = new WeakMap<readonly Source[], Map<Source, Source[]>>()

/** The files that load this file by a relative path. */
export function importersOf(sources: readonly Source[], file: Source): readonly Source[] {
  let known = importers.get(sources)
  if (known === undefined) {
    known = new Map()
    for (const source of sources) {
      for (const loaded of new Set(specifiersIn(source).map((specifier) => resolved(sources, source, specifier)))) {
        if (loaded === undefined || loaded === source) continue
        const files = known.get(loaded) ?? []
        known.set(loaded, files)
        files.push(source)
      }
    }
    importers.set(sources, known)
  }
  return known.get(file) ?? []
}

const aliases = new WeakMap<readonly Source[], ReadonlySet<string>>()

/** True if a file may load this file by a path that is not relative, such as `@/controllers/auth` or `#auth`: its last part is the name of the file. */
export function mayHaveAlias(sources: readonly Source[], { path }: Source): boolean {
  const nameOf = (text: string) => posix.basename(text.replace(/^[#@~]/, '')).replace(/\.[cm]?[jt]s$/, '')
  const known = aliases.get(sources) ?? new Set(sources.flatMap((source) => specifiersIn(source).filter((specifier) => /^[#@~]|\//.test(specifier) && !specifier.startsWith('.')).map(nameOf)))
  aliases.set(sources, known)
  const name = nameOf(path)
  return known.has(name === 'index' ? posix.basename(posix.dirname(path)) : name)
}
