/**
 * Finds the places that use a value by its name: in its own file, and in the files that import it. The value is a handler, a list of handlers, or a call such as
 * `passport.authenticate('local', …)`.
 *
 * In doubt, not all places are found. Out of scope: what stands around these places (`second-factor.ts`).
 */
import { functionIn, isTransparent, nameOfFunction, openOfParameters, startOfFunction, usesInScope, valueAssigned, valueIn, wordsOf } from './definitions'
import { codeAt, exportedCode, moduleAt } from './exports'
import { classAround, memberIn } from './members'
import { importersOf, mayHaveAlias, resolved } from './relative-imports'
import { isInTable } from './route-tables'
import type { Range, Source } from './source'

export type Place = readonly [Source, Range]

const MAX_DEPTH = 6
/** At most this many uses of a value and of its other names are examined in its own file. Otherwise a file made for this purpose would take too much time. */
const MAX_USES = 1000
/** A type of TypeScript with more tokens than this is not read. */
const MAX_TYPE = 100
/** Methods that change an array. */
const CHANGES = /^(?:push|unshift|splice|pop|shift|sort|reverse|fill|copyWithin)$/
const isSame = (one: Range, other: Range) => one.first === other.first && one.last === other.last

/**
 * @param value the code of a function, from its parameters (with `async` or `function` before them) to its closing brace; or an array, or a call
 * @returns the value itself if it has no name; undefined if not all uses are found
 */
export function usesOfValue(sources: readonly Source[], source: Source, value: Range): Place[] | undefined {
  const ofSource = known.get(source) ?? new Map<string, Place[] | undefined>()
  known.set(source, ofSource)
  const key = `${value.first} ${value.last}`
  if (!ofSource.has(key)) ofSource.set(key, examined(sources, source, value, 0))
  return ofSource.get(key)
}

const known = new WeakMap<Source, Map<string, Place[] | undefined>>()

function examined(sources: readonly Source[], source: Source, value: Range, depth: number): Place[] | undefined {
  if (depth > MAX_DEPTH) return undefined
  const whole = wrapped(source, value)
  const made = functionWithResult(source, whole)
  if (made !== undefined) {
    const found: Place[] = []
    for (const [other, { first, last }] of examined(sources, source, made, depth + 1) ?? []) {
      const close = other.is(last + 1, '(') ? other.token(last + 1).pair : undefined
      // The result of the call can have a name, too: `const login = checks()`.
      const uses = close === undefined ? undefined : examined(sources, other, { first, last: close }, depth + 1)
      if (uses === undefined) return undefined
      found.push(...uses)
    }
    return found
  }
  const around = classAround(source, whole.first)
  if (around !== undefined) return usesOfMember(sources, source, whole, around)
  const search = { left: MAX_USES, isExported: false }
  const own = usesInFile(source, whole, [], search)
  const others = own === undefined ? undefined : search.isExported ? usesInOtherFiles(sources, source, whole) : []
  return own === undefined || others === undefined ? undefined : [...own.map((range): Place => [source, range]), ...others]
}

/** The value, or the outermost call such as `asyncHandler(value)` around it. */
export function wrapped(source: Source, value: Range): Range {
  const open = value.first - 1
  const last = source.is(open, '(') ? (source.token(open).pair as number) : -1
  const call = { first: source.is(open - 1, ')') ? (source.token(open - 1).pair as number) : open - 1, last }
  while (source.is(call.first - 1, '.')) call.first -= 2
  return last === value.last + 1 && isTransparent(source, call) ? wrapped(source, call) : value
}

/** The function that always returns this value: `() => value` or `() => { return value }`. */
function functionWithResult(source: Source, value: Range): Range | undefined {
  const body = source.is(value.first - 1, '=>') ? value.first : source.is(value.first - 1, 'return') ? source.blockOf(value.first) : -1
  const open = body === -1 ? undefined : source.is(body - 1, '=>') && !source.is(body - 2, ')') ? body - 2 : openOfParameters(source, body)
  if (open === undefined) return undefined
  const range = { first: startOfFunction(source, open), last: source.is(body, '{') ? (source.token(body).pair as number) : value.last }
  const { result } = functionIn(source, range) ?? {}
  return result !== undefined && isSame(valueIn(source, result), valueIn(source, value)) ? range : undefined
}

/** The uses of a method or property of a class: each `….name`, whatever object it belongs to. `req.login` of Passport is no use of a handler `login`. */
function usesOfMember(sources: readonly Source[], source: Source, value: Range, around: Range): Place[] | undefined {
  const brace = functionIn(source, value)?.body.first
  const open = brace === undefined || !source.is(brace, '{') ? undefined : openOfParameters(source, brace)
  const at = nameGiven(source, value)
  const name = at !== undefined ? source.token(at).text : open === undefined || brace === undefined ? undefined : nameOfFunction(source, open, brace)
  if (name === undefined) return undefined
  const isIt = [false, true].some((isStatic) => {
    const member = memberIn(sources, source, around, name, isStatic)
    return member !== undefined && isSameCode(source, member, value)
  })
  if (!isIt) return undefined
  return sources.flatMap((other) => wordsOf(other, name).flatMap((use): Place[] => {
    const isUse = /^\??\.$/.test(other.token(use - 1)?.text ?? '') && !/^_?req(?:uest)?$/.test(other.token(use - 2).text)
    const isBound = other.is(other.statementOf(use).first, 'this') && /^this\.(\w+)\s*=\s*this\.\1\.bind\(this\);?$/.test(other.textOf(other.statementOf(use)))
    let first = use - 2
    while (other.is(first - 1, '.')) first -= 2
    return isUse && !isBound ? [[other, { first, last: use }]] : []
  }))
}

/** True if no file changes the array: `list.push(…)` and `list[0] = …` would. An array without a name is unchanged. */
export function isUnchanged(sources: readonly Source[], source: Source, array: Range): boolean {
  const at = nameGiven(source, array)
  const name = source.is(array.first - 1, ':') ? (source.stringAt(array.first - 2) ?? source.token(array.first - 2).text) : at === undefined ? undefined : source.token(at).text
  if (name === undefined) return true
  const isVariable = at !== undefined && !source.is(at - 1, '.')
  if (isVariable && !source.is(at - 1, 'const')) return false
  return sources.every((other) => wordsOf(other, name).every((use) => {
    const end = other.is(use + 1, '[') ? (other.token(use + 1).pair as number) : use + 2
    return !(other.is(use + 1, '[') || other.is(use + 1, '.') || other.is(use + 1, '?.')) || !(other.is(end + 1, '=') || CHANGES.test(other.tokens[end]?.text ?? ''))
  }))
}

const codeOf = (source: Source, range: Range) => functionIn(source, range)?.body.first ?? valueIn(source, range).first
const isSameCode = (source: Source, one: Range, other: Range) => codeOf(source, one) === codeOf(source, other)

interface Search {
  /** How many more uses are examined. */
  left: number
  /** True if the file exports the value, or an object with the value. */
  isExported: boolean
}

/**
 * The uses of a value in its own file.
 * @param path the properties that lead from this value to the value that is searched: `['login']` if this value is `{ login: [check] }`
 */
function usesInFile(source: Source, value: Range, path: readonly string[], search: Search, depth = 0): Range[] | undefined {
  if (depth > MAX_DEPTH || search.left-- <= 0) return undefined
  const { first } = value
  const { parent } = source.token(first)
  const unnamed = path.length === 0 ? [value] : undefined
  if (source.is(parent, '{') && !source.isBlock(parent)) {
    const object = { first: parent, last: source.token(parent).pair as number }
    const key = keyOf(source, parent, value)
    if (key === undefined || isInTable(source, first)) return unnamed
    return isNamed(source, object) ? usesInFile(source, object, [key, ...path], search, depth + 1) : unnamed
  }
  if (isExported(source, value)) {
    search.isExported = true
    return []
  }
  const at = nameGiven(source, value)
  if (at === undefined) return unnamed
  if (source.is(at - 1, '.') || source.is(at, 'exports')) {
    const isExports = source.is(at, 'exports') || source.is(at - 2, 'exports')
    const names = source.is(at, 'exports') ? path : [source.token(at).text, ...path]
    search.isExported = true
    return isExports ? usesOfExports(source, names) : undefined
  }
  // `export const name = value` and `export function name() {}`
  if (source.is(source.statementOf(at).first, 'export')) search.isExported = true
  const found: Range[] = []
  for (const use of usesInScope(source, source.token(at).text, at)) {
    let [end, rest] = [use, path]
    while (source.is(end + 1, '.') && rest.length > 0 && source.is(end + 2, rest[0] as string)) [end, rest] = [end + 2, rest.slice(1)]
    if (rest.length > 0 && source.is(end + 1, '.')) continue // another property
    const more = usesInFile(source, { first: use, last: end }, rest, search, depth + 1)
    if (more === undefined) return undefined
    found.push(...more)
  }
  return found
}

/** The name of the property with this value in an object literal: `{ name: value }`, `{ value }`, or the method `{ name() {} }`. */
function keyOf(source: Source, open: number, value: Range): string | undefined {
  const part = source.partsOf(open).find(({ first, last }) => first <= value.first && value.last <= last)
  if (part === undefined) return undefined
  if (isSame(part, value) && part.first === part.last) return source.token(part.first).text
  const isMethod = part.last === value.last && (part.first === value.first - 1 || (part.first === value.first - 2 && source.is(part.first, 'async')))
  if (isMethod && source.is(value.first, '(')) return source.token(value.first - 1).text
  if (!source.is(part.first + 1, ':') || !isSame(valueIn(source, { first: part.first + 2, last: part.last }), valueIn(source, value))) return undefined
  return source.stringAt(part.first) ?? (source.isWord(part.first) ? source.token(part.first).text : undefined)
}

function isNamed(source: Source, object: Range): boolean {
  const { parent } = source.token(object.first)
  return isExported(source, object) || nameGiven(source, object) !== undefined || (source.is(parent, '{') && !source.isBlock(parent) && keyOf(source, parent, object) !== undefined)
}

/** True for `export default value` and `export { value }`. */
function isExported(source: Source, { first, last }: Range): boolean {
  const { parent } = source.token(first)
  const isListed = source.is(parent, '{') && source.is(parent - 1, 'export') && !source.is((source.token(parent).pair as number) + 1, 'from')
  return isListed || (source.is(first - 1, 'default') && source.is(first - 2, 'export') && !(source.is(first, 'function') && source.isWord(first + 1)) && source.statementOf(first).last <= last + 1)
}

/** The token of the name to which the file assigns this value: `name` in `const name = value`, and in `function name() {}`. */
function nameGiven(source: Source, { first, last }: Range): number | undefined {
  const start = source.is(first, 'async') ? first + 1 : first
  const begin = source.is(first - 1, 'default') ? first - 2 : source.is(first - 1, 'export') ? first - 1 : first
  if (source.is(start, 'function') && source.isWord(start + 1) && source.statementOf(first).first === begin) return start + 1
  if (!source.is(first - 1, '=')) return undefined
  const { parent } = source.token(first)
  // In TypeScript, a type can be between the name and its value.
  for (let at = first - 2; at > parent && at > first - MAX_TYPE; at--) {
    if (source.token(at).parent !== parent || !source.isWord(at)) continue
    const value = valueAssigned(source, at)
    if (value !== undefined && isSame(valueIn(source, value), valueIn(source, { first, last }))) return hasOtherName(source, at) ? undefined : at
  }
  return undefined
}

/** True for the name in `other = name = value`, except for `exports = module.exports = value`. */
function hasOtherName(source: Source, at: number): boolean {
  const first = source.is(at - 1, '.') ? (source.is(at - 3, '.') ? at - 4 : at - 2) : at
  return source.is(first - 1, '=') && !source.is(first - 2, 'exports')
}

/** The uses of `exports.name` and `module.exports.name` in the file that exports it. */
function usesOfExports(source: Source, names: readonly string[]): Range[] {
  return wordsOf(source, 'exports').flatMap((at): Range[] => {
    let end = at
    for (const name of names) {
      if (!source.is(end + 1, '.') || !source.is(end + 2, name)) return []
      end += 2
    }
    return source.is(end + 1, '=') || (names.length === 0 && source.is(end + 1, '.')) ? [] : [{ first: source.is(at - 1, '.') ? at - 2 : at, last: end }]
  })
}

function usesInOtherFiles(sources: readonly Source[], source: Source, value: Range): Place[] | undefined {
  const places: Place[] = []
  const isIt = ([other, range]: Place) => other === source && isSameCode(source, range, value)
  // An object with the value: code such as `const { login } = controller` or `controller[name]` may take the value out of it.
  const isAround = ([other, range]: Place) => other === source && source.is(range.first, '{') && range.first < value.first && value.last < range.last
  // The file, and the files that export it, or a part of it, once more.
  const files = new Set([source])
  for (const file of files) {
    if (mayHaveAlias(sources, file)) return undefined
    const isOf = (other: Source, specifier: string | undefined) => specifier !== undefined && resolved(sources, other, specifier) === file
    for (const other of importersOf(sources, file)) {
      for (const [name, { from }] of other.imports) {
        if (!isOf(other, from)) continue
        for (const at of wordsOf(other, name)) {
          if (other.is(at - 1, '.') || isImport(other, at)) continue
          let last = at
          while (other.is(last + 1, '.') && (last === at || moduleAt(sources, other, last) !== undefined)) last += 2
          if (last === at && moduleAt(sources, other, at) !== undefined && isExportedOnly(other, at)) {
            files.add(other)
            continue
          }
          const found = codeAt(sources, other, last)
          if (found.length === 0 || found.some(isAround)) return undefined
          if (found.some(isIt)) places.push([other, { first: at, last }])
        }
      }
      if (wordsOf(other, 'import').some((at) => other.is(at + 1, '(') && isOf(other, other.stringAt(at + 2)))) return undefined
      if (wordsOf(other, 'from').some((at) => other.is(other.statementOf(at).first, 'export') && isOf(other, other.stringAt(at + 1)))) files.add(other)
      for (const at of wordsOf(other, 'require')) {
        if (!other.is(at + 1, '(') || isImport(other, at) || !isOf(other, other.stringAt(at + 2))) continue
        const last = other.is(at + 4, '.') ? at + 5 : at + 3
        if (last === at + 3 && isExportedOnly(other, at)) {
          files.add(other)
          continue
        }
        if (other.is(at - 1, '=') || other.is(at - 1, '...')) return undefined // may export the handler once more
        const found = exportedCode(sources, file, last === at + 5 ? other.token(last).text : undefined)
        if (found.some(isAround)) return undefined
        if (found.some(isIt)) places.push([other, { first: at, last }])
      }
    }
  }
  return places
}

/** True for `exports.name = value` and `module.exports = { name: value }`, and for `export { value }`. The value begins at this token. */
function isExportedOnly(source: Source, at: number): boolean {
  const value = { first: at, last: source.is(at, 'require') ? at + 3 : at }
  const { parent } = source.token(at)
  const isNamedExport = (range: Range) => {
    const name = nameGiven(source, range)
    return isExported(source, range) || (name !== undefined && (source.is(name, 'exports') || (source.is(name - 1, '.') && source.is(name - 2, 'exports'))))
  }
  const object = source.is(parent, '{') && !source.isBlock(parent) && keyOf(source, parent, value) !== undefined ? { first: parent, last: source.token(parent).pair as number } : undefined
  return isNamedExport(value) || (object !== undefined && isNamedExport(object))
}

/** True for the tokens of `import … from` and `const … = require(…)`. */
function isImport(source: Source, at: number): boolean {
  const { first } = source.statementOf(at)
  const close = source.tokens[source.token(at).parent]?.pair ?? -1
  if (source.is(first, 'import') || (source.is(close, '}') && source.is(close + 1, 'from'))) return true
  return source.is(at, 'require') ? /^(?:const|let|var)$/.test(source.token(first).text) && source.is(at - 1, '=') : [at, close].some((end) => source.is(end + 1, '=') && source.is(end + 2, 'require'))
}
