/** The imprint: who runs this site. The footer of each page links to it, and so does the waiting page. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'
import { contactPart } from './contact.js'
import { layout } from './layout.js'

export function imprintPage(everyPage: EveryPage): Html {
  const { t } = everyPage
  return layout(
    t('Imprint'),
    everyPage,
    html`<section class="card medium">
        <h1>${t('Imprint')}</h1>
        <p>Alpine Mutual<br>Musterstrasse 1<br>0000 Neuwil</p>
        ${contactPart(everyPage)}
      </section>`,
  )
}
