/** The form for a new account. */
import { field } from '../form.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export interface SignUpParts {
  readonly passwordLength: { readonly min: number }
}

export function signUpPage(everyPage: EveryPage, { passwordLength: { min } }: SignUpParts): Html {
  const { t, form, csrfToken } = everyPage
  return layout(
    t('Sign up'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Sign up')}</h1>
        <form method="post" action="/sign-up">
          ${csrfField(csrfToken)}
          ${field(form, {
            name: 'username',
            label: t('Username'),
            attributes: html`autocomplete="username" autocapitalize="none" spellcheck="false" required
            minlength="3" maxlength="50" pattern="[a-z0-9][a-z0-9_.\\-]{2,49}"`,
            rule: t('3–50 characters: lower-case letters, digits, full stop, underscore, hyphen'),
          })}
          ${field(form, {
            name: 'password',
            label: t('Password'),
            attributes: html`type="password" autocomplete="new-password" required minlength="${min}"`,
            rule: t('At least {min} characters', { min }),
          })}
          <button class="button">${t('Sign up')}</button>
        </form>
        <p>${t('You have an account?')} <a href="/login">${t('Sign in')}</a></p>
      </section>`,
  )
}
