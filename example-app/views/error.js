/** A mistake or a fault, told by its status alone. */
import { html } from '../html.js'
import { layout } from './layout.js'

const SENTENCES = {
  403: ['This form is out of date', 'Go back, reload the page and try again.'],
  404: ['There is no such page', 'Check the address, or begin again on the first page.'],
  429: ['Too many attempts', 'Wait a few minutes before you try again.'],
  503: ['Not available just now', 'The second factor cannot be reached. Please try again in a moment.'],
  504: ['Not available just now', 'The second factor took too long to answer. Please try again in a moment.'],
}

export function errorPage(status) {
  const [heading, advice] = SENTENCES[status] ?? (status < 500 ? ['This request is not right', ''] : ['Something went wrong', 'Please try again later.'])
  return layout(
    heading,
    {},
    html`<section class="card narrow">
        <h1>${heading}</h1>
        <p>${advice}</p>
        <p class="quiet">Error ${status}</p>
        <p><a href="/">To the first page</a></p>
      </section>`,
  )
}
