/**
 * The forms of the pages. Each contains the handle (the encrypted transaction id) and the CSRF token, and works without JavaScript.
 *
 * Out of scope: which forms a page has (`page.ts`).
 */
import type { PageParts } from './document'
import { html, type Html, type Piece } from './html'
import type { WaitingView } from './view'

/**
 * A form for another factor, for "Send again" or for "Cancel". The form posts to the waiting URL, on which the app has mounted the strategy. If the start of
 * another factor is refused, the field `retry` keeps the user on the waiting page.
 */
export function wayForm(view: WaitingView, { waitingURL, csrfToken }: PageParts, field: string, value: string, content: Html, attributes?: Html): Html {
  return html`
        <form method="post" action="${waitingURL}"${attributes !== undefined && html` ${attributes}`}>${hidden('transaction', view.transaction)}${hidden(field, value)}${field === 'factor' && hidden('retry', '1')}${csrf(csrfToken)}${content}</form>`
}

export function callbackForm(view: WaitingView, { callbackURL, csrfToken }: PageParts, attributes: Html, content: Piece): Html {
  return html`
      <form method="post" action="${callbackURL}" ${attributes}>
        ${hidden('transaction', view.transaction)}${csrf(csrfToken)}${content}
      </form>`
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`
}

export function csrf(token: string | undefined): Html | false {
  return token !== undefined && hidden('_csrf', token)
}

export function errorPart(message: string): Html {
  return html`<p class="nevis-error" role="alert">${message}</p>`
}
