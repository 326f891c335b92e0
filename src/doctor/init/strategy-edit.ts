/**
 * Chooses the file that creates the Nevis strategy, and adds the strategy there. Usually this is the file with the password strategy. It is a new file if the
 * file with the password strategy loads a file that needs the Nevis strategy: otherwise the two files would load each other, and the app would not start.
 *
 * Out of scope: the routes (`plan.ts`), and the call that finds the user (`lookup.ts`).
 */
import { existsSync } from 'node:fs'
import { extname, join, posix } from 'node:path'
import type { AppFolder } from './app-folder'
import type { Edits } from './edits'
import type { PasswordStrategy, Refusal } from './lookup'
import { resolved, specifiersIn } from './relative-imports'
import { Source, type Range } from './source'

/** A statement in a file. */
export interface Place {
  readonly source: Source
  readonly statement: Range
}

export interface StrategyFile {
  /** The file that creates the strategy. A new file contains only imports so far. */
  readonly source: Source
  readonly isNew: boolean
  /** Source text that exports the strategy, for example `exports.nevis = nevis`. Empty if no other file imports the strategy. */
  readonly exported: string
}

/** @param session the call that mounts the session. @param login the password route. Both need the strategy */
export function strategyFileOf(app: AppFolder, strategy: PasswordStrategy, session: Place, login: Place): StrategyFile | Refusal {
  const { source, statement } = strategy
  const kept = (exported: string): StrategyFile => ({ source, isNew: false, exported })
  const refuse = (why: string): Refusal => ({ source, line: source.token(statement.first).line, why })
  const others = [session, login].map((place) => place.source).filter((other) => other !== source)
  if (others.length === 0) {
    // Only in the same block is the variable `nevis` visible to all three statements.
    const blocks = [strategy, session, login].map((place) => place.source.blockOf(place.statement.first))
    return blocks.every((block) => block === blocks[0]) ? kept('') : refuse('the password strategy, the session and the login are in different functions')
  }
  if (mayLoad(app.sources, source, others)) {
    const own = newFile(app, strategy, [source, ...others])
    const names = others.map(({ path }) => path).join(' and ')
    return typeof own === 'string' ? refuse(`${source.path} may load ${names}, so the Nevis strategy needs a file of its own, but ${own}: follow docs/guides/existing-app.md`) : own
  }
  if (source.blockOf(statement.first) !== -1) return refuse('the password strategy is made in a function, so other files cannot import one beside it')
  if (source.isModule) return kept('export ')
  const isReplaced = source.tokens.some(({ text, parent }, i) => text === 'module' && parent === -1 && source.is(i + 1, '.') && source.is(i + 2, 'exports') && source.is(i + 3, '='))
  return kept(isReplaced ? 'module.exports.nevis = nevis' : 'exports.nevis = nevis')
}

/** True if `file` loads one of the files `others`, directly or through more files, or if it is not clear which files `file` loads. */
function mayLoad(sources: readonly Source[], file: Source, others: readonly Source[]): boolean {
  const isUnclear = file.tokens.some(({ kind, text }, at) => kind === 'word' && /^(?:require|import)$/.test(text) && file.is(at + 1, '(') && file.fixedTextAt(at + 2) === undefined)
  return isUnclear || specifiersIn(file).some((specifier) => /^[@~]\//.test(specifier)) || loadedBy(sources, [file]).some((one) => others.includes(one))
}

function loadedBy(sources: readonly Source[], files: readonly Source[]): Source[] {
  const found = new Set<Source>()
  const next = [...files]
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    for (const specifier of specifiersIn(file)) {
      const loaded = resolved(sources, file, specifier)
      if (loaded === undefined || found.has(loaded)) continue
      found.add(loaded)
      next.push(loaded)
    }
  }
  return [...found]
}

/** The new file, with the imports that `verify` needs; or why it cannot be made. @param users the files that import the new file */
function newFile({ root, sources }: AppFolder, { source, verify }: PasswordStrategy, users: readonly Source[]): StrategyFile | string {
  // The new file is beside the file with the password strategy, so that the paths in the copied imports stay right.
  const path = posix.join(posix.dirname(source.path), `nevis${extname(source.path)}`)
  if (existsSync(join(root, path)) || resolved(sources, source, './nevis') !== undefined) return `${path} already exists`
  const imports: string[] = []
  for (const name of namesIn(verify)) {
    const statement = importOf(source, name)
    if (statement === undefined) return `${name}, which finds the user, is no import that init can copy`
    if (!imports.includes(statement)) imports.push(statement)
  }
  // The new file reads the environment when it is loaded, perhaps before another file has called `config()` of dotenv. So the new file loads `dotenv/config`
  // itself. If the app passes options to `config`, `dotenv/config` does not get them, so no new file is made.
  const readers = sources.filter((one) => specifiersIn(one).includes('dotenv'))
  if (readers.some((one) => one.tokens.some((_token, at) => one.is(at, 'config') && one.is(at + 1, '(') && !one.is(at + 2, ')')))) return 'this file would read the environment before dotenv has set it'
  if (readers.length > 0) imports.unshift(source.isModule ? "import 'dotenv/config'" : "require('dotenv/config')")
  const made = Source.read(path, `${imports.join('\n')}\n`)
  if (made === undefined || made.isModule !== source.isModule) return 'init cannot copy the imports for it'
  if (loadedBy(sources, [made]).some((one) => users.includes(one))) return 'the imports that find the user load this file again'
  return { source: made, isNew: true, exported: source.isModule ? 'export ' : 'exports.nevis = nevis' }
}

const KNOWN = /^(?:async|await|new|typeof|null|true|false|undefined|process|Object|Array|String|Number)$/

/** The names in the function `verify` (source text) that are defined outside of it. */
function namesIn(verify: string): Set<string> {
  const code = Source.read('verify.js', verify) as Source
  const parameters = new Set(code.tokens.flatMap(({ text }, at) => {
    if (text !== '=>') return []
    const open = code.token(at - 1).pair ?? at - 1
    return code.tokens.slice(open, at).map((token) => token.text)
  }))
  return new Set(code.tokens.flatMap(({ kind, text }, at) => {
    if (kind === 'template' && text.includes('${')) return [text]
    const isProperty = code.is(at - 1, '.') || code.is(at - 1, '?.') || (code.is(at + 1, ':') && !code.is(at - 1, '?'))
    return kind === 'word' && !isProperty && !KNOWN.test(text) && !parameters.has(text) ? [text] : []
  }))
}

const IMPORT = /^(?:import\b[^]*|(?:const|let|var)\s+(?:[\w$]+|\{[\w$\s,:]*\})\s*=\s*require\(\s*(['"])[^'"\n]+\1\s*\)(?:\.[\w$]+)*;?)$/

/** The import of this name at the top of the file, as source text. */
function importOf(source: Source, name: string): string | undefined {
  return source.statements().filter(({ first, last }) => {
    for (let at = first + 1; at < last; at++) if (source.is(at, name) && !source.is(at - 1, '.') && [',', '}', '=', 'from'].some((text) => source.is(at + 1, text))) return IMPORT.test(source.textOf({ first, last }))
    return false
  }).map((range) => source.textOf(range))[0]
}

export function addStrategy(edits: Edits, { passport, ...password }: PasswordStrategy, session: Place, { source, isNew, exported }: StrategyFile, waitingURL: string): void {
  const { statement, verify } = password
  const end = source.usesSemicolons ? ';' : ''
  const env = (name: string) => (source.isTypeScript ? `process.env['${name}']` : `process.env.${name}`)
  const use = `${passport}.use(nevis)`
  const lines = [
    `${exported === 'export ' ? exported : ''}const nevis = new NevisStrategy({`,
    `  baseURL: ${env('NEVIS_BASE_URL')},`,
    `  accessKey: ${env('NEVIS_ACCESS_KEY')},`,
    '  factors: [push(), qrCode(), sms(), recovery()],',
    "  operation: 'approve-or-enroll', // users without a second factor set one up",
    `  waitingURL: '${waitingURL}',`,
    `}, ${verify})${end}`,
    ...(isNew ? [] : [`${use}${end}`]),
    ...(exported.startsWith('exports') ? [`${exported}${end}`] : []),
  ]
  edits.use(source, 'NevisStrategy', 'push', 'app', 'sms', 'recovery')
  if (isNew) {
    edits.insert(source, source.text.length, `\n${lines.join('\n')}\n`)
    edits.useStrategy(password.source)
    edits.insert(password.source, password.source.lineEnd(statement.last), `\n${password.source.indentAt(statement.first)}${use}${password.source.usesSemicolons ? ';' : ''}`)
    return
  }
  const indent = source.indentAt(statement.first)
  const text = lines.map((line) => `${indent}${line}`).join('\n')
  // The status endpoint is mounted before the session, and needs the strategy. So the strategy must be created before the session.
  const isLate = source === session.source && session.statement.first < statement.first
  if (isLate) edits.insert(source, source.lineStart(session.statement.first), `${text}\n\n`)
  else edits.insert(source, source.lineEnd(statement.last), `\n\n${text}`)
  if (exported.startsWith('module')) edits.insert(source, source.text.trimEnd().length, `\n${exported}${end}`)
}
