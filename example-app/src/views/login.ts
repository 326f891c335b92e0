/** The form for username and password. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export interface LoginParts {
  /** The second factors to choose from, with the words that users see; undefined in an app without a second factor. */
  readonly factors?: Readonly<Record<string, string>>
}

export function loginPage(everyPage: EveryPage, { factors }: LoginParts): Html {
  return layout(
    'Sign in',
    everyPage,
    html`<section class="card narrow">
        <h1>Sign in</h1>
        <form method="post" action="/login">
          ${csrfField(everyPage.csrfToken)}
          <label for="username">Username</label>
          <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required>
          ${factors && factorChoice(factors)}
          <button class="button">Sign in</button>
        </form>
        <p>No account yet? <a href="/sign-up">Sign up</a></p>
      </section>`,
  )
}

/** @param factors the choices: the value of the form field, and the words that users see */
export function factorChoice(factors: Readonly<Record<string, string>>): Html {
  return html`<label for="factor">Confirm with</label>
          <select id="factor" name="factor">${Object.entries(factors).map(([value, name]) => html`<option value="${value}">${name}</option>`)}</select>`
}
