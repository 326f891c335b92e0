/** Asks somebody who is signed in to confirm once more. */
import { html } from '../html.js'
import { csrfField, layout } from './layout.js'
import { factorChoice } from './login.js'

export function stepUpPage(everyPage, { factors }) {
  return layout(
    'Confirm it is you',
    everyPage,
    html`<section class="card narrow">
        <h1>Confirm it is you</h1>
        <p>This needs a second factor that is no older than five minutes.</p>
        <form method="post" action="/step-up">
          ${csrfField(everyPage.csrfToken)}
          ${factorChoice(factors)}
          <button class="button">Confirm with second factor</button>
        </form>
        <p><a href="/account">Not now</a></p>
      </section>`,
  )
}
