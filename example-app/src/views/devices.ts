/** The page "Your devices": lists the user's devices and other second factors, with a form for each action. */
import type { Authenticator } from 'passport-nevis'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import type { Added } from '../users.js'
import { csrfField, layout } from './layout.js'

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

export interface DevicesParts {
  /** The user's devices, from Nevis. */
  readonly devices: readonly Authenticator[]
  /** The factors that Nevis does not list. */
  readonly added: Added
}

export function devicesPage(everyPage: EveryPage, { devices, added: { smsSince, codesSince } }: DevicesParts): Html {
  const csrf = csrfField(everyPage.csrfToken)
  const adding = (factor: string, fields: Html) => html`<form method="post" action="/account/devices/add">
          ${csrf}<input type="hidden" name="factor" value="${factor}">
          ${fields}
        </form>`
  return layout(
    'Your devices',
    everyPage,
    html`<section class="card medium">
        <h1>Your devices</h1>
        ${devices.length === 0 && html`<p>None with the app yet.</p>`}
        <ul class="devices">${devices.map((device, i) => devicePart(device, `Device ${i + 1}`, devices.length === 1, csrf))}</ul>
        ${
          devices.length === 1 &&
          html`<p class="quiet">Your only device cannot be removed, or you might lock yourself out. Set up the other one first,
          then remove this one.</p>`
        }
        ${adding('app', html`<button class="button second">Set up another device</button>`)}
      </section>
      <section class="card medium">
        <h2>Code by SMS</h2>
        <p>${smsSince ? html`Set up on ${day.format(smsSince)}. A new number replaces it.` : 'Not set up yet.'}</p>
        ${adding(
          'sms',
          html`<label for="phone">Mobile number with country code</label>
          <input id="phone" name="phone" type="tel" autocomplete="tel" placeholder="+41 79 123 45 67" maxlength="30" pattern="\\s*\\+[0-9\\s\\-]{5,25}" required>
          <button class="button second">${smsSince ? 'Use this number' : 'Add this number'}</button>`,
        )}
      </section>
      <section class="card medium">
        <h2>Recovery codes</h2>
        <p>For when you have lost your phone. ${codesSince ? html`Made on ${day.format(codesSince)}. If you make new ones, throw the old ones away.` : 'You have none yet.'}</p>
        ${adding('recovery', html`<button class="button second">Make new recovery codes</button>`)}
      </section>
      <section class="card medium">
        <h2>Remembered browsers</h2>
        <p>A remembered browser signs in with the password alone.</p>
        <form method="post" action="/account/devices/forget-browsers">${csrf}<button class="button second">Forget all browsers</button></form>
      </section>
      <section class="medium">
        <h2>Lost a device?</h2>
        <p>Sign in by SMS or with a recovery code. Set up your new device here, then remove the lost one.</p>
      </section>`,
  )
}

function devicePart({ authenticatorId, name, enrolledAt }: Authenticator, placeholder: string, isLast: boolean, csrf: Html): Html {
  const called = name || placeholder
  const acting = (action: string, fields: Html) => html`<form method="post" action="/account/devices/${action}">
              ${csrf}<input type="hidden" name="authenticatorId" value="${authenticatorId}">
              ${fields}
            </form>`
  return html`
          <li>
            <h2>${called}</h2>
            ${enrolledAt && html`<p class="quiet">Set up on ${day.format(new Date(enrolledAt))}</p>`}
            <details><summary>Rename<span class="hidden"> ${called}</span></summary>
            ${acting(
              'rename',
              html`<label for="name-${authenticatorId}">New name</label>
              <input id="name-${authenticatorId}" name="name" value="${called}" maxlength="40" autocomplete="off" required>
              <button class="button second">Save the name</button>`,
            )}
            </details>
            ${
              !isLast &&
              html`<details><summary>Remove<span class="hidden"> ${called}</span></summary>
            <p>After removal, this device can no longer be used to confirm.</p>
            ${acting('remove', html`<button class="button second">Remove this device</button>`)}
            </details>`
            }
          </li>`
}
