/** The home page. In the demo it also shows what to try, the phones and the accounts. */
import type { Demo, DemoAccount } from '../demo.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { TOUR } from '../tour.js'
import { layout } from './layout.js'

export function homePage(everyPage: EveryPage, { demo }: { readonly demo: Demo | undefined }): Html {
  const { user, t } = everyPage
  return layout(
    t('Welcome'),
    everyPage,
    html`<section class="hero">
        <h1>${t('Your bank, behind two locks')}</h1>
        <p class="lead">${t('Sign in with your password, then confirm it with your second factor.')}</p>
        ${
          user
            ? html`<p class="buttons"><a class="button" href="/account">${t('To your account')}</a></p>`
            : html`<p class="buttons"><a class="button" href="/login">${t('Sign in')}</a> <a class="button second" href="/sign-up">${t('Sign up')}</a></p>`
        }
      </section>
      ${demo && demoPart(everyPage, demo)}`,
  )
}

function demoPart({ t }: EveryPage, { phonesURL, accounts }: Demo): Html {
  return html`<section class="demo" aria-labelledby="demo">
        <h2 id="demo"><span class="tag">${t('Demo')}</span> ${t('Try it without a phone')}</h2>
        <p>${t('The Nevis cloud and the phones are simulated on this computer. No data is sent to the internet, and you need no Nevis account.')}</p>
        <p class="buttons"><a class="button second" href="${phonesURL}" target="_blank" rel="noopener">${t('Open the phones')}</a></p>
        <h3>${t('A tour')}</h3>
        <ol class="tour">
          ${TOUR.map((step) => html`<li>${t(step)}</li>`)}
        </ol>
        <h3>${t('Accounts')}</h3>
        <p>${t('Each start of the demo makes new passwords.')}</p>
        <ul class="cards">${accounts.map((account) => accountCard(account, t))}</ul>
      </section>`
}

function accountCard({ username, password, has, recoveryCodes }: DemoAccount, t: EveryPage['t']): Html {
  return html`
          <li class="card">
            <h4>${username}</h4>
            <dl>
              <dt>${t('Username')}</dt><dd><code>${username}</code></dd>
              <dt>${t('Password')}</dt><dd><code>${password}</code></dd>
              <dt>${t('Has')}</dt><dd>${t(has)}</dd>
              ${recoveryCodes.length > 0 && html`<dt>${t('Recovery codes (each works once)')}</dt>${recoveryCodes.map((code) => html`<dd><code>${code}</code></dd>`)}`}
            </dl>
          </li>`
}
