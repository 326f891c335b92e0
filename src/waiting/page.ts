/**
 * The HTML of the waiting page, for every factor and every state, with and without JavaScript.
 *
 * The parts are in files of their own: `challenge-parts.ts`, `recovery-codes-part.ts`, `ways.ts`. Out of scope: finding out the state
 * (`view.ts`), and sending the page (`waiting-page.ts`).
 */
import type { FailureCode } from '../factors/failures'
import { appPart, codePart, messagePart, showsWidget, widgetPart } from './challenge-parts'
import { scriptTag, shell, type PageParts } from './document'
import { errorPart, wayForm } from './forms'
import { html, type Html } from './html'
import { confirmPart } from './recovery-codes-part'
import type { WaitingView } from './view'
import { needsPhone, otherWaysPart } from './ways'
import { clock, secondsUntil, textFor, wordsFor } from './wording'

/** Refresh interval in seconds for browsers without JavaScript. */
const REFRESH_SECONDS = 3
/** Refresh interval if the page has a field in which the user may be typing. */
const REFRESH_SECONDS_FOR_TYPING = 30

export function pageHtml(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const isOver = view.status !== 'pending'
  const heading = isOver ? texts.failed : textFor(wordsFor(view, texts).heading, view.factor)
  const main = html`
    <main class="nevis" data-prompt="${view.prompt}" data-status="${view.status}" data-transaction="${view.transaction}"
      data-status-url="${view.statusURL}" data-callback-url="${view.callbackURL}" data-seconds-left="${secondsUntil(view.expiresAt)}"
      data-approved="${texts.approved}" data-elsewhere="${texts.continuedInOtherTab}" data-nothing-left="${texts.continuedInOtherTabHeading}" data-offline="${texts.offline}">
      <h1>${heading}</h1>
      <p class="nevis-note" role="status" data-note></p>
      ${isOver ? errorPart(texts.failure[view.failure as FailureCode]) : waitingPart(view, parts)}
      ${view.failure !== 'cancelled' && html`${(isOver || view.prompt !== 'confirm') && otherWaysPart(view, parts)}
      <div class="nevis-end">${wayForm(view, parts, 'cancel', '1', html`<button>${texts.cancel}</button>`)}
      </div>`}
    </main>`
  const seconds = view.factors.some((name) => needsPhone(view, name)) ? REFRESH_SECONDS_FOR_TYPING : REFRESH_SECONDS
  const refresh = !isOver && view.prompt === 'wait' && html`<noscript><meta http-equiv="refresh" content="${seconds}"></noscript>`
  const scripts = showsWidget(view) && parts.widgetScripts.map((script) => scriptTag(script, parts))
  return shell(heading, main, parts, [refresh, scripts])
}

function waitingPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  return html`
      <p>${textFor(wordsFor(view, texts).hint, view.factor)}</p>
      ${view.message !== undefined && view.operation === 'approve' && messagePart(view, view.message, parts)}
      ${view.appLinkUri !== undefined && appPart(view, parts)}
      ${view.prompt === 'code' && codePart(view, parts)}
      ${view.prompt === 'confirm' && confirmPart(view, parts)}
      ${showsWidget(view) && widgetPart(view, parts)}
      <p class="nevis-time"><span>${texts.timeLeft}</span> <time data-countdown datetime="${view.expiresAt}">${clock(view.expiresAt)}</time></p>
      ${view.prompt === 'wait' && html`<noscript><p class="nevis-time">${texts.refreshes}</p></noscript>`}`
}
