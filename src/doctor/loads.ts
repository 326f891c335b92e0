/**
 * Finds which other files a source file loads with `import`, `require` and the result of `createRequire`, and where it is not clear which file it loads.
 *
 * Out of scope: finding these files on the disk (`source-check.ts`).
 */
import type { Source } from './init/source'

/** A file or package that the source file loads by a fixed path. */
interface FixedLoad {
  readonly specifier: string
  /** `import`, `require`, or the name of a variable with the result of `createRequire`. */
  readonly name: string
  readonly line: number
  /** True if the load is in a function: the application may load the file only when a request arrives. */
  readonly isLater: boolean
}

interface Loads {
  readonly fixed: readonly FixedLoad[]
  /** The places where it is unclear which file is loaded: a computed path in a function, or an indirect use of `require`. */
  readonly unclear: readonly string[]
}

/** Properties of `require` that load no file. */
const HARMLESS = /^(?:resolve|main|cache|extensions|meta)$/
const IN_TEMPLATE = /\$\{[^]*\b(require|createRequire|import)\s*(?:\(|\?\.|\.\s*(?:call|apply|bind)\b)/

export function loadsIn(source: Source): Loads {
  const [fixed, unclear]: [FixedLoad[], string[]] = [[], []]
  const { names, values } = aliasesIn(source)
  const arrows = new Map<number, Arrow>()
  for (const [at, { kind, text, line, parent }] of source.tokens.entries()) {
    if (kind === 'punct') noteArrow(arrows, text, parent, at)
    const specifier = source.is(at - 1, 'from') || source.is(at - 1, 'import') ? source.fixedTextAt(at) : undefined
    if (specifier !== undefined) fixed.push({ specifier, name: 'import', line, isLater: false })
    const inTemplate = kind === 'template' ? IN_TEMPLATE.exec(text)?.[1] : undefined
    if (inTemplate !== undefined) unclear.push(`an indirect use of ${inTemplate} at ${source.path}:${line}`)
    if (kind !== 'word' || !names.has(text) || (source.is(at - 1, '.') && !/^(?:require|createRequire)$/.test(text))) continue
    const open = openOf(source, at)
    if (open !== undefined) {
      const path = source.is(open + 2, ')') || source.is(open + 2, ',') ? source.fixedTextAt(open + 1) : undefined
      if (path !== undefined) fixed.push({ specifier: path, name: text, line, isLater: isInFunction(source, at, arrows) })
      else if (isInFunction(source, at, arrows)) unclear.push(`${text}(…) of a computed path at ${source.path}:${line}`)
    } else if (!values.has(at) && !isHarmless(source, at)) unclear.push(`an indirect use of ${text} at ${source.path}:${line}`)
  }
  return { fixed, unclear }
}

/** The index of the `(` before the path, for a plain call such as `require('./a')` and `createRequire(…)('./a')`. */
function openOf(source: Source, at: number): number | undefined {
  if (!source.is(at + 1, '(')) return undefined
  const after = (source.token(at + 1).pair as number) + 1
  if (source.is(at, 'createRequire')) return source.is(after, '(') ? after : undefined
  return source.is(after, '{') ? undefined : at + 1
}

/** True for a word that loads nothing at this place: in a declaration, as the key of a property, in `typeof require` or `require.resolve(…)`. */
function isHarmless(source: Source, at: number): boolean {
  const { text, parent } = source.token(at)
  if (source.is(at + 1, '.')) return HARMLESS.test(source.tokens[at + 2]?.text ?? '')
  if (source.is(at - 1, 'typeof') || /^(?:const|let|var)$/.test(source.tokens[at - 1]?.text ?? '')) return true
  if (source.is(at + 1, '(')) return source.is((source.token(at + 1).pair as number) + 1, text === 'createRequire' ? '.' : '{')
  if (text === 'import') return true // the statement
  const close = source.is(parent, '{') ? (source.token(parent).pair as number) : -1
  const isTaken = source.is(close + 1, 'from') || source.is(close + 1, '=')
  const isFirst = source.is(at - 1, '{') || source.is(at - 1, ',')
  return close !== -1 && isFirst && (isTaken ? !source.is(at + 1, ':') && !source.is(at + 1, 'as') : source.is(at + 1, ':'))
}

/** The variables to which the file assigns `require` or the result of `createRequire`, and the tokens that are assigned. */
function aliasesIn(source: Source): { names: ReadonlySet<string>; values: ReadonlySet<number> } {
  const names = new Set(['import', 'require', 'createRequire'])
  const values = new Set<number>()
  for (const [at, { kind, text }] of source.tokens.entries()) {
    if (kind !== 'word' || !source.is(at + 1, '=')) continue
    let name = at + 2
    // Follows `a.b` and `a(…).b` to the last name.
    for (let end = name; source.is(end + 1, '.') || (end === name && source.is(end + 1, '(')); ) {
      if (source.is(end + 1, '(')) end = source.token(end + 1).pair as number
      else end = name = end + 2
    }
    const isCall = source.is(name + 1, '(')
    const isWhole = !isCall || !source.is((source.token(name + 1).pair as number) + 1, '(')
    if (!isWhole || !source.is(name, isCall ? 'createRequire' : 'require')) continue
    names.add(text)
    values.add(at).add(name)
  }
  return { names, values }
}

/** The latest `=>` that `loadsIn` has read in one pair of brackets. The next tokens may be in the body of this arrow function. `at`: the index of the `=>`. */
interface Arrow {
  readonly at: number
  /** True if the `=>` is in the body of another arrow function without braces: `(a) => (b) => …`. */
  readonly isInner: boolean
}

function noteArrow(arrows: Map<number, Arrow>, text: string, parent: number, at: number): void {
  if (text === '=>') arrows.set(parent, { at, isInner: arrows.has(parent) })
  else if (text === ',' || text === ';') arrows.delete(parent)
}

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
  // In TypeScript, a return type can be before the brace that opens the body.
  return source.isTypeScript && before !== undefined && !/^(?:[;{]|=>|else|try|finally|do|catch)$/.test(before.text)
}
