/**
 * The parts of the waiting page while the user has to answer: the message, the QR code and link, the field for a code.
 *
 * Out of scope: the widget (`widget-part.ts`), new recovery codes (`recovery-codes-part.ts`), and the forms for another factor (`factor-forms.ts`).
 */
import type { PageParts } from './document'
import { callbackForm, hidden } from './forms'
import { html, messageHtml, type Html } from './html'
import { rememberField } from './remember-part'
import type { WaitingView } from './view'
import { inUnits } from './wording'

/** Shows what the user confirms: the list from the app's option `details`, and the message. */
export function confirmedPart(view: WaitingView, parts: PageParts): Html {
  return html`${detailsPart(view, parts.language.texts.confirming)}
      ${view.message !== undefined && messagePart(view, view.message, parts)}`
}

export function detailsPart({ details = [] }: WaitingView, caption: string): Html | false {
  const list = details.map(({ label, value }) => html`<div><dt>${label}</dt><dd><bdi>${value}</bdi></dd></div>`)
  return details.length > 0 && html`<figure class="nevis-message"><figcaption>${caption}</figcaption><dl>${list}</dl></figure>`
}

/** True for a push with a typed code: the phone shows the code, and the user must type it into the page. */
export function hasTypedCode({ factor, prompt }: WaitingView): boolean {
  return factor === 'push' && prompt === 'code'
}

/** Shows the message. The label says whether the phone shows the same message. */
function messagePart(view: WaitingView, message: string, { language, messageLanguage }: PageParts): Html {
  const { messageLabel, phoneShows, confirming } = language.texts
  const label = hasTypedCode(view) ? phoneShows : view.prompt === 'wait' ? messageLabel : (view.details ?? []).length === 0 && confirming
  const isOther = messageLanguage !== undefined && messageLanguage.toLowerCase() !== language.tag.toLowerCase()
  return html`<figure class="nevis-message">${label && html`<figcaption>${label}</figcaption>`}<blockquote${isOther && html` lang="${messageLanguage}"`}>${messageHtml(message)}</blockquote></figure>`
}

/** Shows the QR code and the link. The stylesheet decides which of the two comes first: the QR code with a mouse, the link on a phone. */
export function appPart(view: WaitingView, { language: { texts } }: PageParts): Html {
  return html`<div class="nevis-app">
        ${view.qrCode !== undefined && html`<img src="${view.qrCode}" alt="${texts.qrCode}" width="240" height="240">`}
        <a class="nevis-button" href="${view.appLinkUri}">${texts.openApp}</a>
      </div>`
}

/** Shows the field for a code. Do not link the error with `aria-describedby`: a screen reader would read it twice. */
export function codePart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const error = codeError(view, parts)
  const isNumber = view.factor !== 'recovery'
  return callbackForm(view, parts, html`class="nevis-code"`, html`${hidden('retry', '1')}
        ${error && html`<p class="nevis-error" role="alert" id="nevis-error">${error}</p>`}
        <label for="nevis-code">${texts.code}</label>
        <input id="nevis-code" name="code" required maxlength="64" autofocus spellcheck="false" autocapitalize="none" dir="ltr"
          autocomplete="${isNumber ? 'one-time-code' : 'off'}" inputmode="${isNumber ? 'numeric' : 'text'}"${error && html` aria-invalid="true" aria-errormessage="nevis-error"`}>
        ${rememberField(view, parts)}
        <button class="nevis-button">${texts.send}</button>`)
}

/** Why the last code was refused; false if no code was refused. */
function codeError(view: WaitingView, { isCodeMissing, secondsUntilCode = 0, language: { tag, texts } }: PageParts): string | false {
  if (isCodeMissing) return texts.failure.missing_code
  if (secondsUntilCode > 0) return texts.tooManyCodes.replace('{minutes}', inUnits(Math.ceil(secondsUntilCode / 60), 'minute', tag))
  return view.failure === 'wrong_code' && texts.attemptsLeft.replace('{n}', String(view.attemptsLeft))
}
