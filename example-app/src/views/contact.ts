/** How users reach the bank: made up, as the bank is. The number cannot be assigned to anyone, and `example.com` receives no mail. */
import { html, type Html } from '../html.js'
import type { EveryPage } from '../pages.js'

const PHONE = '+41\u00a044\u00a0000\u00a000\u00a000'
const EMAIL = 'support@alpine-mutual.example.com'

export function contactPart({ t }: EveryPage): Html {
  return html`<dl>
          <dt>${t('Telephone')}</dt><dd><a href="tel:${PHONE.replaceAll('\u00a0', '')}">${PHONE}</a></dd>
          <dt>${t('E-mail')}</dt><dd><a href="mailto:${EMAIL}">${EMAIL}</a></dd>
        </dl>
        <p class="quiet">${t('Alpine Mutual is made up, so nobody answers there.')}</p>`
}
