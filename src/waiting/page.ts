/**
 * The HTML of the waiting page, for every factor and every state.
 *
 * Out of scope: determining the state (`view.ts`), and sending the page (`waiting-page.ts`).
 */
import type { FailureCode } from '../factors/failures'
import { withQuery } from '../host/url'
import { appPart, codePart, confirmedPart, detailsPart, hasTypedCode } from './challenge-parts'
import { documentHtml, scriptTag, type PageParts } from './document'
import { enrolmentSteps } from './enrolment-part'
import { errorPart, wayForm } from './forms'
import { filled, html, unscripted, type Html, type Piece } from './html'
import { maskedPhonePart } from './masked-phone'
import { onPart } from './notices'
import { confirmPart } from './recovery-codes-part'
import { rememberPart } from './remember-part'
import { sentAgainPart } from './sent-again-part'
import { unmarked } from './texts/fallback'
import { languages } from './texts/languages'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'
import { endsSoonWords, isUsedUp, moreTimePart, otherFactorsPart } from './factor-forms'
import { showsWidget, widgetHeading, widgetHintPart, widgetPart } from './widget-part'
import { clock, inUnits, secondsUntil, textFor, wordsFor } from './wording'

export function pageHtml(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const isOver = view.status !== 'pending'
  const heading = isOver ? textFor(texts.ended, view.failure) : view.isCodeTyped ? texts.codeAccepted : textFor(wordsFor(view, texts).heading, view.factor)
  const isScriptNeeded = showsWidget(view)
  const main = html`
    <main class="nevis" data-prompt="${view.prompt}" data-status="${view.status}"${view.isCodeTyped === true && html` data-code-typed`} data-transaction="${view.transaction}" data-shared-name="${parts.sharedName}"${parts.hasChecked === true && html` data-checked`}
      data-status-url="${view.statusURL}" data-callback-url="${parts.callbackURL}" data-seconds-left="${secondsUntil(view.expiresAt)}"
      data-approved="${texts.approved}" data-elsewhere="${texts.continuedInOtherTab}" data-nothing-left="${texts.continuedInOtherTabHeading}" data-offline="${texts.offline}" data-silent="${texts.noResponse}" data-ends-soon="${endsSoonWords(view, texts)}">
      ${isScriptNeeded ? widgetHeading(heading, view, texts) : html`<h1>${heading}</h1>`}
      ${!isOver && sentAgainPart(view, parts)}
      ${isOver ? overPart(view, parts) : waitingPart(view, parts)}
      ${view.failure !== 'cancelled' && html`${(isOver || view.prompt !== 'confirm') && otherFactorsPart(view, parts)}
      <div class="nevis-end">${wayForm(view, parts, 'cancel', '1', html`<button>${texts.cancel}</button>`)}
      </div>`}
      ${!isOver && otherTabPart(view, parts)}
    </main>`
  const scripts = isScriptNeeded && parts.widgetScripts.map((script) => scriptTag(script, parts))
  return documentHtml({ heading, main, scripts, query: { transaction: view.transaction } }, parts)
}

function waitingPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const isAppEnrolment = view.operation === 'enroll' && view.appLinkUri !== undefined
  return html`
      ${view.failure !== undefined && view.failure !== 'wrong_code' && errorPart(failureWords(view, texts))}
      ${showsWidget(view) ? widgetHintPart(view, texts) : hintPart(view, texts)}
      ${view.operation === 'approve' && confirmedPart(view, parts)}
      ${isAppEnrolment ? enrolmentSteps(view, parts) : view.appLinkUri !== undefined && appPart(view, parts)}
      ${view.prompt === 'code' && codePart(view, parts)}
      ${view.prompt === 'confirm' && confirmPart(view, parts)}
      ${showsWidget(view) && widgetPart(view, parts)}
      ${rememberPart(view, parts)}
      ${view.prompt === 'wait' && checkPart(view, parts)}
      <p class="nevis-note nevis-scripted" role="status" data-note></p>
      <div class="nevis-left nevis-scripted">
        <p class="nevis-time"><span>${texts.timeLeft}</span> <time data-countdown datetime="${view.expiresAt}">${clock(view.expiresAt)}</time></p>
        ${moreTimePart(view, parts)}
      </div>
      ${!showsWidget(view) && endsInPart(view, parts)}`
}

/** The remaining time for a page whose script does not run: a sentence, because a clock that stands still would be wrong. */
function endsInPart({ expiresAt }: WaitingView, { language: { tag, texts } }: PageParts): Html {
  const minutes = Math.max(1, Math.round(secondsUntil(expiresAt) / 60))
  return unscripted(html`<p>${texts.endsIn.replace('{minutes}', inUnits(minutes, 'minute', tag))}</p>`)
}

/** A link that the script shows after another tab has gone to the callback. If the user has closed that tab, the link lets the user go on in this tab. */
function otherTabPart(view: WaitingView, { waitingURL, language: { texts } }: PageParts): Html {
  return html`<div class="nevis-keep" data-continue hidden><a href="${withQuery(waitingURL, { transaction: view.transaction })}">${texts.continueInThisTab}</a></div>`
}

/** On a phone, the link to the app comes before the QR code. So the page has two hints, and the stylesheet decides which of them is shown. */
function hintPart(view: WaitingView, texts: Texts): Html {
  const isForApp = view.factor === 'app' && view.operation === 'approve'
  return html`<p${isForApp && html` class="nevis-mouse"`}>${hintWords(view, texts)}</p>${isForApp && html`<p class="nevis-touch">${texts.openAppHint}</p>`}`
}

function hintWords(view: WaitingView, texts: Texts): Piece {
  if (view.isCodeTyped) return texts.codeAcceptedHint
  if (hasTypedCode(view)) return view.factors.includes(view.factor) ? `${texts.typedCodeHint} ${texts.codeGoneHint.replace('{button}', texts.resend)}` : texts.typedCodeHint
  if (view.factor !== 'sms' || view.maskedPhone === undefined) return textFor(wordsFor(view, texts).hint, view.factor)
  return filled(texts.sentToNumber, '{number}', maskedPhonePart(view.maskedPhone, texts.numberEnding))
}

/**
 * Without the script, the user presses a link to load the page again, with the query field `checked`: the new page then says that there is no answer yet. An
 * automatic reload would lose what the user has typed. The new page focuses that answer, so that a screen reader reads the answer first.
 */
function checkPart(view: WaitingView, { waitingURL, hasChecked, language: { texts } }: PageParts): Html {
  const again = withQuery(waitingURL, { transaction: view.transaction, checked: '1' })
  return unscripted(html`${hasChecked && html`<p role="status" tabindex="-1" autofocus>${texts.noAnswerYet}</p>`}<p>${texts.checkHint}</p><p><a class="nevis-button" href="${again}">${texts.checkNow}</a></p>`)
}

/**
 * The message for a failure. If the user cannot use the chosen factor, the message names it, because the page may already be waiting for another factor.
 * @param refused the failure; by default that of the view
 */
function failureWords(view: WaitingView, texts: Texts, refused: Pick<WaitingView, 'failure' | 'missingFactor'> = view): string {
  const { failure, missingFactor: name } = refused
  const way = name !== undefined && [texts.method, wordsFor(view, texts).use].find((words) => Object.hasOwn(words, name))?.[name]
  if (!way) return texts.failure[failure as FailureCode]
  return (failure === 'user_blocked' ? texts.blocked : texts.notSetUp).replace('{way}', way)
}

/** The failures for which, in this package's own texts, the first sentence says the same as the heading. */
const REPEATED: readonly string[] = ['cancelled', 'expired_transaction']

/** Leaves out the first sentence of the failure's text if it repeats the heading. */
function withoutHeading(sentences: string, code: FailureCode, texts: Texts): string {
  const heading = unmarked(textFor(texts.ended, code))
  const isOwn = Object.values(languages).some(({ ended, failure }) => textFor(ended, code) === heading && failure[code] === unmarked(sentences))
  if (REPEATED.includes(code) && isOwn) return unmarked(sentences).includes('. ') ? sentences.replace(/[^.\ufdd0]+\.\s*/, '') : ''
  return unmarked(sentences).startsWith(`${heading}. `) ? sentences.replace(`${heading}. `, '') : sentences
}

/** The page after the transaction has ended. */
function overPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const failure = view.failure as FailureCode
  const words = parts.refusedAfterEnd !== undefined ? failureWords(view, texts, parts.refusedAfterEnd) : isUsedUp(view) ? texts.startOverOrChoose : withoutHeading(failureWords(view, texts), failure, texts)
  return html`${unmarked(words) !== '' && errorPart(words)}
      ${view.operation === 'approve' && detailsPart(view, texts.notConfirmed)}
      ${view.failure === 'cancelled' && onPart(parts)}`
}
