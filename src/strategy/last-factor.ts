/**
 * Offers first the factor that the user used last in this browser.
 *
 * The browser stores the factor in a cookie, as a keyed digest of the user and the factor. So an attacker cannot read or forge the cookie, and cannot use it
 * for another user.
 * Out of scope: which factors are offered (`factor-choice.ts`), and skipping the second factor (`remembered.ts`).
 */
import { Refusal } from '../factors/failures'
import type { FactorName } from '../factors/names'
import type { Transaction } from '../factors/transaction'
import { cookieFor, cookieIn, cookieSetter } from '../host/cookies'
import { offeredFactors } from './factor-choice'
import type { RequestedParameters } from './start-parameters'
import type { StrategyRequest } from './strategy-request'

/** The cookie "factor used last" expires after 90 days. */
const KEPT_SECONDS = 90 * 86_400

/** Recovery codes are for an emergency, and each code works only once. So this file never moves the factor `recovery` to the front of the list. */
const NEVER_FIRST = 'recovery'

/**
 * At a sign-in, moves the factor in this browser's cookie to the front of the factors that the user has. A step-up keeps the app's order, because it
 * may need a stronger factor than the sign-in.
 * @internal
 */
export function withLastFactorFirst(request: StrategyRequest, parameters: RequestedParameters): RequestedParameters {
  const names = parameters.available
  if (parameters.operation === 'enroll' || names === undefined || request.login() !== undefined) return parameters
  const last = factorIn(request, parameters.budget, names)
  return last === undefined ? parameters : { ...parameters, available: [last, ...names.filter((name) => name !== last)] }
}

/**
 * After an approval, stores the factor of the approval in the cookie "factor used last". Deletes the cookie if sign-ins begin with this factor even without the
 * cookie. On a route with the option `factors`, leaves the cookie unchanged, because the route may have offered the user only one factor. Does nothing without
 * the option `availableFactors`.
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
 * Deletes the cookie "factor used last" if the user no longer has this factor at Nevis, or is blocked. If the cookie stayed, each sign-in in this browser would
 * begin with a factor that does not work.
 * @param factor the factor of the start that has failed
 * @internal
 */
export function forgetIfUnusable(request: StrategyRequest, reason: unknown, budget: string, factor: FactorName): void {
  const isUnusable = reason instanceof Refusal && ['not_enrolled', 'user_blocked'].includes(reason.code)
  if (isUnusable && factorIn(request, budget, [factor]) !== undefined) setCookie(request, '', 0)
}

/** The factor in this browser's cookie; undefined without a cookie of this user, or if `names` does not contain the factor. */
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
