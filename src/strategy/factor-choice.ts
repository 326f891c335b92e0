/**
 * Decides which factors a user is offered, in which order, and which of them a start uses.
 *
 * Out of scope: whether the user has the factor at Nevis (`unavailable-factor.ts`), and who may enrol (`enrolment.ts`).
 */
import type { Operation } from '../client/wire'
import { promptOf, type Factor } from '../factors/factor'
import { Refusal } from '../factors/failures'
import type { FactorName } from '../factors/names'
import type { Subject } from '../factors/transaction'
import { resultOf } from '../host/app-function'
import type { NevisRequest } from '../host/request'
import type { Settings } from './settings'

/** What limits the factors among which the user can choose. */
interface ChoiceLimits {
  readonly operation: Operation
  readonly factors?: readonly FactorName[]
  /** The factors that the user has according to the app. */
  readonly available?: readonly FactorName[]
  /** The phone number that the route gives for an enrolment. */
  readonly phone?: string
}

/**
 * The factors that the user may choose, in the order in which the app lists them.
 * @internal
 */
export function offeredFactors({ factors }: Pick<Settings, 'factors'>, { operation, factors: allowed, available, phone }: ChoiceLimits): Factor[] {
  const possible = factors.filter((factor) => typeof factor[operation] === 'function' && (allowed?.includes(factor.name) ?? true) && !wouldIgnorePhone(factor, operation, phone))
  // For an enrolment, ignore which factors the user already has: an enrolment adds a factor.
  if (available === undefined || operation === 'enroll') return possible
  return available.flatMap((name) => possible.find((factor) => factor.name === name) ?? [])
}

/** True for the widget if the app gives the phone number to enrol. The widget is then not offered, because the user could enter another number in it. */
function wouldIgnorePhone(factor: Factor, operation: Operation, phone: string | undefined): boolean {
  return operation === 'enroll' && phone !== undefined && promptOf(factor, operation) === 'widget'
}

/**
 * The factor of a start: the factor in the request, else the route's option `factor`, else the first one that the user may choose.
 * @throws Refusal `unknown_factor`; `not_enrolled` if the user has no factor that the route accepts; TypeError if the strategy does not have the route's
 * `factor`, or has none of the route's `factors`
 * @internal
 */
export function factorFor(settings: Pick<Settings, 'factors'>, limits: ChoiceLimits, requested: string | null | undefined, ofRoute?: FactorName): Factor {
  const offered = offeredFactors(settings, limits)
  const name = requested === undefined ? ofRoute : requested
  const factor = offered.find((one) => name === undefined || one.name === name)
  if (factor !== undefined) return factor
  const { available: _users, ...others } = limits
  const possible = offeredFactors(settings, others)
  if (requested === undefined && ofRoute !== undefined && !possible.some((one) => one.name === ofRoute)) {
    throw new TypeError(`NevisStrategy: factor "${ofRoute}" of this route is not among the strategy's factors`)
  }
  if (limits.factors !== undefined && possible.length === 0) throw new TypeError('NevisStrategy: the strategy has none of the factors of this route')
  // The user cannot choose the factor that the route's option `factor` names. So use the first factor that the user can choose.
  if (requested === undefined && offered[0] !== undefined) return offered[0]
  throw new Refusal(requested === undefined && possible.length > 0 ? 'not_enrolled' : 'unknown_factor')
}

/**
 * Asks the app, by its option `availableFactors`, which factors the user has.
 * @returns undefined if the app does not set this option
 * @throws TypeError if the answer is not a list of names of the strategy's factors
 * @internal
 */
export async function availableFactorsOf({ availableFactors, factors }: Settings, req: NevisRequest, subject: Subject): Promise<readonly FactorName[] | undefined> {
  if (availableFactors === undefined) return undefined
  const names: unknown = await resultOf('availableFactors', () => availableFactors(req, Object.freeze({ ...subject })))
  if (!Array.isArray(names) || !names.every((name) => factors.some((factor) => factor.name === name))) {
    throw new TypeError(`NevisStrategy: availableFactors must return a list of names out of ${factors.map(({ name }) => name).join(', ')}`)
  }
  return [...new Set(names as FactorName[])]
}
