/**
 * Finds the code that a variable of a source file stands for: the values that the file assigns to it, and the function of this name. Also reads the parameters
 * and the body of a function.
 *
 * Out of scope: names of other files (`exports.ts`), and what the code does (`handler-ends.ts`).
 */
import type { Range, Source } from './source'

const places = new WeakMap<Source, Map<string, number[]>>()

/** The indexes of all tokens with this text that are words. */
export function wordsOf(source: Source, text: string): readonly number[] {
  let known = places.get(source)
  if (known === undefined) {
    known = new Map()
    for (const [at, { kind, text: word }] of source.tokens.entries()) {
      if (kind !== 'word') continue
      const found = known.get(word)
      if (found === undefined) known.set(word, [at])
      else found.push(at)
    }
    places.set(source, known)
  }
  return known.get(text) ?? []
}

/** The indexes of the tokens with this name, except for properties of objects. */
export function usesOf(source: Source, name: string): readonly number[] {
  return wordsOf(source, name).filter((at) => !source.is(at - 1, '.') && !source.is(at - 1, '?.'))
}

/** For a variable that is declared at the token `declared`: the other tokens with the variable's name in the same block. */
export function usesInScope(source: Source, name: string, declared: number): number[] {
  const block = source.blockOf(declared)
  const end = block === -1 ? Infinity : (source.token(block).pair as number)
  return usesOf(source, name).filter((at) => at !== declared && at > block && at < end)
}

/** The code that the file assigns to this variable: each value behind `name =`, and the function of this name. */
export function definitionsOf(source: Source, name: string): Range[] {
  return usesOf(source, name).flatMap((at): Range[] => {
    if (source.is(at - 1, 'function')) return [{ first: source.is(at - 2, 'async') ? at - 2 : at - 1, last: source.statementOf(at).last }]
    const value = valueAssigned(source, at)
    return value === undefined ? [] : [value]
  })
}

/** The value behind `name =`, also behind `name ??=` and a type of TypeScript. Undefined for `name = void 0`, with which the output of TypeScript begins. */
export function valueAssigned(source: Source, at: number): Range | undefined {
  const equals = equalsAfter(source, at)
  if (equals === undefined) return undefined
  const last = endOfValue(source, equals)
  return source.is(last - 1, 'void') && source.is(last, '0') ? undefined : { first: equals + 1, last }
}

const unknown = new WeakMap<Source, Map<string, readonly Range[]>>()

/** True if the value of the variable at this token is not known: the variable is a parameter, or gets its value by destructuring or a loop. */
export function isUnknownAt(source: Source, at: number): boolean {
  const ofSource = unknown.get(source) ?? new Map<string, readonly Range[]>()
  unknown.set(source, ofSource)
  const name = source.token(at).text
  const scopes = ofSource.get(name) ?? usesOf(source, name).flatMap((use) => scopeOfUnknown(source, use) ?? [])
  ofSource.set(name, scopes)
  return scopes.some(({ first, last }) => first <= at && at <= last)
}

/**
 * The part of the file in which the variable has the unknown value that it gets at this token, for example as a parameter. Undefined if the token gives the
 * variable a known value or no value, or imports it.
 */
function scopeOfUnknown(source: Source, at: number): Range | undefined {
  if (source.is(at + 1, '.') || source.is(at + 1, '?.')) return undefined
  if (source.is(at + 1, '=>')) return { first: at, last: endOfFunction(source, at) }
  let scope: Range | undefined
  for (let { parent: open } = source.token(at), inner = at; open !== -1; inner = open, open = source.token(open).parent) {
    const close = source.token(open).pair as number
    const after = source.tokens[inner === at ? at + 1 : (source.token(inner).pair as number) + 1]?.text ?? ''
    const isKey = inner === at && source.is(open, '{') && after === ':'
    if (isKey) return undefined
    if (source.is(open, '(')) return isParameterList(source, open) ? { first: open, last: endOfFunction(source, close) } : (scope ?? scopeOfLoop(source, open, after))
    if (source.is(open, '{') && source.isBlock(open) && !/^(?:const|let|var)$/.test(source.tokens[open - 1]?.text ?? '')) break
    // Do not return yet: the `{ name }` before `=` can also be a parameter with a default value, as in `({ name } = {}) => …`.
    if (source.is(close + 1, '=')) scope ??= inner === at && source.is(close + 2, 'require') ? undefined : blockAround(source, close)
  }
  return scope
}

/** The part of the file in which a loop sets its variable: `for (const name of names) …`. @param after the token behind the variable */
function scopeOfLoop(source: Source, open: number, after: string): Range | undefined {
  if (!/^(?:for|await)$/.test(source.tokens[open - 1]?.text ?? '') || !/^(?:of|in)$/.test(after)) return undefined
  const isOwn = source.is(open + 1, 'const') || source.is(open + 1, 'let')
  return isOwn ? { first: open, last: source.statementOf((source.token(open).pair as number) + 1).last } : blockAround(source, open)
}

function blockAround(source: Source, at: number): Range {
  const block = source.blockOf(at)
  return { first: block, last: block === -1 ? source.tokens.length : (source.token(block).pair as number) }
}

/** The end of the function whose parameters end at this token. */
function endOfFunction(source: Source, close: number): number {
  const brace = source.is(close + 1, '=>') ? close + 2 : close + 1
  return source.is(brace, '{') ? (source.token(brace).pair as number) : source.statementOf(close).last
}

/** A return type of TypeScript with more tokens than this is not read. */
const MAX_TYPE = 100

/** True for the parameters of a function, a method or `catch`. */
export function isParameterList(source: Source, open: number): boolean {
  const close = source.token(open).pair as number
  if (source.is(close + 1, '{')) return !/^(?:if|for|await|while|switch|with)$/.test(source.tokens[open - 1]?.text ?? '')
  if (!source.isTypeScript || !source.is(close + 1, ':')) return source.is(close + 1, '=>')
  const { parent } = source.token(open)
  const { last } = source.statementOf(open)
  for (let at = close + 2; at <= last; at++) {
    if (at > close + MAX_TYPE) return true
    if (source.token(at).parent === parent && (source.is(at, '=>') || (source.is(at, '{') && source.isBlock(at)))) return true
  }
  return false
}

/** The index of the `=` that follows a name: in `name =`, `name ??=`, `name ||=`, `name &&=`, and in TypeScript `const secondFactor: RequestHandler = …`. */
function equalsAfter(source: Source, at: number): number | undefined {
  if (source.is(at + 1, '=')) return at + 1
  if (['??', '||', '&&'].some((text) => source.is(at + 1, text)) && source.is(at + 2, '=')) return at + 2
  if (!source.isTypeScript || !source.is(at + 1, ':') || !/^(?:const|let|var)$/.test(source.tokens[at - 1]?.text ?? '')) return undefined
  const { last } = source.statementOf(at)
  const { parent } = source.token(at)
  for (let i = at + 2; i <= last; i++) if (source.is(i, '=') && source.token(i).parent === parent) return i
  return undefined
}

function endOfValue(source: Source, equals: number): number {
  const { parent } = source.token(equals)
  const { last } = source.statementOf(equals)
  let end = equals
  while (end < last && !source.is(end + 1, ',') && !source.is(end + 1, ';') && source.token(end + 1).parent === parent) end = Math.max(source.token(end + 1).pair ?? 0, end + 1)
  return end
}

/** The code without a semicolon, parentheses, a type of TypeScript, `bind` or `asyncHandler` around it: `x` in `(x as RequestHandler);` and `x.bind(y)`. */
export function valueIn(source: Source, range: Range): Range {
  const { first } = range
  let last = source.is(range.last, ';') ? range.last - 1 : range.last
  const { parent } = source.token(first)
  for (let at = first + 1; at <= last; at++) {
    if ((source.is(at, 'as') || source.is(at, 'satisfies')) && source.token(at).parent === parent) last = at - 1
    const { pair } = source.token(at)
    if (pair !== undefined && pair > at) at = pair
  }
  const open = source.is(last, ')') ? (source.token(last).pair as number) : -1
  if (open === first && last > first + 1) return valueIn(source, { first: first + 1, last: last - 1 })
  if (source.is(open - 1, 'bind') && open - 3 >= first && source.is(open - 2, '.') && source.partsOf(open).length === 1) return valueIn(source, { first, last: open - 3 })
  return isTransparent(source, { first, last }) ? valueIn(source, source.partsOf(open)[0] as Range) : { first, last }
}

/** The index of the part that is this code, also behind `...`, or with a type of TypeScript or `asyncHandler` around it. */
export function indexIn(source: Source, parts: readonly Range[], range: Range): number {
  const index = parts.findIndex(({ first, last }) => first <= range.first && range.last <= last)
  const part = parts[index]
  if (part === undefined) return -1
  const [one, other] = [valueIn(source, source.is(part.first, '...') ? { first: part.first + 1, last: part.last } : part), valueIn(source, range)]
  return one.first === other.first && one.last === other.last ? index : -1
}

/** The last name of code that is only a name or a call: `c` in `a.b.c`, `a.b.c(…)` and the `(0, a.b.c)(…)` of compiled code. Undefined for all other code. */
export function nameIn(source: Source, { first, last }: Range): number | undefined {
  const close = source.token(first).pair
  const callee = source.is(first, '(') && close !== undefined && source.openOfCall(close - 1) === close + 1 ? close - 1 : undefined
  if (callee !== undefined) return source.token(close as number + 1).pair === last ? callee : undefined
  let at = source.is(first, '(') ? (source.token(first).pair as number) : first
  if (!source.is(at, ')') && !source.isWord(at)) return undefined
  while (at + 2 <= last && source.is(at + 1, '.') && source.isWord(at + 2)) at += 2
  const isWhole = at === last || (source.is(at + 1, '(') && source.token(at + 1).pair === last)
  return isWhole && at <= last && source.isWord(at) ? at : undefined
}

/**
 * The first token of the parameters of the function whose body begins at this brace: the parenthesis, or the only name in `name => { … }`. Undefined if no
 * function begins here.
 */
export function openOfParameters(source: Source, brace: number): number | undefined {
  const isArrow = source.is(brace - 1, '=>')
  const before = isArrow ? brace - 2 : brace - 1
  const { parent } = source.token(brace)
  // In TypeScript, a return type can be between the parameters and the brace.
  for (let close = before; close >= 0 && close > before - (source.isTypeScript ? MAX_TYPE : 1) && !/^[;{}]$/.test(source.token(close).text); close--) {
    if (!source.is(close, ')') || source.token(close).parent !== parent || (close !== before && !source.is(close + 1, ':'))) continue
    const open = source.token(close).pair as number
    if (isParameterList(source, open)) return open
  }
  return isArrow && source.isWord(before) ? before : undefined
}

/** The first token of a function with these parameters: `async` or `function`, or the parameters themselves. */
export function startOfFunction(source: Source, open: number): number {
  let first = open
  while (source.is(first - 1, 'function') || source.is(first - 1, 'async') || (source.isWord(first - 1) && source.is(first - 2, 'function'))) first--
  return first
}

/** The name of a function with these parameters: `function name() {}`, `const name = () => {}`, `{ name: () => {} }` or the method `name() {}`. */
export function nameOfFunction(source: Source, open: number, brace: number): string | undefined {
  const first = startOfFunction(source, open)
  if (source.is(first, 'function') || source.is(first + 1, 'function')) {
    if (source.isWord(open - 1) && !source.is(open - 1, 'function')) return source.token(open - 1).text
  } else if (!source.is(brace - 1, '=>')) return source.isWord(open - 1) ? source.token(open - 1).text : undefined
  return (source.is(first - 1, '=') || source.is(first - 1, ':')) && source.isWord(first - 2) ? source.token(first - 2).text : undefined
}

export interface FunctionCode {
  /** The names of the parameters; undefined if one of them is destructured or is a rest parameter. */
  readonly parameters: readonly string[] | undefined
  readonly body: Range
  /** The only value that the function can return: `x` in `() => x` and in `() => { …; return x }`. */
  readonly result: Range | undefined
}

/** Functions with such a name get a handler as their only argument, and pass the errors of its promise to `next`. */
const WRAPPER = /^(?:(?:express)?async(?:handler|wrapper|middleware|route)?|wrap(?:ped|async|handler)?|catch(?:async)?(?:errors?)?)$/i

/** True for a call such as `asyncHandler(handler)`, which returns a handler that does the same. */
export function isTransparent(source: Source, range: Range): boolean {
  const name = source.is(range.last, ')') ? nameIn(source, range) : undefined
  const open = name === undefined ? undefined : source.openOfCall(name)
  return name !== undefined && open !== undefined && WRAPPER.test(wrapperAt(source, name)) && source.partsOf(open).length === 1
}

/** The function, if the code consists of one function only, or of a call such as `asyncHandler(…)` with one function as its only argument. */
export function functionIn(source: Source, range: Range): FunctionCode | undefined {
  const { first, last } = valueIn(source, range)
  const start = source.is(first, 'async') ? first + 1 : first
  const [parameters, arrow] = source.is(start, 'function') ? [openOfFunction(source, start, last), undefined] : [start, arrowAfter(source, start, last)]
  // Without `function` and `=>`, the code can be the parameters and the body of a method: `(req, res) { … }`.
  const body = arrow === undefined ? (parameters !== undefined && source.is(parameters, '(') ? bodyOfFunction(source, parameters, last) : undefined) : arrow + 1
  if (parameters === undefined || body === undefined || body > last) return undefined
  const isBlock = source.is(body, '{')
  if (isBlock && source.token(body).pair !== last) return undefined
  const result = isBlock ? onlyResult(source, body) : { first: body, last }
  return { parameters: source.isWord(parameters) ? [source.token(parameters).text] : parametersIn(source, parameters), body: { first: body, last }, result }
}

/** The name of the called function; for the `express_async_handler_1.default` of compiled code, the name of the package. */
function wrapperAt(source: Source, at: number): string {
  return source.is(at, 'default') && source.is(at - 1, '.') ? source.token(at - 2).text.replace(/_\d+$|_/g, '') : source.token(at).text
}

function onlyResult(source: Source, brace: number): Range | undefined {
  const { first, last } = source.statementOf((source.token(brace).pair as number) - 1)
  const isOnly = first > brace && source.is(first, 'return') && first < last && !source.tokens.slice(brace, first).some(({ text }) => text === 'return')
  return isOnly ? { first: first + 1, last } : undefined
}

function openOfFunction(source: Source, at: number, last: number): number | undefined {
  for (let open = at; open < last; open++) if (source.is(open, '(')) return open
  return undefined
}

/** The index of the `=>` of an arrow function that begins at this token. In TypeScript, a return type can be before the `=>`. */
function arrowAfter(source: Source, start: number, last: number): number | undefined {
  if (source.isWord(start)) return source.is(start + 1, '=>') ? start + 1 : undefined
  const close = source.is(start, '(') ? (source.token(start).pair as number) : last
  if (source.is(close + 1, '=>')) return close + 1
  if (!source.isTypeScript || !source.is(close + 1, ':')) return undefined
  const { parent } = source.token(start)
  for (let at = close + 2; at < last; at++) if (source.is(at, '=>') && source.token(at).parent === parent && !source.is(at - 1, ')')) return at
  return undefined
}

function parametersIn(source: Source, open: number): string[] | undefined {
  const names = source.partsOf(open).map(({ first, last }) => (source.isWord(first) && (first === last || [':', '?', '='].some((mark) => source.is(first + 1, mark))) ? source.token(first).text : undefined))
  return names.every((name) => name !== undefined) ? names : undefined
}

/** In a TypeScript return type, a brace after one of these tokens begins an object type, and not the body of the function. */
const BEFORE_OBJECT_TYPE = /^(?:[:|&<,?(]|=>|is|extends|keyof)$/

/** The index of the brace with which the function's body begins. */
function bodyOfFunction(source: Source, open: number, last: number): number | undefined {
  const { pair, parent } = source.token(open) as { pair: number; parent: number }
  if (!source.is(pair + 1, ':')) return source.is(pair + 1, '{') ? pair + 1 : undefined
  for (let i = pair + 2; i <= last; i++) {
    if (source.is(i, '{') && source.token(i).parent === parent && !BEFORE_OBJECT_TYPE.test(source.token(i - 1).text)) return i
  }
  return undefined
}
