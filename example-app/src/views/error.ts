/** The page for an error. It shows the HTTP status and nothing else about the error. */
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import { translator, type Language } from '../language.js'
import { layout, type Frame } from './layout.js'

const SENTENCES: Readonly<Record<number, readonly [heading: Text, advice: Text]>> = {
  403: ['This form is out of date', 'Go back, reload the page and try again.'],
  404: ['There is no such page', 'Check the address, or start again from the home page.'],
  429: ['Too many attempts', 'Wait a few minutes before you try again.'],
  503: ['Not available just now', 'The second factor cannot be reached. Please try again in a moment.'],
  504: ['Not available just now', 'The second factor took too long to answer. Please try again in a moment.'],
}
const OTHERS = {
  request: ['This request is not right', 'Start again from the home page.'],
  server: ['Something went wrong', 'Please try again later.'],
} satisfies Record<string, readonly [Text, Text]>

/**
 * @param frame who is signed in, for the navigation; default: no user. `isSignedOut`: the user may have signed out in another tab, and must sign in to send the
 * refused form again
 */
export function errorPage(status: number, language: Language, { isSignedOut = false, ...frame }: Partial<Frame> & { readonly isSignedOut?: boolean } = {}): Html {
  const t = translator(language)
  const toSignIn = status === 403 && isSignedOut
  const [heading, advice] = SENTENCES[status] ?? (status < 500 ? OTHERS.request : OTHERS.server)
  return layout(
    t(heading),
    { ...frame, language, t },
    html`<section class="card narrow">
        <h1>${t(heading)}</h1>
        <p>${t(advice)}</p>
        <p class="quiet">${t('Error {status}', { status })}</p>
        <p class="buttons">${toSignIn ? html`<a class="button" href="/login">${t('Go to the sign-in page')}</a>` : html`<a class="button" href="/">${t('Go to the home page')}</a>`}</p>
      </section>`,
  )
}
