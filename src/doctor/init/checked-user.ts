/**
 * Finds where a callback of `passport.authenticate` has checked that it got a user: behind `if (!user) return …`.
 *
 * Recognises no other kind of check, so that the result is certain. Out of scope: what the callback then does with the user (`second-factor.ts`).
 */
import { isParameterList } from './definitions'
import type { Range, Source } from './source'

interface CheckedUser {
  /** The name of the callback's second parameter. */
  readonly name: string
  /** The last token of the check. The callback's code behind it runs only with a user. */
  readonly from: number
}

/** Code that stands for the user in `req.logIn(user)`: the name of a variable, in TypeScript also `user!` or `user as User`. */
const OWN_USER = /^(\w+)(?:!| as [\w.]+)?$/

/** True if the token `at` is behind the callback's check `if (!user) return …`, and `user` is the user that the callback got. */
export function isCheckedUser(source: Source, callback: Range | undefined, at: number, user: Range | undefined): boolean {
  const own = callback === undefined ? undefined : checkedUser(source, callback)
  return own !== undefined && user !== undefined && at > own.from && OWN_USER.exec(source.textOf(user))?.[1] === own.name
}

// A callback can contain many sign-ins. So cache the result, instead of reading the whole callback again for each sign-in.
const known = new WeakMap<Source, Map<number, CheckedUser | undefined>>()

/** @returns undefined if the callback's own statements do not check that there is a user, or may give the parameter another value */
function checkedUser(source: Source, { last }: Range): CheckedUser | undefined {
  const ofSource = known.get(source) ?? new Map<number, CheckedUser | undefined>()
  known.set(source, ofSource)
  if (!ofSource.has(last)) ofSource.set(last, checkedIn(source, last))
  return ofSource.get(last)
}

function checkedIn(source: Source, last: number): CheckedUser | undefined {
  const brace = source.is(last, '}') ? (source.token(last).pair as number) : -1
  const name = brace === -1 || !source.isBlock(brace) ? undefined : source.parametersOf(brace)?.[1]
  if (name === undefined) return undefined
  let from: number | undefined
  for (let at = brace + 1; at < last; at++) {
    if (source.is(at, name) && isSet(source, at)) return undefined
    if (source.is(at, 'if') && source.token(at).parent === brace) from ??= endOfCheck(source, at, name)
  }
  return from === undefined ? undefined : { name, from }
}

/**
 * True if the variable gets a new value at this token, gets properties by `Object.assign`, or if another variable of the same name is declared here. An
 * assignment to a single property (`user.x = …`) does not count.
 */
function isSet(source: Source, at: number): boolean {
  if ([at - 1, at + 1].some((beside) => source.is(beside, '.') || source.is(beside, '?.'))) return false
  if (/^(?:const|let|var|function|class)$/.test(source.tokens[at - 1]?.text ?? '') || (source.is(at - 1, '(') && source.is(at - 2, 'assign'))) return true
  for (let end = at, open = source.token(at).parent; ; end = source.token(open).pair as number, open = source.token(open).parent) {
    const operator = source.tokens.slice(end + 1, end + 3).map(({ text }) => text).join('')
    if (/^(?:=>|(?:\?\?|\|\||&&)?=(?!=))/.test(operator)) return true
    if (/^(?:of|in)$/.test(source.tokens[end + 1]?.text ?? '') && /^(?:for|await)$/.test(source.tokens[open - 1]?.text ?? '')) return true
    const isPattern = ['{', '[', '('].some((text) => source.is(open, text))
    if (!isPattern) return false
    if (source.is(open, '(')) return isParameterList(source, open)
  }
}

/** The last token of `if (!user) return …` or `if (err || !user) { …; return … }`; undefined for other statements. */
function endOfCheck(source: Source, at: number, name: string): number | undefined {
  const open = at + 1
  if (!source.is(open, '(') || isDependent(source, at)) return undefined
  const close = source.token(open).pair as number
  const condition = source.textOf({ first: open + 1, last: close - 1 })
  // If the condition contains other characters, such as those of a call or a comment, it may be false although there is no user.
  if (!/^(?:[\w$.!\s]|\|\||[!=]==?)*$/.test(condition) || !condition.split('||').some((part) => part.trim() === `!${name}`)) return undefined
  const then = source.token(close + 1)
  const { first, last } = source.is(close + 1, '{') ? source.statementOf((then.pair as number) - 1) : source.statementOf(close + 1)
  if (!source.is(close + 1, '{')) return ends(source, close + 1) ? last : undefined
  return first > close + 1 && ends(source, first) && !isDependent(source, first) ? then.pair : undefined
}

const ends = (source: Source, at: number) => source.is(at, 'return') || source.is(at, 'throw')

/** True for a statement that runs only under a condition on the line before, as in `if (a)` with `return` on the next line. */
function isDependent(source: Source, at: number): boolean {
  const { pair } = source.tokens[at - 1] ?? {}
  const before = source.is(at - 1, ')') && pair !== undefined ? source.tokens[pair - 1]?.text : source.tokens[at - 1]?.text
  return /^(?:if|else|for|while|with|do)$/.test(before ?? '')
}
