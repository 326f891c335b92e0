/**
 * The pages without a pending transaction: the start of a step-up, an invalid link, a transaction that is not in the session, an outage.
 *
 * Out of scope: the page of a transaction (`page.ts`).
 */
import { documentHtml, type Content, type PageParts, type PageSettings } from './document'
import { csrf, errorPart } from './forms'
import { html, type Html } from './html'

/** The page on which a signed-in user starts a fresh second factor (step-up). Nothing is sent to the phone before the click. */
export function startHtml(parts: PageParts): Html {
  const { heading, startHint, send, notNow } = parts.language.texts
  const form = html`<form method="post" action="${parts.waitingURL}">${csrf(parts.csrfToken)}<button class="nevis-button">${send}</button></form>`
  const leave = html`<div class="nevis-end"><a href="${parts.homeURL}">${notNow}</a></div>`
  return documentHtml({ heading: heading.other, main: html`<main class="nevis"><h1>${heading.other}</h1><p>${startHint}</p>${form}${leave}</main>`, query: {} }, parts)
}

/**
 * The page for a link to a transaction that is not in this session. This page never signs a user in.
 * @param query the query of the link
 */
export function unknownTransactionHtml(parts: PageParts, query: Content['query']): Html {
  const { unknownTransactionHeading: heading, unknownTransaction } = parts.language.texts
  return noticeHtml(heading, errorPart(unknownTransaction), onPart(parts), parts, query)
}

/**
 * The page for a signed-in user who opens the waiting page of a transaction that the session does not hold, or that another user has started. The server does
 * not know whether the transaction was approved: the user may have gone back after the approval, or the link is from an earlier or another sign-in.
 * @param query the query of that waiting page
 * @param kind `done` if the user's last approval was of this very transaction; `enrolled` if the user has finished this enrolment; otherwise `used`
 */
export function usedHtml(parts: PageParts, query: Content['query'], kind: 'used' | 'done' | 'enrolled' = 'used'): Html {
  const { [kind]: text, [`${kind}Heading` as const]: heading } = parts.language.texts
  return noticeHtml(heading, html`<p>${text}</p>`, onPart(parts), parts, query)
}

/**
 * The page for an outage.
 * @param again target of the link "Try again"
 * @param query the query of the waiting page, if "Try again" opens the waiting page. The links to other languages then open the waiting page, too. Undefined if
 * "Try again" opens another page: the outage page then has no links to other languages
 */
export function outageHtml(again: string, parts: PageSettings, query: Content['query']): Html {
  const { unavailable, unavailableHint, tryAgain } = parts.language.texts
  return noticeHtml(unavailable, errorPart(unavailableHint), mainLink(again, tryAgain), parts, query)
}

/** The link to continue: for a signed-in user to the page before the step-up, or to the app's home page; for others to the sign-in page. */
export function onPart({ isSignedIn, returnTo, homeURL, signInURL, language: { texts } }: PageParts): Html {
  return isSignedIn ? mainLink(returnTo ?? homeURL, texts.send) : mainLink(signInURL, texts.toSignIn)
}

function mainLink(href: string, text: string): Html {
  return html`<p><a class="nevis-button" href="${href}">${text}</a></p>`
}

function noticeHtml(heading: string, explanation: Html, on: Html, parts: PageSettings, query: Content['query']): Html {
  return documentHtml({ heading, main: html`<main class="nevis"><h1>${heading}</h1>${explanation}${on}</main>`, query }, parts)
}
