/**
 * Tests in a real browser what a signed-in user of the example app does: payments that the user signs on the phone, and a transfer that needs a fresh second
 * factor. Also tests the pages that the app shows while Nevis is down. Takes a screenshot of each page, wide and on a phone, in `screenshots/`.
 *
 * Out of scope: attacks (`test/example/invoices.test.ts`).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { circumstances, nevisComesBack, nevisGoesDown, sixMinutesLater } from '../example/circumstances'
import { START_MS, startExample, type Running } from '../example/support'
import { describeWithChromium } from '../support/chromium'
import { violations } from './axe'
import { forgiveComplaints, showsHeading, useChromium } from './support'

const FOLDER = join(__dirname, 'screenshots')
const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 360, height: 740 }
const DENTIST = 'Zahnarztpraxis Müller & Keller'
const POWER = 'Stadtwerke Neuwil'

describeWithChromium('in the example app', () => {
  const chromium = useChromium()
  let app: Running

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    app = await startExample(circumstances)
  }, START_MS)
  beforeEach(() => sixMinutesLater(app))
  afterAll(() => app?.stop())

  /** Checks a page on a wide screen and on a phone: it is accessible, and no wider than the screen. Takes a screenshot of each. */
  async function look(page: Page, name: string): Promise<void> {
    for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(viewport)
      await page.screenshot({ path: join(FOLDER, `example-${name}-${device}.png`), fullPage: true })
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width)
      expect([name, device, await violations(page)]).toEqual([name, device, []])
    }
    await page.setViewportSize(DESKTOP)
  }

  /** Where the logo and the content begin, and how large the heading is: the same on the app's own pages and on the waiting page, so that nothing jumps. */
  const frameOf = (page: Page) => page.evaluate<object>(`(() => {
    const { left, top, bottom } = document.querySelector('header img').getBoundingClientRect()
    const { fontSize, lineHeight } = getComputedStyle(document.querySelector('h1'))
    return { left, middle: (top + bottom) / 2, header: document.querySelector('header').offsetHeight, content: document.querySelector('.card, .nevis').getBoundingClientRect().top, fontSize, lineHeight }
  })()`)

  /** @param hasScript false if the browser runs no JavaScript: the page then does not continue by itself */
  async function signIn(context: BrowserContext, person: string, hasScript = true): Promise<Page> {
    const { username, password } = app.account(person)
    const page = await context.newPage()
    await page.goto(`${app.origin}/login`)
    await page.getByLabel('Username').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await showsHeading(page, 'Check your phone')
    await app.phone(person).approve()
    if (!hasScript) await page.getByRole('link', { name: 'Check now' }).click()
    await showsHeading(page, `Hello ${person}`)
    return page
  }

  async function pay(page: Page, payee: string): Promise<void> {
    await page.goto(`${app.origin}/invoices`)
    await page.getByRole('button', { name: payee }).click()
    await showsHeading(page, 'Check your phone')
  }

  /** Opens the simulator's page with the phones in another tab. */
  async function phones(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    await page.goto(app.phonesOrigin)
    return page
  }

  describe('an invoice', () => {
    it('is signed on the phone, which shows the amount and the payee, and gives a receipt, with the time in the zone of the browser', async () => {
      const context = await chromium.open({ viewport: DESKTOP, timezoneId: 'America/New_York' })
      const page = await signIn(context, 'anna')
      await look(page, 'account')
      await page.getByRole('link', { name: 'Pay invoices' }).click()
      await showsHeading(page, 'Invoices')
      await look(page, 'invoices')
      const frame = await frameOf(page)

      await page.getByRole('button', { name: `Pay CHF 240.50 to ${DENTIST}` }).click()
      await showsHeading(page, 'Check your phone')
      await page.getByText(`Pay CHF 240.50`).waitFor()
      const shown = await page.locator('blockquote').innerText()
      expect(await frameOf(page)).toEqual(frame)
      await look(page, 'sign')

      const phone = await phones(await chromium.open({ viewport: DESKTOP }))
      const request = phone.getByRole('region', { name: 'anna' })
      expect(await request.locator('.message').innerText()).toBe(`Pay CHF\u00a0240.50\nto ${DENTIST}?`)
      expect(shown).toBe(await request.locator('.message').innerText())
      await look(phone, 'sign-on-the-phone')
      await request.getByRole('button', { name: 'Accept' }).click()

      await showsHeading(page, 'Paid')
      await page.getByText('CHF 240.50').waitFor()
      await page.getByText(DENTIST).waitFor()
      const paidOn = page.locator('dd time')
      const at = new Date((await paidOn.getAttribute('datetime')) as string)
      expect(await paidOn.textContent()).toBe(new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'America/New_York' }).format(at))
      await look(page, 'receipt')
      await page.getByRole('link', { name: 'All invoices' }).click()
      await page.getByRole('link', { name: `Paid: receipt for ${DENTIST}` }).waitFor()
      expect(await page.getByRole('button', { name: /^Pay/ }).count()).toBe(2)
      await look(page, 'invoices-one-paid')
    })

    it('denied on the phone › is still to be paid', async () => {
      const page = await signIn(await chromium.open(), 'ben')
      await pay(page, POWER)
      await app.phone('ben').deny()
      await showsHeading(page, 'Request not approved')
      await look(page, 'sign-denied')
      const [bar, button] = await page.evaluate<string[]>("[getComputedStyle(document.querySelector('.nevis-message dl')).borderLeftColor, getComputedStyle(document.querySelector('.nevis-button')).backgroundColor]")
      expect(bar).not.toBe(button)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await showsHeading(page, 'Invoices')
      await page.getByText('The request was cancelled.').waitFor()
      await page.getByRole('button', { name: POWER }).waitFor()
    })

    it('denied on the phone, without JavaScript › returns to the invoices with the reason, signed in', async () => {
      const page = await signIn(await chromium.open({ javaScriptEnabled: false }), 'ben', false)
      await pay(page, POWER)
      await app.phone('ben').deny()
      await page.getByRole('link', { name: 'Check now' }).click()
      await showsHeading(page, 'Request not approved')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await showsHeading(page, 'Invoices')
      await page.getByText('The request was cancelled.').waitFor()
    })

    it('once more after it was paid, by going back › cannot be paid', async () => {
      const page = await signIn(await chromium.open(), 'ben')
      await pay(page, 'Alpine Mutual')
      await app.phone('ben').approve()
      await showsHeading(page, 'Paid')
      await page.goBack()
      await page.waitForLoadState()
      await page.goto(`${app.origin}/invoices`)
      await page.getByRole('link', { name: 'Paid: receipt for Alpine Mutual' }).waitFor()
      expect(await app.phone('ben').requests()).toBe(0)
    })
  })

  describe('two invoices in two tabs', () => {
    it('wait at the same time, and each is paid', async () => {
      const context = await chromium.open()
      const first = await signIn(context, 'ben')
      const second = await context.newPage()
      await pay(first, DENTIST)
      await pay(second, POWER)
      const phone = await phones(await chromium.open({ viewport: DESKTOP }))
      expect(await phone.getByRole('region', { name: 'ben' }).locator('.message').allInnerTexts()).toEqual([
        `Pay CHF\u00a086.15\nto ${POWER}?`,
        `Pay CHF\u00a0240.50\nto ${DENTIST}?`,
      ])
      await look(phone, 'two-on-the-phone')
      await app.phone('ben').approve()
      await showsHeading(second, 'Paid')
      await second.getByText('CHF 86.15').waitFor()
      await app.phone('ben').approve()
      await showsHeading(first, 'Paid')
      await first.getByText('CHF 240.50').waitFor()
    })
  })

  describe('a transfer with a second factor that is six minutes old', () => {
    it('asks for a fresh one, and goes on where the user was', async () => {
      const page = await signIn(await chromium.open(), 'ben')
      await sixMinutesLater(app)
      await page.goto(`${app.origin}/transfer?recipient=Clara`)
      await showsHeading(page, 'Confirm it is you')
      await look(page, 'step-up')
      await page.getByRole('button', { name: 'Confirm with second factor' }).click()
      await page.getByText('Confirm that it is you, at Alpine Mutual?').waitFor()
      await app.phone('ben').approve()
      await showsHeading(page, 'Transfer money')
      expect(page.url()).toBe(`${app.origin}/transfer?recipient=Clara`)
      expect(await page.getByLabel('To').inputValue()).toBe('Clara')
      await look(page, 'transfer')
      await page.getByLabel('Amount in CHF').fill('50')
      await page.getByRole('button', { name: 'Transfer' }).click()
      await page.getByText('CHF 50.00 is on its way to Clara.').waitFor()
      await look(page, 'transferred')
    })
  })

  describe('while Nevis is down', () => {
    it('at the start › a page says so, no user is signed in, and it leads back to the password', async () => {
      forgiveComplaints(/503/)
      const page = await (await chromium.open({ viewport: DESKTOP })).newPage()
      const { username, password } = app.account('anna')
      await page.goto(`${app.origin}/login`)
      await page.getByLabel('Username').fill(username)
      await page.getByLabel('Password').fill(password)
      await nevisGoesDown(app)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await showsHeading(page, 'Not available just now')
      await look(page, 'outage')
      await nevisComesBack(app)
      await page.getByRole('link', { name: 'Try again' }).click()
      await showsHeading(page, 'Sign in')
    })

    it('at the callback › a page says so, and what was approved meanwhile is paid afterwards', async () => {
      forgiveComplaints(/503/)
      const context = await chromium.open({ viewport: DESKTOP, javaScriptEnabled: false })
      const page = await signIn(context, 'anna', false)
      await pay(page, POWER)
      const callback = page.url().replace('/login/2fa?', '/login/2fa/callback?')
      await nevisGoesDown(app)
      await app.phone('anna').approve()
      await page.goto(callback)
      await showsHeading(page, 'Not available just now')
      await nevisComesBack(app)
      await page.getByRole('link', { name: 'Try again' }).click()
      await showsHeading(page, 'Paid')
    })
  })
})
