/**
 * Tells whether the second factor follows a password check in the source: a later handler of the same route runs a strategy of this package.
 *
 * A handler counts only if its code shows the strategy: `passport.authenticate('nevis')`, or a function or variable that contains this call. If the code does
 * not show clearly that the strategy runs, the answer is no. Out of scope: finding the password checks (`sign-in-calls.ts`).
 */
import { isCheckedUser } from './checked-user'
import { goesOn, isAnswer, isNextPassed, leavesRoute, namesOfNext } from './handler-ends'
import { resolved } from './mount'
import type { Range, Source } from './source'

/** The number of later handlers of one route that are examined at most. Otherwise a very long list of handlers would take too much time. */
const MAX_HANDLERS = 20
const MAX_DEPTH = 4

export class SecondFactors {
  /** The names of the strategies of this package, for example `nevis`. */
  private readonly names = new Set(['nevis'])
  /** The variables that contain a strategy of this package. */
  private readonly variables = new Set<string>()
  private readonly known = new Map<Source, Map<string, boolean>>()

  constructor(private readonly sources: readonly Source[]) {
    for (const source of sources) source.tokens.forEach(({ text }, at) => void (text === 'NevisStrategy' && source.is(at - 1, 'new') && this.note(source, at)))
    for (const source of sources) source.tokens.forEach(({ text }, at) => void (text === 'use' && source.is(at + 1, '(') && this.noteUse(source, at + 1)))
  }

  private note(source: Source, at: number): void {
    if (source.is(at - 2, '=') && source.isWord(at - 3)) this.variables.add(source.token(at - 3).text)
    const options = source.is(at + 1, '(') ? source.partsOf(at + 1)[0] : undefined
    if (options === undefined || !source.is(options.first, '{')) return
    for (const { first } of source.partsOf(options.first)) {
      const name = source.is(first, 'name') && source.is(first + 1, ':') ? source.stringAt(first + 2) : undefined
      if (name !== undefined) this.names.add(name)
    }
  }

  /** Adds the strategy's name to `names`: `x` in `passport.use('x', nevis)`. */
  private noteUse(source: Source, open: number): void {
    const [first, second] = source.partsOf(open)
    const name = first === undefined ? undefined : source.stringAt(first.first)
    if (name !== undefined && second !== undefined && (this.isVariable(source, second) || source.is(second.first + 1, 'NevisStrategy'))) this.names.add(name)
  }

  private isVariable(source: Source, { first, last }: Range): boolean {
    return source.isWord(last) && this.variables.has(source.token(last).text) && (first === last || source.is(last - 1, '.'))
  }

  isNamed(name: string): boolean {
    return this.names.has(name)
  }

  /** True for the first argument of `passport.authenticate` if it is a strategy of this package, by its name or its variable. */
  isStrategy(source: Source, argument: Range): boolean {
    const name = argument.first === argument.last ? source.stringAt(argument.first) : undefined
    return name === undefined ? this.isVariable(source, argument) : this.names.has(name)
  }

  /**
   * For code in the callback of `passport.authenticate('nevis', callback)`, also with options before the callback: true if the user that it signs in is the callback's own argument, and the callback
   * has ended before if there is no such user. Passport also calls the callback if the second factor has failed.
   * @returns undefined if the token is not in such a callback
   */
  isBehind(source: Source, at: number, user: Range | undefined): boolean | undefined {
    for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
      const [first, ...others] = source.is(open, '(') && source.tokens[open - 1]?.text === 'authenticate' ? source.partsOf(open) : []
      if (first === undefined) continue
      if (!this.isStrategy(source, first)) return undefined
      return isCheckedUser(source, others.at(-1), at, user)
    }
    return undefined
  }

  /**
   * True if the second factor follows this handler, which checks the password: it must come later in the list of handlers. If the handler is assigned to a
   * variable, this must be so in every list that contains the variable.
   */
  isFollowed(source: Source, handler: Range): boolean {
    const { first, last } = handler
    if (source.is(first - 1, '=') && source.isWord(first - 2) && /^(?:const|let|var)$/.test(source.tokens[first - 3]?.text ?? '')) {
      const name = source.token(first - 2).text
      const end = source.is(last + 1, 'as') ? last + 2 : last // TypeScript: `as RequestHandler`
      if (source.is(first - 4, 'export') || source.statementOf(first).last > end + 1) return false
      const uses = usesInScope(source, name, first - 2)
      return uses.length > 0 && uses.every((at) => this.isFollowedInList(source, { first: at, last: at }))
    }
    return this.isFollowedInList(source, handler)
  }

  private isFollowedInList(source: Source, { first, last }: Range): boolean {
    const { parent } = source.token(first)
    if (!source.is(parent, '(') && !source.is(parent, '[')) return false
    const parts = source.partsOf(parent)
    const index = parts.findIndex((part) => part.first === first && part.last === last)
    if (index === -1) return false
    for (const part of parts.slice(index + 1, index + 1 + MAX_HANDLERS)) {
      if (this.isSecondFactor(source, part)) return true
      if (mayAnswer(source, part)) return false
    }
    return false
  }

  /**
   * True if the code of the handler runs a strategy of this package, and does so for every request. Follows names of functions and variables, also into other
   * files of the application.
   */
  private isSecondFactor(source: Source, range: Range, depth = 0): boolean {
    for (let at = range.first; at <= range.last; at++) {
      if (this.isRunAt(source, at, range.last, depth)) return !this.mayBypass(source, functionAround(source, range, at), namesOfNext(source, range), depth)
    }
    return false
  }

  /** True if the code at this token runs a strategy of this package. `last`: the last token of the code that contains the token. */
  isRun(source: Source, at: number, last: number): boolean {
    return this.isRunAt(source, at, last, 0)
  }

  /** True if the token names a strategy's middleware: `authenticate` in `passport.authenticate('nevis')`, or the name of a function that runs a strategy. */
  private isRunAt(source: Source, at: number, last: number, depth: number): boolean {
    if (!source.isWord(at)) return false
    const { text } = source.token(at)
    const [argument] = source.is(at + 1, '(') ? source.partsOf(at + 1) : []
    if (argument !== undefined && this.isStrategy(source, argument) && (text === 'authenticate' || this.isWrapper(source, text))) return true
    const isUsed = at === last || source.is(at + 1, '(')
    const module = source.is(at - 1, '.') ? source.imports.get(source.tokens[at - 2]?.text ?? '') : undefined
    const from = module === undefined ? source : resolved(this.sources, source, module.from)
    const isName = module !== undefined || !source.is(at - 1, '.')
    return isUsed && isName && from !== undefined && this.isDefined(from, text, depth + 1)
  }

  /**
   * True if the function may also answer, or go on to the next handler, without the strategy. Code in the arguments of the strategy's call, such as a callback,
   * does not count.
   */
  private mayBypass(source: Source, body: Range | 'not found' | undefined, next: ReadonlySet<string>, depth: number): boolean {
    if (body === undefined || body === 'not found') return body !== undefined
    const own = source.parametersOf(body.first)?.[2]
    for (let at = body.first; at <= body.last; at++) {
      if (this.isRunAt(source, at, body.last, depth)) {
        // Skip the arguments: `(…)`, and the second pair of parentheses in `passport.authenticate('nevis')(req, res, next)`.
        while (source.is(at + 1, '(')) at = source.token(at + 1).pair as number
      } else if (isAnswer(source, at) || (next.has(source.token(at).text) && goesOn(source, at)) || isNextPassed(source, at, own)) return true
    }
    return false
  }

  private isDefined(source: Source, name: string, depth: number): boolean {
    if (depth > MAX_DEPTH) return false
    const known = this.known.get(source) ?? new Map<string, boolean>()
    this.known.set(source, known)
    const answer = known.get(name)
    if (answer !== undefined) return answer
    known.set(name, false) // so that the search ends, even if a function calls itself
    const imported = source.imports.get(name)
    const other = imported === undefined ? undefined : resolved(this.sources, source, imported.from)
    const is = other === undefined ? definitionsOf(source, name).some((range) => this.isSecondFactor(source, range, depth)) : this.isDefined(other, imported?.name ?? name, depth + 1)
    known.set(name, is)
    return is
  }

  /** True if the code of the file's function `name` contains `authenticate`: the function probably passes its first argument to `passport.authenticate`. */
  private isWrapper(source: Source, name: string): boolean {
    return definitionsOf(source, name).some(({ first, last }) => source.tokens.slice(first, last + 1).some(({ text }) => text === 'authenticate'))
  }
}

const places = new WeakMap<Source, Map<string, number[]>>()

/** The indexes of the tokens with this name, except for properties of objects. */
function usesOf(source: Source, name: string): readonly number[] {
  let known = places.get(source)
  if (known === undefined) {
    known = new Map()
    for (const [at, { kind, text }] of source.tokens.entries()) {
      if (kind !== 'word') continue
      const found = known.get(text)
      if (found === undefined) known.set(text, [at])
      else found.push(at)
    }
    places.set(source, known)
  }
  return (known.get(name) ?? []).filter((at) => !source.is(at - 1, '.'))
}

/** The other tokens with the name that is declared at this token, in the block of the declaration. */
export function usesInScope(source: Source, name: string, declared: number): number[] {
  const block = source.blockOf(declared)
  const end = block === -1 ? Infinity : (source.token(block).pair as number)
  return usesOf(source, name).filter((at) => at !== declared && at > block && at < end)
}

/** The code that the file assigns to this name: the code after `const name =` or `exports.name =`, or the function of this name. */
export function definitionsOf(source: Source, name: string): Range[] {
  const exported = usesOf(source, 'exports').flatMap((at) => (source.is(at + 1, '.') && source.is(at + 2, name) ? [at + 2] : []))
  return [...usesOf(source, name), ...exported].flatMap((at): Range[] => {
    const isDeclared = /^(?:const|let|var)$/.test(source.tokens[at - 1]?.text ?? '')
    const equals = isDeclared ? equalsAfter(source, at) : source.is(at + 1, '=') && source.is(at - 1, '.') ? at + 1 : undefined
    const first = source.is(at - 1, 'function') ? at + 1 : equals
    return first === undefined ? [] : [{ first, last: source.statementOf(at).last }]
  })
}

/** The index of the `=` behind a declared name, also behind a type of TypeScript: `const secondFactor: RequestHandler = …`. */
function equalsAfter(source: Source, at: number): number | undefined {
  if (source.is(at + 1, '=')) return at + 1
  if (!source.isTypeScript || !source.is(at + 1, ':')) return undefined
  const { last } = source.statementOf(at)
  const { parent } = source.token(at)
  for (let i = at + 2; i <= last; i++) if (source.is(i, '=') && source.token(i).parent === parent) return i
  return undefined
}

/** True if a handler between the password and the second factor may answer the request itself, or if it never calls `next`. */
function mayAnswer(source: Source, part: Range): boolean {
  const ranges = part.first === part.last ? [part, ...definitionsOf(source, source.token(part.first).text)] : [part]
  return ranges.some(({ first, last }) => {
    const words = source.tokens.slice(first, last + 1)
    const isFunction = words.some(({ text }) => text === '=>' || text === 'function')
    const next = namesOfNext(source, { first, last })
    return (isFunction && !words.some(({ text }) => text === 'next' || text === 'done')) || words.some(({ text }, i) => isAnswer(source, first + i) || (next.has(text) && leavesRoute(source, first + i)))
  })
}

/**
 * The body of the outermost function in the range that contains the token.
 * @returns undefined if no function contains the token; `'not found'` if a function begins before the token, but the beginning of its body is not found
 */
function functionAround(source: Source, { first, last }: Range, at: number): Range | 'not found' | undefined {
  for (let i = first; i < at; i++) {
    // The range of a function with a name begins after the name.
    const isFunction = source.is(i, 'function') || (i === first && source.is(i - 2, 'function'))
    if (!isFunction && !source.is(i, '=>')) continue
    const brace = isFunction ? bodyOfFunction(source, i, last) : i + 1
    if (brace === undefined) return 'not found'
    const end = source.is(brace, '{') ? (source.token(brace).pair as number) : endOfExpression(source, i, last)
    if (at <= end) return { first: brace, last: end }
    i = end
  }
  return undefined
}

/** In a TypeScript return type, a brace after one of these tokens begins an object type, and not the body of the function. */
const BEFORE_OBJECT_TYPE = /^(?:[:|&<,?(]|=>|is|extends|keyof)$/

/**
 * The index of the brace with which the function's body begins. @param from index of the token `function`, of the first token of the parameters, or of a token
 * between these two
 */
function bodyOfFunction(source: Source, from: number, last: number): number | undefined {
  let open = from
  while (open < last && !source.is(open, '(')) open++
  const { pair, parent } = source.token(open)
  if (pair === undefined) return undefined
  if (!source.is(pair + 1, ':')) return source.is(pair + 1, '{') ? pair + 1 : undefined
  for (let i = pair + 2; i <= last; i++) {
    if (source.is(i, '{') && source.token(i).parent === parent && !BEFORE_OBJECT_TYPE.test(source.token(i - 1).text)) return i
  }
  return undefined
}

/** The last token of the arrow function without braces whose arrow is at this token. */
function endOfExpression(source: Source, arrow: number, last: number): number {
  const { parent } = source.token(arrow)
  const part = source.is(parent, '(') || source.is(parent, '[') ? source.partsOf(parent).find((one) => one.first <= arrow && arrow <= one.last) : undefined
  return Math.min(part?.last ?? source.statementOf(arrow).last, last)
}
