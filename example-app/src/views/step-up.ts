/** The page that asks a signed-in user for another confirmation. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'
import { factorChoice } from './login.js'

export function stepUpPage(everyPage: EveryPage, { factors }: { readonly factors: Readonly<Record<string, string>> }): Html {
  return layout(
    'Confirm it is you',
    everyPage,
    html`<section class="card narrow">
        <h1>Confirm it is you</h1>
        <p>For your security, please confirm that it is you.</p>
        <form method="post" action="/step-up">
          ${csrfField(everyPage.csrfToken)}
          ${factorChoice(factors)}
          <button class="button">Confirm with second factor</button>
        </form>
        <p><a href="/account">Not now</a></p>
      </section>`,
  )
}
