/**
 * Tells whether the second factor follows a password check in the source: a later handler of the same route runs a strategy of this package.
 *
 * This later handler must be `passport.authenticate('nevis')`, a variable with this value, or a function that always runs it. All other code, and code that is
 * not found, may do anything: the answer is then no. Out of scope: finding the password checks (`sign-in-calls.ts`).
 */
import { isCheckedUser } from './checked-user'
import { functionIn, indexIn, isUnknownAt, nameIn, valueIn, type FunctionCode } from './definitions'
import { codeAt } from './exports'
import { goesOn, isAnswer, isNextPassed, leavesRoute, namesOfNext, responseOf } from './handler-ends'
import { isUnchanged, usesOfValue, wrapped, type Place } from './handler-uses'
import { isInTable } from './route-tables'
import type { Range, Source } from './source'

/** At most this many arguments behind the password check of a route are examined. Otherwise a very long list of handlers would take too much time. */
const MAX_HANDLERS = 20
const MAX_DEPTH = 6
/** Methods that run the handlers in their arguments one after the other, such as `app.post`. */
const LISTS = /^(?:get|post|put|patch|delete|all|use|apply)$/
/** Options of a route of Fastify that contain its handlers. */
const HOOKS = /^(?:onRequest|preParsing|preValidation|preHandler)$/

export class SecondFactors {
  /** The names of the strategies of this package, for example `nevis`. */
  private readonly names = new Set(['nevis'])
  private readonly known = new Map<Source, Map<string | number, boolean>>()

  constructor(readonly sources: readonly Source[]) {
    for (const source of sources) source.tokens.forEach(({ text }, at) => void (text === 'NevisStrategy' && source.is(at - 1, 'new') && this.note(source, at)))
    for (const source of sources) source.tokens.forEach(({ text }, at) => void (text === 'use' && source.is(at + 1, '(') && this.noteUse(source, at + 1)))
  }

  private note(source: Source, at: number): void {
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

  /** True for a name to which the app assigns only strategies of this package, also in another file that exports the name. */
  private isVariable(source: Source, { first, last }: Range): boolean {
    if (!source.isWord(last) || (first !== last && !source.is(last - 1, '.'))) return false
    return this.remembered(source, `strategy ${nameAt(source, last)}`, false, () => {
      const found = codeAt(this.sources, source, last)
      return found.length > 0 && found.every(([other, range]) => isNewStrategy(other, range))
    })
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
   * True if a sign-in in the callback of `passport.authenticate('nevis', callback)` or `('nevis', options, callback)` signs in the user that the callback got,
   * after a check that there is a user. The check is needed, because Passport also calls the callback if the second factor has failed.
   * @param at a token of the sign-in
   * @param user the code of the user that it signs in
   * @returns undefined if the sign-in is in no such callback
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
   * True if a handler with the second factor comes later in the list of handlers than this handler, which checks the password. If a name, a list or a function
   * contains this handler, the second factor must come later in every list that contains the name, also in other files.
   */
  isFollowed(source: Source, handler: Range): boolean {
    return this.remembered(source, `${handler.first} ${handler.last} followed`, false, () => {
      const places = this.placesInLists(source, handler)
      return places.length > 0 && places.every(([other, place]) => this.isFollowedInList(other, place))
    })
  }

  /** True if a `passport.authenticate('nevis')` without a callback function comes earlier in each list of handlers that contains this handler. */
  isLed(source: Source, handler: Range): boolean {
    const places = this.placesInLists(source, handler)
    return places.length > 0 && places.every(([other, { first, last }]) => {
      const { parent } = other.token(first)
      const parts = other.is(first - 1, ':') ? [] : other.partsOf(parent)
      const earlier = parts.slice(0, Math.max(indexIn(other, parts, { first, last }), 0)).flatMap((part) => this.handlersIn(other, part))
      return earlier.some((one) => this.isPlain(...one)) || (other.is(parent, '[') && this.isLed(other, { first: parent, last: other.token(parent).pair as number }))
    })
  }

  /** The places of this handler or array in lists of handlers: its own, or those of its name. None if one place is in no list, or is not found. */
  private placesInLists(source: Source, value: Range): Place[] {
    const whole = wrapped(source, value)
    if (this.isInList(source, whole)) return [[source, whole]]
    const uses = (usesOfValue(this.sources, source, value) ?? []).map(([other, use]): Place => [other, wrapped(other, use)])
    return uses.every(([other, use]) => this.isInList(other, use)) ? uses : []
  }

  private isFollowedInList(source: Source, { first, last }: Range): boolean {
    if (source.is(first - 1, ':')) return false
    const { parent } = source.token(first)
    const parts = source.partsOf(parent)
    const index = indexIn(source, parts, { first, last })
    for (const later of parts.slice(index + 1, index + 1 + MAX_HANDLERS)) {
      for (const [other, part] of this.handlersIn(source, later)) {
        if (this.isSecondFactor(other, part, 0)) return true
        if (this.mayAnswer(other, part, 0)) return false
      }
    }
    return source.is(parent, '[') && this.isFollowed(source, { first: parent, last: source.token(parent).pair as number })
  }

  /** The handlers of an array, one by one, also if the code is only the name of the array, or calls a function that returns it. All other code is one handler. */
  private handlersIn(source: Source, { first, last }: Range, depth = 0): [Source, Range][] {
    const value = valueIn(source, source.is(first, '...') ? { first: first + 1, last } : { first, last })
    if (source.is(value.first, '[') && source.token(value.first).pair === value.last) return source.partsOf(value.first).flatMap((part) => this.handlersIn(source, part, depth))
    const name = depth < MAX_DEPTH ? nameIn(source, value) : undefined
    const isFound = name !== undefined && this.remembered(source, `${nameAt(source, name)} is found`, false, () => codeAt(this.sources, source, name).length === 1)
    const [code] = isFound ? codeAt(this.sources, source, name) : []
    if (code === undefined) return [[source, { first, last }]]
    const [other, range] = name === value.last ? code : [code[0], functionIn(...code)?.result ?? code[1]]
    const array = valueIn(other, range)
    const isArray = other.is(array.first, '[') && other.token(array.first).pair === array.last && (name !== value.last || isUnchanged(this.sources, other, array))
    return isArray ? this.handlersIn(other, array, depth + 1) : [[source, { first, last }]]
  }

  /**
   * True if the code is a handler that runs a strategy of this package for every request. Follows names of functions and variables, also into other files of
   * the application.
   * @param parameter a variable that contains the name of a strategy of this package
   */
  private isSecondFactor(source: Source, range: Range, depth: number, parameter?: string): boolean {
    const value = valueIn(source, range)
    const code = functionIn(source, value)
    if (code !== undefined) return this.alwaysRuns(source, code, depth, parameter)
    const at = nameIn(source, value)
    return at !== undefined && (at === value.last ? this.isDefined(source, at, depth) : this.isMade(source, at, depth, parameter))
  }

  /**
   * True for `passport.authenticate('nevis')` without a callback function, and for a name to which the app assigns only such calls. Such a handler goes on only
   * after the second factor.
   */
  isPlain(source: Source, range: Range, depth = 0): boolean {
    const value = valueIn(source, range)
    const at = nameIn(source, value)
    if (at === undefined || depth > MAX_DEPTH) return false
    if (at !== value.last) {
      const [strategy, options, ...others] = source.is(at, 'authenticate') ? source.partsOf(at + 1) : []
      return strategy !== undefined && this.isStrategy(source, strategy) && others.length === 0 && (options === undefined || source.is(options.first, '{'))
    }
    const found = codeAt(this.sources, source, at)
    return found.length > 0 && found.every(([other, code]) => this.isPlain(other, code, depth + 1))
  }

  /** True for a call whose result runs a strategy: `passport.authenticate('nevis')`, or `f()` if `f` returns such a result. `at`: the called name. */
  private isMade(source: Source, at: number, depth: number, parameter?: string): boolean {
    const [argument] = source.partsOf(source.openOfCall(at) as number)
    const isStrategy = argument !== undefined && (this.isStrategy(source, argument) || (argument.first === argument.last && source.is(argument.first, parameter ?? '')))
    if (source.is(at, 'authenticate')) return isStrategy
    return depth <= MAX_DEPTH && this.remembered(source, `${nameAt(source, at)}(${isStrategy})`, false, () => {
      const found = codeAt(this.sources, source, at)
      return found.length > 0 && found.every(([other, range]) => {
        const { parameters, result } = functionIn(other, range) ?? {}
        return result !== undefined && this.isSecondFactor(other, result, depth + 1, isStrategy ? parameters?.[0] : undefined)
      })
    })
  }

  /** True if any code in the range runs a strategy of this package, or names a handler that does. */
  isIn(source: Source, { first, last }: Range): boolean {
    for (let at = first; at <= last; at++) if (source.isWord(at) && (this.isRun(source, at) || this.isDefined(source, at, 0))) return true
    return false
  }

  /** True if the code at this token runs a strategy of this package, for example `passport.authenticate('nevis')(req, res, next)`. */
  isRun(source: Source, at: number, depth = 0, parameter?: string): boolean {
    const open = source.isWord(at) ? source.openOfCall(at) : undefined
    if (open === undefined) return false
    const isCalledTwice = source.is((source.token(open).pair as number) + 1, '(')
    return isCalledTwice ? this.isMade(source, at, depth, parameter) : !source.is(at, 'authenticate') && this.isDefined(source, at, depth)
  }

  /**
   * True if the function runs the strategy, and can neither answer nor go on to the next handler without it. Does not examine the code in the arguments of the
   * strategy's call, such as a callback.
   */
  private alwaysRuns(source: Source, { parameters, body }: FunctionCode, depth: number, parameter?: string): boolean {
    if (parameters === undefined) return false
    const next = namesOfNext(source, body).add(parameters[2] ?? 'next')
    let hasRun = false
    for (let at = body.first; at <= body.last; at++) {
      if (this.isRun(source, at, depth, parameter)) {
        hasRun = true
        at = endOfRun(source, at)
      } else if (isAnswer(source, at, responseOf(parameters)) || (next.has(source.token(at).text) && goesOn(source, at)) || isNextPassed(source, at, parameters[2])) return false
    }
    return hasRun
  }

  /** True if a handler between the password and the second factor may answer the request itself, or never calls `next`, or if its code is not found. */
  private mayAnswer(source: Source, range: Range, depth: number): boolean {
    const value = valueIn(source, range)
    const code = functionIn(source, value)
    if (code === undefined) {
      if (nameIn(source, value) !== value.last || depth > MAX_DEPTH) return true
      return this.remembered(source, `${nameAt(source, value.last)} answers`, true, () => {
        const found = codeAt(this.sources, source, value.last)
        return found.length === 0 || found.some(([other, definition]) => this.mayAnswer(other, definition, depth + 1))
      })
    }
    const { parameters, body } = code
    if (parameters === undefined) return true
    if (parameters.length === 4) return false // runs only after an error
    const next = namesOfNext(source, body).add(parameters[2] ?? 'next')
    const tokens = source.tokens.slice(body.first, body.last + 1)
    return !tokens.some(({ text }) => next.has(text)) || tokens.some(({ text }, i) => isAnswer(source, body.first + i, responseOf(parameters)) || (next.has(text) && leavesRoute(source, body.first + i)))
  }

  /** True if the app assigns to the name at this token only handlers that run a strategy of this package, such as `passport.authenticate('nevis')`. */
  private isDefined(source: Source, at: number, depth: number): boolean {
    return depth <= MAX_DEPTH && this.remembered(source, nameAt(source, at), false, () => {
      const found = codeAt(this.sources, source, at)
      return found.length > 0 && found.every(([other, range]) => this.isSecondFactor(other, range, depth + 1))
    })
  }

  /** True if the bracket contains handlers that run one after the other: the arguments of `app.post`, an array among them, or an option of a route. */
  private isList(source: Source, open: number): boolean {
    if (source.is(open, '(')) return source.is(open - 1, 'compose') || (LISTS.test(source.tokens[open - 1]?.text ?? '') && source.is(open - 2, '.'))
    return source.is(open, '[') && this.remembered(source, open, false, () => this.placesInLists(source, { first: open, last: source.token(open).pair as number }).length > 0)
  }

  private isInList(source: Source, range: Range): boolean {
    const { first } = range
    if (source.is(first - 1, ':') && (HOOKS.test(source.tokens[first - 2]?.text ?? '') || isInTable(source, first))) return true
    const { parent } = source.token(first)
    return this.isList(source, parent) && indexIn(source, source.partsOf(parent), range) !== -1
  }

  /** Examines each name only once. Returns `unknown` for a name that is being examined now: a function that calls itself would otherwise have no end. */
  private remembered(source: Source, key: string | number, unknown: boolean, examine: () => boolean): boolean {
    const known = this.known.get(source) ?? new Map<string | number, boolean>()
    this.known.set(source, known)
    const answer = known.get(key)
    if (answer !== undefined) return answer
    known.set(key, unknown)
    const is = examine()
    known.set(key, is)
    return is
  }
}

/** The name at this token, with the name of its module: `f` or `A.f`. With a `?` before the name if its value is unknown: it is a parameter, for example. */
function nameAt(source: Source, at: number): string {
  const first = source.is(at - 1, '.') ? at - 2 : at
  return `${source.is(first - 1, '.') ? '.' : ''}${isUnknownAt(source, first) ? '?' : ''}${source.textOf({ first, last: at })}`
}

/** The tokens from `passport` to the closing parenthesis of `passport.authenticate(…)`. */
export function callOf(source: Source, at: number): Range {
  let first = at
  while (source.is(first - 1, '.')) first -= 2
  return { first, last: source.token(at + 1).pair as number }
}

/** The last token of a call that runs the strategy: in `passport.authenticate('nevis')(req, res, next)`, the second closing parenthesis. */
export function endOfRun(source: Source, at: number): number {
  let end = source.token(source.openOfCall(at) as number).pair as number
  while (source.is(end + 1, '(')) end = source.token(end + 1).pair as number
  return end
}

/** True for `new NevisStrategy(…)`, also of a module: `new passport_nevis_1.NevisStrategy(…)`. */
function isNewStrategy(source: Source, range: Range): boolean {
  const { first, last } = valueIn(source, range)
  const at = source.is(first, 'new') ? nameIn(source, { first: first + 1, last }) : undefined
  return at !== undefined && source.is(at, 'NevisStrategy')
}
