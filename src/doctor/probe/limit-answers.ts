/**
 * Reads from the probe's records after how many requests Nevis refuses further ones, and compares this number with the defaults of this package's options.
 *
 * Out of scope: the requests (`limit-stage.ts`), and the comparison with the options of an app (`../instance-checks.ts`).
 */
import type { FactsReader } from './facts-reader'
import { areCodesBlocked } from './needs'
import type { Answered } from './question'

/** The default of `startBudget`, for 5 minutes, and of `attemptBudget`, for an hour. A test compares them with those of the strategy. */
export const DEFAULT_STARTS = 5
export const DEFAULT_ATTEMPTS = 30

/** True if the probe repeated a request until Nevis refused it; false if Nevis had not refused it when the probe stopped. */
export function isReached(facts: FactsReader, step: string): boolean {
  return /^\d/.test(facts.text(`${step}.after`))
}

/**
 * The number of requests after which Nevis refuses further ones. If only a right code shows that the user is blocked, the number of all wrong codes.
 * @returns undefined if the probe found no limit
 */
function limitOf(facts: FactsReader, step: string): number | undefined {
  const isFound = isReached(facts, step) || (step === 'limit.codes' && areCodesBlocked(facts))
  return isFound ? Number(facts.text(`${step}.after`).replace('more than ', '')) : undefined
}

/**
 * Describes after how many repetitions of a request Nevis refused it.
 * @param what the name of these requests, in the plural
 */
export function limitIn(facts: FactsReader, step: string, what: string): string {
  const limit = limitOf(facts, step)
  if (limit === undefined) return `not within ${facts.text(`${step}.after`).replace('more than ', '')} ${what}`
  const counted = limit === 1 ? `1 ${what.replace(/s$/, '')}` : `${limit} ${what}`
  return isReached(facts, step) ? `after ${counted}: HTTP ${facts.http(step)}` : `after at most ${counted}: a right code then gets HTTP ${facts.http(`${step}.right`)}`
}

/**
 * Describes a limit of Nevis, and names the option of this package that should stop earlier, if its default is higher than the limit.
 * @param unit the field of the option that contains the number
 * @param byDefault the default of this number
 * @param period the time for which the default counts
 */
export function withBudget(facts: FactsReader, step: string, what: string, option: string, unit: string, byDefault: number, period: string): Omit<Answered, 'question'> {
  const limit = limitOf(facts, step)
  return {
    answer: limitIn(facts, step, what),
    does: `\`${option}\` allows ${byDefault} ${period} by default`,
    ...(limit !== undefined && limit < byDefault && { option: `\`${option}: { ${unit}: ${Math.max(1, limit)}, … }\`` }),
  }
}
