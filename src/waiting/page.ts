/**
 * The waiting page's HTML, for every factor and every state, with and without JavaScript.
 *
 * Not its job: to find out the state (`view.ts`), or to send anything.
 */
import { html, messageHtml, type Html } from './html'
import type { Texts } from './texts'
import type { WaitingView } from './view'

export interface PageParts {
  readonly waitingURL: string
  readonly texts: Texts
  readonly lang: string
  readonly assets: { readonly script: string; readonly style: string }
  readonly csrfToken?: string | undefined
  readonly nonce?: string | undefined
}

/** Seconds between two looks of a browser without JavaScript. */
const REFRESH_SECONDS = 3

export function pageHtml(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts
  const isOver = view.status === 'failed' || view.status === 'expired'
  const heading = isOver ? texts.failed : named(texts.heading, view.factor)
  const main = html`
    <main class="nevis" data-prompt="${view.prompt}" data-status="${view.status}" data-transaction="${view.transaction}"
      data-status-url="${view.statusURL}" data-callback-url="${view.callbackURL}" data-expires-at="${view.expiresAt}">
      <h1>${heading}</h1>
      ${isOver ? failurePart(view, texts) : waitingPart(view, parts)}
      ${waysPart(view, parts)}
      <p class="nevis-note" role="status" data-note data-unreachable="${texts.unreachable}"></p>
    </main>`
  const refresh = !isOver && view.prompt === 'wait' && html`<noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>`
  return shell(heading, refresh, main, parts)
}

/** For a link that this browser has no transaction for: an explanation, never a login. */
export function strangerHtml(message: string, parts: PageParts): Html {
  return shell(parts.texts.failed, false, html`<main class="nevis"><h1>${parts.texts.failed}</h1><p role="alert">${message}</p></main>`, parts)
}

function shell(title: string, head: Html | false, main: Html, { lang, assets, nonce }: PageParts): Html {
  const nonceAttribute = nonce !== undefined && html` nonce="${nonce}"`
  return html`<!doctype html>
<html lang="${lang}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    ${head}
    <link rel="stylesheet" href="${assets.style}"${nonceAttribute}>
    <script src="${assets.script}" defer${nonceAttribute}></script>
  </head>
  <body>${main}
  </body>
</html>
`
}

function waitingPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts
  return html`
      <p>${named(texts.hint, view.factor)}</p>
      ${view.message !== undefined && html`<figure class="nevis-message"><figcaption>${texts.messageLabel}</figcaption><blockquote>${messageHtml(view.message)}</blockquote></figure>`}
      ${view.appLinkUri !== undefined && html`<p class="nevis-link"><a class="nevis-button" href="${view.appLinkUri}">${texts.openApp}</a></p>`}
      ${view.qrCode !== undefined && html`<p class="nevis-qr"><img src="${view.qrCode}" alt="${texts.qrCode}" width="240" height="240"></p>`}
      ${view.recoveryCodes !== undefined ? recoveryPart(view, parts) : view.prompt === 'code' && codePart(view, parts)}
      <p class="nevis-time"><span>${texts.timeLeft}</span> <time data-countdown datetime="${view.expiresAt}">${clock(view.expiresAt)}</time></p>
      ${view.prompt === 'wait' && html`<noscript><p>${texts.refreshes}</p></noscript>`}`
}

function codePart(view: WaitingView, { texts, csrfToken }: PageParts): Html {
  const isWrong = view.failure === 'wrong_code'
  const recovery = view.factor === 'recovery'
  return html`
      <form method="post" action="${view.callbackURL}" class="nevis-code">
        ${hidden('transaction', view.transaction)}${hidden('retry', '1')}${csrf(csrfToken)}
        ${isWrong && html`<p class="nevis-error" role="alert" id="nevis-error">${texts.attemptsLeft(view.attemptsLeft ?? 0)}</p>`}
        <label for="nevis-code">${texts.code}</label>
        <input id="nevis-code" name="code" required maxlength="64" autofocus spellcheck="false" autocapitalize="none"
          autocomplete="${recovery ? 'off' : 'one-time-code'}" inputmode="${recovery ? 'text' : 'numeric'}"${isWrong && html` aria-invalid="true" aria-describedby="nevis-error"`}>
        <button class="nevis-button">${texts.send}</button>
      </form>`
}

function recoveryPart(view: WaitingView, { texts, csrfToken }: PageParts): Html {
  return html`
      <p>${texts.recoveryCodes}</p>
      <ul class="nevis-codes">${view.recoveryCodes?.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <form method="post" action="${view.callbackURL}">
        ${hidden('transaction', view.transaction)}${csrf(csrfToken)}<button class="nevis-button">${texts.written}</button>
      </form>`
}

function failurePart(view: WaitingView, texts: Texts): Html {
  return html`<p class="nevis-error" role="alert">${texts.failure[view.failure ?? 'not_approved']}</p>`
}

/** Another factor, the same again, or none: one form each, so that it works without JavaScript. */
function waysPart(view: WaitingView, { texts, waitingURL, csrfToken }: PageParts): Html {
  const form = (field: string, value: string, label: string) => html`
        <form method="post" action="${waitingURL}">${hidden('transaction', view.transaction)}${hidden(field, value)}${csrf(csrfToken)}<button>${label}</button></form>`
  const label = (name: string) => (name === view.factor ? texts.resend : named(texts.use, name))
  if (view.failure === 'cancelled') return html``
  return html`
      <section class="nevis-ways" aria-label="${texts.otherWays}">
        <h2>${texts.otherWays}</h2>${view.factors.map((name) => form('factor', name, label(name)))}
        ${form('cancel', '1', texts.cancel)}
      </section>`
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`
}

function csrf(token: string | undefined): Html | false {
  return token !== undefined && hidden('_csrf', token)
}

function named(texts: Readonly<Record<string, string>>, name: string): string {
  return texts[name] ?? (texts['other'] as string)
}

function clock(expiresAt: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(expiresAt) - Date.now()) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
