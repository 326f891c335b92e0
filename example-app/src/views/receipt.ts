/** The receipt of a payment: the amount, the payee, and the id of the approval. */
import { francs, time } from '../format.js'
import { html, type Html } from '../html.js'
import type { Invoice } from '../invoices.js'
import type { EveryPage } from '../pages.js'
import { layout } from './layout.js'

export function receiptPage(everyPage: EveryPage, { invoice }: { readonly invoice: Invoice }): Html {
  const { t, language } = everyPage
  const { number, payee, amount, paidAt, transactionId } = invoice
  return layout(
    t('Paid'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Paid')}</h1>
        <dl>
          <dt>${t('Amount')}</dt><dd class="amount">${francs(amount)}</dd>
          <dt>${t('To')}</dt><dd>${payee}</dd>
          <dt>${t('Invoice')}</dt><dd>${number}</dd>
          ${paidAt && html`<dt>${t('Paid on')}</dt><dd>${time(paidAt, language, 'moment')}</dd>`}
          ${transactionId && html`<dt>${t('Approval reference')}</dt><dd><code>${transactionId}</code></dd>`}
        </dl>
        <p class="buttons"><a class="button" href="/invoices">${t('All invoices')}</a></p>
      </section>`,
  )
}
