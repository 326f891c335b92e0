/**
 * The languages of the waiting page, and the choice of the one that a browser prefers.
 *
 * Out of scope: the texts themselves.
 */
import { de } from './de'
import { en } from './en'
import { marked } from './fallback'
import { fr } from './fr'
import { it } from './it'
import type { Texts } from './texts'

/**
 * Your own texts, by language tag. Each entry changes a language of this package, or adds one. For a text that you leave out, the page shows this package's
 * text in that language or, if there is none, the English text.
 */
export type Locales = Readonly<Record<string, { readonly [Key in keyof Texts]?: Texts[Key] extends string ? Texts[Key] : Partial<Texts[Key]> }>>

/** The languages that come with the package, by tag. */
export const languages: Readonly<Record<string, Texts>> = { en, de, fr, it }

export interface Language {
  readonly tag: string
  readonly texts: Texts
  /** For pages: as `texts`, but an English text that stands in for a missing one is marked as English (`fallback.ts`). */
  readonly markedTexts: Texts
}

/**
 * The languages of this package and those of the app, by lower-case tag.
 * @param appName name of the app on the phone, in every language; default: the name in the texts
 * @internal
 */
export function availableLanguages(locales: Locales = {}, appName?: string): ReadonlyMap<string, Language> {
  const all = new Map(Object.entries(languages).map(([tag, texts]): [string, Language] => [tag, { tag, texts, markedTexts: texts }]))
  for (const [tag, own] of Object.entries(locales)) {
    const base = all.get(tag.toLowerCase()) ?? all.get(primary(tag))
    const { texts, markedTexts } = base ?? { texts: en, markedTexts: allMarked(en) }
    all.set(tag.toLowerCase(), { tag, texts: merged(texts, own), markedTexts: merged(markedTexts, own) })
  }
  const named = (texts: Texts) => withAppName(texts, appName ?? texts.app, appName ?? texts.theApp)
  return new Map([...all].map(([key, { tag, texts, markedTexts }]) => [key, { tag, texts: named(texts), markedTexts: named(markedTexts) }]))
}

/**
 * Finds the language with this tag, or with its first part: `de` for `de-CH`.
 * @internal
 */
export function languageOf(tag: unknown, available: ReadonlyMap<string, Language>): Language | undefined {
  return typeof tag === 'string' ? (available.get(tag.toLowerCase()) ?? available.get(primary(tag))) : undefined
}

/**
 * The language for an `Accept-Language` header (RFC 9110, 12.5.4); English if none of its languages is available.
 * @internal
 */
export function preferred(header: string | undefined, available: ReadonlyMap<string, Language>): Language {
  const preferences = (header ?? '').slice(0, 1000).split(',').map((preference) => {
    const [tag = '', ...parameters] = preference.trim().toLowerCase().split(/\s*;\s*/)
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1'
    return { tag, quality: Number(quality) || 0 }
  })
  preferences.sort((a, b) => b.quality - a.quality)
  for (const { tag, quality } of preferences) {
    const language = quality > 0 ? languageOf(tag, available) : undefined
    if (language !== undefined) return language
  }
  return available.get('en') as Language
}

/**
 * The first part of a language tag, in lower case: `de` of `de-CH`.
 * @internal
 */
export function primary(tag: string): string {
  return (tag.split('-')[0] as string).toLowerCase()
}

function merged(texts: Texts, own: Locales[string]): Texts {
  const entries = Object.entries(texts).map(([key, text]: [string, unknown]) => {
    const override: unknown = own[key as keyof Texts]
    return [key, typeof text === 'object' ? { ...text, ...(override as object) } : (override ?? text)]
  })
  return Object.fromEntries(entries) as Texts
}

/** Marks every text as English (`fallback.ts`), except the names of the app, which are parts of other texts. */
function allMarked({ dir, app, theApp, ...texts }: Texts): Texts {
  return { dir, app, theApp, ...(inEach(texts, marked) as Omit<Texts, 'dir' | 'app' | 'theApp'>) }
}

/** Changes each text of a language, also the texts in groups such as `heading`. */
function inEach(texts: unknown, change: (text: string) => string): unknown {
  if (typeof texts === 'string') return change(texts)
  return Object.fromEntries(Object.entries(texts as object).map(([key, one]) => [key, inEach(one, change)]))
}

function withAppName(texts: Texts, app: string, theApp: string): Texts {
  return inEach({ ...texts, app, theApp }, (text) => text.replaceAll('{app}', app).replaceAll('{theApp}', theApp)) as Texts
}
