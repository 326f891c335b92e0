/**
 * The box "Remember this browser".
 *
 * The box is a field of the form for a code or for the widget. On a page without such a form, the script adds the user's choice to the URL of the callback.
 * Without the script, a button sends the choice. Out of scope: whether the box is offered (`view.ts`).
 */
import type { PageParts } from './document'
import { callbackForm, hidden } from './forms'
import { html, unscripted, type Html } from './html'
import type { WaitingView } from './view'
import { inUnits } from './wording'

/** Browsers send nothing for a box that is not ticked. The hidden field `remember=0` tells the server that the user saw the box. */
export function rememberField({ remember }: WaitingView, parts: PageParts): Html | false {
  return remember !== undefined && html`<div class="nevis-remember">${hidden('remember', '0')}${box(remember, parts)}</div>`
}

export function rememberPart(view: WaitingView, parts: PageParts): Html | false {
  const { remember, prompt } = view
  if (remember === undefined || prompt !== 'wait') return false
  const { texts } = parts.language
  const words = label(remember.days, parts)
  const hint = html`<p>${texts.rememberHint}</p>`
  const choice = remember.isChosen
    ? html`<p><strong>✓ ${words}</strong></p>${hint}<button name="remember" value="0">${texts.doNotRemember}</button>`
    : html`<button name="remember" value="1">${words}</button>${hint}`
  return html`
      <div class="nevis-remember" data-remember hidden>${box(remember, parts)}</div>
      ${unscripted(callbackForm(view, parts, html`class="nevis-remember"`, html`${hidden('retry', '1')}${choice}`))}`
}

function box({ days, isChosen }: NonNullable<WaitingView['remember']>, parts: PageParts): Html {
  return html`<input type="checkbox" id="nevis-remember" name="remember" value="1" aria-describedby="nevis-remember-hint"${isChosen && html` checked`}>
        <label for="nevis-remember">${label(days, parts)}</label>
        <p id="nevis-remember-hint">${parts.language.texts.rememberHint}</p>`
}

function label(days: number, { language: { tag, texts } }: PageParts): string {
  return texts.remember.replace('{days}', inUnits(days, 'day', tag))
}
