/**
 * The HTML of the waiting page, for every factor and every state.
 *
 * Out of scope: determining the state (`view.ts`), and sending the page (`waiting-page.ts`).
 */
import type { FailureCode } from '../factors/failures'
import { withQuery } from '../host/url'
import { appPart, codePart, confirmedPart, hasTypedCode } from './challenge-parts'
import { documentHtml, scriptTag, type PageParts } from './document'
import { enrolmentSteps } from './enrolment-part'
import { errorPart, wayForm } from './forms'
import { html, type Html, type Piece } from './html'
import { maskedPhonePart } from './masked-phone'
import { onPart } from './notices'
import { confirmPart } from './recovery-codes-part'
import { rememberPart } from './remember-part'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'
import { moreTimePart, otherWaysPart } from './ways'
import { showsWidget, widgetHintPart, widgetPart } from './widget-part'
import { clock, secondsUntil, textFor, wordsFor } from './wording'

export function pageHtml(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const isOver = view.status !== 'pending'
  const heading = isOver ? textFor(texts.ended, view.failure) : view.isCodeTyped ? texts.codeAccepted : textFor(wordsFor(view, texts).heading, view.factor)
  const main = html`
    <main class="nevis" data-prompt="${view.prompt}" data-status="${view.status}"${view.isCodeTyped === true && html` data-code-typed`} data-transaction="${view.transaction}"
      data-status-url="${view.statusURL}" data-callback-url="${parts.callbackURL}" data-seconds-left="${secondsUntil(view.expiresAt)}"
      data-approved="${texts.approved}" data-elsewhere="${texts.continuedInOtherTab}" data-nothing-left="${texts.continuedInOtherTabHeading}" data-offline="${texts.offline}" data-ends-soon="${texts.endsSoon}">
      <h1>${heading}</h1>
      <p class="nevis-note" role="status" data-note></p>
      ${isOver ? overPart(view, parts) : waitingPart(view, parts)}
      ${view.failure !== 'cancelled' && html`${(isOver || view.prompt !== 'confirm') && otherWaysPart(view, parts)}
      <div class="nevis-end">${wayForm(view, parts, 'cancel', '1', html`<button>${texts.cancel}</button>`)}
      </div>`}
    </main>`
  const scripts = showsWidget(view) && parts.widgetScripts.map((script) => scriptTag(script, parts))
  return documentHtml({ heading, main, scripts, query: { transaction: view.transaction } }, parts)
}

function waitingPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const isAppEnrolment = view.operation === 'enroll' && view.appLinkUri !== undefined
  return html`
      ${view.missingFactor !== undefined && errorPart(failureWords(view, texts))}
      ${showsWidget(view) ? widgetHintPart(view, texts) : hintPart(view, texts)}
      ${view.operation === 'approve' && confirmedPart(view, parts)}
      ${isAppEnrolment ? enrolmentSteps(view, parts) : view.appLinkUri !== undefined && appPart(view, parts)}
      ${view.prompt === 'code' && codePart(view, parts)}
      ${view.prompt === 'confirm' && confirmPart(view, parts)}
      ${showsWidget(view) && widgetPart(view, parts)}
      ${rememberPart(view, parts)}
      ${view.prompt === 'wait' && checkPart(view, parts)}
      <p class="nevis-time"><span>${texts.timeLeft}</span> <time data-countdown datetime="${view.expiresAt}">${clock(view.expiresAt)}</time></p>
      ${moreTimePart(view, parts)}`
}

/** On a phone, the link to the app comes before the QR code. So the page has two hints, and the stylesheet decides which of them is shown. */
function hintPart(view: WaitingView, texts: Texts): Html {
  const isForApp = view.factor === 'app' && view.operation === 'approve'
  return html`<p${isForApp && html` class="nevis-mouse"`}>${hintWords(view, texts)}</p>${isForApp && html`<p class="nevis-touch">${texts.openAppHint}</p>`}`
}

function hintWords(view: WaitingView, texts: Texts): Piece {
  if (view.isCodeTyped) return texts.codeAcceptedHint
  if (hasTypedCode(view)) return texts.typedCodeHint
  if (view.factor !== 'sms' || view.maskedPhone === undefined) return textFor(wordsFor(view, texts).hint, view.factor)
  const [before, after] = texts.sentToNumber.split('{number}')
  return html`${before}${maskedPhonePart(view.maskedPhone, texts)}${after}`
}

/** Without JavaScript, the user presses a link to reload the page. An automatic reload would lose what the user has typed. */
function checkPart(view: WaitingView, { waitingURL, language: { texts } }: PageParts): Html {
  const again = withQuery(waitingURL, { transaction: view.transaction })
  return html`<noscript><p>${texts.checkHint}</p><p><a class="nevis-button" href="${again}">${texts.checkNow}</a></p></noscript>`
}

/** The message for a failure. If the user cannot use the chosen factor, the message names it, because the page may already be waiting for another factor. */
function failureWords(view: WaitingView, texts: Texts): string {
  const { failure, missingFactor: name } = view
  const way = name !== undefined && [texts.method, wordsFor(view, texts).use].find((words) => Object.hasOwn(words, name))?.[name]
  if (!way) return texts.failure[failure as FailureCode]
  return (failure === 'user_blocked' ? texts.blocked : texts.notSetUp).replace('{way}', way)
}

/** Leaves out a first sentence that repeats the heading. */
function withoutHeading(sentences: string, heading: string): string {
  return sentences.startsWith(`${heading}. `) ? sentences.slice(heading.length + 2) : sentences
}

/** The page after the transaction has ended. */
function overPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const { changePasswordURL } = parts
  const isSuspicious = changePasswordURL !== undefined && ['not_approved', 'too_many_attempts', 'codes_locked'].includes(view.failure as string)
  return html`${errorPart(withoutHeading(failureWords(view, texts), textFor(texts.ended, view.failure)))}
      ${isSuspicious && html`<p><a href="${changePasswordURL}">${texts.changePassword}</a></p>`}
      ${view.failure === 'cancelled' && onPart(parts)}`
}
