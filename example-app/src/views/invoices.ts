/** The invoices. Each open invoice has a button to pay it. */
import { html, type Html } from '../html.js'
import type { Bill, Invoice } from '../invoices.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export function invoicesPage(everyPage: EveryPage, { invoices }: { readonly invoices: readonly Invoice[] }): Html {
  return layout(
    'Invoices',
    everyPage,
    html`<section class="card wide">
        <h1>Invoices</h1>
        <p>Nothing is really paid. Your phone shows the amount and the payee, and you sign there.</p>
        <ul class="rows">${invoices.map((invoice) => row(invoice, everyPage))}</ul>
      </section>`,
  )
}

function row(invoice: Invoice, everyPage: EveryPage): Html {
  const { id, number, payee, amount, paidAt } = invoice
  return html`
          <li>
            <div><strong>${payee}</strong><br><span class="quiet">Invoice ${number}</span></div>
            <div class="amount">CHF ${amount}</div>
            ${paidAt ? html`<a href="/invoices/${id}/receipt" aria-label="Paid: receipt for ${payee}">Paid: receipt</a>` : payForm(invoice, everyPage)}
          </li>`
}

function payForm({ id, payee, amount }: Bill, { csrfToken }: EveryPage): Html {
  return html`<form method="post" action="/invoices/${id}/pay">${csrfField(csrfToken)}<button class="button" aria-label="Pay CHF ${amount} to ${payee}">Pay</button></form>`
}
