/**
 * How strong the factors are, so that an app can say "SMS or better" without naming them all.
 *
 * Out of scope: enforcing it. The names go into `factors` of `requireSecondFactor`, or of a route.
 */
import type { FactorName } from './names'

/** A factor of this package; one of your own has no rank: add its name to the list. */
export type RankedFactor = 'recovery' | 'sms' | 'widget' | 'push' | 'app'

/** The table at `atLeast` says why. */
const RANKS: Readonly<Record<RankedFactor, number>> = { recovery: 1, sms: 2, widget: 2, push: 3, app: 3 }

/**
 * Names of the factors that are at least as strong as this one, for `factors` of {@link requireSecondFactor} or of a route.
 *
 * | rank | factors | because |
 * |---|---|---|
 * | 1 | `recovery` | look-up secrets (NIST SP 800-63B-4, 3.1.2), written down long before and good until used; NIST means them for the loss of another authenticator (4.2.1.1) |
 * | 2 | `sms` | made for the occasion and short-lived, but "restricted" by NIST SP 800-63B-4 (3.1.3.3, 3.2.9); OWASP ASVS 5.0, V6.6, wants it replaced by push |
 * | 2 | `widget` | may use app, push or SMS, and does not say which it was: as strong as the weakest of them |
 * | 3 | `push`, `app` | a key on the person's phone, which shows what is approved |
 *
 * That `recovery` stands below `sms` is this package's judgement; no standard ranks the two. None of them resists
 * phishing in NIST's sense (3.2.5).
 * @param factor the weakest that will do
 * @returns its name, and those of all that are as strong or stronger
 * @throws TypeError for a name without a rank
 */
export function atLeast(factor: RankedFactor): readonly RankedFactor[] {
  if (!Object.hasOwn(RANKS, factor)) throw new TypeError(`atLeast: the factor must be one of ${Object.keys(RANKS).join(', ')}`)
  return (Object.keys(RANKS) as RankedFactor[]).filter((name) => RANKS[name] >= RANKS[factor])
}

/**
 * May the second factor vouch for the enrolment of the first? A factor of the app's own has no rank: it vouches for itself
 * alone, and only the strongest vouch for it.
 * @internal
 */
export function isAtLeast(given: FactorName, enrolled: FactorName): boolean {
  const strongest = Math.max(...Object.values(RANKS))
  // What is given by the widget is as strong as the weakest of its ways; what is enrolled by it may be the strongest.
  const needed = enrolled === 'widget' ? strongest : rankOf(enrolled, strongest)
  return (given === enrolled && enrolled !== 'widget') || rankOf(given, 0) >= needed
}

function rankOf(factor: FactorName, unranked: number): number {
  return Object.hasOwn(RANKS, factor) ? RANKS[factor as RankedFactor] : unranked
}

/** @internal */
export function isListOfNames(value: unknown): value is readonly FactorName[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '')
}
