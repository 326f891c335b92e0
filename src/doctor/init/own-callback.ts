/**
 * Recognises a password check with a callback of the application, if this callback does not sign the user in and the second factor follows:
 * `passport.authenticate('local', (err, user) => { …; req.logIn(user, { session: false }, next) })(req, res, next)`.
 *
 * Also recognises a function around this call, to which the application passes the strategy and the options of `req.logIn`, as in
 * docs/guides/existing-app.md. Out of scope: all other callbacks, which may sign a user in.
 */
import { isCheckedUser } from './checked-user'
import { functionIn, openOfParameters, startOfFunction, usesInScope } from './definitions'
import { isAnswer } from './handler-ends'
import type { SecondFactors } from './second-factor'
import type { Range, Source } from './source'

/**
 * True if this call of `passport.authenticate` does not sign the user in before the second factor.
 * @param at index of the token `authenticate`
 */
export function isClosedCallback(source: Source, at: number, factors: SecondFactors): boolean {
  // A callback can contain many calls of `req.logIn`. So cache the result, instead of examining the whole callback for each of these calls.
  const known = answers.get(source) ?? new Map<number, boolean>()
  answers.set(source, known)
  const is = known.get(at) ?? examined(source, at, factors)
  known.set(at, is)
  return is
}

const LOGIN = /^log[iI]n$/
const answers = new WeakMap<Source, Map<number, boolean>>()

function examined(source: Source, at: number, factors: SecondFactors): boolean {
  const [strategy, callback, ...others] = source.partsOf(at + 1)
  if (strategy === undefined || callback === undefined || others.length > 0) return false
  const handler = handlerAround(source, at)
  const [user, login] = handler === undefined ? [] : lastLogin(source, callback, functionIn(source, handler)?.parameters ?? [])
  if (login === undefined || handler === undefined) return false
  if (source.stringAt(strategy.first) !== undefined) return isSessionOff(source, login) && factors.isFollowed(source, handler)
  return isClosedWrapper(source, { strategy, login, handler, isChecked: isCheckedUser(source, callback, login.first, user) }, factors)
}

/** True if a `req.logIn` at this token is in the callback of a `passport.authenticate` that signs no user in before the second factor. */
export function isInClosedCallback(source: Source, at: number, factors: SecondFactors): boolean {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    if (source.is(open, '(') && source.tokens[open - 1]?.text === 'authenticate') return isClosedCallback(source, open - 1, factors)
  }
  return false
}

/**
 * Finds the arguments of the `req.logIn` with which the callback ends. All statements before this call must handle an error or a wrong password.
 * @param handler the parameters of the handler around the callback
 * @returns no arguments if the callback does anything else
 */
function lastLogin(source: Source, { last }: Range, handler: readonly string[]): readonly Range[] {
  const brace = source.is(last, '}') ? (source.token(last).pair as number) : -1
  if (brace === -1 || !source.isBlock(brace)) return []
  const [error, user] = source.parametersOf(brace) ?? []
  for (let at = brace + 1; at < last; ) {
    const statement = source.statementOf(at)
    const condition = source.is(at, 'if') && source.is(at + 1, '(') ? source.textOf({ first: at + 2, last: (source.token(at + 1).pair as number) - 1 }) : undefined
    const isLogin = source.isWord(at) && source.is(at + 1, '.') && LOGIN.test(source.tokens[at + 2]?.text ?? '') && source.is(at + 3, '(')
    if (isLogin) return statement.last + 1 >= last && leadsOn(source, at + 3, handler) ? source.partsOf(at + 3) : []
    if (condition === undefined || (condition !== error && condition !== `!${user}`)) return []
    const texts = source.tokens.slice(at, statement.last + 1).map(({ text }) => text)
    if (!texts.includes('return') || texts.some((text) => LOGIN.test(text))) return []
    at = Math.max(statement.last, at) + 1
  }
  return []
}

/**
 * True if the callback of `req.logIn` only goes on: it is `next` itself, or a function whose only calls are those of `next`, and which does not use the
 * response.
 */
function leadsOn(source: Source, open: number, [, response, next]: readonly string[]): boolean {
  const callback = source.partsOf(open)[2]
  if (callback === undefined || next === undefined) return false
  if (callback.first === callback.last) return source.is(callback.first, next)
  const { body } = functionIn(source, callback) ?? {}
  if (body === undefined) return false
  let isCalled = false
  for (let at = body.first; at <= body.last; at++) {
    const isCall = source.is(at, '(') && !source.is(at - 1, 'if') && !/^[(?:!&|,;{=>]+$/.test(source.token(at - 1).text)
    if (isCall && source.is(at - 1, next) && !source.is(at - 2, '.')) isCalled = true
    else if (isCall || isAnswer(source, at, response) || source.is(at, 'new') || source.token(at).kind === 'template') return false
  }
  return isCalled
}

/** True for an object literal with `session: false`, also behind a spread: `{ ...failed, session: false }`. */
export function isSessionOff(source: Source, { first, last }: Range): boolean {
  if (!source.is(first, '{') || source.token(first).pair !== last) return false
  const part = source.partsOf(first).filter((one) => source.is(one.first, '...') || source.is(one.first, 'session') || source.stringAt(one.first) === 'session').at(-1)
  return part !== undefined && !source.is(part.first, '...') && source.is(part.first + 1, ':') && source.is(part.first + 2, 'false') && part.last === part.first + 2
}

/** The innermost function around the token at index `at`. */
function handlerAround(source: Source, at: number): Range | undefined {
  const brace = source.blockOf(at)
  return brace === -1 ? undefined : functionAt(source, brace)
}

/** The function whose body begins at this brace, from its parameters (with `async` or `function` before them) to its closing brace. */
export function functionAt(source: Source, brace: number): Range | undefined {
  const open = source.parametersOf(brace) === undefined ? undefined : openOfParameters(source, brace)
  return open === undefined ? undefined : { first: startOfFunction(source, open), last: source.token(brace).pair as number }
}

interface Wrapped {
  readonly strategy: Range
  readonly login: Range
  readonly handler: Range
  /** True if `req.logIn` signs in the user that the callback got, and runs only if the callback got a user. A callback of the Nevis strategy must do both. */
  readonly isChecked: boolean
}

/**
 * For a function `const wrapper = (strategy, options) => (req, res, next) => …`: true if each call of `wrapper` either runs the second factor, or is followed
 * by the second factor.
 */
function isClosedWrapper(source: Source, { strategy, login, handler, isChecked }: Wrapped, factors: SecondFactors): boolean {
  const close = handler.first - 2
  if (!source.is(handler.first - 1, '=>') || !source.is(close, ')')) return false
  const open = source.token(close).pair as number
  if (!source.is(open - 1, '=') || !source.isWord(open - 2) || !/^(?:const|let|var)$/.test(source.tokens[open - 3]?.text ?? '') || source.is(open - 4, 'export')) return false
  const parameters = source.partsOf(open).map(({ first }) => source.token(first).text)
  const [which, options] = [strategy, login].map((range) => (range.first === range.last ? parameters.indexOf(source.token(range.first).text) : -1)) as [number, number]
  const uses = usesInScope(source, source.token(open - 2).text, open - 2)
  return which !== -1 && uses.length > 0 && uses.every((at) => {
    const parts = source.is(at + 1, '(') ? source.partsOf(at + 1) : []
    const [name, given] = [parts[which], options === -1 ? login : parts[options]]
    if (name === undefined || given === undefined || source.stringAt(name.first) === undefined) return false
    return factors.isStrategy(source, name) ? isChecked : (isSessionOff(source, given) && factors.isFollowed(source, { first: at, last: source.token(at + 1).pair as number }))
  })
}
