/**
 * Shows new recovery codes, until the user confirms that they are saved.
 *
 * The confirm button works only after the user has ticked the box "saved" or, with JavaScript, has pressed the button or link to copy, download or print the
 * codes. Out of scope: the field in which a recovery code is typed (`challenge-parts.ts`).
 */
import type { PageParts } from './document'
import { callbackForm, hidden } from './forms'
import { html, type Html } from './html'
import { unmarked } from './texts/fallback'
import type { WaitingView } from './view'
import { dateIn } from './wording'

/** Shows the new recovery codes. The buttons to copy and to print stay hidden without JavaScript. */
export function confirmPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const { recoveryCodes: codes } = view
  const button = html`${hidden('retry', '1')}<button class="nevis-button">${texts.written}</button>`
  if (codes === undefined) return callbackForm(view, parts, html`class="nevis-written"`, button)
  // A translation tool would change the codes, and a right-to-left page would reorder them: so `translate="no"` and `dir="ltr"`. htmx 2 would keep a copy of the
  // page with the codes in `sessionStorage`: so `data-hx-history="false"`.
  return html`
      ${printedLines(parts)}
      <ul class="nevis-codes" data-codes dir="ltr" translate="no" data-hx-history="false">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <div class="nevis-keep">
        <button type="button" data-copy="${texts.copied}" hidden>${texts.copy}</button>
        <a href="data:text/plain;charset=utf-8,${encodeURIComponent(fileOf(codes, parts))}" download="recovery-codes.txt" data-download="${texts.downloaded}">${texts.download}</a>
        <button type="button" data-print="${texts.printed}" hidden>${texts.print}</button>
      </div>
      <p class="nevis-unseen" role="status" data-said data-copy-failed="${texts.copyFailed}"></p>
      ${callbackForm(view, parts, html`class="nevis-written"`, html`<label><input type="checkbox" required data-saved> ${texts.saved}</label>${button}`)}`
}

/** Shown only on the printed page: the user whose codes these are, and the date. */
function printedLines(parts: PageParts): Html {
  return html`<p class="nevis-printed">${ownerOf(parts).map((line) => html`<bdi>${line}</bdi><br>`)}</p>`
}

function fileOf(codes: readonly string[], parts: PageParts): string {
  return [unmarked(parts.language.texts.enrollHeading.recovery).replaceAll('\u00ad', ''), ...ownerOf(parts), '', ...codes, ''].join('\r\n')
}

function ownerOf({ brand, accountName, language }: PageParts): string[] {
  return [brand?.name, accountName, dateIn(language, new Date())].filter((line) => line !== undefined)
}
