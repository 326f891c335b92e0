/** The form for a new account. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export interface SignUpParts {
  readonly passwordLength: { readonly min: number; readonly max: number }
}

export function signUpPage(everyPage: EveryPage, { passwordLength: { min, max } }: SignUpParts): Html {
  return layout(
    'Sign up',
    everyPage,
    html`<section class="card narrow">
        <h1>Sign up</h1>
        <form method="post" action="/sign-up">
          ${csrfField(everyPage.csrfToken)}
          <label for="username">Username</label>
          <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required
            minlength="3" maxlength="50" pattern="[a-z0-9][a-z0-9_.\\-]{2,49}" aria-describedby="username-rule">
          <p class="quiet" id="username-rule">3–50 characters: lower-case letters, digits, . _ -</p>
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="new-password" required
            minlength="${min}" maxlength="${max}" aria-describedby="password-rule">
          <p class="quiet" id="password-rule">At least ${min} characters</p>
          <button class="button">Sign up</button>
        </form>
        <p>You have an account? <a href="/login">Sign in</a></p>
      </section>`,
  )
}
