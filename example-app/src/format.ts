/** Amounts and times as people in Switzerland write them. */
import type { Text } from './german.js'
import { html, type Html } from './html.js'
import type { Language, Translate } from './language.js'

/** @param amount with two decimals, such as `1250.00`; gives `CHF 1'250.00`, with a no-break space */
export function francs(amount: string): string {
  return `CHF\u00a0${amount.replace(/\B(?=(\d{3})+\.)/g, "'")}`
}

const LOCALES = { en: 'en-GB', de: 'de-CH' } as const
const STYLES = { day: { dateStyle: 'long' }, moment: { dateStyle: 'long', timeStyle: 'short' } } as const

/** The time in Switzerland. In a browser with JavaScript, `public/times.js` replaces it with the time of the user's own time zone. */
export function time(at: Date, language: Language, style: keyof typeof STYLES): Html {
  const text = new Intl.DateTimeFormat(LOCALES[language], { ...STYLES[style], timeZone: 'Europe/Zurich' }).format(at)
  return html`<time datetime="${at.toISOString()}" data-style="${style}">${text}</time>`
}

/** Takes the place of `{day}` in a translated sentence, until `onDay` replaces it by HTML. */
const DAY = '\n'

/** @param text a sentence with the placeholder `{day}`, which becomes the day of `at` */
export function onDay({ t, language }: { readonly t: Translate; readonly language: Language }, text: Text, at: Date): Html {
  const [before = '', after = ''] = t(text, { day: DAY }).split(DAY)
  return html`${before}${time(at, language, 'day')}${after}`
}
