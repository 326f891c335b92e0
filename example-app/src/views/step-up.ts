/** The page that asks a signed-in user for another confirmation. The page says what the confirmation is for. */
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

const REASONS: ReadonlyMap<unknown, Text> = new Map([
  ['devices', 'So that nobody else can change your devices and security, a new confirmation on your phone is needed. After that, you continue there.'],
  ['password', 'So that nobody else can change your password, a new confirmation on your phone is needed. After that, you continue there.'],
  ['transfer', 'So that nobody else can transfer your money, a new confirmation on your phone is needed. After that, you continue with the transfer.'],
])

/** @param purpose a key of `REASONS`, such as `transfer`; for any other value, the page says only that the confirmation is for the user's security */
export function stepUpPage(everyPage: EveryPage, { purpose }: { readonly purpose: unknown }): Html {
  const { t, csrfToken } = everyPage
  return layout(
    t('Confirm it is you'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Confirm it is you')}</h1>
        <p>${t(REASONS.get(purpose) ?? 'For your security, a new confirmation on your phone is needed. After that, you continue.')}</p>
        <form method="post" action="/step-up">
          ${csrfField(csrfToken)}
          <button class="button">${t('Confirm with second factor')}</button>
        </form>
        <p><a href="/account">${t('Not now')}</a></p>
      </section>`,
  )
}
