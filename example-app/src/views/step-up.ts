/** The page that asks a signed-in user for another confirmation. The page says what the confirmation is for. */
import type { Purpose } from '../confirm-first.js'
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import { withDenyHint, type EveryPage } from '../pages.js'
import { csrfField, layout } from './layout.js'

const REASONS: Readonly<Record<Purpose, Text>> = {
  devices: 'So that nobody else can change your devices and security settings, please confirm that it is you. After that, you continue with “Devices and security”.',
  password: 'So that nobody else can change your password, please confirm that it is you. After that, you can change it.',
  transfer: 'So that nobody else can transfer your money, please confirm that it is you. After that, you continue with the transfer.',
}

/** What a user who has lost the phone can do: `AGAIN` after a sign-in with a recovery code, `INSTEAD` after a sign-in in a remembered browser. */
const AGAIN = 'Sign out, and sign in with another recovery code. Within five minutes, set up your new device under “Devices and security”.'
const INSTEAD = 'Sign out, and sign in with a recovery code. Within five minutes, set up your new device under “Devices and security”.'

/** The URL of the page that says what the confirmation is for. */
export function stepUpURL(purpose: Purpose | undefined): string {
  return purpose === undefined ? '/step-up' : `/step-up?for=${purpose}`
}

export type RecoveryCode = 'fresh' | 'old' | 'unused' | 'none'

export interface StepUpParts {
  /** What the confirmation is for. If undefined, the page says only that the confirmation is for the user's security. */
  readonly purpose: Purpose | undefined
  /** Says what has not been done yet, such as "Nothing has been transferred yet." Undefined if the user has sent no form before this confirmation. */
  readonly notDone: Text | undefined
  /**
   * How a user without a phone can go on. `fresh`: the user signed in with a recovery code, which still opens "Devices and security". `old`: the same, but the
   * code no longer opens it. `unused`: the user signed in with the password alone, in a remembered browser, and has recovery codes. `none`: the same, but the user
   * has neither recovery codes nor SMS. Undefined for all other users.
   */
  readonly recoveryCode: RecoveryCode | undefined
}

export function stepUpPage(everyPage: EveryPage, { purpose, notDone, recoveryCode }: StepUpParts): Html {
  const { t, csrfToken } = everyPage
  return layout(
    t('Confirm it is you'),
    withDenyHint(everyPage),
    html`<section class="card narrow">
        <h1>${t('Confirm it is you')}</h1>
        ${notDone !== undefined && html`<p><strong>${t(notDone)}</strong></p>`}
        <p>${t((purpose && REASONS[purpose]) ?? 'For your security, please confirm that it is you. After that, you continue.')}</p>
        <form method="post" action="${stepUpURL(purpose)}">
          ${csrfField(csrfToken)}
          <button class="button">${t('Confirm with second factor')}</button>
        </form>
        <p><a href="/account">${t('Not now')}</a></p>
      </section>
      ${recoveryCode !== undefined && lostPhone(everyPage, recoveryCode)}`,
  )
}

/** What a user without the phone can do. A recovery code is too weak for this confirmation, but soon after the sign-in it is enough to set up a new device. */
function lostPhone({ t, csrfToken, devicesURL }: EveryPage, recoveryCode: RecoveryCode): Html {
  return html`<section class="card narrow">
        <h2>${t('Lost your phone?')}</h2>
        ${
          recoveryCode === 'none'
            ? html`<p>${t('You have no recovery codes. Contact support.')}</p>`
            : recoveryCode === 'fresh'
            ? html`<p>${t('You have signed in with a recovery code. Set up a new device first, then confirm with it.')}</p>
        <p class="buttons"><a class="button second" href="${devicesURL}">${t('Set up a new device')}</a></p>`
            : html`<p>${t(recoveryCode === 'old' ? AGAIN : INSTEAD)}</p>
        <form method="post" action="/logout">${csrfField(csrfToken)}<button class="button second">${t('Sign out')}</button></form>
        <p class="quiet">${t('If you have no recovery code left, contact support.')}</p>`
        }
      </section>`
}
