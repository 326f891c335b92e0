/**
 * What the user is asked while the page waits: the message, the QR code and link, the field for a code, the widget.
 *
 * Out of scope: recovery codes that were just made (`recovery-codes-part.ts`), and the other ways (`ways.ts`).
 */
import type { PageParts } from './document'
import { csrf, hidden } from './forms'
import { html, messageHtml, type Html } from './html'
import type { WaitingView } from './view'

/** True while the page needs Nevis's script and the app's widget script. */
export function showsWidget({ prompt, status }: WaitingView): boolean {
  return prompt === 'widget' && status === 'pending'
}

/** The label says that the phone shows the message too; for a factor with a code it does not, so there is no label. */
export function messagePart({ prompt }: WaitingView, message: string, { language: { texts } }: PageParts): Html {
  const label = prompt === 'wait' && html`<figcaption>${texts.messageLabel}</figcaption>`
  return html`<figure class="nevis-message">${label}<blockquote>${messageHtml(message)}</blockquote></figure>`
}

/** QR code and link are shown on every device; the style puts the more likely one first. */
export function appPart(view: WaitingView, { language: { texts } }: PageParts): Html {
  return html`<div class="nevis-app">
        ${view.qrCode !== undefined && html`<img src="${view.qrCode}" alt="${texts.qrCode}" width="240" height="240">`}
        <a class="nevis-button" href="${view.appLinkUri}">${texts.openApp}</a>
      </div>`
}

export function codePart(view: WaitingView, { language: { texts }, csrfToken }: PageParts): Html {
  const isWrong = view.failure === 'wrong_code'
  const isNumber = view.factor !== 'recovery'
  return html`
      <form method="post" action="${view.callbackURL}" class="nevis-code">
        ${hidden('transaction', view.transaction)}${hidden('retry', '1')}${csrf(csrfToken)}
        ${isWrong && html`<p class="nevis-error" role="alert" id="nevis-error">${texts.attemptsLeft.replace('{n}', String(view.attemptsLeft))}</p>`}
        <label for="nevis-code">${texts.code}</label>
        <input id="nevis-code" name="code" required maxlength="64" autofocus spellcheck="false" autocapitalize="none"
          autocomplete="${isNumber ? 'one-time-code' : 'off'}" inputmode="${isNumber ? 'numeric' : 'text'}"${isWrong && html` aria-invalid="true" aria-describedby="nevis-error"`}>
        <button class="nevis-button">${texts.send}</button>
      </form>`
}

/** The token is sent in the body of a POST, so that no URL and no access log contains it. */
export function widgetPart(view: WaitingView, { language: { texts }, csrfToken }: PageParts): Html {
  return html`
      <div class="nevis-widget" data-intent-token="${view.intentToken}"></div>
      <p class="nevis-error" role="alert" data-widget-failed hidden>${texts.widgetFailed}</p>
      <noscript><p class="nevis-error">${texts.needsScript}</p></noscript>
      <form method="post" action="${view.callbackURL}" data-widget-result>
        ${hidden('transaction', view.transaction)}${hidden('token', '')}${csrf(csrfToken)}
      </form>`
}
