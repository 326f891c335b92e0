/**
 * Recognises a promise of `req.login` that signs nobody in, in front of the second factor: `const login = promisify(req.login).bind(req)` and then
 * `await login(user, { session: false })`.
 *
 * Out of scope: all other ways to pass on `req.login`.
 */
import { isFollowedFrom } from './behind-sign-in'
import { usesInScope } from './definitions'
import { isSessionOff } from './own-callback'
import type { SecondFactors } from './second-factor'
import type { Source } from './source'

/** A call of the function that `promisify` has returned. */
interface Call {
  readonly open: number
  /** How many arguments stand before the user: 1 for `login.call(req, user)`. */
  readonly before: number
}

/**
 * @param at index of the token `login` in `promisify(req.login)`
 * @returns undefined if a call may sign the user in, or if no call is found. Otherwise each call has `session: false`: `closed` if the second factor follows
 * each call, else `open`
 */
export function promisedLogin(source: Source, at: number, factors: SecondFactors): 'closed' | 'open' | undefined {
  const calls = callsOf(source, at)
  const isOff = ({ open, before }: Call) => {
    const options = source.partsOf(open)[before + 1]
    return options !== undefined && isSessionOff(source, options)
  }
  if (calls.length === 0 || !calls.every(isOff)) return undefined
  return calls.every(({ open }) => isFollowedFrom(source, { first: open, last: source.token(open).pair as number }, factors)) ? 'closed' : 'open'
}

function callsOf(source: Source, at: number): Call[] {
  const isBound = (name: number) => source.is(name + 1, '.') && source.is(name + 2, 'bind') && source.is(name + 3, '(')
  const { parent } = source.token(at)
  const last = isBound(at) ? (source.token(at + 3).pair as number) : at
  if (!source.is(parent, '(') || !source.is(parent - 1, 'promisify') || parent !== at - 3 || source.token(parent).pair !== last + 1) return []
  const end = isBound(last + 1) ? (source.token(last + 4).pair as number) : last + 1
  const start = source.is(parent - 2, '.') ? parent - 3 : parent - 1
  const called = callAt(source, end)
  if (called !== undefined) return [called]
  if (!source.is(start - 1, '=') || !source.isWord(start - 2) || !source.is(start - 3, 'const')) return []
  const calls = usesInScope(source, source.token(start - 2).text, start - 2).map((use) => callAt(source, use))
  return calls.every((one) => one !== undefined) ? calls : []
}

function callAt(source: Source, at: number): Call | undefined {
  if (source.is(at + 1, '(')) return { open: at + 1, before: 0 }
  return source.is(at + 1, '.') && source.is(at + 2, 'call') && source.is(at + 3, '(') ? { open: at + 3, before: 1 } : undefined
}
