/** The page for an error. It shows the status and nothing else about the error. */
import { html, type Html } from '../html.js'
import { layout } from './layout.js'

const SENTENCES: Readonly<Record<number, readonly [heading: string, advice: string]>> = {
  403: ['This form is out of date', 'Go back, reload the page and try again.'],
  404: ['There is no such page', 'Check the address, or start again from the home page.'],
  429: ['Too many attempts', 'Wait a few minutes before you try again.'],
  503: ['Not available just now', 'The second factor cannot be reached. Please try again in a moment.'],
  504: ['Not available just now', 'The second factor took too long to answer. Please try again in a moment.'],
}

export function errorPage(status: number): Html {
  const [heading, advice] = SENTENCES[status] ?? (status < 500 ? ['This request is not right', ''] : ['Something went wrong', 'Please try again later.'])
  return layout(
    heading,
    undefined,
    html`<section class="card narrow">
        <h1>${heading}</h1>
        <p>${advice}</p>
        <p class="quiet">Error ${status}</p>
        <p><a href="/">Go to the home page</a></p>
      </section>`,
  )
}
