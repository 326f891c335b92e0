/**
 * The sentence for a failure, in the user's language: for pages of the app that show why a sign-in failed.
 *
 * Out of scope: storing the failure until the app shows it.
 */
import { failures } from '../../factors/failures'
import { availableLanguages, preferred, type Locales } from './languages'

/**
 * Returns the sentence for a failure in the user's language. With `failureMessage: true`, Passport stores the English sentence in `req.session.messages`;
 * this function accepts this English sentence, or the failure's code.
 * @param failure a failure code, or the English sentence of a failure; any other text comes back unchanged
 * @param language a language tag, or the value of the header `Accept-Language`; default English
 * @param locales your own texts, as for `waitingPage`
 * @returns the sentence, in English if there is no text in that language
 */
export function failureText(failure: string, language?: string, locales?: Locales): string {
  const code = Object.hasOwn(failures, failure) ? failure : codeOfSentence(failure)
  if (code === undefined) return failure
  return preferred(language, availableLanguages(locales)).texts.failure[code as keyof typeof failures]
}

function codeOfSentence(sentence: string): string | undefined {
  return Object.entries(failures).find(([, { message }]) => message === sentence)?.[0]
}
