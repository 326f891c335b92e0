/** The form for a transfer. */
import { field } from '../form.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export function transferPage(everyPage: EveryPage, { recipient }: { readonly recipient: string }): Html {
  const { t, form, csrfToken } = everyPage
  return layout(
    t('Transfer'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Transfer money')}</h1>
        <p>${t('Demo: no money is moved.')}</p>
        <form method="post" action="/transfer">
          ${csrfField(csrfToken)}
          ${field(form, { name: 'recipient', label: t('To'), value: recipient, attributes: html`maxlength="60" autocomplete="off" required` })}
          ${field(form, {
            name: 'amount',
            label: t('Amount in CHF'),
            attributes: html`inputmode="decimal" maxlength="12" autocomplete="off" placeholder="1'250.00" required`,
          })}
          <button class="button">${t('Transfer')}</button>
        </form>
      </section>`,
  )
}
