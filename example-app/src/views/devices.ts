/** The page "Devices and security": lists the user's devices, and apart from them the other second factors, with a form for each action. */
import type { Authenticator } from 'passport-nevis'
import { field } from '../form.js'
import { time } from '../format.js'
import { html, type Html, type Value } from '../html.js'
import type { EveryPage } from '../pages.js'
import type { Added } from '../users.js'
import { csrfField, layout } from './layout.js'

export interface DevicesParts {
  /** The user's devices, from Nevis. */
  readonly devices: readonly Authenticator[]
  /** The factors that Nevis does not list. */
  readonly added: Added
}

export function devicesPage(everyPage: EveryPage, { devices, added: { smsSince, codesSince } }: DevicesParts): Html {
  const { t, language, form } = everyPage
  const adding = (factor: string, fields: Html) =>
    posting(everyPage, 'add', html`<input type="hidden" name="factor" value="${factor}">
          ${fields}`)
  return layout(
    t('Devices and security'),
    everyPage,
    html`<h1 class="medium">${t('Devices and security')}</h1>
      <section class="card medium">
        <h2>${t('Devices')}</h2>
        <p>${devices.length === 0 ? t('None with the app yet.') : t('Phones with the app, on which you confirm.')}</p>
        <ul class="devices">${devices.map((device, i) => devicePart(everyPage, device, t('Device {n}', { n: i + 1 }), devices.length === 1))}</ul>
        ${
          devices.length === 1 &&
          html`<p class="quiet">${t('Your only device cannot be removed, or you might lock yourself out. Set up the other one first, then remove this one.')}</p>`
        }
        ${adding('app', html`<button class="button second">${t('Set up another device')}</button>`)}
      </section>
      <section class="card medium">
        <h2>${t('Code by SMS')}</h2>
        <p>${smsSince ? onDay(t('Set up on {day}. A new number replaces it.', { day: DAY }), time(smsSince, language, 'day')) : t('Not set up yet.')}</p>
        ${adding(
          'sms',
          html`${field(form, {
            name: 'phone',
            label: t('Mobile number with country code'),
            attributes: html`type="tel" autocomplete="tel" placeholder="+41 79 123 45 67" maxlength="30" pattern="\\s*\\+[0-9\\s\\-]{5,25}" required`,
          })}
          <button class="button second">${smsSince ? t('Use this number') : t('Add this number')}</button>`,
        )}
      </section>
      <section class="card medium">
        <h2>${t('Recovery codes')}</h2>
        <p>${t('For when you have lost your phone.')} ${
          codesSince ? onDay(t('Made on {day}. If you make new ones, throw the old ones away.', { day: DAY }), time(codesSince, language, 'day')) : t('You have none yet.')
        }</p>
        ${adding('recovery', html`<button class="button second">${t('Make new recovery codes')}</button>`)}
      </section>
      <section class="card medium">
        <h2>${t('Remembered browsers')}</h2>
        <p>${t('A remembered browser signs in with the password alone.')}</p>
        ${posting(everyPage, 'forget-browsers', html`<button class="button second">${t('Forget all browsers')}</button>`)}
      </section>
      <section class="medium">
        <h2>${t('Lost a device?')}</h2>
        <p>${t('Sign in by SMS or with a recovery code. Set up your new device here, then remove the lost one.')}</p>
      </section>`,
  )
}

function devicePart(everyPage: EveryPage, { authenticatorId, name, enrolledAt }: Authenticator, placeholder: string, isLast: boolean): Html {
  const { t, language, form } = everyPage
  const called = name || placeholder
  const own = form.typed['authenticatorId'] === authenticatorId ? form : { typed: {}, errors: {} }
  const hidden = html`<input type="hidden" name="authenticatorId" value="${authenticatorId}">`
  return html`
          <li>
            <h3>${called}</h3>
            ${enrolledAt && html`<p class="quiet">${onDay(t('Set up on {day}', { day: DAY }), time(new Date(enrolledAt), language, 'day'))}</p>`}
            <details ${own.errors['name'] !== undefined && 'open'}><summary>${t('Rename')}<span class="hidden"> ${called}</span></summary>
            ${posting(everyPage, 'rename', html`${hidden}
              ${field(own, { name: 'name', id: `name-${authenticatorId}`, label: t('New name'), value: called, attributes: html`maxlength="40" autocomplete="off" required` })}
              <button class="button second">${t('Save the name')}</button>`)}
            </details>
            ${
              !isLast &&
              html`<details><summary>${t('Remove')}<span class="hidden"> ${called}</span></summary>
            <p>${t('After removal, this device can no longer be used to confirm.')}</p>
            ${posting(everyPage, 'remove', html`${hidden}
              <button class="button second">${t('Remove this device')}</button>`)}
            </details>`
            }
          </li>`
}

function posting({ csrfToken }: EveryPage, action: string, fields: Value): Html {
  return html`<form method="post" action="/account/devices/${action}">
          ${csrfField(csrfToken)}${fields}
        </form>`
}

/** Placeholder for the day in a translated sentence. `onDay` replaces this placeholder by HTML. */
const DAY = '\n'

function onDay(sentence: string, day: Html): Html {
  const [before = '', after = ''] = sentence.split(DAY)
  return html`${before}${day}${after}`
}
