/** The receipt of a payment: the amount, the payee, and the id of the approval. */
import { html, type Html } from '../html.js'
import type { Invoice } from '../invoices.js'
import type { EveryPage } from '../pages.js'
import { layout } from './layout.js'

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })

export function receiptPage(everyPage: EveryPage, { invoice }: { readonly invoice: Invoice }): Html {
  const { number, payee, amount, paidAt, transactionId } = invoice
  return layout(
    'Receipt',
    everyPage,
    html`<section class="card narrow">
        <h1>Paid</h1>
        <dl>
          <dt>Amount</dt><dd class="amount">CHF ${amount}</dd>
          <dt>To</dt><dd>${payee}</dd>
          <dt>Invoice</dt><dd>${number}</dd>
          ${paidAt && html`<dt>Paid on</dt><dd><time datetime="${paidAt.toISOString()}">${time.format(paidAt)} UTC</time></dd>`}
          ${transactionId && html`<dt>Approval reference</dt><dd><code>${transactionId}</code></dd>`}
        </dl>
        <p><a class="button" href="/invoices">All invoices</a></p>
      </section>`,
  )
}
