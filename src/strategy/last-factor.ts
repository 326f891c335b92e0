/**
 * Offers first the factor that the user used for the last sign-in in this browser.
 *
 * The browser keeps the factor in a cookie; the server stores nothing. The cookie's value is a keyed digest of the user and the factor, so the cookie
 * reveals neither of them. Nobody can forge the cookie, or use it for another user. The strategy reads the cookie only after the user has given the
 * password (or another first factor). The cookie changes only the order of the factors. Out of scope: which factors are offered (`factor-choice.ts`),
 * and skipping the second factor (`remembered.ts`).
 */
import { Refusal } from '../factors/failures'
import type { FactorName } from '../factors/names'
import type { Transaction } from '../factors/transaction'
import { cookieFor, cookieIn, cookieSetter } from '../host/cookies'
import { offeredFactors } from './factor-choice'
import type { RequestedParameters } from './start-parameters'
import type { StrategyRequest } from './strategy-request'

/** The cookie expires after 90 days. The user is then offered the factors in the app's order. */
const KEPT_SECONDS = 90 * 86_400

/** Recovery codes are for an emergency, and each code works once. So they are not offered first, even if the user used one last. */
const NEVER_FIRST = 'recovery'

/**
 * At a sign-in, moves the factor of the cookie to the front of the user's factors. Without the option `availableFactors`, the app's order stays. At a
 * step-up, the app's order stays as well, because a step-up may need a stronger factor than the sign-in.
 * @internal
 */
export function withLastFactorFirst(request: StrategyRequest, parameters: RequestedParameters): RequestedParameters {
  const names = parameters.available
  if (parameters.operation === 'enroll' || names === undefined || request.login() !== undefined) return parameters
  const last = factorIn(request, parameters.budget, names)
  return last === undefined ? parameters : { ...parameters, available: [last, ...names.filter((name) => name !== last)] }
}

/**
 * After an approval, stores its factor in the cookie. If the app's order has this factor first anyway, the cookie is deleted instead. An approval on
 * a route with the option `factors` changes nothing, because the user may have had no choice there.
 * @internal
 */
export function rememberFactor(request: StrategyRequest, { factor, operation, factors, available, budget }: Transaction): void {
  const { settings } = request
  if (settings.availableFactors === undefined || operation !== 'approve' || factors !== undefined || factor === NEVER_FIRST || budget === undefined) return
  const isFirst = (limits: object) => offeredFactors(settings, { operation, ...limits })[0]?.name === factor
  const comesFirst = isFirst({}) && isFirst({ available })
  if (!comesFirst) setCookie(request, request.keys.digests.digestOfFactor(budget, factor), KEPT_SECONDS)
  else if (factorIn(request, budget, allNames(request)) !== undefined) setCookie(request, '', 0)
}

/**
 * Deletes the cookie if a start with its factor fails because the user does not have this factor at Nevis or is blocked. Otherwise each sign-in in
 * this browser would begin with a factor that does not work.
 * @param factor the factor of the start
 * @internal
 */
export function forgetIfUnusable(request: StrategyRequest, reason: unknown, budget: string, factor: FactorName): void {
  const isUnusable = reason instanceof Refusal && ['not_enrolled', 'user_blocked'].includes(reason.code)
  if (isUnusable && factorIn(request, budget, [factor]) !== undefined) setCookie(request, '', 0)
}

/**
 * @returns the factor of this browser's cookie. Undefined if the browser has no cookie, or if the cookie was made for another user or for a factor
 * that is not in `names`
 */
function factorIn({ req, keys, settings }: StrategyRequest, budget: string, names: readonly FactorName[]): FactorName | undefined {
  const value = cookieIn(req, cookieFor(req, settings.name, 'factor'))
  return value === undefined ? undefined : names.find((name) => keys.digests.isFactor(value, budget, name))
}

function setCookie({ req, settings }: StrategyRequest, value: string, seconds: number): void {
  cookieSetter(req)?.(cookieFor(req, settings.name, 'factor'), value, seconds)
}

function allNames({ settings }: StrategyRequest): readonly FactorName[] {
  return settings.factors.map(({ name }) => name)
}
