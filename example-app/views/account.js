/** The account: who is signed in, and by which second factor. */
import { html } from '../html.js'
import { layout } from './layout.js'

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })

/** @param secondFactor the record of this session; undefined where there is none */
export function accountPage(everyPage, { user, secondFactor, factors }) {
  return layout(
    'Account',
    everyPage,
    html`<section class="card narrow">
        <h1>Hello ${user.username}</h1>
        <dl>
          <dt>Signed in as</dt><dd>${user.username}</dd>
          ${secondFactor && secondFactorPart(secondFactor, factors)}
        </dl>
        <p><a class="button" href="/transfer">Transfer money</a> <a class="button second" href="/invoices">Pay invoices</a></p>
        ${factors && html`<p><a href="/account/devices">Your devices</a></p>`}
      </section>`,
  )
}

function secondFactorPart({ factor, at }, factors) {
  return html`<dt>Second factor</dt><dd data-factor="${factor}">${factors[factor] ?? factor}</dd>
          <dt>Confirmed on</dt><dd><time datetime="${new Date(at).toISOString()}">${time.format(at)} UTC</time></dd>`
}
