/** The page for an error. It shows the HTTP status and nothing else about the error. */
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import { translator, type Language } from '../language.js'
import { layout, type Frame } from './layout.js'

const SENTENCES: Readonly<Record<number, readonly [heading: Text, advice: Text]>> = {
  403: ['This form is out of date', 'Go back, reload the page and try again.'],
  404: ['There is no such page', 'Check the address, or start again from the home page.'],
  429: ['Too many attempts', 'Wait a few minutes before you try again.'],
  502: ['Not available just now', 'The second factor cannot be reached. Please try again in a moment.'],
  503: ['Not available just now', 'The second factor cannot be reached. Please try again in a moment.'],
  504: ['Not available just now', 'The second factor took too long to answer. Please try again in a moment.'],
}
const OTHERS = {
  request: ['This request is not right', 'Start again from the home page.'],
  server: ['Something went wrong', 'Please try again later.'],
} satisfies Record<string, readonly [Text, Text]>

/** What the user must know after an error, and the page to which the button leads. */
export interface Outcome {
  readonly sentences: readonly Text[]
  readonly href: string
  readonly button: Text
}

export interface ErrorOptions extends Partial<Frame> {
  /** True if the user may have signed out in another tab, and must sign in to send the refused form again. */
  readonly isSignedOut?: boolean
  /** The page that the button "Try again" opens; undefined if trying again does not help. */
  readonly again?: string | undefined
  /** Sentences to add to the page, and another target and text for its button. Default: no sentences, and the usual button. */
  readonly outcome?: Outcome | undefined
}

/** @param options who is signed in, for the navigation (default: no user), and where the button leads (default: to the home page) */
export function errorPage(status: number, language: Language, { isSignedOut = false, again, outcome, ...frame }: ErrorOptions = {}): Html {
  const t = translator(language)
  const [target, button]: readonly [string, Text] =
    outcome !== undefined ? [outcome.href, outcome.button] : again !== undefined ? [again, 'Try again'] : status === 403 && isSignedOut ? ['/login', 'Go to the sign-in page'] : ['/', 'Go to the home page']
  const [heading, advice] = SENTENCES[status] ?? (status < 500 ? OTHERS.request : OTHERS.server)
  return layout(
    t(heading),
    { ...frame, language, t },
    html`<section class="card narrow">
        <h1>${t(heading)}</h1>
        ${outcome?.sentences.length && html`<p><strong>${outcome.sentences.map((sentence) => t(sentence)).join(' ')}</strong></p>`}
        <p>${t(advice)}</p>
        <p class="quiet">${t('Error {status}', { status })}</p>
        <p class="buttons"><a class="button" href="${target}">${t(button)}</a></p>
      </section>`,
  )
}
