/**
 * The languages of the waiting page, and the choice of the one that a browser prefers.
 *
 * Out of scope: the texts themselves.
 */
import { de } from './de'
import { en } from './en'
import { fr } from './fr'
import { it } from './it'
import type { Texts } from './texts'

/**
 * Your own texts, by language tag. Each entry changes a language of this package, or adds one. A text that you leave out is this package's text in
 * that language, or else the English text.
 */
export type Locales = Readonly<Record<string, { readonly [Key in keyof Texts]?: Texts[Key] extends string ? Texts[Key] : Partial<Texts[Key]> }>>

/** The languages that come with the package, by tag. */
export const languages: Readonly<Record<string, Texts>> = { en, de, fr, it }

export interface Language {
  readonly tag: string
  readonly texts: Texts
}

/**
 * The languages of this package and those of the app, by lower-case tag.
 * @param appName name of the app on the phone, in every language; default: the name in the texts
 * @internal
 */
export function availableLanguages(locales: Locales = {}, appName?: string): ReadonlyMap<string, Language> {
  const all = new Map(Object.entries(languages).map(([tag, texts]) => [tag, { tag, texts }]))
  for (const [tag, own] of Object.entries(locales)) {
    const base = all.get(tag.toLowerCase()) ?? all.get(primary(tag))
    all.set(tag.toLowerCase(), { tag, texts: merged(base?.texts ?? en, own) })
  }
  return new Map([...all].map(([key, { tag, texts }]) => [key, { tag, texts: withAppName(texts, appName ?? texts.app, appName ?? texts.theApp) }]))
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

function withAppName(texts: Texts, app: string, theApp: string): Texts {
  const fill = (text: unknown): unknown => {
    if (typeof text === 'string') return text.replaceAll('{app}', app).replaceAll('{theApp}', theApp)
    return Object.fromEntries(Object.entries(text as object).map(([key, one]) => [key, fill(one)]))
  }
  return fill({ ...texts, app, theApp }) as Texts
}
