/**
 * Finds every call in a source file that signs a user in, for example in a password reset.
 *
 * If it is not clear whether a call signs a user in, it counts as a sign-in. The developer can easily dismiss a wrong report, but cannot see a missing
 * report. Out of scope: adding the second factor there (`plan.ts`), and sign-ins inside a library.
 */
import { isCheckFollowed, isLoginFollowed, isWriteFollowed, namesOfFunctions } from './behind-sign-in'
import { isClosedCallback, isInClosedCallback, isSessionOff } from './own-callback'
import { isRestored, isStoredBehind } from './own-sessions'
import { promisedLogin } from './promised-login'
import { requestWriteAt } from './request-writes'
import { routeOf } from './routes'
import { callOf, SecondFactors } from './second-factor'
import { mayStoreUser, noteSessionParameters } from './session-parameters'
import { sessionWriteAt } from './session-writes'
import { isFunction, type Range, type Source } from './source'
import * as remedies from './sign-in-remedies'

export interface SignInCall {
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
  /** True if the call certainly stores the user in the session. False if the option `session` may be false, or if the call may be no sign-in. */
  readonly signsIn?: boolean
  /** True if the call creates or accepts an API token. */
  readonly isToken?: boolean
}

const REMEMBERED = 'remember me'
export const IMPERSONATION = /impersonat|login-?as|sudo/i
/** Patterns for a route's path or a file's name, each with the kind of sign-in that it suggests. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/reset|forgot|recover/i, 'password reset'],
  [/sign-?up|register|registration|join|create-?account/i, 'sign-up'],
  [/remember/i, REMEMBERED],
  [/magic|confirm|verify|activate|invit/i, 'link in a mail'],
  [IMPERSONATION, 'sign-in as another user'],
  [/token|api-?key/i, 'API token'],
]
const REQUEST = /^_?(?:req|request|ctx|context)$/
/** Less usual names of a variable with the request, for example `rq` or `origReq`. `init` reports `rq.login(…)` as a sign-in, but does not change it. */
const LIKE_REQUEST = /^_*(?:rq|re?q\d?|request|ctx|context)$|(?:Req|Request)$/
/** Matches variables that contain a user, for example `newUser` or `account`; not `username` or `userId`. */
const LIKE_USER = /(?:user|account|(?<!^re|_re)member|customer|person|profile|identity|principal)s?(?:doc|record|row|entity|data|obj|object|model)?$/i
const NEXT = /^(?:next|done)$/
const LIKE_CALLBACK = /^(?:next|done|cb|callback|resolve)$/
/** Strategies that check no password or other credential, so that a call which names only these is no sign-in. */
const NO_CHECK: readonly string[] = ['session', 'anonymous']
/** Matches variables that contain a library for API tokens: jsonwebtoken, or the `JwtService` of NestJS. */
const TOKEN_MAKER = /^_?(?:jwt(?:_?service)?|jsonwebtoken)$/i
const API_STRATEGY = /^(?:bearer|jwt|token|headerapikey|localapikey|basic|digest|api-?key)/i

/** @param factors knows after which sign-ins the second factor follows, also in other files of the application; by default, only in `source` */
export function signInCallsIn(source: Source, factors = new SecondFactors([source])): SignInCall[] {
  noteSessionParameters(factors.sources)
  const aliases = aliasesIn(source)
  return source.tokens.flatMap(({ kind, text, line }, at): SignInCall[] => {
    const found = kind === 'word' && aliases.has(text) && source.is(at + 1, '(') && !isMember(source, at) ? callOfAlias(source, at, factors) : doorAt(source, at, factors)
    return found === undefined ? [] : [{ source, at, line, ...found, remedy: remedyOf(found) }]
  })
}

type Found = Omit<SignInCall, 'source' | 'at' | 'line'>

/** If a call names no strategy, and signs in by a "remember me" cookie, its remedy (what the developer must do) is the one for such cookies. */
function remedyOf({ what, remedy, strategy }: Found): string | undefined {
  return remedy !== undefined && strategy === undefined && what.startsWith(`${REMEMBERED}:`) ? remedies.REMEMBER : remedy
}

const isMember = (source: Source, at: number): boolean => source.is(at - 1, '.') || source.is(at - 1, '?.')

function doorAt(source: Source, at: number, factors: SecondFactors): Found | undefined {
  const text = source.isWord(at) ? source.token(at).text : source.stringAt(at)
  // A string counts as the name of a method only in `x['login']`.
  const isBracketed = !source.isWord(at) && source.is(at - 1, '[') && source.is(at + 1, ']')
  const isName = source.isWord(at) || isBracketed
  if (isName && text === 'authenticate') return useOfAuthenticate(source, at, factors)
  if (source.isWord(at) && isAuthGuard(source, at)) return guardAt(source, at, factors)
  if (isName && (text === 'login' || text === 'logIn')) {
    return isBracketed ? bracketedLogin(source, at, text) : useOfLogin(source, at, text, factors)
  }
  const user = requestWriteAt(source, at, LIKE_REQUEST)
  if (user !== undefined) {
    const { last } = source.statementOf(at)
    const value = source.is(at + 1, '=') ? { first: at + 2, last: source.is(last, ';') ? last - 1 : last } : undefined
    const isClosed = factors.isBehind(source, at, value) === true || isRestored(source, at) || isWriteFollowed(source, at, factors)
    return { kind: 'other', what: named(source, at, `${user}, a sign-in without Passport`), remedy: isClosed ? undefined : remedies.REQUEST_USER }
  }
  const write = sessionWriteAt(source, at)
  if (write !== undefined) {
    const isClosed = isStoredBehind(source, at, factors)
    return { kind: 'other', signsIn: write === 'session.passport = …' && source.textOf(source.statementOf(at)).includes('user'), what: named(source, at, `${write}, a sign-in without Passport`), remedy: isClosed ? undefined : remedies.SESSION_USER }
  }
  if (mayStoreUser(factors.sources, source, at, LIKE_USER)) return { kind: 'other', what: named(source, at, `${text}(…) gets the session and a user`), remedy: `if this stores the user in the session: ${remedies.SESSION_USER}` }
  const isToken = (/^sign(?:Async)?$/.test(text ?? '') && isMember(source, at) && source.is(at + 1, '(') && TOKEN_MAKER.test(source.tokens[at - 2]?.text ?? '')) || (source.is(at, 'SignJWT') && source.is(at - 1, 'new'))
  if (isToken) return { kind: 'other', isToken, what: `API token: ${text}(…) makes a token`, remedy: 'a request with this token is not asked for a second factor: create the token only on routes behind requireSecondFactor' }
  return undefined
}

function useOfLogin(source: Source, at: number, text: string, factors: SecondFactors): Found | undefined {
  const owner = source.tokens[at - 2]?.text ?? ''
  const other = (call: string, remedy = remedies.LOGIN): Found => ({ kind: 'other', what: named(source, at, call), remedy })
  if (!isMember(source, at)) return isTakenOff(source, at, LIKE_REQUEST) ? other(`${text} destructured from the request`) : undefined
  if (owner === 'super') return other('super.logIn(…)', 'NestJS: call it only in the guard of the second factor: docs/guides/hosts/nestjs.md')
  if (source.is(at + 1, '(')) {
    if (REQUEST.test(owner)) return loginAt(source, at, owner, factors)
    return isUserGiven(source, at + 1) ? { ...loginAt(source, at, owner, factors), kind: 'other' } : undefined
  }
  if (LIKE_REQUEST.test(owner)) {
    const promised = promisedLogin(source, at, factors)
    return { ...other(`${owner}.${text}, bound or promisified`), remedy: promised === 'closed' ? undefined : promised === 'open' ? remedies.NOT_FOLLOWED_LOGIN : remedies.LOGIN }
  }
  const isCalled = source.is(at + 1, '.') && ['call', 'apply'].includes(source.tokens[at + 2]?.text ?? '') && source.is(at + 3, '(')
  return isCalled && isUserGiven(source, at + 3) ? other(`${owner}.${text}.${source.token(at + 2).text}(…)`, remedies.LOOK) : undefined
}

function bracketedLogin(source: Source, at: number, text: string): Found | undefined {
  const isLogin = LIKE_REQUEST.test(source.tokens[at - 2]?.text ?? '') || (source.is(at + 2, '(') && isUserGiven(source, at + 2))
  return isLogin ? { kind: 'other', what: named(source, at, `req['${text}']`), remedy: remedies.LOGIN } : undefined
}

/**
 * True if the arguments look like those of Passport's `req.login(user, callback)`: one of the first two has a name like `user`, or the last is a callback and
 * the first is no string.
 */
function isUserGiven(source: Source, open: number): boolean {
  const parts = source.partsOf(open)
  const last = parts.at(-1)
  const isLastCallback = parts.length > 1 && last !== undefined && isCallback(source, last)
  const isUser = ({ first, last: end }: Range) => source.tokens.slice(first, end + 1).some(({ kind, text }, i) => kind === 'word' && LIKE_USER.test(text) && !source.is(first + i + 1, '.'))
  return parts.slice(0, 2).some(isUser) || (isLastCallback && parts[0] !== undefined && source.stringAt(parts[0].first) === undefined)
}

/** True for a function, and for a name such as `done` or `callback`. */
function isCallback(source: Source, part: Range): boolean {
  return isFunction(source, part) || (part.first === part.last && LIKE_CALLBACK.test(source.token(part.first).text))
}

/** True if the property is taken from the request by destructuring: `const { login } = req` or `({ login }, res) => …`. */
export function isTakenOff(source: Source, at: number, owner: RegExp): boolean {
  const { parent } = source.token(at)
  const close = source.tokens[parent]?.pair
  if (!source.is(parent, '{') || close === undefined || source.is(at - 1, ':')) return false
  if (source.is(close + 1, '=')) return owner.test(source.tokens[close + 2]?.text ?? '')
  const open = source.token(parent).parent
  const end = source.tokens[open]?.pair ?? -1
  return source.is(open, '(') && open === parent - 1 && source.is(close + 1, ',') && (source.is(end + 1, '=>') || source.is(end + 1, '{'))
}

function useOfAuthenticate(source: Source, at: number, factors: SecondFactors): Found | undefined {
  if (isMember(source, at) && source.is(at + 1, '(')) return authenticateAt(source, at, factors)
  return isUncalledAuthenticate(source, at) ? { kind: 'other', what: named(source, at, 'passport.authenticate, stored or passed on instead of called'), remedy: remedies.NOT_CALLED } : undefined
}

/** True if `passport.authenticate` is stored or bound instead of called: `passport.authenticate.bind(passport)` or `const { authenticate } = passport`. */
function isUncalledAuthenticate(source: Source, at: number): boolean {
  if (isMember(source, at) || source.is(at - 1, '[')) return /passport/i.test(source.tokens[at - 2]?.text ?? '')
  const close = source.tokens[source.token(at).parent]?.pair
  if (!source.is(source.token(at).parent, '{') || close === undefined) return false
  const from = source.is(close + 2, 'require') ? source.stringAt(close + 4) : (source.stringAt(close + 2) ?? source.tokens[close + 2]?.text)
  return (source.is(close + 1, '=') || source.is(close + 1, 'from')) && /passport$/i.test(from ?? '')
}

/** The variables of this file that contain `passport.authenticate`. */
function aliasesIn(source: Source): Set<string> {
  return new Set(source.tokens.flatMap(({ kind, text }, at) => {
    if (kind !== 'word' || text !== 'authenticate' || source.is(at + 1, '(') || !isUncalledAuthenticate(source, at)) return []
    if (isMember(source, at)) return source.is(at - 3, '=') && source.isWord(at - 4) ? [source.token(at - 4).text] : []
    return [source.is(at + 1, ':') || source.is(at + 1, 'as') ? (source.tokens[at + 2]?.text ?? text) : text]
  }))
}

function callOfAlias(source: Source, at: number, factors: SecondFactors): Found | undefined {
  const found = authenticateAt(source, at, factors, true)
  return found && { ...found, kind: 'other' }
}

/**
 * Finds a call of Passport's `authenticate`.
 * @param isKnown true if the function certainly is Passport's. If false, the call is found only if the file uses Passport, or if the call names a strategy
 * such as `'local'`
 */
function authenticateAt(source: Source, at: number, factors: SecondFactors, isKnown = false): Found | undefined {
  const [first, ...rest] = source.partsOf(at + 1)
  if (first === undefined) return undefined
  const strategies = strategiesIn(source, first)
  const isPassport = isKnown || strategies !== undefined || /passport/i.test(source.tokens[at - 2]?.text ?? '') || source.usesPassport
  // An own function `authenticate(req, res)` is not Passport's, whose first argument is a strategy.
  if (first.first === first.last && REQUEST.test(source.token(first.first).text)) return undefined
  if (!isPassport || factors.isStrategy(source, first) || strategies?.every((name) => isHarmless(name, factors)) === true) return undefined
  const strategy = strategies?.join(', ') ?? source.textOf(first)
  const call = `passport.authenticate('${strategy}')`
  const base = { kind: 'authenticate', strategy, what: named(source, at, call, strategy) } as const
  if (API_STRATEGY.test(strategy)) {
    return { ...base, isToken: true, what: `API token: ${call}`, remedy: remedies.ACCEPTED_TOKEN }
  }
  const isRemembered = /remember/i.test(strategy)
  if (rest.some((part) => isCallback(source, part)) || rest.length > 1) {
    return { ...base, kind: 'other', what: `${base.what} with a callback of its own`, remedy: isClosedCallback(source, at, factors) ? undefined : isRemembered ? remedies.REMEMBER : hasLogin(source, rest) ? remedies.CALLBACK : remedies.CALLBACK_ONLY }
  }
  const [options] = rest
  const properties = options && source.propertiesOf(options)
  const route = routeOf(source, at)
  if (options !== undefined && isSessionOff(source, options)) {
    const isRedirected = source.partsOf(options.first).some(({ first: name }) => /^(['"]?)success(?:ReturnToOr)?Redirect\1$/.test(source.token(name).text))
    if (isCheckFollowed(source, callOf(source, at), factors)) return isRedirected ? { ...base, kind: 'other', what: `${base.what} with a redirect before the second factor`, remedy: remedies.REDIRECTED } : { ...base, remedy: undefined }
    return { ...base, kind: 'other', what: `${base.what} without a session`, remedy: isRemembered ? remedies.REMEMBER : route === undefined ? remedies.NOT_SEEN : route.method === 'get' ? remedies.NOT_FOLLOWED_IN_GET : remedies.NOT_FOLLOWED }
  }
  const other = isRemembered ? remedies.REMEMBER : route === undefined ? remedies.NOT_ON_A_ROUTE : route.method === 'get' ? remedies.IN_GET : remedies.OTHER_STRATEGY
  if (options !== undefined && properties === undefined) return { ...base, kind: 'other', what: `${base.what} with options written elsewhere`, remedy: other }
  if (strategies?.some((name) => isHarmless(name, factors)) === true) return { ...base, kind: 'other', remedy: remedies.ONE_OF_A_LIST }
  const session = properties?.get('session')
  const isKept = session === undefined || (session.first === session.last && source.is(session.first, 'true'))
  return { ...base, signsIn: isKept && properties?.has('assignProperty') !== true, remedy: other }
}

const hasLogin = (source: Source, parts: readonly Range[]): boolean => parts.some(({ first, last }) => source.tokens.slice(first, last + 1).some(({ text }) => /^log[iI]n$/.test(text)))

/** True for `AuthGuard` of @nestjs/passport, also imported under another name. */
function isAuthGuard(source: Source, at: number): boolean {
  const { text } = source.token(at)
  const imported = source.imports.get(text)
  return text === 'AuthGuard' || (imported?.name === 'AuthGuard' && imported.from === '@nestjs/passport')
}

/**
 * Finds a guard of NestJS: `AuthGuard('local')`, also as a base class, and `(0, passport_1.AuthGuard)('local')` in compiled code. Such a guard lets a user
 * into the route after this one strategy, without a second factor.
 */
function guardAt(source: Source, at: number, factors: SecondFactors): Found | undefined {
  const open = source.is(at + 1, ')') ? at + 2 : at + 1
  if (!source.is(open, '(') || source.is(at - 1, 'new') || source.is(at - 1, 'function')) return undefined
  const [type] = source.partsOf(open)
  const strategies = type && strategiesIn(source, type)
  if (type !== undefined && (factors.isStrategy(source, type) || strategies?.every((name) => isHarmless(name, factors)) === true)) return undefined
  const strategy = strategies?.join(', ') ?? (type === undefined ? '' : source.textOf(type))
  const call = type === undefined ? 'AuthGuard()' : `AuthGuard('${strategy}')`
  if (API_STRATEGY.test(strategy)) return { kind: 'other', isToken: true, what: `API token: ${call}`, remedy: remedies.ACCEPTED_TOKEN }
  return { kind: 'other', strategy, what: named(source, at, call, strategy), remedy: remedies.GUARD }
}

/** True for a strategy of this package, and for one that checks no password or other credential. */
const isHarmless = (name: string, factors: SecondFactors): boolean => NO_CHECK.includes(name) || factors.isNamed(name)

function strategiesIn(source: Source, { first, last }: Range): string[] | undefined {
  if (first === last) {
    const name = source.stringAt(first)
    return name === undefined ? undefined : [name]
  }
  if (!source.is(first, '[')) return undefined
  return source.partsOf(first).map((part) => source.stringAt(part.first) ?? source.textOf(part))
}

function loginAt(source: Source, at: number, owner: string, factors: SecondFactors): Found {
  const options = source.partsOf(at + 1)[1]
  const isOff = options !== undefined && isSessionOff(source, options)
  const isRequest = REQUEST.test(owner)
  const isBehind = isRequest ? factors.isBehind(source, at, source.partsOf(at + 1)[0]) : undefined
  const isClosed = isBehind === true || (isRequest && isInClosedCallback(source, at, factors)) || (isOff && isLoginFollowed(source, at, factors))
  const remedy = isBehind === false ? remedies.OWN_USER : isOff ? remedies.NOT_FOLLOWED_LOGIN : isRequest ? remedies.LOGIN : remedies.LOOK
  // The kind `other` means that `init` does not change the call. The call has `session: false`, or it is in a callback of the second factor and may sign in
  // another user than the one who approved.
  return { kind: isOff || isBehind === false ? 'other' : 'login', signsIn: isRequest && isBehind === undefined && !isOff && (options === undefined || keepsSession(source, options)), what: named(source, at, `${owner}.${source.token(at).text}(…)${isOff && !isClosed ? ' without a session' : ''}`), remedy: isClosed ? undefined : remedy }
}

/** True if the second argument of `req.login` is a callback, or options without `session`. */
function keepsSession(source: Source, options: Range): boolean {
  const isLiteral = source.is(options.first, '{') && !/\bsession\b|\.\.\./.test(source.textOf(options))
  return isLiteral || isFunction(source, options) || NEXT.test(source.token(options.first).text)
}

/** Describes a sign-in for the report, for example `password reset: req.login(…)`. */
function named(source: Source, at: number, call: string, strategy = ''): string {
  const path = routeOf(source, at)?.path
  const what = PLACES.find(([pattern]) => [strategy, path ?? ''].some((text) => pattern.test(text))) ?? PLACES.find(([pattern]) => pattern.test(source.path))
  const isRemembered = what === undefined && /remember/i.test(namesOfFunctions(source, at)[0] ?? '')
  return `${what?.[1] ?? (isRemembered ? REMEMBERED : 'sign-in')}: ${call}`
}
