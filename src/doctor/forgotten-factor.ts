/**
 * Finds the worst mistake in the source: a password route that signs users in by itself, and never asks for the second factor.
 *
 * Finds only mistakes that are certain. The handlers of the route may contain only words of short lists: for example, the words of a look-up of the user, of a
 * comparison of the password, and of an answer. Any other word may ask for a second factor, may check another credential, or may be only for tests.
 * Out of scope: finding the sign-ins (`init/sign-in-calls.ts`), and finding out whether the route exists (`certain-routes.ts`).
 */
import { certainRoutes, isFixed } from './certain-routes'
import { namesOfFunctions } from './init/behind-sign-in'
import { definitionsOf, functionIn, wordsOf } from './init/definitions'
import { routesIn, type Place } from './init/login-guards'
import { routeOf } from './init/routes'
import { type SignInCall } from './init/sign-in-calls'
import type { Range, Source } from './init/source'
import { isPasswordStrategy } from './strategy-calls'

/** The whole path of a route that checks a password. At other paths, such as `/webauthn/login`, a route may check something else. */
const LOGIN_PATH = /^(?:\/(?:api|auth))?\/(?:login|sign-?in)\/?$/i
/** The words that a handler may contain, apart from the names of called functions. */
const WORDS = new RegExp(
  `^_?(?:${[
    'const|let|var|if|else|return|function|async|await|try|catch|throw|null|undefined|true|false|as|any|void',
    'req|request|res|response|next|err|error|errors|e|info|body|user_?name|name|password|email|password_?hash|hash|(?:is_?)?match|message|messages|title|status|success|id|_id|where|select',
    '(?:users?|accounts?|members?|customers?)(?:model|service|repo|repository|store)?|row|db|prisma|models?|bcrypt|bcryptjs|argon2|passport',
    'Request|Response|NextFunction|Promise|Error|failureRedirect|successRedirect|failureFlash|failureMessage|failWithError|keepSessionInfo',
  ].join('|')})$`,
  'i',
)
/** Functions that a handler may call, whatever object they belong to. */
const CALLS = /^(?:if|catch|function|async|next|String|trim|toLowerCase|then|exec|lean|(?:find|get)(?:One|First|Unique|User|Account|Member|Customer)?(?:By(?:Id|(?:User_?)?Name|E?mail|Login))?)$/i
/** Functions that a handler may call only on one of these variables. */
const CALLS_OF: readonly (readonly [owner: RegExp, name: RegExp])[] = [
  [/^_?(?:req|request)$/, /^(?:login|logIn|flash)$/],
  [/^(?:_?(?:res|response)|\))$/, /^(?:redirect|render|json|send|status|sendStatus|end)$/],
  [/^(?:bcrypt|bcryptjs)$/, /^compare(?:Sync)?$/],
  [/^argon2$/, /^verify$/],
]

/**
 * @param isLoaded false if the process has not loaded this source: then the source may be only for tests
 * @returns a function that returns true for a sign-in with this mistake: a password route that never asks for the second factor
 */
export function forgottenIn(sources: readonly Source[], isLoaded: (source: Source) => boolean): (signInCall: SignInCall) => boolean {
  const pathOf = certainRoutes(sources, isLoaded)
  const routes = new Map<Source, Place[]>()
  const answers = new Map<Source, Map<number, string | undefined>>()
  // An app that gives the request to its strategy or to `deserializeUser` may check a second factor there.
  const isRequestGiven = sources.some((source) => wordsOf(source, 'passReqToCallback').length > 0 || wordsOf(source, 'deserializeUser').some((at) => !isOrdinary(source, at)))

  /** The whole path of the route; undefined if the route, or one of its handlers, is in doubt. Each route is examined once. */
  const examined = ({ source, route }: Place): string | undefined => {
    const known = answers.get(source) ?? new Map<number, string | undefined>()
    answers.set(source, known)
    if (!known.has(route.open)) known.set(route.open, isPlainRoute(source, route.open) ? pathOf({ source, route }) : undefined)
    return known.get(route.open)
  }
  /** The routes of the same file that have this function as a handler. */
  const routesOf = (source: Source, name: string): Place[] => {
    const known = routes.get(source) ?? routesIn(source).map((route) => ({ source, route }))
    routes.set(source, known)
    return known.filter(({ route }) => source.partsOf(route.open).some(({ first, last }) => first === last && source.is(first, name)))
  }
  return ({ source, at, remedy, signsIn }) => {
    if (remedy === undefined || signsIn !== true || isRequestGiven) return false
    const own = routeOf(source, at)
    const name = namesOfFunctions(source, at).at(-1)
    const places = own !== undefined ? [{ source, route: own }] : name === undefined ? [] : routesOf(source, name)
    const isPassword = isPasswordCheck(source, at)
    return (
      places.length > 0 &&
      places.every((place) => {
        const path = place.route.method === 'post' && isFirst(place, at, name) ? examined(place) : undefined
        return path !== undefined && (isPassword ?? LOGIN_PATH.test(path))
      })
    )
  }
}

/** True for `deserializeUser((id, done) => …)`. A function with three parameters would get the request. */
function isOrdinary(source: Source, at: number): boolean {
  const open = source.openOfCall(at)
  const [only, ...others] = open === undefined ? [] : source.partsOf(open)
  return only !== undefined && others.length === 0 && functionIn(source, only)?.parameters?.length === 2
}

/** True if only password strategies, which do not answer after a success, are in front of the handler that signs in. */
function isFirst({ source, route }: Place, at: number, name: string | undefined): boolean {
  const [, ...handlers] = source.partsOf(route.open)
  const index = handlers.findIndex(({ first, last }) => (first <= at && at <= last) || (first === last && name !== undefined && source.is(first, name)))
  return index !== -1 && handlers.slice(0, index).every((one) => source.is(one.first + 2, 'authenticate') && !source.textOf(one).includes('success'))
}

/** True if all handlers of the route consist of known words only. */
function isPlainRoute(source: Source, open: number): boolean {
  const [, ...handlers] = source.partsOf(open)
  return handlers.every((handler) => {
    if (handler.first !== handler.last) return isPlain(source, handler)
    const { text } = source.token(handler.first)
    const [code, ...others] = source.isWord(handler.first) && isFixed(source, text) ? definitionsOf(source, text) : []
    const known = code === undefined || others.length > 0 || source.blockOf(code.first) !== -1 ? undefined : functionIn(source, code)
    return known?.parameters !== undefined && known.parameters.length < 4 && isPlain(source, known.body)
  })
}

function isPlain(source: Source, { first, last }: Range): boolean {
  for (let at = first; at <= last; at++) {
    const { kind, text } = source.token(at)
    const isComputed = text === '[' && (source.isWord(at - 1) || /^(?:\)|\]|\?\.)$/.test(source.token(at - 1).text))
    if (kind === 'regex' || isComputed || (kind === 'template' && text.includes('${'))) return false
    if (kind !== 'word' || (text === 'session' && source.is(at + 1, ':'))) continue
    const open = source.is(at + 1, '?.') ? at + 1 : source.openOfCall(at)
    if (open === undefined ? !WORDS.test(text) : !isKnownCall(source, at, open)) return false
  }
  return true
}

function isKnownCall(source: Source, at: number, open: number): boolean {
  const { text } = source.token(at)
  const owner = source.is(at - 1, '.') ? (source.tokens[at - 2]?.text ?? '') : ''
  if (text === 'authenticate') {
    const strategy = source.is(open, '(') ? source.partsOf(open)[0] : undefined
    return owner === 'passport' && strategy !== undefined && strategy.first === strategy.last && isPasswordStrategy(source.stringAt(strategy.first) ?? '')
  }
  return source.is(open, '(') && ((CALLS.test(text) && text !== 'get') || CALLS_OF.some(([of, name]) => of.test(owner) && name.test(text)))
}

/**
 * True if the sign-in is a `passport.authenticate` with a password strategy, or is in the callback of one; false for another strategy.
 * @returns undefined if the sign-in is in no `passport.authenticate`
 */
function isPasswordCheck(source: Source, at: number): boolean | undefined {
  for (let name = at, open = at + 1; open > 0; open = source.token(open).parent, name = open - 1) {
    if (!source.is(open, '(') || !source.is(name, 'authenticate')) continue
    const [strategy] = source.partsOf(open)
    return strategy !== undefined && strategy.first === strategy.last && isPasswordStrategy(source.stringAt(strategy.first) ?? '')
  }
  return undefined
}
