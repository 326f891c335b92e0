/** The invoices. Each open invoice has a button to pay it. */
import { francs, onDay } from '../format.js'
import { html, type Html } from '../html.js'
import type { Bill, Invoice } from '../invoices.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export function invoicesPage(everyPage: EveryPage, { invoices }: { readonly invoices: readonly Invoice[] }): Html {
  const { t } = everyPage
  return layout(
    t('Invoices'),
    everyPage,
    html`<section class="card wide">
        <h1>${t('Invoices')}</h1>
        <p>${t('Demo: no money is moved. Your phone shows the amount and the payee, and you confirm there.')}</p>
        <ul class="rows">${invoices.map((invoice) => row(invoice, everyPage))}</ul>
      </section>`,
  )
}

function row(invoice: Invoice, everyPage: EveryPage): Html {
  const { t } = everyPage
  const { id, number, payee, amount, paidAt } = invoice
  return html`
          <li>
            <div><strong>${payee}</strong><br><span class="quiet">${t('Invoice {number}', { number })}${paidAt && html`<br>${onDay(everyPage, 'Paid on {day}', paidAt)}`}</span></div>
            <div class="amount">${francs(amount)}</div>
            ${
              paidAt
                ? html`<a class="button second" href="/invoices/${id}/receipt" aria-label="${t('Paid: receipt for {payee}', { payee })}">${t('Receipt')}</a>`
                : payForm(invoice, everyPage)
            }
          </li>`
}

function payForm({ id, payee, amount }: Bill, { t, csrfToken }: EveryPage): Html {
  const name = t('Pay {amount} to {payee}', { amount: francs(amount), payee })
  return html`<form method="post" action="/invoices/${id}/pay">${csrfField(csrfToken)}<button class="button" aria-label="${name}">${t('Pay')}</button></form>`
}
