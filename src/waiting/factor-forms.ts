/**
 * The forms for "Send again" and for another factor. Each button has a form of its own, so that the button works without JavaScript.
 *
 * Out of scope: whether the user may start that factor (`strategy/start.ts`), and the list of phones (`phones-part.ts`).
 */
import type { FailureCode } from '../factors/failures'
import { withQuery } from '../host/url'
import type { PageParts } from './document'
import { wayForm } from './forms'
import { html, type Html } from './html'
import { maskedPhonePart } from './masked-phone'
import { phonesPart } from './phones-part'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'
import { textFor, wordsFor } from './wording'

export function otherFactorsPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const { use, otherWays } = wordsFor(view, texts)
  const [first, ...rest] = view.factors.filter((name) => name !== view.factor)
  const instead = isUsedUp(view) ? first : undefined
  const others = instead === undefined ? [...(first === undefined ? [] : [first]), ...rest] : [...rest, view.factor]
  const another = view.authenticators === undefined && view.authenticatorsURL !== undefined && withQuery(parts.waitingURL, { transaction: view.transaction, authenticators: '1' })
  const otherForm = (name: string) => {
    const words = textFor(use, name)
    return factorForm(view, parts, name, words, html`<button>${needsPhone(view, name) ? texts.send : words}${numberPart(view, name, texts)}</button>`)
  }
  const main = instead === undefined ? view.factors.includes(view.factor) && resendButton(view, parts) : factorForm(view, parts, instead, textFor(use, instead), html`<button class="nevis-button">${textFor(use, instead)}</button>`)
  return html`${main}${changePasswordPart(view, parts)}
      ${view.authenticators !== undefined && phonesPart(view, parts)}
      ${(others.length > 0 || another) && html`
      <section class="nevis-ways" aria-labelledby="nevis-ways">
        <h2 id="nevis-ways">${otherWays}</h2>
        ${another && html`<a href="${another}#nevis-phones">${texts.anotherPhone}</a>`}${others.map(otherForm)}
      </section>`}`
}

/** The failures after which another person may have entered the user's password: a denial, too many wrong codes, or too many requests. */
const SUSPICIOUS: readonly (FailureCode | undefined)[] = ['not_approved', 'too_many_attempts', 'codes_locked', 'too_many_starts']

function changePasswordPart({ failure }: WaitingView, { changePasswordURL, refusedAfterEnd, secondsUntilCode = 0, language: { texts } }: PageParts): Html | false {
  const isSuspicious = SUSPICIOUS.includes(failure) || SUSPICIOUS.includes(refusedAfterEnd?.failure) || secondsUntilCode > 0
  return changePasswordURL !== undefined && isSuspicious && html`<p class="nevis-change"><a href="${changePasswordURL}">${texts.changePassword}</a></p>`
}

/**
 * The form that starts a factor. A form with a field for the phone number is collapsed while the user waits. Otherwise users could type the code of the SMS
 * into that field.
 */
function factorForm(view: WaitingView, parts: PageParts, name: string, words: string, button: Html): Html {
  const form = (content: Html) => wayForm(view, parts, 'factor', name, content)
  if (!needsPhone(view, name)) return form(button)
  const withPhone = form(html`${phoneField(parts.language.texts)}${button}`)
  return view.status === 'pending' ? html`<details><summary>${words}</summary>${withPhone}</details>` : withPhone
}

function needsPhone({ operation }: WaitingView, factor: string): boolean {
  return operation === 'enroll' && factor === 'sms'
}

/**
 * This package does not store the phone number. So the user types it again to get another SMS. The pattern only requires a `+` before the first digit
 * and refuses `(0)`, because the server accepts more ways to write a number than a pattern could list.
 */
function phoneField({ phoneNumber, phoneFormat }: Texts): Html {
  return html`<label for="nevis-phone">${phoneNumber}</label>
          <input id="nevis-phone" name="phone" type="tel" required maxlength="30" pattern="\\P{Nd}*[+\uff0b](?!.*\\(0).+" title="${phoneFormat}" autocomplete="tel">`
}

/** The masked phone number in the button that sends an SMS. */
function numberPart({ maskedPhone }: WaitingView, name: string, texts: Texts): Html | false {
  return name === 'sms' && maskedPhone !== undefined && html` <small>${maskedPhonePart(maskedPhone, texts.toNumberEnding)}</small>`
}

/**
 * The button "More time", which the script shows shortly before the transaction expires. The button starts a new transaction. If the page shows new recovery
 * codes, the button only extends the time of this transaction.
 */
export function moreTimePart(view: WaitingView, parts: PageParts): Html | false {
  const { moreTime, unavailable } = parts.language.texts
  if (moreTimeButton(view) !== 'moreTime') return false
  const [field, value] = view.recoveryCodes === undefined ? ['factor', view.factor] : ['extend', '1']
  return wayForm(view, parts, field, value, html`<button class="nevis-again">${moreTime}</button>`, html`data-more-time="${unavailable}" hidden`)
}

/** The button with which the user gets more time; undefined if there is none. */
function moreTimeButton(view: WaitingView): 'moreTime' | 'startOver' | 'resend' | 'resendOrChange' | undefined {
  if (view.recoveryCodes !== undefined) return 'moreTime'
  if (view.prompt === 'confirm' || !view.factors.includes(view.factor)) return undefined
  if (view.prompt === 'widget') return 'startOver'
  if (!isSent(view)) return 'moreTime'
  return needsPhone(view, view.factor) ? 'resendOrChange' : 'resend'
}

/**
 * What the page says half a minute before the transaction expires. The text names the button with which the user gets more time, because a screen reader does
 * not announce a button that appears.
 */
export function endsSoonWords(view: WaitingView, texts: Texts): string {
  // After too many starts, the server would refuse the button's request, so do not name the button.
  const button = view.failure === 'too_many_starts' ? undefined : moreTimeButton(view)
  return button === undefined ? texts.endsSoon : `${texts.endsSoon} ${texts.moreTimeHint.replace('{button}', texts[button])}`
}

/** The button that starts the same factor again: "Send again" while the user waits, the main button after the transaction has ended. */
function resendButton(view: WaitingView, parts: PageParts): Html | false {
  const { texts } = parts.language
  const form = (words: string, button: Html) => factorForm(view, parts, view.factor, words, button)
  const words = textFor(wordsFor(view, texts).use, view.factor)
  if (view.status !== 'pending') return form(words, html`<button class="nevis-button">${words}</button>`)
  if (view.prompt === 'widget') return form(texts.startOver, html`<button class="nevis-again" data-start-over>${texts.startOver}</button>`)
  return isSent(view) && form(needsPhone(view, view.factor) ? texts.resendOrChange : texts.resend, html`<button class="nevis-again" data-resend="${parts.secondsUntilResend}" data-resend-in="${texts.resendIn}">${texts.resend}</button>`)
}

/**
 * True after too many wrong recovery codes, if the user has another factor: the page then offers another factor first, and the recovery codes last. False
 * after too many wrong SMS codes, because a new code can be sent.
 */
export function isUsedUp(view: WaitingView): boolean {
  return view.failure === 'too_many_attempts' && !isSent(view) && view.factors.length > 1 && view.factors.includes(view.factor)
}

/** False for a recovery code, and for a QR code with a link: Nevis sends nothing to the user that could get lost. True for every other factor. */
export function isSent({ factor, appLinkUri }: WaitingView): boolean {
  return factor !== 'recovery' && appLinkUri === undefined
}
