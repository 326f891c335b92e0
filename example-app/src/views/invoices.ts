/** The invoices. Each open invoice has a button to pay it. A user without the Access App sees a button to set up the app instead. */
import { francs, onDay } from '../format.js'
import { html, type Html } from '../html.js'
import type { Bill, Invoice } from '../invoices.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export interface InvoicesParts {
  readonly invoices: readonly Invoice[]
  /** False if the user has no device with the Access App, and so cannot approve a payment. */
  readonly canPay: boolean
  /** The open invoice whose payment the user has just denied or cancelled, or has not approved in time. */
  readonly unpaid: Invoice | undefined
}

export function invoicesPage(everyPage: EveryPage, { invoices, canPay, unpaid }: InvoicesParts): Html {
  const { t } = everyPage
  const { notices = [] } = everyPage
  const nothingPaid =
    unpaid && t('Nothing was paid: {amount} to {payee} is still open. If your phone still shows the request, deny it there.', { amount: francs(unpaid.amount), payee: unpaid.payee })
  return layout(
    t('Invoices'),
    { ...everyPage, notices: nothingPaid === undefined ? notices : [...notices, nothingPaid] },
    html`<section class="card wide">
        <h1>${t('Invoices')}</h1>
        ${canPay ? html`<p>${t('Demo: no money is moved. Your phone shows the amount and the payee, and you confirm there.')}</p>` : appNeeded(everyPage)}
        <ul class="rows">${invoices.map((invoice) => row(invoice, everyPage, canPay))}</ul>
      </section>`,
  )
}

function appNeeded({ t, devicesURL }: EveryPage): Html {
  return html`<p>${t('Demo: no money is moved.')}</p>
        <p><strong>${t('To pay, you need the Access App: your phone then shows the amount and the payee, and you confirm there. Set the app up under “Devices and security”.')}</strong></p>
        <p class="buttons"><a class="button" href="${devicesURL}">${t('Set up the Access App')}</a></p>`
}

function row(invoice: Invoice, everyPage: EveryPage, canPay: boolean): Html {
  const { t } = everyPage
  const { id, number, payee, amount, paidAt } = invoice
  return html`
          <li>
            <div><strong>${payee}</strong><br><span class="quiet">${t('Invoice {number}', { number })}${paidAt && html`<br>${onDay(everyPage, 'Paid on {day}', paidAt)}`}</span></div>
            <div class="amount">${francs(amount)}</div>
            ${
              paidAt
                ? html`<a class="button second" href="/invoices/${id}/receipt" aria-label="${t('Paid: receipt for {payee}', { payee })}">${t('Receipt')}</a>`
                : canPay && payForm(invoice, everyPage)
            }
          </li>`
}

function payForm({ id, payee, amount }: Bill, { t, csrfToken }: EveryPage): Html {
  const name = t('Pay {amount} to {payee}', { amount: francs(amount), payee })
  return html`<form method="post" action="/invoices/${id}/pay">${csrfField(csrfToken)}<button class="button" aria-label="${name}">${t('Pay')}</button></form>`
}
