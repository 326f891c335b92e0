/**
 * Handles requests from a browser: the page with the simulated phones, its forms, opened app links, and the widget.
 *
 * Out of scope: the API (`server.ts`) and the HTML (`phones-page.ts`, `widget.ts`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answer, type Answer } from './answer'
import type { Cloud } from './cloud'
import { deliver } from './delivery'
import type { FaultHandle, Faults } from './faults'
import { POLICY } from './page-assets'
import { Phone, PhoneRefusal } from './phone'
import { openPage, phonesPage, phonesState, type Refused } from './phones-page'
import { textsFor } from './phones-texts'
import { readBody } from './requests'
import { originRefusal } from './origin-check'
import { widgetFrame, widgetIntent, widgetScript } from './widget'

const PAGES = new Map<string, (pages: Pages, request: IncomingMessage, url: URL) => Answer | Promise<Answer>>([
  ['GET /', (pages, request) => pages.page(200, request)],
  ['GET /open', (pages, request, url) => pages.open(request, url)],
  ['GET /_simulator/state', (pages, request) => pages.state(request)],
  ['POST /_simulator/decide', (pages, request) => pages.decide(request)],
  ['POST /_simulator/scan', (pages, request) => pages.scan(request)],
  ['POST /_simulator/outage', (pages, request) => pages.outage(request)],
  ['GET /widget/auth.js', widgetScript],
  ['GET /widget/frame', widgetFrame],
  ['POST /widget/intent', (pages, request) => pages.intent(request)],
])

const html = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html;charset=utf-8', 'content-security-policy': POLICY },
  body,
})

const redirectToPhones = (): Answer => ({ status: 303, headers: { location: '/' }, body: undefined })

export class Pages {
  /** The fault that makes all API calls fail while the user has switched the simulated Nevis off. */
  private off: FaultHandle | undefined

  constructor(
    private readonly cloud: Cloud,
    private readonly faults: Faults,
  ) {}

  /** True for paths that only the simulator has, for example `/_simulator/decide`. */
  has(path: string): boolean {
    return path === '/' || path === '/open' || path.startsWith('/_simulator/') || path.startsWith('/widget/')
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      const found = await this.answer(request, url)
      const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' }
      const whole: Answer = { ...found, headers: { ...headers, ...found.headers } }
      await deliver(response, Date.now(), whole, undefined, () => Promise.resolve())
    } catch {
      // No response can be sent: the client has closed the connection before the end of the request body.
      response.destroy()
    }
  }

  page(status: number, { headers }: IncomingMessage, refused?: Refused): Answer {
    return html(status, phonesPage(this.cloud, this.off !== undefined, textsFor(headers['accept-language']), refused))
  }

  open({ headers }: IncomingMessage, url: URL): Answer {
    const token = url.searchParams.get('dispatchTokenResponse') ?? ''
    const transaction = this.cloud.transactions.ofDispatchToken(token)
    return html(transaction?.status === 'pending' ? 200 : 404, openPage(this.cloud, url.href, transaction, textsFor(headers['accept-language'])))
  }

  state({ headers }: IncomingMessage): Answer {
    return answer(200, phonesState(this.cloud, textsFor(headers['accept-language'])))
  }

  decide(request: IncomingMessage): Promise<Answer> {
    return this.act(request, (phone, form) => {
      const transactionId = form.get('transactionId') ?? ''
      return form.get('decision') === 'approve' ? phone.approve(transactionId) : phone.deny(transactionId)
    })
  }

  scan(request: IncomingMessage): Promise<Answer> {
    return this.act(request, (phone, form) => phone.scan((form.get('link') ?? '').trim()))
  }

  /** Switches the simulated Nevis off or on. While it is off, all API calls fail. */
  async outage(request: IncomingMessage): Promise<Answer> {
    const isOff = new URLSearchParams(await readBody(request)).get('cloud') === 'off'
    this.off?.remove()
    this.off = isOff ? this.faults.add({ reset: true }) : undefined
    return redirectToPhones()
  }

  intent({ headers }: IncomingMessage): Answer {
    return widgetIntent(this.cloud, headers.authorization)
  }

  private answer(request: IncomingMessage, url: URL): Answer | Promise<Answer> {
    const refusal = originRefusal(request)
    if (refusal !== undefined) return answer(403, refusal)
    const found = PAGES.get(`${request.method ?? ''} ${url.pathname}`)
    return found === undefined ? answer(404, 'Not found') : found(this, request, url)
  }

  /** Runs the action of a form, then redirects to the page with the phones. If the action fails, that page shows the reason. */
  private async act(request: IncomingMessage, work: (phone: Phone, form: URLSearchParams) => Promise<void>): Promise<Answer> {
    const form = new URLSearchParams(await readBody(request))
    const user = this.cloud.userById(form.get('user') ?? '')
    if (user === undefined) return this.page(409, request, { reason: 'This user does not exist any more.' })
    try {
      await work(new Phone(this.cloud, user.username ?? user.userId), form)
      return redirectToPhones()
    } catch (error) {
      const link = form.get('link')
      const { text, owner } = error instanceof PhoneRefusal ? error : new PhoneRefusal('The phone could not do that.')
      return this.page(409, request, { reason: text, owner, user, ...(link !== null && { link: link.slice(0, 1000) }) })
    }
  }
}
