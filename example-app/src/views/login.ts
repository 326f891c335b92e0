/** The form for username and password. */
import { field } from '../form.js'
import { html, type Html } from '../html.js'
import { withDenyHint, type EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

export function loginPage(everyPage: EveryPage): Html {
  const { t, form, csrfToken, helpURL } = everyPage
  const error = form.errors['credentials']
  const isFirst = form.typed['username'] === undefined
  const isRegistered = !isFirst && error === undefined // the sign-up form has sent the user here
  const sharedErrorId = error === undefined ? undefined : 'sign-in-error'
  return layout(
    t('Sign in'),
    withDenyHint(everyPage),
    html`<section class="card narrow">
        <h1>${t('Sign in')}</h1>
        <form method="post" action="/login">
          ${csrfField(csrfToken)}
          ${error !== undefined && html`<p class="error" id="sign-in-error">${error}</p>`}
          ${field(form, {
            name: 'username',
            label: t('Username'),
            attributes: html`autocomplete="username" autocapitalize="none" spellcheck="false" required ${isFirst && 'autofocus'}`,
            sharedErrorId,
          })}
          ${field(form, {
            name: 'password',
            label: t('Password'),
            attributes: html`type="password" autocomplete="current-password" required ${!isFirst && 'autofocus'}`,
            sharedErrorId,
          })}
          <button class="button">${t('Sign in')}</button>
        </form>
        ${!isRegistered && html`<p>${t('No account yet?')} <a href="/sign-up">${t('Sign up')}</a></p>`}
        ${helpURL !== undefined && html`<p><a href="${helpURL}">${t('Help with signing in')}</a></p>`}
      </section>`,
  )
}
