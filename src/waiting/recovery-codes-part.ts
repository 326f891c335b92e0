/**
 * Recovery codes that were just made, until the user confirms that they are saved.
 *
 * Out of scope: the field in which a recovery code is typed (`challenge-parts.ts`).
 */
import type { PageParts } from './document'
import { csrf, hidden } from './forms'
import { html, type Html } from './html'
import type { WaitingView } from './view'

/** Without JavaScript the user prints with the browser's menu, and one click selects all codes. */
export function confirmPart(view: WaitingView, { language: { texts }, csrfToken }: PageParts): Html {
  return html`
      ${view.recoveryCodes !== undefined && html`<ul class="nevis-codes" data-codes>${view.recoveryCodes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <div class="nevis-keep"><button type="button" data-print hidden>${texts.print}</button><button type="button" data-copy="${texts.copied}" hidden>${texts.copy}</button></div>`}
      <form method="post" action="${view.callbackURL}" class="nevis-written">
        ${hidden('transaction', view.transaction)}${csrf(csrfToken)}<button class="nevis-button">${texts.written}</button>
      </form>`
}
