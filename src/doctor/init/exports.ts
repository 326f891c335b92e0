/**
 * Finds the code that a name stands for, also if another file of the application exports the code, under this or another name.
 *
 * In doubt, no code is found. Out of scope: names of installed packages, and what the code does (`second-factor.ts`, `form-fields.ts`).
 */
import { definitionsOf, isUnknownAt, nameIn, usesOf, valueAssigned, valueIn, wordsOf } from './definitions'
import { classAround, classesNamed, isReplaced, memberIn } from './members'
import { resolved } from './relative-imports'
import type { Imported, Range, Source } from './source'

const MAX_DEPTH = 6

type Code = readonly [Source, Range]
/** What a file exports: code of its own, or an export of another file. */
type Export = Range | Imported

/**
 * Finds what the application assigns to the name at this token, such as the body of a function. The name can be `f`, `A.f` of an imported module, or `exports.f`.
 * @param depth how many exports in other files the search has already followed; limits the search
 * @returns an empty list if the search cannot tell
 */
export function codeAt(sources: readonly Source[], source: Source, at: number, depth = 0): Code[] {
  const { text } = source.token(at)
  if (!source.is(at - 1, '.')) return isUnknownAt(source, at) ? [] : codeOf(sources, source, text, depth)
  if (source.is(at - 2, 'exports')) return exportedCode(sources, source, text, depth)
  const owner = at - 2
  if (source.is(owner, 'this')) return memberOfThis(sources, source, at)
  const name = source.is(owner - 1, '.') || isUnknownAt(source, owner) ? undefined : source.token(owner).text
  const module = moduleAt(sources, source, owner, depth)
  if (module?.isModule === true) return exportedCode(sources, module, text, depth)
  const members = name === undefined ? [] : membersOf(sources, codeOf(sources, source, name, depth), text, depth)
  if (members.length > 0) return members
  if (module !== undefined) return exportedCode(sources, module, text, depth)
  // In an ES module, `A.f` of `import A from './a'` is a property of the default export, and not an export itself.
  const imported = name === undefined ? undefined : source.imports.get(name)
  const other = imported?.isDefault !== true ? undefined : resolved(sources, source, imported.from)
  return other === undefined ? [] : allOf(exportsOf(other, undefined).map((one) => {
    const property = 'from' in one ? undefined : propertyIn(other, one, text)
    return property === undefined || property === 'none' ? [] : codeIn(sources, other, property, depth)
  }))
}

/** The code of `f` in `this.f`, from the class around. */
function memberOfThis(sources: readonly Source[], source: Source, at: number): Code[] {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    const around = source.is(open, '{') ? classAround(source, open) : undefined
    const members = around === undefined ? [] : [false, true].flatMap((isStatic) => memberIn(sources, source, around, source.token(at).text, isStatic) ?? [])
    if (around !== undefined) return members.length === 1 ? members.map((member): Code => [source, member]) : []
  }
  return []
}

/** The file whose exports the name at this token stands for: `auth` in `import * as auth from './auth'`, also if another file exports this name. */
export function moduleAt(sources: readonly Source[], source: Source, at: number, depth = 0): Source | undefined {
  if (depth > MAX_DEPTH) return undefined
  const { text } = source.token(at)
  if (source.is(at - 1, '.')) {
    const owner = source.isWord(at - 2) ? moduleAt(sources, source, at - 2, depth + 1) : undefined
    return owner && moduleExported(sources, owner, text, depth + 1)
  }
  const imported = isUnknownAt(source, at) ? undefined : source.imports.get(text)
  const other = imported && resolved(sources, source, imported.from)
  if (imported === undefined || other === undefined) return undefined
  if (imported.name !== undefined) return moduleExported(sources, other, imported.name, depth + 1)
  return imported.isDefault === true && other.isModule ? moduleExported(sources, other, 'default', depth + 1) : other
}

/** The file whose exports this file exports under this name, by `export * as name from './a'`, `exports.name = require('./a')` or a name that stands for it. */
function moduleExported(sources: readonly Source[], source: Source, name: string, depth: number): Source | undefined {
  const star = wordsOf(source, name).find((at) => source.is(at - 1, 'as') && source.is(at - 2, '*') && source.is(at - 3, 'export'))
  if (star !== undefined) return resolved(sources, source, source.stringAt(star + 2) ?? '')
  const [only, ...others] = exportsOf(source, name === 'default' ? undefined : name)
  if (only === undefined || others.length > 0 || 'from' in only) return undefined
  const value = valueIn(source, only)
  const from = moduleIn(source, value)
  if (from !== undefined) return resolved(sources, source, from)
  return nameIn(source, value) === value.last ? moduleAt(sources, source, value.last, depth + 1) : undefined
}

/** The code of `f` in `A.f`, if `A` is a class, a variable with the value `new C()`, or an object literal. */
function membersOf(sources: readonly Source[], owners: readonly Code[], name: string, depth: number): Code[] {
  if (depth > MAX_DEPTH) return []
  return allOf(owners.map(([source, range]) => {
    const module = resolved(sources, source, moduleIn(source, range) ?? '')
    if (module !== undefined) return membersOf(sources, exportedCode(sources, module, undefined, depth + 1), name, depth + 1)
    if (source.is(range.first, '{')) {
      const property = isReplaced(sources, name) ? undefined : propertyIn(source, range, name)
      return property === undefined || property === 'none' ? [] : codeIn(sources, source, property, depth + 1)
    }
    const made = source.is(range.first, 'new') ? nameIn(source, { first: range.first + 1, last: range.last }) : undefined
    const classes = made === undefined ? [[source, range] as const] : codeAt(sources, source, made, depth + 1)
    return allOf(classes.map(([other, one]): Code[] => {
      const member = memberIn(sources, other, one, name, made === undefined)
      return member === undefined ? [] : [[other, member]]
    }))
  }))
}

function codeOf(sources: readonly Source[], source: Source, name: string, depth: number): Code[] {
  const imported = source.imports.get(name)
  const own = [...definitionsOf(source, name), ...classesNamed(source, name)].filter(({ first }) => imported?.at?.includes(first - 2) !== true).map((range): Code => [source, range])
  const code = imported === undefined ? [] : codeIn(sources, source, imported, depth)
  return imported !== undefined && code.length === 0 ? [] : [...code, ...own]
}

/** The code of an export, also if the export is only a name that stands for this code. */
function codeIn(sources: readonly Source[], source: Source, one: Export, depth: number): Code[] {
  if (depth > MAX_DEPTH) return []
  if ('from' in one) {
    const other = resolved(sources, source, one.from)
    return other === undefined ? [] : exportedCode(sources, other, one.name, depth)
  }
  const value = valueIn(source, one)
  return nameIn(source, value) === value.last ? codeAt(sources, source, value.last, depth + 1) : [[source, value]]
}

/** The code that the file exports under this name. @param name `default` or undefined for the default export, or for the file as a whole */
export function exportedCode(sources: readonly Source[], source: Source, name: string | undefined, depth = 0): Code[] {
  const found = exportsOf(source, name === 'default' ? undefined : name)
  const each = (one: Export) => codeIn(sources, source, one, depth + 1)
  if (found.length > 0) return allOf(found.map(each))
  const inherited = name === undefined ? [] : starsOf(source).map((from) => each({ from, name })).filter(({ length }) => length > 0)
  return inherited.length === 1 ? (inherited[0] as Code[]) : []
}

/** Joins all parts. If one part is empty, because its code was not found, the result is empty. */
function allOf(parts: readonly Code[][]): Code[] {
  return parts.every(({ length }) => length > 0) ? parts.flat() : []
}

/** An export that no file has. It stands for code that `init` cannot find. */
const NOT_FOUND: Imported = { from: '', name: '' }

/** Every value that the file may export under this name. If the name is undefined: every value of its default export, and of `module.exports` itself. */
function exportsOf(source: Source, name: string | undefined): Export[] {
  return [...moduleExports(source, name ?? 'default'), ...commonJsExports(source, name)]
}

/** The exports of an ES module: `export const name`, `export { x as name }`, `export { x as name } from './a'`, `export default …`. */
function moduleExports(source: Source, name: string): Export[] {
  return usesOf(source, name).flatMap((at): Export[] => {
    const { parent } = source.token(at)
    if (source.is(at, 'default') && source.is(at - 1, 'export')) return [{ first: at + 1, last: source.statementOf(at).last }]
    if (source.is(parent, '{') && source.is(parent - 1, 'export')) {
      const part = source.partsOf(parent).find(({ last }) => last === at)
      if (part === undefined) return []
      const close = source.token(parent).pair as number
      const from = source.is(close + 1, 'from') ? source.stringAt(close + 2) : undefined
      return [from === undefined ? { first: part.first, last: part.first } : { from, name: source.token(part.first).text }]
    }
    const { first } = source.statementOf(at)
    const isDeclared = parent === -1 && source.is(first, 'export') && !source.is(first + 1, 'default') && /^(?:const|let|var|function|class|,)$/.test(source.token(at - 1).text)
    return isDeclared ? [{ first: at, last: at }] : []
  })
}

/** The exports of a CommonJS module: `exports.name = …`, `module.exports = { name: … }`, and the getters of compiled code. */
function commonJsExports(source: Source, name: string | undefined): Export[] {
  const found: Export[] = []
  let isReplaced = false
  let isOwn = false
  for (const at of wordsOf(source, 'exports')) {
    const isModule = source.is(at - 1, '.') && source.is(at - 2, 'module')
    if (source.is(at - 1, '.') && !isModule) continue
    const value = valueAssigned(source, source.is(at + 1, '.') && source.is(at + 2, name ?? 'default') ? at + 2 : isModule ? at : -1)
    if (value === undefined) continue
    if (!source.is(at + 1, '=')) {
      found.push(value)
      isOwn ||= isModule
    } else if (name === undefined) found.push(value)
    else {
      const property = propertyIn(source, value, name)
      if (property === undefined) isReplaced = true
      else if (property !== 'none') found.push(property)
    }
  }
  for (const at of wordsOf(source, 'defineProperty')) {
    if (!source.is(at + 2, 'exports') || source.stringAt(at + 4) !== (name ?? 'default')) continue
    const getter = source.partsOf(at + 1)[2]
    let result = getter?.first ?? 0
    while (getter !== undefined && result < getter.last && !source.is(result, 'return')) result++
    found.push(source.is(result, 'return') ? { first: result + 1, last: source.statementOf(result).last } : NOT_FOUND)
  }
  // `module.exports = auth` may contain a property of this name, and replaces what `exports.name = …` has set.
  return isReplaced && !isOwn ? [NOT_FOUND] : found
}

/**
 * The property of this name, if the code is an object literal. If the code is `require('./a')`: the export of this name of the other module. `none` if the
 * literal has no such property; undefined if the search cannot tell.
 */
function propertyIn(source: Source, range: Range, name: string): Export | 'none' | undefined {
  const { first, last } = valueIn(source, range)
  const from = moduleIn(source, { first, last })
  if (from !== undefined) return { from, name }
  if (!source.is(first, '{') || source.token(first).pair !== last) {
    const [only, ...others] = first === last && source.isWord(first) && !isUnknownAt(source, first) ? definitionsOf(source, source.token(first).text) : []
    return only === undefined || others.length > 0 || !source.is(only.first, '{') ? undefined : propertyIn(source, only, name)
  }
  let found: Export | 'none' = 'none'
  for (const part of source.partsOf(first)) {
    if (source.is(part.first, '...')) {
      const spread = moduleIn(source, { first: part.first + 1, last: part.last })
      if (spread === undefined || found !== 'none') return undefined
      found = { from: spread, name }
    } else if (source.is(part.first, '[') || hasModifier(source, part)) return undefined
    else if (source.is(part.first, name) || source.stringAt(part.first) === name) {
      if (part.last === part.first) found = part
      else found = { first: part.first + (source.is(part.first + 1, ':') ? 2 : 1), last: part.last }
    } else if (source.is(part.first, 'async') && source.is(part.first + 1, name)) found = { first: part.first + 2, last: part.last }
  }
  return found
}

/** True for a getter, a setter, an async generator or a generator of an object literal: `get f() {}`, `*f() {}`. */
function hasModifier(source: Source, { first, last }: Range): boolean {
  if (source.is(first, 'async') && source.is(first + 1, '*')) return true
  return last > first + 2 && /^(?:get|set|\*)$/.test(source.token(first).text) && !source.is(first + 1, ':') && !source.is(first + 1, '(')
}

/** The path in `require('./a')`, if the code is only this call. */
function moduleIn(source: Source, { first, last }: Range): string | undefined {
  return source.is(first, 'require') && last === first + 3 ? source.stringAt(first + 2) : undefined
}

/** The modules whose exports this file exports as its own, by `export * from './a'` or, in compiled code, by `__exportStar(require('./a'), exports)`. */
function starsOf(source: Source): string[] {
  const modules = wordsOf(source, 'export').flatMap((at) => (source.is(at + 1, '*') && source.is(at + 2, 'from') ? (source.stringAt(at + 3) ?? []) : []))
  return [...modules, ...wordsOf(source, '__exportStar').flatMap((at) => (source.is(at + 2, 'require') ? (source.stringAt(at + 4) ?? []) : []))]
}
