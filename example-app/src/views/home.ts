/** The home page. In the demo it also shows the phones and the accounts. */
import type { Demo, DemoAccount } from '../demo.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { layout } from './layout.js'

export function homePage(everyPage: EveryPage, { demo }: { readonly demo: Demo | undefined }): Html {
  const { user } = everyPage
  return layout(
    'Welcome',
    everyPage,
    html`<section class="hero">
        <h1>Your insurance, behind two locks</h1>
        <p class="lead">Sign in with your password, then confirm it with your second factor.</p>
        ${
          user
            ? html`<p><a class="button" href="/account">To your account</a></p>`
            : html`<p class="ways"><a class="button" href="/login">Sign in</a> <a class="button second" href="/sign-up">Sign up</a></p>`
        }
      </section>
      ${demo && demoPart(demo)}`,
  )
}

function demoPart({ phonesURL, accounts }: Demo): Html {
  return html`<section class="demo" aria-labelledby="demo">
        <h2 id="demo"><span class="tag">Demo</span> Try it without a phone</h2>
        <p>No Nevis instance is configured, so the cloud and its phones are simulated. The passwords are made anew at each start.</p>
        <p><a class="button second" href="${phonesURL}" target="_blank" rel="noopener">Open the phones</a></p>
        <ul class="cards">${accounts.map(accountCard)}</ul>
      </section>`
}

function accountCard({ username, password, has, recoveryCodes }: DemoAccount): Html {
  return html`
          <li class="card">
            <h3>${username}</h3>
            <dl>
              <dt>Username</dt><dd><code>${username}</code></dd>
              <dt>Password</dt><dd><code>${password}</code></dd>
              <dt>Has</dt><dd>${has}</dd>
              ${recoveryCodes.length > 0 && html`<dt>Recovery codes (each works once)</dt>${recoveryCodes.map((code) => html`<dd><code>${code}</code></dd>`)}`}
            </dl>
          </li>`
}
