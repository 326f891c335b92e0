/** The help page: what to do if the second factor does not work. The footer of each page links to it, and so do the waiting page and the outage page. */
import type { Text } from '../german.js'
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { contactPart } from './contact.js'
import { layout } from './layout.js'

/** Each question with its answer, or with the steps to take, in their order. */
const ANSWERS: readonly (readonly [question: Text, ...answer: Text[]])[] = [
  ['No request on your phone?', 'Open the Access App, and check that your phone is online. Or choose another way under “Other ways to confirm”.'],
  [
    'Lost a device?',
    'First, sign in by SMS, with a recovery code or with another device.',
    'Within five minutes, set up your new device under “Devices and security”.',
    'Then remove the lost device there. After that, no browser is remembered any more.',
    'If you have none of these ways, contact support.',
  ],
  ['A request that you did not start?', 'Deny it. Then change your password, because someone else may know it.'],
  ['“Not available just now”?', 'Wait a few minutes, then try again.'],
]

export interface HelpParts {
  /** True if the app runs with simulated phones, on which nothing is to be installed. */
  readonly isDemo: boolean
}

export function helpPage(everyPage: EveryPage, { isDemo }: HelpParts): Html {
  const { t, user } = everyPage
  return layout(
    t('Help'),
    everyPage,
    html`<section class="card medium">
        <h1>${t('Help')}</h1>
        ${ANSWERS.map(([question, ...answer]) => html`<h2>${t(question)}</h2>
        ${answer.map((sentence) => html`<p>${t(sentence)}</p>`)}`)}
        ${isDemo && html`<h2 id="app">${t('No Access App yet?')}</h2>
        <p>${t('In this demo, you need not install anything. Next to the QR code, choose “Open the Access App”: the simulated phones open the link.')}</p>`}
        <h2>${t('Support')}</h2>
        ${contactPart(everyPage)}
        <p class="buttons">${user ? html`<a class="button" href="/account">${t('To your account')}</a>` : html`<a class="button" href="/login">${t('Sign in')}</a>`}</p>
      </section>`,
  )
}
