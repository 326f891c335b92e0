/** The page "Devices and security": lists the user's devices, and apart from them the other second factors, with a form for each action. */
import type { Authenticator } from 'passport-nevis'
import { field } from '../form.js'
import { onDay } from '../format.js'
import type { Text } from '../german.js'
import { html, type Html, type Value } from '../html.js'
import type { EveryPage } from '../pages.js'
import type { Added } from '../users.js'
import { csrfField, layout } from './layout.js'

/** Why the only device cannot be removed: for a user without SMS and recovery codes, and for a user who has one of them. */
const ONLY_WAY_IN = 'You cannot remove your only device, because you could lock yourself out. Set up another device first.'
const STRONGEST_WAY_IN = 'You cannot remove your only device, because your account would be less well protected. Set up another device first.'

export interface DevicesParts {
  /** The user's devices, from Nevis. */
  readonly devices: readonly Authenticator[]
  /** The factors that Nevis does not list. */
  readonly added: Added
}

export function devicesPage(everyPage: EveryPage, { devices, added: { smsSince, smsPhone, codesSince, hasUnsavedCodes, typesCode } }: DevicesParts): Html {
  const { t, form } = everyPage
  const hasCodes = codesSince !== null && !hasUnsavedCodes
  const isOnlyWayIn = !smsSince && !hasCodes
  const adding = (factor: string, fields: Html) =>
    posting(everyPage, 'add', html`<input type="hidden" name="factor" value="${factor}">
          ${fields}`)
  return layout(
    t('Devices and security'),
    everyPage,
    html`<h1 class="medium">${t('Devices and security')}</h1>
      <section class="card medium">
        <h2>${t('Devices')}</h2>
        <p>${t(summaryOf(devices))}</p>
        <ul class="devices">${devices.map((device, i) => devicePart(everyPage, device, t('Device {n}', { n: i + 1 }), devices.length === 1))}</ul>
        ${
          devices.length === 1 &&
          html`<p class="quiet">${t(isOnlyWayIn ? ONLY_WAY_IN : STRONGEST_WAY_IN)}</p>
        ${isOnlyWayIn && html`<p><strong>${t('Set up SMS or recovery codes now. Otherwise you cannot get into your account without your phone.')}</strong></p>`}`
        }
        ${adding('app', html`<button class="button second">${devices.length === 0 ? t('Set up a device') : t('Set up another device')}</button>`)}
      </section>
      ${devices.length > 0 && typedCodePart(everyPage, typesCode)}
      <section class="card medium">
        <h2>${t('Code by SMS')}</h2>
        ${smsSince && smsPhone !== null && numberPart(everyPage, smsPhone)}
        <p>${smsSince ? onDay(everyPage, 'Set up on {day}. A new number replaces it.', smsSince) : t('Not set up yet.')}</p>
        ${adding(
          'sms',
          html`${field(form, {
            name: 'phone',
            label: smsSince ? t('New mobile number') : t('Mobile number'),
            rule: t('With country code, such as +41\u00a079\u00a0123\u00a045\u00a067'),
            attributes: html`type="tel" autocomplete="tel" maxlength="30" required`,
          })}
          <button class="button second">${smsSince ? t('Replace the number') : t('Add this number')}</button>`,
        )}
      </section>
      <section class="card medium">
        <h2>${t('Recovery codes')}</h2>
        <p>${t('With a recovery code, you sign in without your phone. Each code works once.')} ${
          hasCodes
            ? onDay(everyPage, 'Created on {day}. New codes may end the old ones at once, even if you cancel. Destroy the old ones as soon as you have saved the new ones.', codesSince)
            : !hasUnsavedCodes && t('You have none yet.')
        }</p>
        ${hasUnsavedCodes && html`<p class="error">${t('You have not confirmed that you have saved your newest codes. They and all earlier ones may not work. Create new ones.')}</p>`}
        ${adding('recovery', html`<button class="button second">${codesSince || hasUnsavedCodes ? t('Create new recovery codes') : t('Create recovery codes')}</button>`)}
      </section>
      <section class="card medium">
        <h2>${t('Remembered browsers')}</h2>
        <p>${t('In a remembered browser, your password alone is enough to sign in.')}</p>
        ${posting(everyPage, 'forget-browsers', html`<button class="button second">${t('Forget all browsers')}</button>`)}
      </section>
      ${devices.length > 0 && lostPart(everyPage, [devices.length > 1 && 'with another device', smsSince && 'by SMS', hasCodes && 'with a recovery code'])}`,
  )
}

function summaryOf({ length }: DevicesParts['devices']): Text {
  if (length === 0) return 'You have not set up a device yet.'
  return length === 1 ? 'You confirm with the Access App on the following device.' : 'You confirm with the Access App on these devices.'
}

function typedCodePart(everyPage: EveryPage, isOn: boolean): Html {
  const { t } = everyPage
  return html`<section class="card medium">
        <h2>${t('Code with each request')}</h2>
        <p>${t(
          isOn
            ? 'Your phone shows a code with each request, and you type it into the page.'
            : 'Turn this on, and your phone shows a code with each request, which you type into the page. If you accept a stranger’s request by mistake, the stranger still does not get in.',
        )}</p>
        ${posting(everyPage, 'typed-code', html`<input type="hidden" name="isOn" value="${isOn ? '0' : '1'}"><button class="button second">${t(isOn ? 'Turn the code off' : 'Turn the code on')}</button>`)}
      </section>`
}

/** The masked phone number. A screen reader reads only its last digits, without the dots. */
function numberPart({ t }: EveryPage, masked: string): Html {
  return html`<p>${t('Your number:')} <bdi class="number" dir="ltr" aria-hidden="true">${masked}</bdi><span class="hidden">${t('ending in {digits}', { digits: masked.replace(/\D/g, '') })}</span></p>`
}

/** @param ways how the user can sign in without the lost device; null and false for a way that the user does not have */
function lostPart({ t, language }: EveryPage, ways: readonly (Text | false | null)[]): Html {
  const own = ways.filter((way) => way !== false && way !== null).map((way) => t(way))
  const list = new Intl.ListFormat(language, { type: 'disjunction' }).format(own)
  return html`<section class="medium">
        <h2>${t('Lost a device?')}</h2>
        ${
          own.length > 0
            ? html`<p>${t('Sign in {ways}. Set up your new device here, then remove the lost one.', { ways: list })}</p>`
            : html`<p>${t('You have no other way to sign in. Contact support.')}</p>`
        }
      </section>`
}

function devicePart(everyPage: EveryPage, { authenticatorId, name, enrolledAt }: Authenticator, placeholder: string, isLast: boolean): Html {
  const { t, form } = everyPage
  const called = name || placeholder
  const own = form.typed['authenticatorId'] === authenticatorId ? form : { typed: {}, errors: {} }
  const hidden = html`<input type="hidden" name="authenticatorId" value="${authenticatorId}">`
  return html`
          <li>
            <h3>${called}</h3>
            ${enrolledAt !== undefined && !Number.isNaN(Date.parse(enrolledAt)) && html`<p class="quiet">${onDay(everyPage, 'Set up on {day}', new Date(enrolledAt))}</p>`}
            <details ${(own.errors['name'] ?? own.typed['name']) !== undefined && 'open'}><summary>${t('Rename')}<span class="hidden"> ${called}</span></summary>
            ${posting(everyPage, 'rename', html`${hidden}
              ${field(own, { name: 'name', id: `name-${authenticatorId}`, label: t('New name'), value: called, attributes: html`maxlength="40" autocomplete="off" required` })}
              <p class="buttons pair"><button class="button second">${t('Save the name')}</button> <a class="button second" href="/account/devices">${t('Cancel')}</a></p>`)}
            </details>
            ${
              !isLast &&
              html`<details><summary class="danger">${t('Remove')}<span class="hidden"> ${called}</span></summary>
            <p>${t('Remove “{name}”? After removal, this device can no longer be used to confirm, and no browser is remembered any more.', { name: called })}</p>
            ${posting(everyPage, 'remove', html`${hidden}
              <p class="buttons pair"><button class="button danger">${t('Remove this device')}</button> <a class="button second" href="/account/devices">${t('Keep')}</a></p>`)}
            </details>`
            }
          </li>`
}

function posting({ csrfToken }: EveryPage, action: string, fields: Value): Html {
  return html`<form method="post" action="/account/devices/${action}">
          ${csrfField(csrfToken)}${fields}
        </form>`
}
