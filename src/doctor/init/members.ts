/**
 * Finds the code of a method or property of a class, such as `login` in `class Auth { login = (req, res) => … }` and `class Auth { static login(req, res) { … } }`.
 *
 * In doubt, no code is found. Out of scope: finding the class (`exports.ts`), and inherited members.
 */
import { wordsOf } from './definitions'
import type { Range, Source } from './source'

/** Functions that copy properties into their first argument, or define them there. */
const COPIES = /^(?:assign|extend|merge|define(?:Property|Properties))$/
const MODIFIER = /^(?:static|async|public|private|protected|readonly|override)$/

/** The class that a declaration `class Name … { … }` defines, from the word `class` to its closing brace. */
export function classesNamed(source: Source, name: string): Range[] {
  return wordsOf(source, name).flatMap((at) => {
    const brace = source.is(at - 1, 'class') ? bodyOf(source, at - 1) : undefined
    return brace === undefined ? [] : [{ first: at - 1, last: source.token(brace).pair as number }]
  })
}

/**
 * The code of a member of a class. The class may have a base class, because its own members hide those of the base class.
 * @param isStatic true for a member of the class itself, false for a member of its instances
 * @returns undefined if the class has no such member, or if a file may replace the member elsewhere
 */
export function memberIn(sources: readonly Source[], source: Source, range: Range, name: string, isStatic: boolean): Range | undefined {
  const brace = bodyOf(source, range.first)
  const owner = source.token(range.first + 1).text
  if (brace === undefined || isReplaced(sources, name) || isReplaced(sources, `extends ${owner}`)) return undefined
  const found = wordsOf(source, name).flatMap((at): Range[] => {
    if (source.token(at).parent !== brace || source.is(at - 1, '.')) return []
    let start = at
    while (MODIFIER.test(source.token(start - 1).text)) start--
    const isOwn = source.tokens.slice(start, at).some(({ text }) => text === 'static') === isStatic
    return isOwn && isBeginning(source, brace, start) ? codeOfMember(source, at) : []
  })
  return found.length === 1 ? found[0] : undefined
}

/** True if a file assigns to a property of this name; for `extends Auth`: if a class extends `Auth`. */
export function isReplaced(sources: readonly Source[], name: string): boolean {
  return sources.some((one) => replacedIn(one).has(name))
}

/** True if a member can begin at this token: behind the class's opening brace, another method, or a property. False for a getter, a setter and a generator. */
function isBeginning(source: Source, brace: number, start: number): boolean {
  if (start - 1 === brace || source.is(start - 1, '}') || source.is(start - 1, ';')) return true
  return source.token(start - 1).line < source.token(start).line && !/^(?:get|set|\*|=|=>)$/.test(source.token(start - 1).text)
}

/** The code of the member with the name at this token: a method, from its parameters to its closing brace, or the value of a property. */
function codeOfMember(source: Source, at: number): Range[] {
  const { last } = source.statementOf(at)
  if (source.is(at + 1, '(')) {
    let brace = (source.token(at + 1).pair as number) + 1
    while (brace <= last && !(source.is(brace, '{') && source.isBlock(brace))) brace++
    return source.is(brace, '{') ? [{ first: at + 1, last: source.token(brace).pair as number }] : []
  }
  const { parent } = source.token(at)
  for (let equals = at + 1; equals < last; equals++) if (source.is(equals, '=') && source.token(equals).parent === parent) return [{ first: equals + 1, last }]
  return []
}

/** The class whose body directly contains the method or property to which this brace belongs, from the word `class`. */
export function classAround(source: Source, brace: number): Range | undefined {
  const { parent } = source.token(brace)
  for (let i = parent - 1; i >= 0 && !/^[;{}]$/.test(source.token(i).text); i--) if (source.is(i, 'class')) return { first: i, last: source.token(parent).pair as number }
  return undefined
}

const replaced = new WeakMap<Source, ReadonlySet<string>>()

/**
 * The names of the properties to which a file assigns: `login` for `auth.login = …`, `auth['login'] = …` and `Object.assign(Auth, { login })`. Two assignments do
 * not count: `this.login = this.login.bind(this)` and `exports.login = …`. The result also contains `extends Auth` if `Auth` has a subclass, which may replace any member.
 */
function replacedIn(source: Source): ReadonlySet<string> {
  const known = replaced.get(source)
  if (known !== undefined) return known
  const isSet = (end: number) => source.is(end + 1, '=') || (/^(?:\?\?|\|\||&&)$/.test(source.tokens[end + 1]?.text ?? '') && source.is(end + 2, '='))
  const isBound = (at: number, name: string) => source.is(at + 2, 'this') && source.is(at + 4, name) && source.is(at + 6, 'bind')
  const found = new Set<string>()
  let end = -1 // of the arguments of a function that copies properties
  for (const [at, { kind, text }] of source.tokens.entries()) {
    const name = kind === 'word' ? text : source.stringAt(at)
    if (name === undefined) continue
    const isProperty = kind === 'word' ? source.is(at - 1, '.') && !(source.is(at - 2, 'exports') && !source.is(at - 3, '.')) && isSet(at) && !isBound(at, name) : source.is(at + 1, ']') && isSet(at + 1)
    if (isProperty || at < end) found.add(name)
    if (source.is(at, 'extends')) found.add(`extends ${source.tokens[at + 1]?.text ?? ''}`)
    const open = kind === 'word' && COPIES.test(text) ? source.openOfCall(at) : undefined
    if (open !== undefined && !source.is(open + 1, '{')) end = Math.max(end, source.token(open).pair as number)
  }
  replaced.set(source, found)
  return found
}

function bodyOf(source: Source, at: number): number | undefined {
  if (!source.is(at, 'class')) return undefined
  const { parent } = source.token(at)
  for (let brace = at + 1; brace < source.tokens.length && source.token(brace).parent === parent; brace++) if (source.is(brace, '{')) return brace
  return undefined
}
