/** The account page: shows who is signed in, and with which second factor. */
import type { SecondFactorRecord } from 'passport-nevis'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { layout } from './layout.js'

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })

export interface AccountParts {
  readonly user: Express.User
  /** The second factor record of this session; undefined if the user has not completed a second factor. */
  readonly secondFactor?: SecondFactorRecord | undefined
  /** The second factors by name, with the words that users see; undefined in an app without a second factor. */
  readonly factors?: Readonly<Record<string, string>>
}

export function accountPage(everyPage: EveryPage, { user, secondFactor, factors = {} }: AccountParts): Html {
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
        ${Object.keys(factors).length > 0 && html`<p><a href="/account/devices">Your devices</a></p>`}
      </section>`,
  )
}

function secondFactorPart({ factor, at }: SecondFactorRecord, factors: Readonly<Record<string, string>>): Html {
  return html`<dt>Second factor</dt><dd data-factor="${factor}">${factors[factor] ?? factor}</dd>
          <dt>Confirmed on</dt><dd><time datetime="${new Date(at).toISOString()}">${time.format(at)} UTC</time></dd>`
}
