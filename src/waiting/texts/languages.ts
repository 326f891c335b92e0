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

/** Your own texts, by language tag. They replace ours one by one, or add a language; texts that you leave out stay ours, or English. */
export type Locales = Readonly<Record<string, { readonly [Key in keyof Texts]?: Texts[Key] extends string ? Texts[Key] : Partial<Texts[Key]> }>>

/** The languages that come with the package, by tag. */
export const languages: Readonly<Record<string, Texts>> = { en, de, fr, it }

export interface Language {
  readonly tag: string
  readonly texts: Texts
}

/**
 * Our languages and yours, by lower-case tag. English is the fallback if the browser accepts none of them.
 * @internal
 */
export function availableLanguages(locales: Locales = {}): ReadonlyMap<string, Language> {
  const all = new Map(Object.entries(languages).map(([tag, texts]) => [tag, { tag, texts }]))
  for (const [tag, own] of Object.entries(locales)) {
    const base = all.get(tag.toLowerCase()) ?? all.get(primary(tag))
    all.set(tag.toLowerCase(), { tag, texts: merged(base?.texts ?? en, own) })
  }
  return all
}

/**
 * The language that an `Accept-Language` header asks for (RFC 9110, 12.5.4), or English.
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
    const language = quality > 0 ? (available.get(tag) ?? available.get(primary(tag))) : undefined
    if (language !== undefined) return language
  }
  return available.get('en') as Language
}

function primary(tag: string): string {
  return (tag.split('-')[0] as string).toLowerCase()
}

function merged(texts: Texts, own: Locales[string]): Texts {
  const entries = Object.entries(texts).map(([key, text]: [string, unknown]) => {
    const override: unknown = own[key as keyof Texts]
    return [key, typeof text === 'object' ? { ...text, ...(override as object) } : (override ?? text)]
  })
  return Object.fromEntries(entries) as Texts
}
