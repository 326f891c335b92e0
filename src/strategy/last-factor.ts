/**
 * Offers first the factor with which the user signed in last, in this browser.
 *
 * A cookie remembers the factor, and the server stores nothing. So another browser learns nothing about the user. The cookie is read after the first
 * factor only, and its value is a keyed digest of the user and the factor: it names neither, nobody can forge it, and for another user it means
 * nothing. It only changes an order. Out of scope: which factors are offered (`factor-choice.ts`), and skipping the second factor (`remembered.ts`).
 */
import { Refusal } from '../factors/failures'
import type { FactorName } from '../factors/names'
import type { Transaction } from '../factors/transaction'
import { cookieFor, cookieIn, cookieSetter } from '../host/cookies'
import { offeredFactors } from './factor-choice'
import type { RequestedParameters } from './start-parameters'
import type { StrategyRequest } from './strategy-request'

/** A browser that the user has not used for this long offers the app's first factor again. */
const KEPT_SECONDS = 90 * 86_400

/** Recovery codes are for an emergency, and each works once. So they never come first because they were used last. */
const NEVER_FIRST = 'recovery'

/**
 * Puts the factor of the cookie at the front of the factors that the user has, at a sign-in of an app with the option `availableFactors`. Without that
 * option, the order is the app's own. A step-up keeps the app's order too: it may need a stronger factor than the user signed in with.
 * @internal
 */
export function withLastFactorFirst(request: StrategyRequest, parameters: RequestedParameters): RequestedParameters {
  const names = parameters.available
  if (parameters.operation === 'enroll' || names === undefined || request.login() !== undefined) return parameters
  const last = factorIn(request, parameters.budget, names)
  return last === undefined ? parameters : { ...parameters, available: [last, ...names.filter((name) => name !== last)] }
}

/**
 * Remembers the factor of an approval. A browser has no cookie while its user takes the factor that comes first anyway. A route with `factors` changes
 * nothing, because there the user may have had no choice.
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
 * Forgets the factor if a start with it fails because of the user's record at Nevis. Otherwise each sign-in in this browser would begin with a factor
 * that the user does not have any more.
 * @param factor the factor of the start
 * @internal
 */
export function forgetIfUnusable(request: StrategyRequest, reason: unknown, budget: string, factor: FactorName): void {
  const isUnusable = reason instanceof Refusal && ['not_enrolled', 'user_blocked'].includes(reason.code)
  if (isUnusable && factorIn(request, budget, [factor]) !== undefined) setCookie(request, '', 0)
}

/** @returns undefined if this browser has no cookie, or its cookie is for another user or none of these factors */
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
