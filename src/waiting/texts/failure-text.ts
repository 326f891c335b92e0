/**
 * The sentence for a failure, in the user's language: for pages of the app that show why a sign-in failed.
 *
 * Out of scope: storing the failure until the app shows it.
 */
import { failures, failuresWithTime, isCodeWithTime, type CodeWithTime, type FailureCode } from '../../factors/failures'
import { secondsIn, timeUntil } from '../../factors/time-until'
import { availableLanguages, languages, preferred, type Locales } from './languages'
import type { Texts } from './texts'

/**
 * Returns the sentence for a failure in the user's language. With `failureMessage: true`, Passport stores the English sentence in `req.session.messages`;
 * this function accepts this English sentence, or the failure's code.
 * @param failure a failure code, or the English sentence of a failure; any other text comes back unchanged
 * @param language a language tag, or the value of the header `Accept-Language`; default English
 * @param locales your own texts, as for `waitingPage`
 * @returns the sentence, in English if there is no text in that language
 */
export function failureText(failure: string, language?: string, locales?: Locales): string {
  const { code, seconds } = Object.hasOwn(failures, failure) ? { code: failure as FailureCode } : ofSentence(failure)
  if (code === undefined) return failure
  const { tag, texts } = preferred(language, availableLanguages(locales))
  const withTime = seconds !== undefined && isCodeWithTime(code) ? withTimeOf(texts, code) : undefined
  return withTime === undefined ? texts.failure[code] : withTime.replace('{when}', timeUntil(seconds as number, tag))
}

/** Finds the failure of an English sentence, and the seconds after which the user can try again, if the sentence says them. */
function ofSentence(sentence: string): { readonly code?: FailureCode; readonly seconds?: number | undefined } {
  const codes = Object.keys(failures) as FailureCode[]
  const code = codes.find((one) => failures[one].message === sentence)
  if (code !== undefined) return { code }
  for (const one of codes.filter(isCodeWithTime)) {
    const [before = '', after = ''] = failuresWithTime[one].split('{when}')
    const seconds = sentence.startsWith(before) && sentence.endsWith(after) ? secondsIn(sentence.slice(before.length, sentence.length - after.length)) : undefined
    if (seconds !== undefined) return { code: one, seconds }
  }
  return {}
}

/** @returns the text with the time; undefined if the app has replaced only the text without the time. The app's text is then shown, and not a built-in one */
function withTimeOf({ failure, failureWithTime }: Texts, code: CodeWithTime): string | undefined {
  const own = Object.values(languages).find((one) => one.failureWithTime[code] === failureWithTime[code])
  return own === undefined || own.failure[code] === failure[code] ? failureWithTime[code] : undefined
}
