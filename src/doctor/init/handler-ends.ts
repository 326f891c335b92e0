/**
 * Tells how a handler ends: whether it answers, goes on to the next handler, or leaves its route.
 *
 * In doubt, a handler counts as one that goes on, so that the second factor does not count as certain. Out of scope: finding the handlers
 * (`second-factor.ts`, `behind-sign-in.ts`).
 */
import type { Range, Source } from './source'

/** Methods with which a handler responds. A handler that responds after the password but before the second factor may give out a token. */
const ANSWERS = /^(?:json|send|end|sendStatus|cookie|setHeader|set|header|write)$/

export const isAnswer = (source: Source, at: number): boolean => ANSWERS.test(source.token(at).text) && source.is(at - 1, '.') && source.is(at + 1, '(')

/** True for `next('route')` and `next('router')`, which leave out the later handlers of the route. */
export function leavesRoute(source: Source, at: number): boolean {
  const open = source.is(at + 1, '?.') ? at + 2 : at + 1
  const [argument] = source.is(open, '(') ? source.partsOf(open) : []
  return argument !== undefined && source.tokens.slice(argument.first, argument.last + 1).some(({ text }) => /^(['"`])router?\1$/.test(text))
}

/**
 * True if `next` is used in another way than by calling it, as in `setImmediate(next)` and `const go = next`: the handler may then go on without the strategy.
 * `.catch(next)` does not count, because it passes on an error. A parameter `next` of an inner function does not count either.
 * @param own the name of the handler's third parameter, which receives `next`
 */
export function isNextPassed(source: Source, at: number, own?: string): boolean {
  const { kind, text, parent } = source.token(at)
  if (kind !== 'word' || (text !== own && text !== 'next' && text !== 'done') || source.is(at - 1, '.') || source.is(at + 1, '(') || source.is(at + 1, '?.')) return false
  const close = source.is(parent, '(') ? (source.token(parent).pair as number) : -1
  const isParameter = source.is(at + 1, '=>') || source.is(close + 1, '=>') || (close !== -1 && source.is(close + 1, '{') && source.parametersOf(close + 1) !== undefined)
  return !isParameter && !(source.is(parent - 1, 'catch') && source.is(parent - 2, '.'))
}

/**
 * The names of the functions in the range with which a handler goes on to the next one: `next`, `done`, and every third parameter. Third arguments of calls are
 * also included, because telling them from parameters would take more code. They do no harm: only a name that the handler calls, as `goesOn` checks, has an
 * effect.
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

/** An argument of `next` that is no error, or a spread, which may be empty: Express then goes on without the strategy. */
const NO_ERROR = /^(?:null|undefined|void|false|0|\.\.\.|(['"`])(?:router?)?\1)$/

/** True if the token calls `next` without an error: `next()`, `next(null)`, `next('route')`. Any other value counts as an error, as in `next(err)`. */
export function goesOn(source: Source, at: number): boolean {
  const open = source.is(at + 1, '?.') ? at + 2 : at + 1
  if (!source.is(open, '(')) return false
  const [argument] = source.partsOf(open)
  return argument === undefined || source.tokens.slice(argument.first, argument.last + 1).some(({ text, parent }) => parent === open && NO_ERROR.test(text))
}
