/**
 * The waiting page shortly before the transaction expires: what it says, and that it does not load itself again while the browser or the script waits for an
 * answer.
 *
 * Out of scope: the button "Get more time" itself (`swapped.test.ts`).
 */
import type { ServerResponse } from 'node:http'
import type { BrowserContext, Page, Route } from 'playwright-core'
import { app as appFactor, push, recovery, sms, statusEndpoint, widget } from '../../src'
import { describeWithChromium } from '../support/chromium'
import { WIDGET_SCRIPT } from '../support/widget'
import { codeFor, enterPassword, forgiveComplaints, isSignedIn, makingCodes, startCloud, useChromium, waiting, type Cloud } from './support'

describeWithChromium('the waiting page shortly before the end', () => {
  const chromium = useChromium()
  let cloud: Cloud
  let onStream: (response: ServerResponse) => void = () => undefined

  beforeAll(async () => {
    cloud = await startCloud({
      strategy: {
        statusURL: '/live',
        factors: [push(), appFactor(), sms(), recovery(), widget()],
        operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve'),
      },
      routes: (express, { nevis }) => {
        express.get('/widget.js', (_req, res) => void res.type('js').send(WIDGET_SCRIPT))
        express.get('/live', (_req, res, next) => (onStream(res), next()), statusEndpoint(nevis))
      },
    })
  })
  afterAll(() => cloud.close())
  afterEach(() => jest.restoreAllMocks())

  const note = (page: Page) => page.locator('[data-note]')
  const moreTime = (page: Page) => page.getByRole('button', { name: 'Get more time' })

  async function open(factor: string, context?: BrowserContext) {
    const opened = context ?? (await chromium.open())
    await opened.clock.install()
    return { context: opened, ...(await waiting(opened, cloud, { factor })) }
  }

  /** Holds the requests with this URL until the returned function is called. */
  async function hold(context: BrowserContext, url: string | RegExp): Promise<() => void> {
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => (release = resolve))
    await context.route(url, (route: Route) => held.then(() => route.continue()))
    return () => release()
  }

  describe('to a screen reader', () => {
    /** Moves the page's clock by so many seconds, and returns what the page's live region has said meanwhile. */
    async function said(page: Page, context: BrowserContext, seconds: number): Promise<string[]> {
      await page.evaluate(`said = []
        new MutationObserver(() => said.push(document.querySelector('[data-note]').textContent))
          .observe(document.querySelector('[data-note]'), { childList: true, characterData: true, subtree: true })`)
      await context.clock.runFor(seconds * 1000)
      return page.evaluate('said')
    }

    it.each([
      ['recovery', 'Get more time'], ['app', 'Get more time'], ['push', 'Send again'], ['sms', 'Send again'], ['widget', 'Start over'],
    ])('says once that the time ends, and with which button to get more: %s', async (factor, button) => {
      const { context, page } = await open(factor)
      expect(await said(page, context, 95)).toEqual([`Less than half a minute left. Need longer? Choose “${button}”.`])
      expect(await page.getByRole('button', { name: button }).isEnabled()).toBe(true)
      expect(await page.locator('main').ariaSnapshot()).toContain(`- status: Less than half a minute left. Need longer? Choose “${button}”.`)
    })

    it('says so below new recovery codes, too', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const page = await context.newPage()
      await page.goto((await makingCodes(context, cloud)).address)
      expect(await said(page, context, 575)).toEqual(['Less than half a minute left. Need longer? Choose “Get more time”.'])
    })

    it('names the list with the field for the number, where a number is set up', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const page = await context.newPage()
      await page.goto(await enterPassword(context, cloud, 'newcomer', { factor: 'sms', operation: 'enroll', phone: '+41790000009' }))
      expect(await said(page, context, 575)).toEqual(['Less than half a minute left. Need longer? Choose “Send again or change the number”.'])
      expect(await page.getByText('Send again or change the number', { exact: true }).isVisible()).toBe(true)
    })
  })

  describe('to a user who is about to press a button', () => {
    const places = (page: Page) =>
      page.evaluate<unknown[]>(`[...document.querySelectorAll('a, button, summary, label, input:not([type="hidden"])')].filter((one) => one.compareDocumentPosition(document.querySelector('[data-note]')) & Node.DOCUMENT_POSITION_FOLLOWING && one.checkVisibility())
        .map((one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [one.textContent || one.id, x + scrollX, y + scrollY, width, height] })`)

    it.each(['recovery', 'app', 'sms', 'new codes', 'new number'].flatMap((kind) => ['en', 'de', 'fr', 'it'].map((locale) => [kind, locale] as const)))(
      'moves nothing above it, such as the field for a code and its buttons: %s, in %s',
      async (kind, locale) => {
        for (const width of [320, 1280]) {
          const context = await chromium.open({ locale, viewport: { width, height: 900 } })
          const page = kind.startsWith('new ') ? await context.newPage() : (await open(kind, context)).page
          if (kind.startsWith('new ')) {
            await context.clock.install()
            await page.goto(kind === 'new codes' ? (await makingCodes(context, cloud)).address : await enterPassword(context, cloud, `newcomer-${locale}-${width}`, { factor: 'sms', operation: 'enroll', phone: '+41790000009' }))
          }
          if (kind === 'widget') await page.locator('.nevis-widget iframe:not([style*="height: 0px"])').waitFor()
          // Let the countdown of "Send again" end first, because its words get shorter then.
          await context.clock.runFor(20_000)
          const before = await places(page)
          expect(before.length).toBeGreaterThan(0)
          await context.clock.runFor(kind.startsWith('new ') ? 555_000 : 75_000)
          await page.locator('[data-note]:not(:empty)').waitFor()
          expect(await places(page)).toEqual(before)
          await context.close()
        }
      },
    )
  })

  describe('after a reload', () => {
    const live = (page: Page) => page.evaluate<string[]>(`[...document.querySelectorAll('[role="alert"], [role="status"]')].map((one) => one.textContent).filter(Boolean)`)
    const focused = (page: Page) => page.evaluate('document.activeElement.tagName')
    const refused = async (page: Page) => {
      await page.evaluate(`document.querySelector('[value="app"]').value = 'fax'`)
      await page.getByRole('button', { name: 'Use a QR code or link' }).click()
      await page.getByRole('alert').waitFor()
    }

    it('a screen reader does not announce an alert a second time, and begins at the heading', async () => {
      const { page } = await waiting(await chromium.open(), cloud)
      await refused(page)
      expect(await live(page)).toHaveLength(1)
      const words = await page.getByRole('alert').textContent() as string
      await page.reload()
      expect([await live(page), await focused(page), await page.getByText(words).isVisible()]).toEqual([[], 'H1', true])
      // The same refusal once more is news.
      await refused(page)
      expect(await live(page)).toEqual([words])
    })

    it('the field for a code keeps the focus, and a wrong code is not announced again', async () => {
      const { page } = await waiting(await chromium.open(), cloud, { factor: 'sms' })
      await page.getByLabel('Code').fill('000000')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').waitFor()
      await page.reload()
      expect([await live(page), await focused(page)]).toEqual([[], 'INPUT'])
    })
  })

  describe('while the page waits for more time', () => {
    it('does not load itself again at the end, and goes on with the new time', async () => {
      const { context, page, recoveryCodes } = await open('recovery')
      const before = page.url()
      let loads = 0
      page.on('load', () => loads++)
      await page.getByLabel('Code').fill('abcd')
      await context.clock.runFor(115_000)
      const release = await hold(context, /\/login\/2fa$/)
      await Promise.all([page.waitForRequest(/\/login\/2fa$/), moreTime(page).click()])
      await context.clock.runFor(10_000)
      expect(await page.locator('[data-countdown]').textContent()).toBe('0:00')
      release()
      await page.waitForURL((url) => url.href !== before)
      await context.clock.runFor(2000)
      expect(await page.locator('[data-countdown]').textContent()).toMatch(/^1:5\d$/)
      expect([loads, await page.getByLabel('Code').inputValue(), await note(page).textContent()]).toEqual([0, 'abcd', ''])
      await page.getByLabel('Code').fill(recoveryCodes[0] as string)
      await page.keyboard.press('Enter')
      await isSignedIn(page)
    })

    it('shows a new QR code, and the phone that scans it signs the user in', async () => {
      const { context, page, username } = await open('app')
      const link = page.getByRole('link', { name: 'Open the Access App' })
      const old = await link.getAttribute('href')
      await context.clock.runFor(115_000)
      await moreTime(page).click()
      await page.locator(`a[href]:not([href="${old}"])`, { hasText: 'Open the Access App' }).waitFor()
      expect(await page.locator('[data-countdown]').textContent()).toMatch(/^[12]:\d\d$/)
      await cloud.simulator.phone(username).scan((await link.getAttribute('href')) as string)
      await context.clock.runFor(5000)
      await isSignedIn(page)
      expect(cloud.app.verified.at(-1)).toMatchObject({ username, factor: 'app' })
    })

    it('loads itself again once the request has failed', async () => {
      const { context, page } = await open('recovery')
      await context.clock.runFor(115_000)
      await context.route(/\/login\/2fa$/, () => undefined)
      await Promise.all([page.waitForRequest(/\/login\/2fa$/), moreTime(page).click()])
      const loaded = page.waitForEvent('load')
      await context.clock.runFor(25_000)
      await loaded
    })
  })

  describe('while the browser sends a form', () => {
    /**
     * Sends the form that has this field, and then moves the page's clock. Uses a script in the page, because a click and Playwright's clock would wait for the
     * next page. Returns after the page has seen the new time.
     */
    async function send(page: Page, field: string, seconds: number): Promise<void> {
      const seen = page.waitForEvent('console', (message) => message.text() === 'the time has changed')
      await page.evaluate(`(() => {
        document.querySelector('${field}').form.requestSubmit()
        const { now } = Date
        Date.now = () => now() + ${seconds} * 1000
        new MutationObserver(() => console.log('the time has changed')).observe(document.querySelector('[data-countdown]'), { childList: true })
      })()`)
      await seen
    }

    it('does not load itself again at the end: the user sees what the code has done', async () => {
      const { context, page, username } = await open('sms')
      await context.clock.runFor(110_000)
      const release = await hold(context, /callback/)
      await page.getByLabel('Code').fill(codeFor(cloud, username))
      await send(page, '[name=code]', 15)
      release()
      await isSignedIn(page)
    })

    it('does not load itself again when it learns that the request has ended: the user sees what the button has done', async () => {
      const context = await chromium.open()
      const opened = new Promise<ServerResponse>((resolve) => (onStream = resolve))
      const { page, username } = await waiting(context, cloud)
      const release = await hold(context, /\/login\/2fa$/)
      const closed = opened.then((stream) => new Promise((resolve) => stream.on('close', resolve)))
      await send(page, '[name=cancel]', 0)
      await cloud.simulator.phone(username).deny()
      await closed
      release()
      await page.getByText('"action":"fail"').waitFor()
      forgiveComplaints(/401|403/)
    })

    it('loads itself again if no answer comes', async () => {
      const { context, page } = await open('sms')
      await context.clock.runFor(110_000)
      await context.route(/callback/, () => undefined)
      await page.getByLabel('Code').fill('123456')
      const reload = page.waitForRequest(/2fa\?transaction/)
      await send(page, '[name=code]', 25)
      await reload
    })
  })
})
