/**
 * Picks the words for a factor and an operation, and writes dates and times.
 *
 * Out of scope: the texts themselves (`texts/`).
 */
import type { Language } from './texts/languages'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'

type Words = Readonly<Record<string, string> & { other: string }>

export function wordsFor({ operation }: WaitingView, texts: Texts): Record<'heading' | 'hint' | 'use', Words> & Record<'otherWays' | 'widgetFailed', string> {
  if (operation === 'approve') return texts
  return { heading: texts.enrollHeading, hint: texts.enrollHint, use: texts.enrollUse, otherWays: texts.enrollOtherWays, widgetFailed: texts.enrollFailed }
}

export function textFor(texts: Words, name: string | undefined): string {
  return name !== undefined && Object.hasOwn(texts, name) ? (texts[name] as string) : texts.other
}

export function secondsUntil(time: string): number {
  return Math.max(0, Math.ceil((Date.parse(time) - Date.now()) / 1000))
}

export function clock(expiresAt: string): string {
  const seconds = secondsUntil(expiresAt)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** `30 days` or `2 minutes` in the language of the page; in English if Node does not know the language. */
export function inUnits(count: number, unit: 'day' | 'minute', tag: string): string {
  try {
    return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(count).replace(' ', '\u00a0')
  } catch {
    return inUnits(count, unit, 'en')
  }
}

/** How French and Italian write the first day of a month: `1er mars`, `1º marzo`. `Intl` writes `1 mars`, `1 marzo`. */
const FIRST_DAY: Readonly<Record<string, string>> = { fr: '1er', it: '1º' }

/** A date in the language of the page; in English if Node does not know the language. English dates are `29 November 2026`. */
export function dateIn({ tag }: Pick<Language, 'tag'>, date: Date, withTime = false): string {
  const time = withTime ? ({ hour: 'numeric', minute: '2-digit', timeZoneName: 'short' } as const) : {}
  try {
    const text = new Intl.DateTimeFormat(tag === 'en' ? 'en-GB' : tag, { year: 'numeric', month: 'long', day: 'numeric', ...time }).format(date)
    return text.replace(/^1(?=\s)/, FIRST_DAY[new Intl.Locale(tag).language] ?? '1')
  } catch {
    return dateIn({ tag: 'en' }, date, withTime)
  }
}
