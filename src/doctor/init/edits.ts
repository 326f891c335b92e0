/**
 * Collects the changes to the application's files for the command `init`: texts to insert or replace, and the imports that these texts need.
 *
 * Out of scope: choosing the changes (`plan.ts`), and writing the files (`app-folder.ts`).
 */
import { dirname, relative } from 'node:path'
import type { AppFolder, FileChange } from './app-folder'
import { specifiersIn } from './relative-imports'
import type { Source } from './source'

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Exports of `passport-nevis` that `init` imports under another name: the factor `app`, because in most applications `app` is the Express application. */
const RENAMED: Readonly<Record<string, string>> = { app: 'qrCode' }

export class Edits {
  private readonly edits = new Map<Source, Edit[]>()
  private readonly names = new Map<Source, Set<string>>()
  private readonly needsStrategy = new Set<Source>()
  private readonly declarations = new Map<Source, string[]>()
  private readonly others: FileChange[] = []

  replace(source: Source, start: number, end: number, text: string): void {
    const edits = this.edits.get(source) ?? []
    edits.push({ start, end, text })
    this.edits.set(source, edits)
  }

  insert(source: Source, at: number, text: string): void {
    this.replace(source, at, at, text)
  }

  /** Changes a file that is neither JavaScript nor TypeScript, for example a template. */
  replaceFile(change: FileChange): void {
    this.others.push(change)
  }

  /** Adds an import of these names from `passport-nevis`. */
  use(source: Source, ...names: string[]): void {
    this.names.set(source, new Set([...(this.names.get(source) ?? []), ...names]))
  }

  /** Adds an import of the strategy `nevis` from the file that creates it. */
  useStrategy(source: Source): void {
    this.needsStrategy.add(source)
  }

  declare(source: Source, text: string): void {
    this.declarations.set(source, [...(this.declarations.get(source) ?? []), text])
  }

  /**
   * Returns all changed files, with their texts before and after.
   * @param strategyFile the file that exports the strategy `nevis`
   * @throws Error if two changes overlap
   */
  changes({ sources, templates, manifest }: AppFolder, strategyFile: Source): FileChange[] {
    for (const source of new Set([...this.names.keys(), ...this.needsStrategy, ...this.declarations.keys()])) this.importInto(source, strategyFile, /"type"\s*:\s*"module"/.test(manifest ?? ''))
    const changed = [...this.edits].map(([source, edits]): FileChange => ({ path: source.path, before: sources.includes(source) ? source.text : undefined, after: edited(source.path, source.text, edits) }))
    const known = new Map([...templates, ...(manifest === undefined ? [] : [['package.json', manifest] as const])])
    return [...changed, ...this.others.filter(({ path, before }) => known.get(path) === before)].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  private importInto(source: Source, strategyFile: Source, isModulePackage: boolean): void {
    const end = source.usesSemicolons ? ';' : ''
    const quote = /require\("|from "/.test(source.text) ? '"' : "'"
    const line = (names: string, from: string) =>
      source.isModule ? `import { ${names} } from ${quote}${from}${quote}${end}` : `const { ${names} } = require(${quote}${from}${quote})${end}`
    const renamed = (name: string) => (RENAMED[name] === undefined ? name : `${name}${source.isModule ? ' as ' : ': '}${RENAMED[name]}`)
    const lines: string[] = []
    const names = this.names.get(source)
    if (names !== undefined) lines.push(line([...names].map(renamed).join(', '), 'passport-nevis'))
    if (this.needsStrategy.has(source) && source !== strategyFile) lines.push(line('nevis', specifierOf(source, strategyFile, isModulePackage)))
    const declared = (this.declarations.get(source) ?? []).map((text) => `\n${text}${end}`)
    const at = endOfImports(source)
    const text = [...lines, ...declared].join('\n')
    this.insert(source, at, at === 0 ? `${text}\n` : `\n${text}`)
  }
}

/** The text with the line breaks of the file: CRLF if the first line of the file ends so. */
export function withLineBreaksOf(file: string, text: string): string {
  return text.replace(/\r?\n/g, file[file.indexOf('\n') - 1] === '\r' ? '\r\n' : '\n')
}

function edited(path: string, before: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  // The sort is stable: texts inserted at the same position stay in the order of the calls that inserted them.
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    if (start < at) throw new Error(`two changes of ${path} would overlap, so nothing was changed: follow docs/guides/existing-app.md`)
    parts.push(before.slice(at, start), withLineBreaksOf(before, text))
    at = end
  }
  return parts.join('') + before.slice(at)
}

/** The offset after the imports at the top of the file; 0 if there are none. */
function endOfImports(source: Source): number {
  let end = 0
  for (const { first, last } of source.statements()) {
    const text = source.textOf({ first, last })
    const isDirective = first === last || source.stringAt(first) !== undefined
    const isImport = source.is(first, 'import') || source.is(first, 'require') || /^(?:const|let|var)\b[^;]*?=\s*(?:await\s+)?require\s*\(/.test(text)
    if (!isImport && !(isDirective && source.stringAt(first) !== undefined)) break
    end = source.lineEnd(last)
  }
  return end
}

/** The path with which `source` imports the strategy's file, for example `./auth` or `./auth.js`. */
function specifierOf(source: Source, strategyFile: Source, isModulePackage: boolean): string {
  const path = relative(dirname(`/${source.path}`), `/${strategyFile.path}`).replace(/\\/g, '/')
  const written = path.startsWith('.') ? path : `./${path}`
  const paths = specifiersIn(source).filter((specifier) => /^\.{1,2}\//.test(specifier))
  const hasExtensions = paths.some((specifier) => /\.[cm]?[jt]s$/.test(specifier))
  // In ES modules, Node needs the extension. Exception: a TypeScript file whose imports have no extensions, because, for example, a bundler compiles the file.
  const isNeeded = hasExtensions || source.path.endsWith('.mjs') || (source.isModule && (!source.isTypeScript || (isModulePackage && paths.length === 0)))
  if (!isNeeded) return /\.(?:js|ts)$/.test(written) ? written.slice(0, -3).replace(/\/index$/, '') : written
  return paths.some((specifier) => /\.[cm]?ts$/.test(specifier)) ? written : written.replace(/\.([cm]?)ts$/, '.$1js')
}
