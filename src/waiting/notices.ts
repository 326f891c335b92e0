/**
 * The pages without a pending transaction: the start of a step-up, a link that cannot be used, an outage.
 *
 * Out of scope: the page of a transaction (`page.ts`).
 */
import { shell, type PageParts, type ShellParts } from './document'
import { csrf, errorPart } from './forms'
import { html, type Html } from './html'

/** For a signed-in user who must confirm again: nothing is sent until the user presses the button. */
export function startHtml(parts: PageParts): Html {
  const { heading, send } = parts.language.texts
  const form = html`<form method="post" action="${parts.waitingURL}">${csrf(parts.csrfToken)}<button class="nevis-button">${send}</button></form>`
  return shell(heading.other, html`<main class="nevis"><h1>${heading.other}</h1>${form}</main>`, parts)
}

/** For a link whose transaction this session does not have: explains it, and never signs in. */
export function unknownTransactionHtml(message: string, parts: ShellParts): Html {
  const { failed, unknownTransaction } = parts.language.texts
  return shell(failed, html`<main class="nevis"><h1>${failed}</h1>${errorPart(message)}<p>${unknownTransaction}</p></main>`, parts)
}

/** @param again target of the link with which the user tries again; the page does not retry by itself */
export function outageHtml(again: string, parts: ShellParts): Html {
  const { unavailable, unavailableHint, tryAgain } = parts.language.texts
  const link = html`<p><a class="nevis-button" href="${again}">${tryAgain}</a></p>`
  return shell(unavailable, html`<main class="nevis"><h1>${unavailable}</h1>${errorPart(unavailableHint)}${link}</main>`, parts)
}
