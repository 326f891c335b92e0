/** What was paid, to whom, and the approval that stands for it. */
import { html } from '../html.js'
import { layout } from './layout.js'

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })

export function receiptPage(everyPage, { invoice }) {
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
          <dt>Paid on</dt><dd><time datetime="${paidAt.toISOString()}">${time.format(paidAt)} UTC</time></dd>
          ${transactionId && html`<dt>Signed on your phone</dt><dd><code>${transactionId}</code></dd>`}
        </dl>
        <p><a class="button" href="/invoices">All invoices</a></p>
      </section>`,
  )
}
