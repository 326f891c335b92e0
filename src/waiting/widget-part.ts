/**
 * The part of the waiting page with Nevis's widget, and what the page shows if the widget fails or cannot be loaded.
 *
 * Out of scope: starting the widget (`assets/widget.ts`), and the forms for another factor (`factor-forms.ts`).
 */
import type { PageParts } from './document'
import { callbackForm, hidden } from './forms'
import { html, unscripted, type Html } from './html'
import { rememberField } from './remember-part'
import type { Texts } from './texts/texts'
import type { WaitingView } from './view'
import { textFor, wordsFor } from './wording'

/** True while the page needs Nevis's widget script. */
export function showsWidget({ prompt, status }: WaitingView): boolean {
  return prompt === 'widget' && status === 'pending'
}

/**
 * The heading of the page with the widget. Without the script, the widget cannot start, so the heading says that the confirmation failed. The stylesheet hides
 * the other heading.
 */
export function widgetHeading(heading: string, view: WaitingView, texts: Texts): Html {
  return html`<h1 class="nevis-scripted">${heading}</h1>${unscripted(html`<h1>${failedHeading(view, texts)}</h1>`)}`
}

/** The heading that says that the widget has failed: the text `widgetFailed` without the full stop. */
function failedHeading(view: WaitingView, texts: Texts): string {
  return wordsFor(view, texts).widgetFailed.replace('.', '')
}

/**
 * The script shows the hint only while the widget runs. So the hint never appears together with the sentence that the widget has failed or needs JavaScript.
 */
export function widgetHintPart(view: WaitingView, texts: Texts): Html {
  return html`<p data-widget-hint hidden>${textFor(wordsFor(view, texts).hint, view.factor)}</p>`
}

/**
 * If the widget fails, the script shows the error and changes the heading. The error repeats the heading in a text for screen readers only, because screen
 * readers read the error at once.
 * The form sends the widget's token in the body of a POST, so that no access log contains it.
 */
export function widgetPart(view: WaitingView, parts: PageParts): Html {
  const { texts } = parts.language
  const hasOthers = view.factors.some((name) => name !== view.factor)
  return html`
      <div class="nevis-widget" data-intent-token="${view.intentToken}"></div>
      <div data-widget-failed="${failedHeading(view, texts)}" hidden><p class="nevis-error" role="alert"><span class="nevis-unseen">${wordsFor(view, texts).widgetFailed} </span>${hasOthers ? texts.startOverOrChoose : texts.pleaseStartOver}</p>${waysOut(parts)}</div>
      ${unscripted(html`<p class="nevis-error">${texts.needsScript}${hasOthers && html` ${texts.orChooseAnother}`}</p>${waysOut(parts)}`)}
      ${callbackForm(view, parts, html`class="nevis-scripted" data-widget-result`, html`${hidden('token', '')}${rememberField(view, parts)}`)}`
}

/**
 * A link for a user who cannot use the widget: for a signed-in user back to the app, for others to the sign-in page, unless the footer already links to that
 * page (`hasSignInPage`).
 */
function waysOut({ isSignedIn, hasSignInPage, homeURL, signInURL, language: { texts } }: PageParts): Html | false {
  if (isSignedIn) return html`<p class="nevis-out"><a href="${homeURL}">${texts.notNow}</a></p>`
  return !hasSignInPage && html`<p class="nevis-out"><a href="${signInURL}">${texts.toSignIn}</a></p>`
}
