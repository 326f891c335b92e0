/**
 * Finds the worst mistake in the source: a password route that signs users in by itself, and never asks for the second factor.
 *
 * Finds only mistakes that are certain. Ignores a route with any sign of a second factor, because the app may ask only some users for the second factor. Out of
 * scope: finding the sign-ins (`init/sign-in-calls.ts`).
 */
import { certainRoutes, hasChoiceOfHandlers } from './certain-routes'
import { namesOfFunctions } from './init/behind-sign-in'
import { functionIn, nameIn } from './init/definitions'
import { codeAt } from './init/exports'
import { routesIn, type Place } from './init/login-guards'
import { placesByName } from './init/login-routes'
import { prefixOf } from './init/mount'
import type { SecondFactors } from './init/second-factor'
import { routeOf, type SignInCall } from './init/sign-in-calls'
import type { Range, Source } from './init/source'
import { isPasswordStrategy } from './strategy-calls'

/** The whole path of a route that checks a password. At other paths, such as `/webauthn/login`, a route may check something else. */
const LOGIN_PATH = /^(?:\/(?:api|auth))?\/(?:login|sign-?in)\/?$/i
/** Code with one of these words may ask for a second factor, may check no password, or may be only for tests. */
const DOUBTS = [/nevis|(?:second|two|multi)_?-?factor|2fa|mfa|(?<![a-z])[ht]?otp|webauthn|passkey|fido|(?<!val)id_?token|oauth|oidc|openid|saml|magic|certificate|NODE_ENV/i, /[a-z](?:[HT]?OTP|[HT]otp|Otp)/]
/** The number of functions behind one sign-in that are examined at most. */
const MAX_FUNCTIONS = 200

/**
 * @param isLoaded false if the process has not loaded this source: then the source may be only for tests
 * @returns a function that returns true for a sign-in with this mistake: a password route that never asks for the second factor
 */
export function forgottenIn(sources: readonly Source[], factors: SecondFactors, isLoaded: (source: Source) => boolean): (signInCall: SignInCall) => boolean {
  let places: Map<string, Place[]> | undefined
  const isCertain = certainRoutes(sources, isLoaded)
  const isLogin = ({ source, route }: Place) => route.method === 'post' && LOGIN_PATH.test(`${prefixOf(sources, source, route.owner) ?? '?'}${route.path}`)
  const isKnown = (source: Source, part: Range) => {
    const name = nameIn(source, part)
    return functionIn(source, part) !== undefined || (name !== undefined && codeAt(sources, source, name).length > 0)
  }
  /** True if no other handler can ask for the second factor: all later handlers of the route are found, and no other route has the same path. */
  const isAlone = ({ source, route }: Place, isHandler: (at: number) => boolean) => {
    const parts = source.partsOf(route.open)
    const index = parts.findIndex(({ first, last }) => source.tokens.slice(first, last + 1).some((_token, i) => isHandler(first + i)))
    const isOther = ({ open, path, method }: Place['route']) => open !== route.open && path === route.path && (method === 'post' || method === 'all')
    return parts.slice(index + 1).every((part) => isKnown(source, part)) && !routesIn(source).some(isOther)
  }
  /** True if this code, or a function that it calls or passes on, may ask for a second factor. */
  const mayAsk = (codes: (readonly [Source, Range])[]) => {
    for (const [source, range] of codes) {
      if (codes.length > MAX_FUNCTIONS || DOUBTS.some((doubt) => doubt.test(source.textOf(range))) || factors.isIn(source, range)) return true
      for (let at = range.first; at <= range.last; at++) {
        const isPassed = source.isWord(at) && (source.openOfCall(at) !== undefined || source.is(at + 1, ',') || source.is(at + 1, ')'))
        const found = isPassed ? codeAt(sources, source, at) : []
        codes.push(...found.filter(([other, { first }]) => !codes.some(([known, one]) => known === other && one.first === first)))
      }
    }
    return false
  }
  return (signInCall) => {
    const { source, at, remedy, signsIn } = signInCall
    if (remedy === undefined || signsIn !== true) return false
    const own = routeOf(source, at)
    const names = namesOfFunctions(source, at)
    if (own === undefined) places ??= placesByName(sources)
    const used = own === undefined ? names.flatMap((name) => places?.get(name) ?? []) : [{ source, route: own }]
    const isHandler = (place: Place) => (token: number) => (own === undefined ? names.includes(place.source.token(token).text) : token === at)
    if (used.length === 0 || !(isPasswordCheck(source, at) ?? used.every(isLogin))) return false
    if (!used.every((place) => isAlone(place, isHandler(place)) && !hasChoiceOfHandlers(place) && isCertain(place))) return false
    const block = outermostBlock(source, at)
    const handlers = used.map((place) => [place.source, { first: place.route.open, last: place.source.token(place.route.open).pair as number }] as const)
    return !mayAsk(block === undefined ? handlers : [[source, block], ...handlers])
  }
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

/** The body of the whole handler: of the outermost function around the token with a parameter such as `req`. */
function outermostBlock(source: Source, at: number): Range | undefined {
  let found: Range | undefined
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) {
    if (source.parametersOf(open)?.some((name) => /^_?(?:req|request|ctx|context)$/.test(name)) === true) found = { first: open, last: source.token(open).pair as number }
  }
  return found
}
