/**
 * Finds the application's password strategy (passport-local), and the call with which it looks up a user. `init` copies this call into the verify function
 * of the Nevis strategy.
 *
 * Out of scope: changing the files (`plan.ts`).
 */
import { isFunction, type Range, type Source } from './source'

export interface PasswordStrategy {
  readonly source: Source
  readonly statement: Range
  /** The object on which the application calls `use` for the password strategy, usually `passport`. */
  readonly passport: string
  /** Source text of the verify function for the Nevis strategy, for example `async ({ username }) => User.findOne({ username })`. */
  readonly verify: string
}

/** Why `init` cannot change the application, and the line of the source code that is the reason. */
export interface Refusal {
  readonly source: Source | undefined
  readonly line: number
  readonly why: string
}

export function passwordStrategyIn(sources: readonly Source[]): PasswordStrategy | Refusal {
  const found = sources.flatMap((source) => localStrategies(source).map((at) => ({ source, at })))
  const [one, ...others] = found
  if (one === undefined) return { source: undefined, line: 0, why: 'no passport.use(new LocalStrategy(…)) of passport-local was found' }
  const { source, at } = one
  const refuse = (why: string, index = at): Refusal => ({ source, line: source.token(index).line, why })
  if (others.length > 0) return refuse('there are several password strategies')
  const statement = source.statementOf(at)
  const use = source.token(at).parent
  if (!source.is(use - 1, 'use') || !source.is(use - 2, '.') || use - 3 !== statement.first) return refuse('the password strategy is not made in a statement passport.use(new LocalStrategy(…))')
  const verify = verifyOf(source, at)
  return typeof verify === 'string' ? { source, statement, passport: source.token(use - 3).text, verify } : refuse(verify.why, verify.at)
}

/** The indexes of the token `new` in `new LocalStrategy(…)`. */
function localStrategies(source: Source): number[] {
  const classes = new Set([...source.imports].filter(([, { from }]) => from === 'passport-local').map(([name]) => name))
  return source.tokens.flatMap(({ text }, i) => (text === 'new' && classes.has(source.tokens[i + 1]?.text ?? '') ? [i] : []))
}

/** Matches the names of form fields that contain a username. Does not match `email` or `phone`. */
const NAME_FIELD = /^(?:user(?:_?name)?|login_?name|nick_?name)$/i

interface Unclear {
  readonly at: number
  readonly why: string
}

function verifyOf(source: Source, at: number): string | Unclear {
  const open = source.is(at + 2, '(') ? at + 2 : at + 4
  const unclear = (why: string, index = at): Unclear => ({ at: index, why })
  if (!source.is(open, '(')) return unclear('init does not understand how the password strategy is created')
  const [first, second] = source.partsOf(open)
  const given = second ?? first
  if (given === undefined || !isFunction(source, given)) return unclear('the verify function of the password strategy is not written at new LocalStrategy(…)')
  const options = second === undefined || first === undefined ? undefined : source.propertiesOf(first)
  if (second !== undefined && options === undefined) return unclear('the options of the password strategy are not written at new LocalStrategy(…)')
  const field = options?.get('usernameField')
  if (field !== undefined && !NAME_FIELD.test(source.stringAt(field.first) ?? '')) {
    return unclear(`users sign in by ${source.textOf(field)}: choose a name at Nevis that never changes, with the option subject (docs/guides/existing-app.md)`)
  }
  const brace = bodyOf(source, given)
  const names = brace === undefined ? undefined : source.parametersOf(brace)
  const isRequestGiven = options?.has('passReqToCallback') === true && source.textOf(options.get('passReqToCallback') as Range) === 'true'
  const [username, ...hidden] = names?.slice(isRequestGiven ? 1 : 0) ?? []
  if (brace === undefined || username === undefined) return unclear('the verify function of the password strategy has no plain parameters')
  const lookup = lookupIn(source, { brace, username, done: hidden[1], hidden: [...hidden, ...(isRequestGiven ? [names?.[0] as string] : [])] })
  return lookup ?? unclear('it is not clear how the verify function of the password strategy finds a user by name: its first call with the username must not use the password, and its result must be the user that is passed to done(null, user)', brace)
}

/** The index of the token `{` that opens the function's body; undefined for an arrow function without braces. */
function bodyOf(source: Source, { last }: Range): number | undefined {
  const open = source.is(last, '}') ? source.token(last).pair : undefined
  return open !== undefined && source.isBlock(open) ? open : undefined
}

interface Verify {
  /** The index of the token `{` that opens the body of the verify function. */
  readonly brace: number
  readonly username: string
  /** The parameter that is called with the user: `done` in `done(null, user)`. */
  readonly done: string | undefined
  /** All parameters of the verify function except the username, for example the password, `done` and the request. */
  readonly hidden: readonly string[]
}

/**
 * Builds the verify function from the first call that has the username as an argument. Returns undefined if the result of this call is not itself the user, or
 * if the call also uses the password or another local variable.
 */
function lookupIn(source: Source, verify: Verify): string | undefined {
  const { brace, username } = verify
  const close = source.token(brace).pair as number
  for (let i = brace + 1; i < close; i++) {
    if (!source.is(i, username) || source.is(i - 1, '.') || (source.is(i + 1, ':') && !source.is(i - 1, '?'))) continue
    let open = source.token(i).parent
    while (open > brace && !isCallOf(source, open)) open = source.token(open).parent
    if (open <= brace) continue
    return lookupAt(source, open, verify)
  }
  return undefined
}

/** True if the parenthesis opens the arguments of a call that may look up the user. False for a keyword such as `if (…)`, and for logging. */
function isCallOf(source: Source, open: number): boolean {
  const callee = source.tokens[open - 1]
  return source.is(open, '(') && callee?.kind === 'word' && !['if', 'while', 'for', 'switch', 'return', 'typeof', 'String'].includes(callee.text) && !/^(?:console|log|logger|debug)$/.test(source.tokens[open - 3]?.text ?? '')
}

function lookupAt(source: Source, open: number, { brace, username, done, hidden }: Verify): string | undefined {
  let first = open - 1
  while (source.is(first - 1, '.')) first -= 2
  if (!source.isWord(first) || first <= brace) return undefined
  // `init` copies the call that finds the user into a new function, the `verify` of the Nevis strategy. Variables that are declared before this call do not
  // exist in the new function. So the call must not use them.
  const own = new Set(hidden)
  for (let i = brace; i < first; i++) if (['const', 'let', 'var'].includes(source.token(i).text)) own.add(source.token(i + 1).text)
  let last = source.token(open).pair as number
  // `init` copies the whole chain, for example `User.findOne(…).lean().exec()`, but not a `then`, `catch` or `finally` behind the chain.
  while (source.is(last + 1, '.') && !['then', 'catch', 'finally'].includes(source.tokens[last + 2]?.text ?? '') && source.is(last + 3, '(')) last = source.token(last + 3).pair as number
  const before = source.token(first - 1).text
  const isAssigned = (before === '=' || (before === 'await' && source.is(first - 2, '='))) && source.isWord(before === '=' ? first - 2 : first - 3)
  const isPromise = source.is(last + 1, '.') && source.is(last + 2, 'then')
  const parts = source.partsOf(source.token(last).pair as number)
  const callback = parts.at(-1)
  const parameter = source.isTypeScript ? `{ username${username === 'username' ? '' : `: ${username}`} = '' }` : username === 'username' ? '{ username }' : `{ username: ${username} }`
  const isClean = (range: Range) => source.tokens.slice(range.first, range.last + 1).every(({ kind, text }, i) => kind !== 'word' || !own.has(text) || source.is(range.first + i - 1, '.')) && !source.textOf(range).includes('await ')
  if (isAssigned || isPromise) {
    const [then] = isPromise ? source.partsOf(last + 3) : []
    const isUser = isAssigned ? isAssignedUser(source, { first, last }, brace, done) : then !== undefined && isPassedOn(source, then, done, parameterOf(source, then))
    return isUser && isClean({ first, last }) ? `async (${parameter}) => ${source.textOf({ first, last })}` : undefined
  }
  const isStatement = source.is(first - 1, '{') || source.is(first - 1, '}') || source.is(first - 1, ';') || before === 'return' || source.statementOf(first).first === first
  if (!isStatement || callback === undefined || !isFunction(source, callback) || parts.length < 1) return undefined
  const brace2 = bodyOf(source, callback)
  const names = brace2 === undefined ? undefined : source.parametersOf(brace2)
  const call: Range = { first, last: callback.first - 1 }
  if (names?.length !== 2 || !/^_?e/i.test(names[0] ?? '') || !isPassedOn(source, callback, done, names[1]) || !isClean(call)) return undefined
  const text = source.textOf(call)
  return `(${parameter}, done) => ${text}${text.endsWith('(') ? '' : ' '}done)`
}

/**
 * True if the result of the call is assigned to a variable that contains the user. The whole value must be the call, so this function is false for
 * `find(username).user`.
 */
function isAssignedUser(source: Source, { first, last }: Range, brace: number, done: string | undefined): boolean {
  const statement = source.statementOf(first)
  const variable = /^(?:const|let|var)$/.test(source.token(statement.first).text) ? statement.first + 1 : statement.first
  const isWhole = statement.last === last || (statement.last === last + 1 && source.is(last + 1, ';'))
  return isWhole && isPassedOn(source, { first: brace, last: source.token(brace).pair as number }, done, source.token(variable).text, variable)
}

/** The name of the first parameter of a function expression; undefined if the parameter is destructured. */
function parameterOf(source: Source, { first, last }: Range): string | undefined {
  let at = first
  while (at < last && ['async', 'function', '('].some((text) => source.is(at, text))) at++
  return source.isWord(at) && isFunction(source, { first, last }) ? source.token(at).text : undefined
}

/**
 * True if this code passes a variable itself to `done`, so that the variable must contain the user: `done(null, user)`, `done(null, user ?? false)` or
 * `done(null, isRight ? user : false)`. False for `done(null, rows[0])`.
 * @param declared the token at which the variable gets its value, for example from a look-up of the user. If the code assigns a value to the variable again,
 * the result is false
 */
function isPassedOn(source: Source, { first, last }: Range, done: string | undefined, user: string | undefined, declared = -1): boolean {
  if (done === undefined || user === undefined) return false
  let isPassed = false
  for (let at = first; at <= last; at++) {
    if (source.is(at, user) && at !== declared && !source.is(at - 1, '.') && (source.is(at + 1, '=') || (/^(?:\?\?|\|\|)$/.test(source.tokens[at + 1]?.text ?? '') && source.is(at + 2, '=')))) return false
    const given = source.is(at, done) && source.is(at + 1, '(') ? source.partsOf(at + 1)[1] : undefined
    if (given !== undefined && isUserOrNothing(source.tokens.slice(given.first, given.last + 1).map(({ text }) => text), user)) isPassed = true
  }
  return isPassed
}

/** True for the tokens of `user`, `user ?? false`, `user || null`, `… ? user : false` and `… ? false : user`. */
function isUserOrNothing(texts: readonly string[], user: string): boolean {
  const isNothing = (text: string | undefined) => text === 'false' || text === 'null' || text === 'undefined'
  const [condition, one, colon, other] = texts.slice(-4)
  if (texts.length > 4 && condition === '?' && colon === ':') return (one === user && isNothing(other)) || (isNothing(one) && other === user)
  return texts[0] === user && (texts.length === 1 || (texts.length === 3 && (texts[1] === '??' || texts[1] === '||') && isNothing(texts[2])))
}
