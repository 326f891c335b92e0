/** The page with the form to change the password. */
import { field } from '../form.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'
import type { SignUpParts } from './sign-up.js'

export function changePasswordPage(everyPage: EveryPage, { passwordLength: { min } }: SignUpParts): Html {
  const { t, form, csrfToken } = everyPage
  const isNew = html`type="password" autocomplete="new-password" required minlength="${min}"`
  return layout(
    t('Change password'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Change password')}</h1>
        <form method="post" action="/account/password">
          ${csrfField(csrfToken)}
          ${field(form, { name: 'oldPassword', label: t('Old password'), attributes: html`type="password" autocomplete="current-password" required` })}
          ${field(form, { name: 'password', label: t('New password'), attributes: isNew, rule: t('At least {min} characters', { min }) })}
          ${field(form, { name: 'repeated', label: t('New password, once more'), attributes: isNew })}
          <button class="button">${t('Change password')}</button>
        </form>
        <p><a href="/account">${t('Cancel')}</a></p>
      </section>`,
  )
}
