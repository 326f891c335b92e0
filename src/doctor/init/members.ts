/**
 * Finds the code of a method or property of a class, such as `login` in `class Auth { login = (req, res) => … }` and `class Auth { static login(req, res) { … } }`.
 *
 * In doubt, no code is found. Out of scope: finding the class (`exports.ts`), and inherited members.
 */
import { wordsOf } from './definitions'
import type { Range, Source } from './source'

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
 * @returns undefined if the class has no such member, or if the file may replace the member elsewhere
 */
export function memberIn(source: Source, range: Range, name: string, isStatic: boolean): Range | undefined {
  const brace = bodyOf(source, range.first)
  if (brace === undefined || isAssigned(source, name)) return undefined
  const found = wordsOf(source, name).flatMap((at): Range[] => {
    if (source.token(at).parent !== brace || source.is(at - 1, '.')) return []
    let start = at
    while (MODIFIER.test(source.token(start - 1).text)) start--
    const isOwn = source.tokens.slice(start, at).some(({ text }) => text === 'static') === isStatic
    return isOwn && isBeginning(source, brace, start) ? codeOfMember(source, at) : []
  })
  return found.length === 1 ? found[0] : undefined
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

/** True if the file assigns to a property of this name, as in `auth.login = …`. False for `this.login = this.login.bind(this)`. */
function isAssigned(source: Source, name: string): boolean {
  return wordsOf(source, name).some((at) => source.is(at - 1, '.') && source.is(at + 1, '=') && !(source.is(at + 2, 'this') && source.is(at + 4, name) && source.is(at + 6, 'bind')))
}

function bodyOf(source: Source, at: number): number | undefined {
  if (!source.is(at, 'class')) return undefined
  const { parent } = source.token(at)
  for (let brace = at + 1; brace < source.tokens.length && source.token(brace).parent === parent; brace++) if (source.is(brace, '{')) return brace
  return undefined
}
