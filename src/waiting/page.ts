/**
 * The HTML of the waiting page, for every factor and every state, with and without JavaScript.
 *
 * Out of scope: finding out the state (`view.ts`), and sending the page.
 */
import type { FailureCode } from '../factors/failures'
import { html, messageHtml, type Html, type Piece } from './html'
import type { Language } from './texts/languages'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'

/** What every page needs. */
export interface ShellParts {
  readonly language: Language
  readonly assets: { readonly script: string; readonly styles: readonly string[] }
  readonly nonce?: string | undefined
}

export interface PageParts extends ShellParts {
  readonly waitingURL: string
  /** URLs of Nevis's script and of the app's script that starts the widget. */
  readonly widgetScripts: readonly string[]
  readonly csrfToken?: string | undefined
}

/** Refresh interval in seconds for browsers without JavaScript. */
const REFRESH_SECONDS = 3
/** Refresh interval if the page has a field in which the user may be typing. */
const REFRESH_SECONDS_FOR_TYPING = 30
/** Seconds after a start before the page offers to send it again. */
const RESEND_SECONDS = 15

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

/** True while the page needs Nevis's script and the app's widget script. */
export function showsWidget({ prompt, status }: WaitingView): boolean {
  return prompt === 'widget' && status === 'pending'
}

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

function shell(title: string, main: Html, parts: ShellParts, head?: Piece): Html {
  const { language, assets } = parts
  return html`<!doctype html>
<html lang="${language.tag}" dir="${language.texts.dir}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    ${assets.styles.map((style) => html`<link rel="stylesheet" href="${style}"${nonceOf(parts)}>`)}
    ${scriptTag(assets.script, parts)}
    ${head}
  </head>
  <body>${main}
  </body>
</html>
`
}

function scriptTag(src: string, parts: ShellParts): Html {
  return html`<script src="${src}" defer${nonceOf(parts)}></script>`
}

function nonceOf({ nonce }: ShellParts): Html | false {
  return nonce !== undefined && html` nonce="${nonce}"`
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

/** The label says that the phone shows the message too; for a factor with a code it does not, so there is no label. */
function messagePart({ prompt }: WaitingView, message: string, { language: { texts } }: PageParts): Html {
  const label = prompt === 'wait' && html`<figcaption>${texts.messageLabel}</figcaption>`
  return html`<figure class="nevis-message">${label}<blockquote>${messageHtml(message)}</blockquote></figure>`
}

/** QR code and link are shown on every device; the style puts the more likely one first. */
function appPart(view: WaitingView, { language: { texts } }: PageParts): Html {
  return html`<div class="nevis-app">
        ${view.qrCode !== undefined && html`<img src="${view.qrCode}" alt="${texts.qrCode}" width="240" height="240">`}
        <a class="nevis-button" href="${view.appLinkUri}">${texts.openApp}</a>
      </div>`
}

function codePart(view: WaitingView, { language: { texts }, csrfToken }: PageParts): Html {
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

/** Without JavaScript the user prints with the browser's menu, and one click selects all codes. */
function confirmPart(view: WaitingView, { language: { texts }, csrfToken }: PageParts): Html {
  return html`
      ${view.recoveryCodes !== undefined && html`<ul class="nevis-codes" data-codes>${view.recoveryCodes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <div class="nevis-keep"><button type="button" data-print hidden>${texts.print}</button><button type="button" data-copy="${texts.copied}" hidden>${texts.copy}</button></div>`}
      <form method="post" action="${view.callbackURL}" class="nevis-written">
        ${hidden('transaction', view.transaction)}${csrf(csrfToken)}<button class="nevis-button">${texts.written}</button>
      </form>`
}

/** The token is sent in the body of a POST, so that no URL and no access log contains it. */
function widgetPart(view: WaitingView, { language: { texts }, csrfToken }: PageParts): Html {
  return html`
      <div class="nevis-widget" data-intent-token="${view.intentToken}"></div>
      <p class="nevis-error" role="alert" data-widget-failed hidden>${texts.widgetFailed}</p>
      <noscript><p class="nevis-error">${texts.needsScript}</p></noscript>
      <form method="post" action="${view.callbackURL}" data-widget-result>
        ${hidden('transaction', view.transaction)}${hidden('token', '')}${csrf(csrfToken)}
      </form>`
}

function errorPart(message: string): Html {
  return html`<p class="nevis-error" role="alert">${message}</p>`
}

/** The ways to continue: send again, another factor, another phone. One form each, so that it works without JavaScript. */
function otherWaysPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const { use } = wordsFor(view, texts)
  const others = view.factors.filter((name) => name !== view.factor)
  const another = view.authenticators === undefined && view.authenticatorsURL
  const otherForm = (name: string) => {
    const words = textFor(use, name)
    return factorForm(view, parts, name, words, html`<button>${needsPhone(view, name) ? texts.send : words}</button>`)
  }
  return html`${resendButton(view, parts)}
      ${view.authenticators !== undefined && phonesPart(view, texts, (id, button) => wayForm(view, parts, 'factor', view.factor, html`${hidden('authenticatorId', id)}${button}`))}
      ${(others.length > 0 || another) && html`
      <section class="nevis-ways" aria-labelledby="nevis-ways">
        <h2 id="nevis-ways">${texts.otherWays}</h2>
        ${another && html`<a href="${another}#nevis-phones">${texts.anotherPhone}</a>`}${others.map(otherForm)}
      </section>`}`
}

function wayForm(view: WaitingView, { waitingURL, csrfToken }: PageParts, field: string, value: string, content: Html): Html {
  return html`
        <form method="post" action="${waitingURL}">${hidden('transaction', view.transaction)}${hidden(field, value)}${csrf(csrfToken)}${content}</form>`
}

/** A form with a phone number is collapsed, so that users do not confuse its field with the code's. */
function factorForm(view: WaitingView, parts: PageParts, name: string, words: string, button: Html): Html {
  const form = (content: Html) => wayForm(view, parts, 'factor', name, content)
  if (!needsPhone(view, name)) return form(button)
  const withPhone = form(html`${phoneField(parts.language.texts)}${button}`)
  return view.status === 'pending' ? html`<details><summary>${words}</summary>${withPhone}</details>` : withPhone
}

function needsPhone({ operation }: WaitingView, factor: string): boolean {
  return operation === 'enroll' && factor === 'sms'
}

/** The number is not stored: to get another SMS the user types it again, and may correct it. */
function phoneField({ phoneNumber }: Texts): Html {
  return html`<label for="nevis-phone">${phoneNumber}</label>
          <input id="nevis-phone" name="phone" type="tel" required maxlength="30" pattern="\\s*\\+[0-9\\s\\-]{5,25}" autocomplete="tel">`
}

/** The user's own phones, one form each; shown if there are at least two. */
function phonesPart({ authenticators }: WaitingView, texts: Texts, form: (id: string, button: Html) => Html): Html {
  const label = (name: string | undefined, i: number) => name || texts.phone.replace('{n}', String(i + 1))
  const choice = authenticators?.map(({ id, name }, i) => form(id, html`<button><bdi>${label(name, i)}</bdi></button>`)) ?? []
  const reason = authenticators ? texts.onlyPhone : texts.unavailableHint
  return html`
      <section class="nevis-ways" id="nevis-phones" aria-labelledby="nevis-which">
        <h2 id="nevis-which">${texts.whichPhone}</h2>${choice.length > 1 ? choice : html`<p>${reason}</p>`}
      </section>`
}

/** After the end this is the main button; before the end it is for a message that did not arrive. */
function resendButton(view: WaitingView, parts: PageParts): Html | false {
  const { texts } = parts.language
  const form = (words: string, button: Html) => factorForm(view, parts, view.factor, words, button)
  const words = textFor(wordsFor(view, texts).use, view.factor)
  if (view.status !== 'pending') return form(words, html`<button class="nevis-button">${words}</button>`)
  if (view.prompt === 'widget') return form(texts.startOver, html`<button class="nevis-again">${texts.startOver}</button>`)
  const isSent = view.factor !== 'recovery' && view.appLinkUri === undefined
  return isSent && form(texts.resend, html`<button class="nevis-again" data-resend="${RESEND_SECONDS}" data-resend-in="${texts.resendIn}">${texts.resend}</button>`)
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`
}

function csrf(token: string | undefined): Html | false {
  return token !== undefined && hidden('_csrf', token)
}

function wordsFor({ operation }: WaitingView, texts: Texts): Record<'heading' | 'hint' | 'use', Words> {
  if (operation === 'approve') return texts
  return { heading: texts.enrollHeading, hint: texts.enrollHint, use: texts.enrollUse }
}

type Words = Readonly<Record<string, string> & { other: string }>

function textFor(texts: Words, name: string): string {
  return Object.hasOwn(texts, name) ? (texts[name] as string) : texts.other
}

function secondsUntil(time: string): number {
  return Math.max(0, Math.ceil((Date.parse(time) - Date.now()) / 1000))
}

function clock(expiresAt: string): string {
  const seconds = secondsUntil(expiresAt)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
