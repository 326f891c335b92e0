/**
 * The numbered steps with which a user sets up the Access App: install it, scan the QR code, follow the app.
 *
 * Out of scope: the QR code itself (`challenge-parts.ts`).
 */
import { appPart } from './challenge-parts'
import type { PageParts } from './document'
import { html, type Html } from './html'
import type { WaitingView } from './view'

export function enrolmentSteps(view: WaitingView, parts: PageParts): Html {
  const { enrollSteps, enrollWarning } = parts.language.texts
  const { install, scan, finish, check } = enrollSteps
  return html`<ol class="nevis-steps">
        <li>${install}${storesPart(parts)}</li>
        <li>${scan}<p class="nevis-warning">${enrollWarning}</p>${appPart(view, parts)}</li>
        <li><span class="nevis-scripted">${finish}</span><span class="nevis-unscripted">${check}</span></li>
      </ol>`
}

/** Links to the two app stores, whose names are the same in every language. */
function storesPart({ storeLinks: { ios, android } }: PageParts): Html | false {
  if (ios === undefined && android === undefined) return false
  return html`<p class="nevis-stores">${ios !== undefined && html`<a href="${ios}" translate="no">App Store (iPhone)</a>`} ${android !== undefined && html`<a href="${android}" translate="no">Google Play (Android)</a>`}</p>`
}
