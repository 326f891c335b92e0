/** The account page: shows who is signed in, and with which second factor. */
import type { SecondFactorRecord } from 'passport-nevis'
import { time } from '../format.js'
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { layout } from './layout.js'

const FACTORS: Readonly<Record<string, Text>> = {
  push: 'Request on my phone',
  app: 'QR code or link',
  sms: 'Code by SMS',
  recovery: 'Recovery code',
  widget: 'On the page, step by step',
}

export interface AccountParts {
  readonly user: Express.User
  /** The second factor record of this session; undefined if the user has not completed a second factor. */
  readonly secondFactor?: SecondFactorRecord | undefined
  /** True if the user has signed in with a recovery code, and has not set up a phone since. */
  readonly needsNewPhone?: boolean
}

export function accountPage(everyPage: EveryPage, { user, secondFactor, needsNewPhone = false }: AccountParts): Html {
  const { t } = everyPage
  return layout(
    t('Account'),
    everyPage,
    html`<section class="card narrow">
        <h1>${t('Hello {name}', { name: user.username })}</h1>
        ${secondFactor && secondFactorPart(everyPage, secondFactor)}
        ${needsNewPhone && newDevicePart(everyPage)}
        <p class="buttons"><a class="button${needsNewPhone && ' second'}" href="/invoices">${t('Pay invoices')}</a> <a class="button second" href="/transfer">${t('Transfer money')}</a></p>
        <p><a href="/account/password">${t('Change password')}</a></p>
      </section>`,
  )
}

/** The part of the page for a user who has signed in with a recovery code, probably because the phone is lost. */
function newDevicePart({ t, devicesURL }: EveryPage): Html {
  return html`<p><strong>${t('You have signed in with a recovery code. Lost your phone? Set up a new device now.')}</strong></p>
        <p class="buttons"><a class="button" href="${devicesURL}">${t('Set up a new device')}</a></p>`
}

function secondFactorPart({ t, language }: EveryPage, { factor, at }: SecondFactorRecord): Html {
  const name = FACTORS[factor]
  return html`<dl>
          <dt>${t('Second factor last used')}</dt><dd data-factor="${factor}">${name ? t(name) : factor}</dd>
          <dt>${t('Used on')}</dt><dd>${time(new Date(at), language, 'moment')}</dd>
        </dl>`
}
