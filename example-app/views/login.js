/** The form for username and password. */
import { html } from '../html.js'
import { csrfField, layout } from './layout.js'

/** @param factors names of the second factors to choose from, by value; none without a second factor */
export function loginPage(everyPage, { factors }) {
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

export function factorChoice(factors) {
  return html`<label for="factor">Confirm with</label>
          <select id="factor" name="factor">${Object.entries(factors).map(([value, name]) => html`<option value="${value}">${name}</option>`)}</select>`
}
