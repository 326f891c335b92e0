/**
 * Writes in how much time a user can try again, and reads this time back from an English text.
 *
 * Out of scope: the sentences (`failures.ts`, `waiting/texts/`).
 */

const MINUTE = 60
const HOUR = 60 * MINUTE
/** A longer time is written in hours. */
const LONGEST_IN_MINUTES = 90 * MINUTE

/**
 * @param language a language tag; if Node does not know the language, the text is in English
 * @returns for example `in 3 hours` or `in 5 minutes`, rounded up
 * @internal
 */
export function timeUntil(seconds: number, language: string): string {
  const [count, unit] = seconds > LONGEST_IN_MINUTES ? ([Math.ceil(seconds / HOUR), 'hour'] as const) : ([Math.max(1, Math.ceil(seconds / MINUTE)), 'minute'] as const)
  const [tag = 'en'] = supported(language)
  return new Intl.RelativeTimeFormat(tag).format(count, unit)
}

/**
 * @param english a time that `timeUntil` has written in English
 * @returns the seconds; undefined for any other text
 * @internal
 */
export function secondsIn(english: string): number | undefined {
  const [, count, unit] = /^in (\d+) (minute|hour)s?$/.exec(english) ?? []
  return count === undefined ? undefined : Number(count) * (unit === 'hour' ? HOUR : MINUTE)
}

function supported(language: string): string[] {
  try {
    return Intl.RelativeTimeFormat.supportedLocalesOf(language)
  } catch {
    return []
  }
}
