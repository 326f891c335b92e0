/** The page that asks a signed-in user for another confirmation. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export function stepUpPage(everyPage: EveryPage): Html {
  const { t, csrfToken } = everyPage
  return layout(
    t('Confirm it is you'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Confirm it is you')}</h1>
        <p>${t('For your security, please confirm that it is you.')}</p>
        <form method="post" action="/step-up">
          ${csrfField(csrfToken)}
          <button class="button">${t('Confirm with second factor')}</button>
        </form>
        <p><a href="/account">${t('Not now')}</a></p>
      </section>`,
  )
}
