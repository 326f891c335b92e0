/**
 * Finds code that stores the signed-in user in the session without `req.login`: `req.session.userId = …`, `session['passport'] = …`,
 * `Object.assign(req.session, …)`.
 *
 * Out of scope: sign-ins by Passport (`sign-in-calls.ts`), and sessions in a variable that gets its value in another way than `const sess = req.session`.
 */
import { wordsOf } from './definitions'
import type { Range, Source } from './source'

/** Properties of the session in which applications store who is signed in, for example `req.session.userId = …`. */
const OWN_LOGIN = /(?:user|account|(?<!^re|_re)member|customer|client|person|profile|employee|admin|principal|identity|login)_?(?:id|name)?$|^(?:uid|sub|passport|e?mail|(?:is_?)?(?:auth|logged(?:_?in)?|signed_?in|authed|authenticated|authori[sz]ed))$/i
/** Functions that copy properties into their first argument, for example `Object.assign` and lodash's `merge`. */
export const COPIES = /^(?:assign|assignIn|extend|merge|defaults|defaultsDeep|defineProperties)$/
/** Functions whose second argument names the property that they write, for example lodash's `set`. */
export const SETS = /^(?:set|defineProperty)$/

/**
 * A cache for `isFilledKey`. Its keys are tokens: a name to which an object literal with the key `passport` is assigned, or a function that is called with such
 * a literal. The value is true if `sessionWriteAt` reports a sign-in at this token.
 */
const callsOf = new WeakMap<Source, Map<number, boolean>>()

/** @returns what the code at this token writes, for example `session.userId = …`; undefined if it writes no sign-in */
export function sessionWriteAt(source: Source, at: number): string | undefined {
  const name = nameAt(source, at)
  if (name === undefined) return isDynamicWrite(source, at) ? 'session[…] = …' : undefined
  const open = source.isWord(at) ? source.openOfCall(at) : undefined
  if (open !== undefined) return callAt(source, at, name, open)
  const member = memberAt(source, at)
  if (member === undefined) return name === 'passport' && isFilledKey(source, at) ? 'passport: { user }' : undefined
  const value = valueAfter(source, member.last)
  if (isSession(source, member.owner) && OWN_LOGIN.test(name) && (value !== undefined || isInPattern(source, member.last))) return `session.${name} = …`
  if (isSession(source, member.owner) && value !== undefined && hasKey(source, value, OWN_LOGIN)) return `session.${name} = { … }`
  if (name === 'session' && value !== undefined && hasLogin(source, value)) return 'session = { … }'
  if (name !== 'passport') return undefined
  const inner = memberAt(source, source.is(member.last + 1, '[') || source.is(member.last + 1, '.') ? member.last + 2 : -1)
  const isUserWritten = inner !== undefined && nameAt(source, member.last + 2) === 'user' && valueAfter(source, inner.last) !== undefined
  return isUserWritten || (value !== undefined && hasKey(source, value, /^user$/)) ? 'session.passport = …' : undefined
}

export const nameAt = (source: Source, at: number): string | undefined => (source.isWord(at) ? source.token(at).text : source.stringAt(at))

/** Recognises the token `name` in `x.name` and `x['name']`. `owner`: the index of the token `x`. `last`: the index of the last token. */
export function memberAt(source: Source, at: number): { owner: number; last: number } | undefined {
  if (source.isWord(at)) return source.is(at - 1, '.') || source.is(at - 1, '?.') ? { owner: at - 2, last: at } : undefined
  if (!source.is(at - 1, '[') || !source.is(at + 1, ']')) return undefined
  return { owner: source.is(at - 2, '?.') ? at - 3 : at - 2, last: at + 1 }
}

/** True for `session`, `req.session`, a variable with this value, `req['session']`, TypeScript's `req.session!` and `(req.session as any)`. */
function isSession(source: Source, at: number): boolean {
  while (source.is(at, '!')) at--
  if (source.is(at, ']')) return source.stringAt(at - 1) === 'session'
  const { pair } = source.tokens[at] ?? {}
  if (source.is(at, ')') && pair !== undefined) return source.tokens.slice(pair, at).some(({ kind, text }) => kind === 'word' && text === 'session')
  const { text } = source.tokens[at] ?? {}
  const isParameter = ({ name, body }: Parameter) => name === text && body.first <= at && at <= body.last
  return source.is(at, 'session') || (source.isWord(at) && !source.is(at - 1, '.') && (aliasesIn(source).has(source.token(at).text) || (parameters.get(source) ?? []).some(isParameter)))
}

interface Parameter {
  readonly name: string
  /** The body of the function that has this parameter. */
  readonly body: Range
}

const parameters = new WeakMap<Source, Parameter[]>()

/** Notes that a function of this file gets the session in its parameter of this name. */
export function noteSession(source: Source, name: string, body: Range): void {
  parameters.set(source, [...(parameters.get(source) ?? []), { name, body }])
}

const aliases = new WeakMap<Source, ReadonlySet<string>>()

/** The variables with the session: `sess` in `sess = req.session`. */
function aliasesIn(source: Source): ReadonlySet<string> {
  const known = aliases.get(source) ?? new Set(wordsOf(source, 'session').flatMap((at) => (source.is(at - 1, '.') && source.is(at - 3, '=') && source.isWord(at - 4) && !source.is(at + 1, '.') ? [source.token(at - 4).text] : [])))
  aliases.set(source, known)
  return known
}

/** The index of the value after `=`, `??=` or `||=`. Undefined if nothing is assigned, or if the value ends a sign-in: `null`, `undefined`, `false`. */
export function valueAfter(source: Source, at: number): number | undefined {
  const equals = source.is(at + 1, '??') || source.is(at + 1, '||') ? at + 2 : at + 1
  const value = equals + 1
  return source.is(equals, '=') && !['null', 'undefined', 'false'].some((text) => source.is(value, text)) ? value : undefined
}

/** True for a target of a destructuring assignment: `[req.session.userId] = …` or `({ id: req.session.userId } = …)`. */
export function isInPattern(source: Source, at: number): boolean {
  if (!source.is(at + 1, ',') && !source.is(at + 1, ']') && !source.is(at + 1, '}')) return false
  for (let inner = at, { parent } = source.token(at); source.is(parent, '[') || source.is(parent, '{'); inner = parent, { parent } = source.token(parent)) {
    const before = source.tokens[parent - 1]
    const close = source.token(parent).pair as number
    // In `users[req.session.userId] = …` and `{ [req.session.userId]: … }`, the session is only read.
    if (source.is(parent, '[') && ((before !== undefined && (before.kind !== 'punct' || [')', ']', '?.'].includes(before.text))) || source.is(close + 1, ':'))) return false
    // In a default value, as in `{ id = req.session.userId } = …`, the session is only read.
    const part = source.partsOf(parent).find(({ first, last }) => first <= inner && inner <= last)
    for (let i = inner - 1; part !== undefined && i > part.first; i = (source.is(i, ')') || source.is(i, ']') || source.is(i, '}') ? (source.token(i).pair as number) : i) - 1) if (source.is(i, '=')) return false
    if (source.is(close + 1, '=')) return true
  }
  return false
}

/** True for `session[name] = …`. Such a write counts as a sign-in, because `name` may be `passport`. */
function isDynamicWrite(source: Source, at: number): boolean {
  const { pair } = source.token(at)
  if (!source.is(at, '[') || pair === undefined || !isSession(source, source.is(at - 1, '?.') ? at - 2 : at - 1)) return false
  const isFixed = pair === at + 2 && (source.stringAt(at + 1) !== undefined || source.token(at + 1).kind === 'number')
  return !isFixed && valueAfter(source, pair) !== undefined
}

/**
 * True for `passport: { user: … }` in an object literal, which may become the content of a session. False in a TypeScript type. Also false in
 * `Object.assign(req.session, …)`, because `sessionWriteAt` already reports that call.
 */
function isFilledKey(source: Source, at: number): boolean {
  const { parent } = source.token(at)
  const isLiteral = source.is(parent, '{') && !source.isBlock(parent) && !source.is(parent - 3, 'type')
  if (!isLiteral || !source.is(at + 1, ':') || !hasKey(source, at + 2, /^user$/)) return false
  const around = source.is(parent - 1, '=') ? parent - 2 : source.token(parent).parent - 1
  if (around < 0) return true
  // One call of `Object.assign` can contain many keys `passport`. So cache the result for the call, instead of examining the whole call for each key.
  const known = callsOf.get(source) ?? new Map<number, boolean>()
  callsOf.set(source, known)
  const isWrite = known.get(around) ?? sessionWriteAt(source, around) !== undefined
  known.set(around, isWrite)
  return !isWrite
}

/** True if the token opens an object literal that has a key which matches `key`. */
export function hasKey(source: Source, open: number, key: RegExp): boolean {
  return source.is(open, '{') && source.partsOf(open).some(({ first }) => key.test(nameAt(source, first) ?? ''))
}

/**
 * True if the token opens an object literal with a key under which apps store who is signed in. Also true if the literal has a spread, which may contain such a
 * key.
 */
function hasLogin(source: Source, open: number): boolean {
  return hasKey(source, open, OWN_LOGIN) || (source.is(open, '{') && source.partsOf(open).some(({ first }) => source.is(first, '...')))
}

function callAt(source: Source, at: number, name: string, open: number): string | undefined {
  const parts = source.partsOf(open)
  const [first, second] = parts
  const isOfSession = (source.is(at - 1, '.') || source.is(at - 1, '?.')) && isSession(source, at - 2)
  if (isOfSession && name === 'set' && first !== undefined && isLoginPath(source, first)) return 'session.set(…)'
  if (first === undefined || second === undefined || !isSession(source, first.last)) return undefined
  const isWritten = COPIES.test(name) ? parts.slice(1).some((part) => !source.is(part.first, '{') || hasLogin(source, part.first)) : SETS.test(name) && isLoginPath(source, second)
  return isWritten ? `${name}(session, …)` : undefined
}

/** True for a string that names a property in which apps store who is signed in, such as `'passport'` or lodash's `'passport.user'`. */
function isLoginPath(source: Source, { first, last }: Range): boolean {
  return first === last && OWN_LOGIN.test(source.stringAt(first)?.split(/[.[]/)[0] ?? '')
}
