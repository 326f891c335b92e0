/**
 * Ranks the factors by strength, so that an app can require "SMS or stronger" without listing names.
 *
 * Out of scope: requiring a factor. Pass the names to `factors` of `requireSecondFactor` or of a route.
 */
import type { FactorName } from './names'

/** The factors that have a rank. A factor that you write yourself has no rank, so add its name to the list that `atLeast` returns. */
export type RankedFactor = 'recovery' | 'sms' | 'widget' | 'push' | 'app'

/** The rank of each factor. `atLeast` gives the reasons. */
const RANKS: Readonly<Record<RankedFactor, number>> = { recovery: 1, sms: 2, widget: 2, push: 3, app: 3 }

/**
 * Names of the factors that are at least as strong as this one, for `factors` of {@link requireSecondFactor} or of a route.
 *
 * | rank | factors | because |
 * |---|---|---|
 * | 1 | `recovery` | look-up secrets (NIST SP 800-63B-4, 3.1.2), saved long in advance and valid until used; NIST intends them for the loss of another authenticator (4.2.1.1) |
 * | 2 | `sms` | created per sign-in and short-lived, but "restricted" by NIST SP 800-63B-4 (3.1.3.3, 3.2.9); OWASP ASVS 5.0, V6.6, recommends push instead |
 * | 2 | `widget` | may use app, push or SMS without saying which: as strong as the weakest of them |
 * | 3 | `push`, `app` | a key on the user's phone, which shows what is approved |
 *
 * Ranking `recovery` below `sms` is this package's judgement; no standard ranks the two. None of the factors is
 * phishing-resistant in NIST's sense (3.2.5).
 * @param factor the weakest acceptable factor
 * @returns the names of this factor and of all that are as strong or stronger
 * @throws TypeError for a name without a rank
 */
export function atLeast(factor: RankedFactor): readonly RankedFactor[] {
  if (!Object.hasOwn(RANKS, factor)) throw new TypeError(`atLeast: the factor must be one of ${Object.keys(RANKS).join(', ')}`)
  return (Object.keys(RANKS) as RankedFactor[]).filter((name) => RANKS[name] >= RANKS[factor])
}

/**
 * True if a user who has given the factor `given` may enrol the factor `enrolled`. A factor that the app wrote itself has no rank:
 * - a user who has given such a factor may enrol only this factor;
 * - to enrol such a factor, a user must have given one of the strongest factors, or this factor.
 * @internal
 */
export function isAtLeast(given: FactorName, enrolled: FactorName): boolean {
  const strongest = Math.max(...Object.values(RANKS))
  // The widget does not say whether the user used app, push or SMS. So an approval with the widget counts as one by SMS, the weakest of the three. But an
  // enrolment with the widget may add one of the strongest factors, so the user must first give one of the strongest.
  const needed = enrolled === 'widget' ? strongest : rankOf(enrolled, strongest)
  return (given === enrolled && enrolled !== 'widget') || rankOf(given, 0) >= needed
}

function rankOf(factor: FactorName, unranked: number): number {
  return Object.hasOwn(RANKS, factor) ? RANKS[factor as RankedFactor] : unranked
}

/**
 * True for a non-empty list of factor names.
 * @internal
 */
export function isListOfNames(value: unknown): value is readonly FactorName[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '')
}
