/**
 * The list of the user's phones, in which the user chooses another phone.
 *
 * Out of scope: fetching the list (`authenticators.ts`).
 */
import { withQuery } from '../host/url'
import type { OfferedAuthenticator } from './authenticators'
import type { PageParts } from './document'
import { hidden, wayForm } from './forms'
import { html, type Html } from './html'
import type { Language } from './texts/languages'
import type { WaitingView } from './view'
import { dateIn, textFor } from './wording'

interface Entry {
  readonly name: string
  readonly lines: readonly string[]
}

const SYSTEMS = { ios: 'iOS', android: 'Android' } as const

/**
 * Shows the list of the user's phones, or a sentence if there is only one phone or the list could not be fetched. The phone that got the request has no button:
 * "Send again" asks that phone again.
 */
export function phonesPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const phones = view.authenticators ?? []
  const entries = entriesOf(phones, parts.language)
  const choice = phones.map(({ id, isAsked }, i) => {
    const { name, lines } = entries[i] as Entry
    const words = html`<bdi>${name}</bdi>${lines.length > 0 && html` <small>${lines.join(' · ')}</small>`}`
    if (isAsked) return html`<p class="nevis-asked">${words} <small>${textFor(texts.askedPhone, view.factor)}</small></p>`
    return wayForm(view, parts, 'factor', view.factor, html`${hidden('authenticatorId', id)}<button>${words}</button>`)
  })
  const again = html`<a href="${withQuery(parts.waitingURL, { transaction: view.transaction, authenticators: '1' })}#nevis-phones">${texts.tryAgain}</a>`
  const reason = view.authenticators ? html`<p>${texts.onlyPhone}</p>` : html`<p>${texts.phonesUnavailable}</p>${again}`
  return html`
      <section class="nevis-ways" id="nevis-phones" aria-labelledby="nevis-which">
        <h2 id="nevis-which">${texts.whichPhone}</h2>${choice.length > 1 ? choice : reason}
      </section>`
}

/**
 * The name of each phone; for a phone without a name, its position in the list. If several phones have the same name, their entries also show what tells them
 * apart, such as the date.
 */
export function phoneNames(phones: readonly OfferedAuthenticator[], language: Language): string[] {
  const entries = entriesOf(phones, language)
  return entries.map(({ name, lines }) => (lines.length === 0 || entries.filter((one) => one.name === name).length === 1 ? name : `${name} (${lines.join(', ')})`))
}

/** Two phones may have the same name, system and date. Their entries then also show the time, or their position in the list. */
function entriesOf(phones: readonly OfferedAuthenticator[], language: Language): Entry[] {
  const numbered = (i: number) => language.texts.phone.replace('{n}', String(i + 1))
  const entries = phones.map((phone, i) => entryOf(phone, numbered(i), language, false))
  const precise = phones.map((phone, i) => (isUnique(entries, i) ? (entries[i] as Entry) : entryOf(phone, numbered(i), language, true)))
  return precise.map((entry, i) => (isUnique(precise, i) ? entry : { ...entry, lines: [numbered(i), ...entry.lines] }))
}

function entryOf({ name, type, enrolledAt }: OfferedAuthenticator, position: string, language: Language, withTime: boolean): Entry {
  const registered = enrolledAt === undefined ? [] : [withArticle(language.texts.registered.replace('{date}', withUnbrokenDate(dateIn(language, new Date(enrolledAt), withTime))))]
  return { name: name || position, lines: [...(type === undefined ? [] : [SYSTEMS[type]]), ...registered] }
}

/** Before the days 8 and 11, Italian shortens its article: `l’8 marzo`. */
function withArticle(text: string): string {
  return text.replace(/\bil (?=(?:8|11)\u00a0)/, 'l’')
}

/** Keeps the day and the month of a date on one line. */
function withUnbrokenDate(date: string): string {
  return date.replace(/(?<=(?:^|\D)\d{1,2}\.?) (?=\p{L})|(?<=\p{L}) (?=\d{1,2}(?!\d))/gu, '\u00a0')
}

function isUnique(entries: readonly Entry[], i: number): boolean {
  const key = JSON.stringify(entries[i])
  return entries.every((entry, j) => i === j || JSON.stringify(entry) !== key)
}
