/**
 * An application may keep the signed-in user in `req.session` without Passport. It is then right to set the user in two places, which this file recognises: the
 * middleware that reads the user of the session, and the handler behind the second factor that stores the user in the session.
 *
 * Out of scope: finding the lines that set a user (`request-writes.ts`, `session-writes.ts`).
 */
import { valueAssigned } from './definitions'
import { functionAt } from './own-callback'
import { usesOfHandler } from './handler-uses'
import type { SecondFactors } from './second-factor'
import type { Range, Source } from './source'

const LISTS = /^(?:get|post|put|patch|delete|all|use)$/
/** Parts of a request that the browser can choose. A user that is found by them has not signed in. */
const GIVEN = /^(?:body|cookies|signedCookies|headers|header|get|query|params|param|url|hostname)$/

/** Operators that choose between two values. Only one of the values may come from the session. */
const CHOOSES = /^(?:\|\|?|\?\??)$/

/** True for `req.user = await users.findById(req.session.userId)`: the value comes from the session, and from nothing else of the request. */
export function isRestored(source: Source, at: number): boolean {
  const value = valueAssigned(source, at)
  if (value === undefined) return false
  const { first, last } = value
  if (first !== last) return isOfSession(source, value)
  // `users.findById(req.session.userId, (err, user) => { req.user = user })`
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    if (!source.is(open, '(')) continue
    const parts = source.partsOf(open)
    const callback = parts.find((part) => part.first <= at && at <= part.last)
    const isParameter = callback !== undefined && source.parametersOf(source.token(callback.last).pair ?? -1)?.[1] === source.token(first).text
    return isParameter && parts[0] !== undefined && parts[0] !== callback && isOfSession(source, parts[0])
  }
  return false
}

function isOfSession(source: Source, { first, last }: Range): boolean {
  const tokens = source.tokens.slice(first, last + 1)
  const readsSession = tokens.some(({ text }, i) => text === 'session' && /^\??\.$/.test(tokens[i - 1]?.text ?? '') && /^_?req(?:uest)?$/.test(tokens[i - 2]?.text ?? ''))
  return readsSession && !tokens.some(({ kind, text }) => (kind === 'word' ? GIVEN.test(text) : CHOOSES.test(text)))
}

/**
 * True for `req.session.userId = req.user.id` in a handler that stands behind `passport.authenticate('nevis')` in its route: the handler runs only after the
 * second factor, and `req.user` is the user who gave it.
 */
export function isStoredBehind(source: Source, at: number, factors: SecondFactors): boolean {
  const value = valueAssigned(source, at)
  if (value === undefined || !/^_?req(?:uest)?!?\.user!?(?:\??\.\w+)*$/.test(source.textOf(value))) return false
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    if (isBehindFactor(source, open, at, factors)) return true
    const handler = source.is(open, '{') && source.isBlock(open) ? functionAt(source, open) : undefined
    const uses = handler === undefined ? [] : (usesOfHandler(factors.sources, source, handler) ?? [])
    if (uses.length > 0 && uses.every(([other, { first }]) => isBehindFactor(other, other.token(first).parent, first, factors))) return true
  }
  return false
}

/**
 * True if a route's list of handlers begins at `open` and contains the token at `at`, and an earlier handler of this list is `passport.authenticate('nevis')`
 * without a callback function.
 */
function isBehindFactor(source: Source, open: number, at: number, factors: SecondFactors): boolean {
  if (!source.is(open, '(') || !LISTS.test(source.tokens[open - 1]?.text ?? '') || !source.is(open - 2, '.')) return false
  return source.partsOf(open).some((part) => part.last < at && factors.isPlain(source, part))
}
