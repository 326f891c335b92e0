/**
 * Finds the worst mistake in the source: a password route that signs users in by itself, and never asks for the second factor.
 *
 * Only a certain mistake counts. A route with any sign of a second factor does not count, because the app may ask only some users for it. Out of scope: finding
 * the sign-ins (`init/sign-in-calls.ts`).
 */
import { namesOfFunctions } from './init/behind-sign-in'
import type { Place } from './init/login-guards'
import { placesByName } from './init/login-routes'
import type { SecondFactors } from './init/second-factor'
import { routeOf, type SignInCall } from './init/sign-in-calls'
import type { Range, Source } from './init/source'
import { isPasswordStrategy } from './strategy-calls'

/** The path of a route that usually checks a password, such as `/login` and `/api/sessions`. */
const LOGIN_PATH = /(?:^|\/)(?:(?:log|sign)-?in(?:\/(?:password|local))?|sessions?)\/?$/i
const LIKE_FACTOR = /nevis|(?:second|two|multi)_?-?factor|2fa|mfa|otp/i

/** @returns a function that tells whether a sign-in is such a mistake */
export function forgottenIn(sources: readonly Source[], factors: SecondFactors): (signInCall: SignInCall) => boolean {
  let places: Map<string, Place[]> | undefined
  const hasFactor = (source: Source, range: Range) => LIKE_FACTOR.test(source.textOf(range)) || factors.isIn(source, range)
  const rangeOf = ({ source, route }: Place): Range => ({ first: route.open, last: source.token(route.open).pair as number })
  return (signInCall) => {
    const { source, at, remedy, signsIn } = signInCall
    if (remedy === undefined || signsIn !== true) return false
    const own = routeOf(source, at)
    if (own === undefined) places ??= placesByName(sources)
    const used = own === undefined ? namesOfFunctions(source, at).flatMap((name) => places?.get(name) ?? []) : [{ source, route: own }]
    const isLogin = isPasswordCheck(source, at) || (used.length > 0 && used.every(({ route }) => route.method === 'post' && LOGIN_PATH.test(route.path)))
    const block = outermostBlock(source, at)
    return isLogin && ![...(block === undefined ? [] : [{ source, range: block }]), ...used.map((place) => ({ source: place.source, range: rangeOf(place) }))].some((one) => hasFactor(one.source, one.range))
  }
}

/** True if the sign-in is a `passport.authenticate` with a password strategy, or is in the callback of one. */
function isPasswordCheck(source: Source, at: number): boolean {
  for (let name = at, open = at + 1; open > 0; open = source.token(open).parent, name = open - 1) {
    if (!source.is(open, '(') || !source.is(name, 'authenticate')) continue
    const [strategy] = source.partsOf(open)
    return strategy !== undefined && strategy.first === strategy.last && isPasswordStrategy(source.stringAt(strategy.first) ?? '')
  }
  return false
}

/** The body of the outermost function around the token that has a request: the whole handler. */
function outermostBlock(source: Source, at: number): Range | undefined {
  let found: Range | undefined
  for (let open = source.blockOf(at); open !== -1; open = source.blockOf(open)) {
    if (source.parametersOf(open)?.some((name) => /^_?(?:req|request|ctx|context)$/.test(name)) === true) found = { first: open, last: source.token(open).pair as number }
  }
  return found
}
