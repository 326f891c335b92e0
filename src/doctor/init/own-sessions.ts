/**
 * An application may keep the signed-in user in `req.session` without Passport. It is then right to set the user in two places, which this file recognises: the
 * middleware that reads the user of the session, and the handler behind the second factor that stores the user in the session.
 *
 * Out of scope: finding the lines that set a user (`request-writes.ts`, `session-writes.ts`).
 */
import { functionIn, usesOf, valueAssigned, valueIn } from './definitions'
import { functionAt } from './own-callback'
import type { SecondFactors } from './second-factor'
import type { Range, Source } from './source'
import type { Token } from './tokens'

const REQUEST = /^_?(?:req(?:uest)?|ctx|context)$/
/** Parts of a request that the browser can choose. If the app finds a user by one of them, this does not prove that this user has signed in. */
const GIVEN = /^(?:body|cookies|signedCookies|headers|header|get|query|params|param|url|hostname)$/

/** Names of passwords. Code that looks up a user with a password is a sign-in: it does not restore a user from the session. */
const CREDENTIAL = /passw|credential/i
/** Operators that choose between two values. */
const CHOOSES = /^(?:\|\|?|\?\??)$/
const NOBODY = /^(?:null|undefined|false)$/
/** At most this many variables are followed, one after the other, from a value to the session. */
const MAX_DEPTH = 3

/** True for `req.user = await users.findById(req.session.userId)`: the value comes from the session, and from nothing else of the request. */
export function isRestored(source: Source, at: number): boolean {
  const value = valueAssigned(source, at)
  return value !== undefined && isOfSession(source, value, 0)
}

/** True if the value comes from the session. Of a choice, as in `id ? await find(id) : null`, each value must come from the session, or be no user. */
function isOfSession(source: Source, range: Range, depth: number): boolean {
  const isNobody = ({ first, last }: Range) => first === last && NOBODY.test(source.token(first).text)
  const values = choicesIn(source, range)
  const isGiven = source.tokens.slice(range.first, range.last + 1).some(({ kind, text }, i) => kind === 'word' && ((GIVEN.test(text) && !isOfOther(source, range.first + i)) || CREDENTIAL.test(text)))
  return !isGiven && !values.every(isNobody) && values.every((one) => isNobody(one) || readsSession(source, one, depth))
}

/** True for a method such as `db.query(…)` or `cache.get(…)`, which is not one of the request. */
function isOfOther(source: Source, at: number): boolean {
  return source.is(at - 1, '.') && source.is(at + 1, '(') && !REQUEST.test(source.token(at - 2).text)
}

function readsSession(source: Source, { first, last }: Range, depth: number): boolean {
  const tokens = source.tokens.slice(first, last + 1)
  const isRead = ({ kind, text }: Token, i: number) => {
    const isMember = /^\??\.$/.test(tokens[i - 1]?.text ?? '')
    return isMember ? text === 'session' && REQUEST.test(tokens[i - 2]?.text ?? '') : kind === 'word' && isVariableOfSession(source, first + i, depth)
  }
  return tokens.some(isRead) && !tokens.some(({ kind, text }) => kind !== 'word' && CHOOSES.test(text))
}

const variables = new WeakMap<Source, Map<string, boolean>>()

/** True if the variable at this token is a constant whose value comes from the session, or a function's parameter to which the session's user is passed. */
function isVariableOfSession(source: Source, at: number, depth: number): boolean {
  if (depth >= MAX_DEPTH) return false
  // A handler can contain many uses of one variable. So cache the result for all uses in the same brackets.
  const known = variables.get(source) ?? new Map<string, boolean>()
  variables.set(source, known)
  const key = `${source.token(at).text} ${source.token(at).parent} ${depth}`
  const is = known.get(key) ?? isFromSession(source, at, depth)
  known.set(key, is)
  return is
}

function isFromSession(source: Source, at: number, depth: number): boolean {
  const isOf = (range: Range) => isOfSession(source, range, depth + 1)
  const name = source.token(at).text
  // True inside a function with a parameter of this name. Outside it, a constant with this name is another one.
  let isParameter = false
  for (let { parent: open } = source.token(at), inner = at; open !== -1; inner = open, open = source.token(open).parent) {
    if (source.is(open, '{') && source.isBlock(open)) {
      if (isParameter) return false
      // `const user = await users.findById(req.session.userId)`
      const value = constantIn(source, name, open)
      if (value !== undefined) return isOf(value)
      if (isDeclaredIn(source, name, open)) return false
      isParameter = source.parametersOf(open)?.includes(name) ?? false
    }
    if (!source.is(open, '(')) continue
    const parts = source.partsOf(open)
    const callback = parts.find((part) => part.first <= inner && inner <= part.last)
    if (callback === undefined) continue
    const parameters = source.is(callback.last, '}') ? source.parametersOf(source.token(callback.last).pair as number) : functionIn(source, callback)?.parameters
    const index = parameters?.indexOf(name) ?? -1
    if (index === -1) continue
    // `users.findById(req.session.userId).then((user) => { req.user = user })`
    if (source.is(open - 1, 'then') && source.is(open - 3, ')')) return index === 0 && isOf({ first: source.token(open - 3).pair as number, last: open - 3 })
    // `users.findById(req.session.userId, (err, user) => { req.user = user })`
    return index === 1 && parts[0] !== undefined && parts[0] !== callback && isOf(parts[0])
  }
  return false
}

/** The value of the constant that is declared directly in this block: `const user = …`, `const { user } = …` or `const [user] = …`. */
function constantIn(source: Source, name: string, block: number): Range | undefined {
  const found = usesOf(source, name).flatMap((use) => {
    const pattern = source.is(source.token(use).parent, '{') || source.is(source.token(use).parent, '[') ? source.token(use).parent : -1
    const first = pattern > block ? pattern : use
    const isDeclared = source.token(first).parent === block && source.is(first - 1, 'const')
    return isDeclared ? (valueAssigned(source, source.token(first).pair ?? first) ?? []) : []
  })
  return found.length === 1 ? found[0] : undefined
}

/** True if this block declares a variable, which the code may change later (`let user = …`, `var { user } = …`), or if its head declares one of this name. */
function isDeclaredIn(source: Source, name: string, block: number): boolean {
  const isAfter = (at: number, ...words: string[]) => words.some((word) => source.is(at - 1, word))
  const patternOf = (use: number) => ([use, source.token(use).parent].find((at) => isAfter(at, 'const', 'let', 'var')) ?? use)
  const close = source.is(block - 1, '=>') ? block - 2 : block - 1
  const head = source.is(close, ')') ? (source.token(close).pair as number) : undefined
  const isCondition = head !== undefined && isAfter(head, 'if', 'while', 'switch')
  return usesOf(source, name).some((use) => {
    const first = patternOf(use)
    if (source.token(first).parent === block) return isAfter(first, 'let', 'var')
    // `for (const user of …) {`, `catch (user) {`, `(user, { remember }) => {`
    if (head === undefined || isCondition || use < head || use > close) return false
    return isAfter(head, 'for') ? isAfter(first, 'const', 'let', 'var') : source.parametersOf(block) === undefined
  })
}

/**
 * The values of which an expression returns one: `a` and `b` in `c ? a : b`, `a || b` and `a ?? b`. In `a && b`, only `b`: the expression returns `a` only if `a`
 * is falsy, and then `a` is no user.
 */
function choicesIn(source: Source, range: Range): Range[] {
  const { first, last } = valueIn(source, source.is(range.first, 'await') && source.is(range.first + 1, '(') && source.token(range.first + 1).pair === range.last ? { first: range.first + 1, last: range.last } : range)
  const { parent } = source.token(first)
  const find = (...texts: string[]) => {
    for (let at = first; at <= last; at++) if (source.token(at).parent === parent && texts.some((text) => source.is(at, text))) return at
    return -1
  }
  const question = find('?')
  if (question !== -1) {
    let colon = question + 1
    for (let open = 1; colon <= last; colon++) {
      if (source.token(colon).parent !== parent) continue
      if (source.is(colon, '?')) open++
      else if (source.is(colon, ':') && --open === 0) break
    }
    return [{ first: question + 1, last: colon - 1 }, { first: colon + 1, last }].flatMap((one) => choicesIn(source, one))
  }
  const or = find('||', '??')
  if (or !== -1) return [{ first, last: or - 1 }, { first: or + 1, last }].flatMap((one) => choicesIn(source, one))
  const and = find('&&')
  return and === -1 ? [{ first, last }] : choicesIn(source, { first: and + 1, last })
}

/**
 * True for `req.session.userId = req.user.id` in a handler that stands behind `passport.authenticate('nevis')` in its route: the handler runs only after the
 * second factor, and `req.user` is the user who gave it.
 */
export function isStoredBehind(source: Source, at: number, factors: SecondFactors): boolean {
  const value = valueAssigned(source, at)
  if (value === undefined || !/^_?req(?:uest)?!?\.user!?(?:\??\.\w+)*$/.test(source.textOf(value))) return false
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    const part = source.is(open, '{') ? undefined : source.partsOf(open).find(({ first, last }) => first <= at && at <= last)
    const handler = source.is(open, '{') && source.isBlock(open) ? functionAt(source, open) : part
    if (handler !== undefined && factors.isLed(source, handler)) return true
  }
  return false
}
