/** The form for username and password. */
import { failureText } from 'passport-nevis'
import { field } from '../form.js'
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import { withDenyHint, type EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

/** Failures whose usual sentence tells the user to choose or send something that this page does not offer. Each has another sentence for this page. */
const HERE: readonly (readonly [code: string, sentence: Text])[] = [
  ...['unknown_factor', 'not_enrolled', 'user_blocked'].map((code) => [code, 'This way to confirm is not available here. Sign in again, or contact support.'] as const),
  ['expired_transaction', 'This request has expired. Sign in again.'],
]

export interface LoginParts {
  /** True if the session has ended while the user waited for the second factor. */
  readonly hasEnded: boolean
}

export function loginPage(everyPage: EveryPage, { hasEnded }: LoginParts): Html {
  const { t, form, csrfToken, helpURL } = everyPage
  const error = form.errors['credentials']
  const isFirst = form.typed['username'] === undefined
  const isRegistered = !isFirst && error === undefined // after the sign-up, or after a right password
  const sharedErrorId = error === undefined ? undefined : 'sign-in-error'
  return layout(
    t('Sign in'),
    withDenyHint(forSignIn(everyPage, hasEnded)),
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
          ${helpURL !== undefined && html`<p>${t('Lost your phone?')} <button class="plain" name="factor" value="recovery">${t('Sign in with a recovery code')}</button></p>`}
        </form>
        ${!isRegistered && html`<p>${t('No account yet?')} <a href="/sign-up">${t('Sign up')}</a></p>`}
        ${helpURL !== undefined && html`<p><a href="${helpURL}">${t('Help with signing in')}</a></p>`}
      </section>`,
  )
}

function forSignIn(everyPage: EveryPage, hasEnded: boolean): EveryPage {
  const { t, language, failures = [], notices = [] } = everyPage
  const sentenceFor = new Map(HERE.map(([code, sentence]) => [failureText(code, language), t(sentence)]))
  const ended = hasEnded && failures.length === 0 ? [t('The request has ended. Nothing was confirmed.')] : []
  return { ...everyPage, failures: failures.map((failure) => sentenceFor.get(failure) ?? failure), notices: [...notices, ...ended] }
}
