/**
 * Finds the file that a relative import loads.
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
