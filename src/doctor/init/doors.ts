/**
 * Finds every place in a source file where the application signs a user in, for example the password route or a password reset. `init` calls such a
 * place a door.
 *
 * Out of scope: adding the second factor there (`plan.ts`). A sign-in in another form, for example in a library, is not found.
 */
import type { Range, Source } from './source'

export interface Door {
  readonly source: Source
  /** Index of the token with the name of the called function: `authenticate`, `login`, … */
  readonly at: number
  readonly line: number
  /** The place and the call, for example `password reset: req.login(…)`. */
  readonly what: string
  /** What the developer must change by hand; undefined if the application already asks for the second factor here. */
  readonly remedy: string | undefined
  readonly kind: 'authenticate' | 'login' | 'other'
  readonly strategy?: string
}

/** Patterns for the path of a route or the name of a file, each with the kind of sign-in that this path or file usually has. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/reset|forgot|recover/i, 'password reset'],
  [/sign-?up|register|registration|join|create-?account/i, 'sign-up'],
  [/remember/i, 'remember me'],
  [/magic|confirm|verify|activate|invit/i, 'link in a mail'],
  [/impersonate|login-?as|sudo/i, 'sign-in as another user'],
  [/token|api-?key/i, 'API token'],
]
const REQUEST = /^_?(?:req|request|ctx|context)$/
/** Properties of the session in which applications without Passport store who is signed in, for example `req.session.userId = …`. */
const OWN_LOGIN = /^(?:user|user_?id|uid|account|account_?id|passport|logged_?in|is_?logged_?in|authenticated|is_?authenticated|username)$/i
const API_STRATEGY = /^(?:bearer|jwt|token|headerapikey|localapikey|basic|digest|api-?key)/i

const CALLBACK = "pass { session: false } to its req.logIn, then run passport.authenticate('nevis'): docs/guides/existing-app.md, \"A callback of your own\""
const LOGIN = "pass { session: false } as the second argument, then run passport.authenticate('nevis'), which signs in after the second factor"
const OTHER_STRATEGY = "if it has no second factor of its own: { session: false }, then passport.authenticate('nevis')"

export function doorsIn(source: Source): Door[] {
  const doors: Door[] = []
  const { tokens } = source
  tokens.forEach(({ kind, text, line }, at) => {
    const string = source.stringAt(at)
    if (string !== undefined && ['login', 'logIn'].includes(string) && source.is(at - 1, '[') && REQUEST.test(tokens[at - 2]?.text ?? '')) {
      doors.push({ source, at, line, kind: 'other', what: named(source, at, "req['login']"), remedy: LOGIN })
    }
    if (kind !== 'word') return
    const door = doorAt(source, at, text)
    if (door !== undefined) doors.push({ source, at, line, ...door })
  })
  return doors
}

type Found = Omit<Door, 'source' | 'at' | 'line'>

function doorAt(source: Source, at: number, text: string): Found | undefined {
  const isMember = source.is(at - 1, '.') || source.is(at - 1, '?.')
  const owner = source.tokens[at - 2]?.text ?? ''
  const isCall = source.is(at + 1, '(')
  if (isMember && text === 'authenticate' && isCall) return authenticateAt(source, at)
  if (['login', 'logIn'].includes(text)) {
    if (isMember && owner === 'super') return { kind: 'other', what: named(source, at, 'super.logIn(…)'), remedy: 'NestJS: call it only in the guard of the second factor: docs/guides/hosts/nestjs.md' }
    if (isMember && REQUEST.test(owner)) return isCall ? loginAt(source, at, owner) : { kind: 'other', what: named(source, at, `${owner}.${text}, bound or promisified`), remedy: LOGIN }
    const isTaken = source.is(source.token(at).parent, '{') && !source.is(at - 1, '.') && !source.is(at + 1, ':')
    const close = source.tokens[source.token(at).parent]?.pair
    if (isTaken && close !== undefined && source.is(close + 1, '=') && REQUEST.test(source.tokens[close + 2]?.text ?? '')) {
      return { kind: 'other', what: named(source, at, `${text} taken off the request`), remedy: LOGIN }
    }
    return undefined
  }
  if (isMember && owner === 'session' && OWN_LOGIN.test(text) && source.is(at + 1, '=') && !source.is(at + 2, 'null') && !source.is(at + 2, 'undefined') && !source.is(at + 2, 'false')) {
    return { kind: 'other', what: named(source, at, `session.${text} = …, a sign-in without Passport`), remedy: 'sign in with Passport, after the second factor, or set this in a handler behind the callback' }
  }
  const isToken = (text === 'sign' && isMember && isCall && /^(?:jwt|jsonwebtoken)$/i.test(owner)) || (text === 'SignJWT' && source.is(at - 1, 'new'))
  if (isToken) return { kind: 'other', what: `API token: ${text}(…) makes a token`, remedy: 'whoever holds it is not asked for a second factor: make it only behind requireSecondFactor' }
  return undefined
}

function authenticateAt(source: Source, at: number): Found | undefined {
  const [first, ...rest] = source.partsOf(at + 1)
  if (first === undefined) return undefined
  const strategies = strategiesIn(source, first)
  const isPassport = /passport/i.test(source.tokens[at - 2]?.text ?? '') || [...source.imports.values()].some(({ from }) => /passport/.test(from))
  if (!isPassport || strategies?.some((name) => ['nevis', 'session', 'anonymous'].includes(name)) === true) return undefined
  const strategy = strategies?.join(', ') ?? source.textOf(first)
  const call = `passport.authenticate('${strategy}')`
  const base = { kind: 'authenticate', strategy, what: named(source, at, call, strategy) } as const
  if (API_STRATEGY.test(strategy)) {
    return { ...base, what: `API token: ${call}`, remedy: 'requests with it are not asked for a second factor: give such tokens out only behind requireSecondFactor' }
  }
  if (rest.some((part) => isFunction(source, part)) || rest.length > 1) return { ...base, kind: 'other', what: `${base.what} with a callback of its own`, remedy: CALLBACK }
  const [options] = rest
  const properties = options && source.propertiesOf(options)
  if (isFalse(source, properties?.get('session'))) return { ...base, remedy: undefined }
  if (options !== undefined && properties === undefined) return { ...base, kind: 'other', what: `${base.what} with options from elsewhere`, remedy: OTHER_STRATEGY }
  return { ...base, remedy: OTHER_STRATEGY }
}

function strategiesIn(source: Source, { first, last }: Range): string[] | undefined {
  if (first === last) {
    const name = source.stringAt(first)
    return name === undefined ? undefined : [name]
  }
  if (!source.is(first, '[')) return undefined
  return source.partsOf(first).flatMap((part) => source.stringAt(part.first) ?? [])
}

function loginAt(source: Source, at: number, owner: string): Found {
  const options = source.partsOf(at + 1)[1]
  const isClosed = options !== undefined && isFalse(source, source.propertiesOf(options)?.get('session'))
  return { kind: 'login', what: named(source, at, `${owner}.${source.token(at).text}(…)`), remedy: isClosed ? undefined : LOGIN }
}

function isFalse(source: Source, value: Range | undefined): boolean {
  return value !== undefined && value.first === value.last && source.is(value.first, 'false')
}

/** True if the tokens are a function expression or an arrow function. False for a name that refers to a function. */
export function isFunction(source: Source, { first, last }: Range): boolean {
  if (source.is(first, 'function') || (source.is(first, 'async') && source.is(first + 1, 'function'))) return true
  for (let i = first; i <= last; i++) {
    if (source.is(i, '=>')) return true
    const { pair } = source.token(i)
    if (pair !== undefined && pair > i) i = pair
  }
  return false
}

/** Describes a sign-in for the report: `password reset: req.login(…)`. The first part comes from the path of the route or the name of the file. */
function named(source: Source, at: number, call: string, strategy = ''): string {
  const path = routeOf(source, at)?.path
  const what = PLACES.find(([pattern]) => [strategy, path ?? ''].some((text) => pattern.test(text))) ?? PLACES.find(([pattern]) => pattern.test(source.path))
  return `${what?.[1] ?? 'sign-in'}: ${call}`
}

export interface Route {
  /** The variable on which the route is mounted, for example `app` or `router`. */
  readonly owner: string
  readonly method: string
  readonly path: string
  readonly statement: Range
  /** Index of the parenthesis before the first handler. */
  readonly open: number
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'all'])

/** Finds the route whose handlers contain the token, as in `app.post('/login', …)` or `app.route('/login').post(…)`. */
export function routeOf(source: Source, at: number): Route | undefined {
  for (let open = source.token(at).parent; open !== -1; open = source.token(open).parent) {
    const method = source.tokens[open - 1]?.text ?? ''
    if (!source.is(open, '(') || !METHODS.has(method) || !source.is(open - 2, '.')) continue
    const statement = source.statementOf(open)
    const owner = source.token(statement.first).text
    const isChain = source.is(statement.first + 1, '.') && source.is(statement.first + 2, 'route')
    const path = source.stringAt(isChain ? statement.first + 4 : open + 1)
    if (path !== undefined && source.isWord(statement.first) && source.is(statement.first + 1, '.')) return { owner, method, path, statement, open }
  }
  return undefined
}
