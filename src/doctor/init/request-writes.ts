/**
 * Finds code that signs a user in for one request without Passport: `req.user = …`, `req['user'] = …`, `Object.assign(req, { user })`, on Koa
 * `ctx.state.user = …`.
 *
 * Out of scope: code that stores the user in the session (`session-writes.ts`).
 */
import { COPIES, hasKey, isInPattern, memberAt, nameAt, SETS, valueAfter } from './session-writes'
import type { Source } from './source'

/**
 * Tells whether the code at this token sets `req.user`.
 * @param request the names of variables that contain the request
 * @returns what the code writes, for example `req.user = …`; undefined if it does not set the user
 */
export function requestWriteAt(source: Source, at: number, request: RegExp): string | undefined {
  const name = nameAt(source, at)
  if (name === undefined) return undefined
  const open = source.isWord(at) ? source.openOfCall(at) : undefined
  if (open !== undefined) {
    const [first, second, ...others] = source.partsOf(open)
    if (first === undefined || second === undefined || !isRequest(source, first.last, request)) return undefined
    const isCopied = COPIES.test(name) && [second, ...others].some((part) => hasKey(source, part.first, /^user$/) && !isEnd(source, part.first))
    return isCopied || (SETS.test(name) && source.stringAt(second.first) === 'user') ? `${name}(req, { user })` : undefined
  }
  const member = name === 'user' || name === 'state' ? memberAt(source, at) : undefined
  const value = member === undefined ? undefined : valueAfter(source, member.last)
  if (member === undefined || !isRequest(source, member.owner, request)) return undefined
  if (value === undefined && !isInPattern(source, member.last)) return undefined
  if (name === 'state') return value !== undefined && hasKey(source, value, /^user$/) && !isEnd(source, value) ? 'ctx.state = { user }' : undefined
  return isState(source, member.owner) ? 'ctx.state.user = …' : 'req.user = …'
}

const isState = (source: Source, at: number) => source.is(at, 'state') && source.is(at - 1, '.')

/** True for `req`, TypeScript's `req!` and `(req as any)`, and for Koa's `ctx.state`. */
function isRequest(source: Source, at: number, request: RegExp): boolean {
  while (source.is(at, '!')) at--
  if (isState(source, at)) return isRequest(source, at - 2, request)
  const { pair } = source.tokens[at] ?? {}
  if (source.is(at, ')') && pair !== undefined) return source.isWord(pair + 1) && request.test(source.token(pair + 1).text) && source.is(pair + 2, 'as')
  return source.isWord(at) && request.test(source.token(at).text)
}

/** True for an object literal that signs the user out: `{ user: null }`. */
function isEnd(source: Source, open: number): boolean {
  return source.partsOf(open).some(({ first, last }) => nameAt(source, first) === 'user' && last === first + 2 && ['null', 'undefined', 'false'].some((text) => source.is(last, text)))
}
