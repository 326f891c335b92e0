/** The form for a transfer. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export function transferPage(everyPage: EveryPage, { recipient }: { readonly recipient: string }): Html {
  return layout(
    'Transfer',
    everyPage,
    html`<section class="card narrow">
        <h1>Transfer money</h1>
        <p>Nothing is really moved.</p>
        <form method="post" action="/transfer">
          ${csrfField(everyPage.csrfToken)}
          <label for="recipient">To</label>
          <input id="recipient" name="recipient" value="${recipient}" maxlength="60" autocomplete="off" required>
          <label for="amount">Amount in CHF</label>
          <input id="amount" name="amount" inputmode="decimal" maxlength="9" autocomplete="off" placeholder="50.00" required>
          <button class="button">Transfer</button>
        </form>
      </section>`,
  )
}
