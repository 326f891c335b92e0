/**
 * A source file of the application, as tokens: its statements, calls, imports and functions.
 *
 * Out of scope: finding sign-ins (`sign-in-calls.ts`), and reading files (`app-folder.ts`).
 */
import { tokensOf, type Token } from './tokens'

/** A part of the file, as the indexes of its first and last token. */
export interface Range {
  readonly first: number
  readonly last: number
}

export interface Imported {
  /** The import path as in the source, for example `./auth`. */
  readonly from: string
  /** The exported name; undefined if the file imports the whole module or its default export. Empty for more than one property, as in `require('a').b.c`. */
  readonly name: string | undefined
  /** True for the default export of an ES module: `import a from './a'`. */
  readonly isDefault?: boolean
  /** The indexes of the variable in each `variable = require(…)`. */
  readonly at?: readonly number[]
}

/** The functions with which compilers wrap `require('./a')`. */
const INTEROP = /^_*(?:import_?(?:default|star)|interop_?require_?(?:default|wildcard)|toESM)$/i

/** A token that cannot begin a statement. A line that begins with such a token continues the statement of the previous line. */
const CONTINUES = /^(?:[^\w$#@'"`{}~!]+|!==?|in|of|instanceof|as|satisfies)$/

export class Source {
  readonly isTypeScript: boolean
  readonly isModule: boolean
  readonly usesSemicolons: boolean
  private hasPassport: boolean | undefined
  private imported: Map<string, Imported> | undefined
  // The two caches `parts` and `statementsAt`: without them, many calls in one long statement or argument list would take quadratic time.
  private readonly parts = new Map<number, readonly Range[]>()
  private readonly statementsAt: Range[] = []

  private constructor(
    /** The path of the file, relative to the application's folder, with forward slashes. */
    readonly path: string,
    readonly text: string,
    readonly tokens: readonly Token[],
  ) {
    this.isTypeScript = /\.[cm]?ts$/.test(path)
    const atTop = tokens.filter(({ parent }) => parent === -1)
    this.isModule = atTop.some((token, i) => token.kind === 'word' && (token.text === 'export' || (token.text === 'import' && atTop[i + 1]?.text !== '(' && atTop[i + 1]?.text !== '.')))
    this.usesSemicolons = atTop.filter(({ text: one }) => one === ';').length > 2 || atTop.at(-1)?.text === ';'
  }

  static read(path: string, text: string): Source | undefined {
    const tokens = tokensOf(text)
    return tokens && new Source(path, text, tokens)
  }

  is(index: number, text: string): boolean {
    return this.tokens[index]?.text === text && this.tokens[index]?.kind !== 'string'
  }

  token(index: number): Token {
    return this.tokens[index] as Token
  }

  isWord(index: number): boolean {
    return this.tokens[index]?.kind === 'word'
  }

  /** The value of a string literal; undefined if the token is not a string, or contains escapes. */
  stringAt(index: number): string | undefined {
    const { kind, text } = this.tokens[index] ?? {}
    return kind === 'string' && text !== undefined && !text.includes('\\') ? text.slice(1, -1) : undefined
  }

  /** The value of a string literal, or of a template without `${…}`; undefined for other tokens, and for a text with escapes. */
  fixedTextAt(index: number): string | undefined {
    const { kind, text } = this.tokens[index] ?? {}
    return kind === 'template' && text !== undefined && !/\\|\$\{/.test(text) ? text.slice(1, -1) : this.stringAt(index)
  }

  /** The parenthesis with the arguments of the function with this name: `f(…)`, or `(0, a.f)(…)` in compiled code. Undefined if the name is not called here. */
  openOfCall(name: number): number | undefined {
    if (this.is(name + 1, '(')) return name + 1
    const { pair } = this.tokens[name + 1] ?? {}
    const isCompiled = this.isWord(name) && this.is(name + 1, ')') && pair !== undefined && this.is(pair + 1, '0') && this.is(pair + 2, ',')
    return isCompiled && this.is(name + 2, '(') ? name + 2 : undefined
  }

  textOf({ first, last }: Range): string {
    return this.text.slice(this.token(first).start, this.token(last).end)
  }

  /**
   * Splits the arguments of a call, or the properties of an object literal, at the commas between them.
   * @param open index of the opening bracket
   */
  partsOf(open: number): readonly Range[] {
    const known = this.parts.get(open)
    if (known !== undefined) return known
    const close = this.token(open).pair as number
    const parts: Range[] = []
    let first = open + 1
    for (let i = open + 1; i <= close; i++) {
      if (i === close || (this.is(i, ',') && this.token(i).parent === open)) {
        if (first < i) parts.push({ first, last: i - 1 })
        first = i + 1
      }
    }
    this.parts.set(open, parts)
    return parts
  }

  /** The properties of an object literal, by name. Undefined if the literal contains a spread, a method or a shorthand property. */
  propertiesOf({ first, last }: Range): Map<string, Range> | undefined {
    if (!this.is(first, '{') || this.token(first).pair !== last) return undefined
    const properties = new Map<string, Range>()
    for (const part of this.partsOf(first)) {
      const name = this.isWord(part.first) ? this.token(part.first).text : this.stringAt(part.first)
      if (name === undefined || !this.is(part.first + 1, ':')) return undefined
      properties.set(name, { first: part.first + 2, last: part.last })
    }
    return properties
  }

  /** True if the brace opens a block or a function body; false if it opens an object literal. */
  isBlock(open: number): boolean {
    const before = this.tokens[open - 1]
    if (before === undefined) return true
    return /^(?:\)|=>|;|\{|\}|>|else|try|finally|do)$/.test(before.text) || (before.kind === 'word' && !['return', 'default', 'of', 'in', 'typeof', 'await'].includes(before.text))
  }

  /** The innermost block that contains the token, as the index of its opening brace; -1 outside all blocks. */
  blockOf(index: number): number {
    let open = this.token(index).parent
    while (open !== -1 && !(this.is(open, '{') && this.isBlock(open))) open = this.token(open).parent
    return open
  }

  statementOf(index: number): Range {
    const block = this.blockOf(index)
    let first = index
    while (this.token(first).parent !== block) first = this.token(first).parent
    first = this.start(first)
    const known = this.statementsAt[first]
    if (known !== undefined) return known
    let last = first
    while (first - 1 > block && !this.isEnd(first - 1, first)) first = this.start(first - 1)
    const end = block === -1 ? this.tokens.length : (this.token(block).pair as number)
    last = this.closing(last)
    while (last + 1 < end && !this.is(last, ';') && !this.isEnd(last, last + 1)) last = this.closing(last + 1)
    if (this.is(last + 1, ';')) last++
    const statement = { first, last }
    // In `a;;`, the statement of `a` includes both semicolons, but the second semicolon is also an empty statement. So cache no statement for a semicolon.
    for (let i = first; i <= last; i = this.closing(i) + 1) if (!this.is(i, ';')) this.statementsAt[i] = statement
    return statement
  }

  /** True if a statement ends between these two tokens: at a semicolon, or at a line break where JavaScript inserts one. */
  private isEnd(before: number, after: number): boolean {
    if (this.is(before, ';')) return true
    const [one, other] = [this.token(before), this.token(after)]
    const isBroken = this.text.slice(one.end, other.start).includes('\n')
    const canEnd = one.kind !== 'punct' || [')', ']', '}'].includes(one.text)
    const isBody = other.text === '{' && one.text === ')'
    return isBroken && canEnd && !isBody && (other.kind === 'string' || !CONTINUES.test(other.text))
  }

  private start(index: number): number {
    return ')]}'.includes(this.token(index).text) && this.token(index).kind === 'punct' ? (this.token(index).pair as number) : index
  }

  private closing(index: number): number {
    return '([{'.includes(this.token(index).text) && this.token(index).kind === 'punct' ? (this.token(index).pair as number) : index
  }

  statements(): Range[] {
    const found: Range[] = []
    for (let i = 0; i < this.tokens.length; ) {
      const statement = this.statementOf(i)
      found.push(statement)
      i = Math.max(statement.last, i) + 1
    }
    return found
  }

  /** The parameter names of the function whose body begins at this brace. Undefined if no function body begins here, or if a parameter is destructured. */
  parametersOf(brace: number): string[] | undefined {
    let close = this.is(brace - 1, '=>') ? brace - 2 : brace - 1
    // In TypeScript, skip the return type between the parameters and the body.
    if (this.isTypeScript && !this.is(close, ')')) for (let i = close; i > brace - 12 && i > 0; i--) if (this.is(i, ':') && this.is(i - 1, ')')) close = i - 1
    if (this.is(close + 1, '=>') && this.isWord(close)) return [this.token(close).text]
    if (!this.is(close, ')')) return undefined
    const open = this.token(close).pair as number
    if (['if', 'for', 'while', 'switch', 'catch', 'with'].includes(this.tokens[open - 1]?.text ?? '')) return undefined
    const names = this.partsOf(open).map(({ first, last }) => (this.isWord(first) && (first === last || this.is(first + 1, ':') || this.is(first + 1, '?')) ? this.token(first).text : undefined))
    return names.every((name) => name !== undefined) ? names : undefined
  }

  get imports(): ReadonlyMap<string, Imported> {
    return (this.imported ??= this.readImports())
  }

  /** True if the file imports a package or file with `passport` in its name. */
  get usesPassport(): boolean {
    return (this.hasPassport ??= [...this.imports.values()].some(({ from }) => /passport/.test(from)))
  }

  private readImports(): Map<string, Imported> {
    const statements = new Set<number>()
    const found = new Map<string, Imported>()
    const add = (name: string, one: Imported) => {
      const known = found.get(name)
      // If two functions of the file import different code under one name, it is not clear which code the name stands for.
      const isClear = known === undefined || (known.from === one.from && known.name === one.name)
      found.set(name, { ...one, ...(!isClear && { name: '' }), at: [...(known?.at ?? []), ...(one.at ?? [])] })
    }
    const names = (open: number, from: string) => {
      for (const { first, last } of this.partsOf(open)) add(this.token(last).text, { from, name: this.token(this.is(first, 'type') && first < last ? first + 1 : first).text })
    }
    this.tokens.forEach(({ text }, i) => {
      const from = this.stringAt(i + 2)
      const isWrapped = this.is(i - 1, '(') && INTEROP.test(this.tokens[i - 2]?.text ?? '')
      const equals = isWrapped ? (this.is(i - 3, '.') ? i - 5 : i - 3) : i - 1
      if (text === 'require' && this.is(i + 1, '(') && from !== undefined && this.is(equals, '=')) {
        const isLong = this.is(i + 6, '.') || this.is(i + 6, '(')
        const member = !isWrapped && this.is(i + 4, '.') ? (isLong ? '' : this.token(i + 5).text) : undefined
        if (this.isWord(equals - 1)) add(this.token(equals - 1).text, { from, name: member, at: [equals - 1] })
        else if (this.is(equals - 1, '}')) names(this.token(equals - 1).pair as number, from)
      }
      const module = this.stringAt(i + 1)
      if (text !== 'from' || module === undefined || this.token(i).parent !== -1) return
      const { first } = this.statementOf(i)
      if (!this.is(first, 'import') || statements.has(first)) return
      statements.add(first)
      for (let at = first + 1; at < i; at++) {
        if (this.is(at, '{')) {
          names(at, module)
          at = this.token(at).pair as number
        } else if (this.isWord(at) && !['type', 'as'].includes(this.token(at).text)) add(this.token(at).text, { from: module, name: undefined, isDefault: !this.is(at - 1, 'as') })
      }
    })
    return found
  }

  indentAt(index: number): string {
    const lineStart = this.text.lastIndexOf('\n', this.token(index).start - 1) + 1
    return /^[ \t]*/.exec(this.text.slice(lineStart))?.[0] ?? ''
  }

  /**
   * The offset where the token's line begins, or where the comment lines directly above it begin. If the line begins inside a template literal or a comment:
   * the offset of the token.
   */
  lineStart(index: number): number {
    let start = this.text.lastIndexOf('\n', this.token(index).start - 1) + 1
    if (this.isInside(start)) return this.token(index).start
    let found = start
    for (;;) {
      const above = this.text.lastIndexOf('\n', start - 2) + 1
      if (start === 0 || !/^\s*(?:\/\/|\/\*|\*)/.test(this.text.slice(above, start))) return found
      start = above
      if (!this.isInside(start)) found = start
    }
  }

  /**
   * The offset where the token's line ends, after any comment on that line and before the line break. If the line ends inside a template literal or a comment:
   * the offset where the token ends.
   */
  lineEnd(index: number): number {
    const end = this.text.indexOf('\n', this.token(index).end)
    if (end !== -1 && this.isInside(end)) return this.token(index).end
    return end === -1 ? this.text.length : this.text[end - 1] === '\r' ? end - 1 : end
  }

  /** True if this offset is inside a token, such as a template literal with several lines, or inside a comment with several lines. */
  private isInside(offset: number): boolean {
    let [low, high] = [0, this.tokens.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.token(middle).end > offset) high = middle
      else low = middle + 1
    }
    const next = this.tokens[low]
    if (next !== undefined && next.start < offset) return true
    return /\/\*/.test(this.text.slice(this.tokens[low - 1]?.end ?? 0, offset).replace(/\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\//g, ''))
  }
}

/** True for a function expression or an arrow function; false for the name of a function. */
export function isFunction(source: Source, { first, last }: Range): boolean {
  if (source.is(first, 'function') || (source.is(first, 'async') && source.is(first + 1, 'function'))) return true
  for (let i = first; i <= last; i++) {
    if (source.is(i, '=>')) return true
    const { pair } = source.token(i)
    if (pair !== undefined && pair > i) i = pair
  }
  return false
}
