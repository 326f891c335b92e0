/**
 * Tells whether the second factor follows code that signs a user in for one request only, such as `req.login(user, { session: false }, …)` or
 * `req.user = user`: in the same handler, or in a later handler of the same route.
 *
 * Without a second factor, such code opens the application to this request. A middleware that runs it for every request, for example for a "remember me"
 * cookie, opens all pages. If the code does not show clearly that the second factor follows, the answer is no. Out of scope: finding the sign-ins
 * (`sign-in-calls.ts`).
 */
import { nameOfFunction, openOfParameters } from './definitions'
import { isAnswer, isNextPassed, responseOf } from './handler-ends'
import { functionAt } from './own-callback'
import { endOfRun, type SecondFactors } from './second-factor'
import { isFunction, type Range, type Source } from './source'

const LISTS = /^(?:get|post|put|patch|delete|all|use)$/
const NEXT = /^(?:next|done)$/
const ERROR = /^_?e(?:rr(?:or)?)?$/
/** The number of tokens behind a sign-in that are examined at most. Otherwise a very long handler with many sign-ins would take too much time. */
const MAX_TOKENS = 2000

/**
 * True if the second factor follows a call of `req.login` with `session: false`.
 * @param at index of the token `login`
 */
export function isLoginFollowed(source: Source, at: number, factors: SecondFactors): boolean {
  return isCallFollowed(source, at + 1, factors)
}

/**
 * True if the second factor follows a password check with `session: false`: `passport.authenticate('local', { session: false })` in the list of handlers of a
 * route, or `passport.authenticate('local', { session: false })(req, res, next)` in such a handler.
 */
export function isCheckFollowed(source: Source, call: Range, factors: SecondFactors): boolean {
  if (factors.isFollowed(source, call)) return true
  const open = call.last + 1
  return source.is(open, '(') && source.partsOf(open).length === 3 && isCallFollowed(source, open, factors)
}

/** True if the second factor follows the call with these arguments. The third argument is the function that Passport calls after a success. */
function isCallFollowed(source: Source, open: number, factors: SecondFactors): boolean {
  const callback = source.partsOf(open)[2]
  if (callback !== undefined && isFunction(source, callback) && runsFactor(source, callback, factors)) return true
  const end = source.token(open).pair as number
  const goesOn = callback?.first === callback?.last && callback !== undefined && NEXT.test(source.token(callback.first).text)
  return isFollowed(source, { first: callback?.first ?? end, last: end }, factors, !goesOn)
}

/** True if the second factor follows an assignment such as `req.user = user`, whose first token is at this index. */
export function isWriteFollowed(source: Source, at: number, factors: SecondFactors): boolean {
  return isFollowed(source, { first: at, last: at }, factors, true)
}

/** True if the second factor follows this code, in the same handler or in a later one of its route. */
export const isFollowedFrom = (source: Source, range: Range, factors: SecondFactors): boolean => isFollowed(source, range, factors, true)

/**
 * @param mayRunHere true if the second factor may also follow in the rest of this handler; false if the sign-in itself calls `next`: then the second factor
 * can only follow in a later handler
 */
function isFollowed(source: Source, { first, last }: Range, factors: SecondFactors, mayRunHere: boolean): boolean {
  const { end, response } = handlerAround(source, first)
  if ((end ?? last) - first > MAX_TOKENS) return false
  if (mayRunHere && end !== undefined && runsFactor(source, { first: last + 1, last: end }, factors)) return true
  // A handler that answers after the sign-in may give out a token, and `next('route')` leaves out the later handlers of the route.
  for (let at = first; at <= (end ?? last); at++) if (isAnswer(source, at, response) || isOtherRoute(source, at)) return false
  return isInFollowedHandler(source, first, factors)
}

/**
 * The innermost handler around the token: its end, and the name of its response. A function is a handler if it has a parameter such as `req`, or at least
 * three parameters. Exception: a function whose first parameter is an error, such as `(err, user, info) => { … }`, is a callback. Only functions with a body in
 * braces are found. If there is only a callback, as in `(req, res) => find((err, user, info) => { … })`, returns the end of the callback.
 */
function handlerAround(source: Source, at: number): { end?: number | undefined; response?: string | undefined } {
  let callback: number | undefined
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) {
    const names = source.parametersOf(open) ?? []
    const isHandler = names.some((name) => /^_?(?:req|request|ctx|context)$/.test(name))
    if (isHandler || (names.length > 2 && !ERROR.test(names[0] as string))) return { end: source.token(open).pair, response: responseOf(names) }
    if (names.length > 2) callback ??= source.token(open).pair
  }
  return { end: callback }
}

/**
 * True if the code runs a strategy of this package, and has no other way to answer or to call the next handler. Ignores code that runs only after an error.
 */
function runsFactor(source: Source, { first, last }: Range, factors: SecondFactors): boolean {
  if (last - first > MAX_TOKENS) return false
  const { response } = handlerAround(source, first)
  let hasRun = false
  for (let at = first; at <= last; at++) {
    if (factors.isRun(source, at)) {
      hasRun = true
      at = endOfRun(source, at)
    } else if (isErrorBranch(source, at)) at = endOfBranch(source, at)
    else if (isAnswer(source, at, response) || isNextCalled(source, at) || isNextPassed(source, at)) return false
  }
  return hasRun
}

/** True for `next()`, `next(null)` and `next('route')`. Any other argument counts as an error, as in `next(err)`. */
function isNextCalled(source: Source, at: number): boolean {
  if (!NEXT.test(source.token(at).text) || !source.is(at + 1, '(')) return false
  return source.is(at + 2, ')') || ['null', 'undefined', 'false'].some((text) => source.is(at + 2, text)) || isOtherRoute(source, at)
}

const isOtherRoute = (source: Source, at: number) => NEXT.test(source.token(at).text) && source.is(at + 1, '(') && source.tokens[at + 2]?.kind === 'string'

/** True for `if (err) return …` and `if (err) { … return … }`: what the handler does after an error does not count as a way around the second factor. */
function isErrorBranch(source: Source, at: number): boolean {
  if (!source.is(at, 'if') || !source.is(at + 1, '(') || !/^(?:err|error|e)$/.test(source.tokens[at + 2]?.text ?? '') || !source.is(at + 3, ')')) return false
  return source.is(at + 4, 'return') || (source.is(at + 4, '{') && source.tokens.slice(at + 4, source.token(at + 4).pair).some(({ text }) => text === 'return'))
}

function endOfBranch(source: Source, at: number): number {
  return source.is(at + 4, '{') ? (source.token(at + 4).pair as number) : source.statementOf(at).last
}

/**
 * True if the token is in a handler, and the second factor follows this handler: in the list of handlers of its route, or, for a handler with a name, in every
 * route that uses the name.
 */
function isInFollowedHandler(source: Source, at: number, factors: SecondFactors): boolean {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    const isList = source.is(open, '[') || (source.is(open, '(') && LISTS.test(source.tokens[open - 1]?.text ?? '') && source.is(open - 2, '.'))
    const part = isList ? source.partsOf(open).find(({ first, last }) => first <= at && at <= last) : undefined
    if (part !== undefined && factors.isFollowed(source, part)) return true
    const handler = source.is(open, '{') && source.isBlock(open) ? functionAt(source, open) : undefined
    if (handler !== undefined && factors.isFollowed(source, handler)) return true
  }
  return false
}

/** The names of the functions around the token, the innermost first. */
export function namesOfFunctions(source: Source, at: number): string[] {
  const names: string[] = []
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) {
    const parameters = openOfParameters(source, open)
    const name = parameters === undefined ? undefined : nameOfFunction(source, parameters, open)
    if (name !== undefined) names.push(name)
  }
  return names
}
