/**
 * Tells how a handler ends: whether it answers, goes on to the next handler, or leaves its route.
 *
 * In doubt, the answer is that the handler answers or goes on. `init` then does not rely on the second factor that follows. Out of scope: finding the handlers
 * (`second-factor.ts`, `behind-sign-in.ts`).
 */
import type { Range, Source } from './source'

/** Methods with which a handler responds. A handler that responds after the password but before the second factor may give out a token. */
const ANSWERS = /^(?:json|send|end|sendStatus|cookie|setHeader|set|header|write)$/
/** Usual names of a variable with the response. On Koa, one variable contains both request and response (`CONTEXT`). */
const RESPONSE = /^_*(?:res|resp|response|rs|reply)$/
const CONTEXT = /^_*(?:ctx|context)$/
/** Properties of Koa's context that belong to the request. Code that reads them does not answer the request. */
const OF_REQUEST = /^(?:state|session|request|req|query|params|method|path|url|ip|headers|isAuthenticated|isUnauthenticated|log[iI]n)$/

/**
 * True if the code at this token may answer the request: it uses the response in any way, or passes it on. False for a redirect to a fixed address, because
 * such a redirect gives out no access token.
 * @param response the name of the handler's parameter that receives the response
 */
export function isAnswer(source: Source, at: number, response?: string): boolean {
  const { kind, text } = source.token(at)
  const next = source.tokens[at + 2]?.text ?? ''
  if (ANSWERS.test(text) && source.is(at - 1, '.') && source.is(at + 1, '(')) return true
  if (kind !== 'word' || !(text === response || text === 'arguments' || RESPONSE.test(text) || CONTEXT.test(text)) || isParameter(source, at)) return false
  if (CONTEXT.test(text) && source.is(at + 1, '.') && OF_REQUEST.test(next)) return false
  const isRedirect = source.is(at + 1, '.') && next === 'redirect' && source.is(at + 3, '(')
  return !isRedirect || !source.partsOf(at + 3).every(({ first, last }) => first === last && (source.fixedTextAt(first) !== undefined || source.token(first).kind === 'number'))
}

/** The parameter of a handler that receives the response: the second one, or the third one of four. On Koa, the first one: `ctx` in `(ctx, next)`. */
export function responseOf(parameters: readonly string[]): string | undefined {
  if (parameters.length > 3) return parameters[2]
  return parameters.length === 2 && /^(?:next|done)$/.test(parameters[1] as string) ? parameters[0] : parameters[1]
}

/** True for `next('route')` and `next('router')`, which leave out the later handlers of the route. */
export function leavesRoute(source: Source, at: number): boolean {
  const open = source.is(at + 1, '?.') ? at + 2 : at + 1
  const [argument] = source.is(open, '(') ? source.partsOf(open) : []
  return argument !== undefined && source.tokens.slice(argument.first, argument.last + 1).some(({ text }) => /^(['"`])router?\1$/.test(text))
}

/**
 * True if the code uses `next` in another way than by calling it, as in `setImmediate(next)` and `const go = next`. The handler may then go on without the
 * strategy. False for `.catch(next)`, which only passes on an error, and for the declaration of a parameter `next`.
 * @param own the name of the handler's third parameter, which receives `next`
 */
export function isNextPassed(source: Source, at: number, own?: string): boolean {
  const { kind, text, parent } = source.token(at)
  if (kind !== 'word' || (text !== own && text !== 'next' && text !== 'done') || source.is(at - 1, '.') || source.is(at + 1, '(') || source.is(at + 1, '?.')) return false
  return !isParameter(source, at) && !(source.is(parent - 1, 'catch') && source.is(parent - 2, '.'))
}

function isParameter(source: Source, at: number): boolean {
  const { parent } = source.token(at)
  const close = source.is(parent, '(') ? (source.token(parent).pair as number) : -1
  return source.is(at + 1, '=>') || source.is(close + 1, '=>') || (close !== -1 && source.is(close + 1, '{') && source.parametersOf(close + 1) !== undefined)
}

/**
 * The names of the functions in the range with which a handler goes on to the next one: `next`, `done`, and every third parameter. Third arguments of calls are
 * also included, because more code would be needed to tell them from parameters. They do no harm: a name has an effect only if the handler calls it, as
 * `goesOn` checks.
 */
export function namesOfNext(source: Source, { first, last }: Range): Set<string> {
  const names = new Set(['next', 'done'])
  for (let i = first; i <= last; i++) {
    for (const part of source.is(i, '(') ? source.partsOf(i).slice(2) : []) {
      const isName = part.first === part.last || [':', '?', '='].some((mark) => source.is(part.first + 1, mark))
      if (isName && source.isWord(part.first)) names.add(source.token(part.first).text)
    }
  }
  return names
}

/** Matches an argument of `next` that is no error, or a spread, which may be empty. With such an argument, Express runs the next handler or route. */
const NO_ERROR = /^(?:null|undefined|void|false|0|\.\.\.|(['"`])(?:router?)?\1)$/

/** True if the token calls `next` without an error: `next()`, `next(null)`, `next('route')`. Any other value counts as an error, as in `next(err)`. */
export function goesOn(source: Source, at: number): boolean {
  const open = source.is(at + 1, '?.') ? at + 2 : at + 1
  if (!source.is(open, '(')) return false
  const [argument] = source.partsOf(open)
  return argument === undefined || source.tokens.slice(argument.first, argument.last + 1).some(({ text, parent }) => parent === open && NO_ERROR.test(text))
}
