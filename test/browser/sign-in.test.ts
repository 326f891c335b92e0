/**
 * Tests whole sign-ins to the example app in a real browser: every factor, with and without JavaScript, by mouse, finger and keyboard.
 *
 * Out of scope: tabs, connections and clocks (`circumstances.test.ts`), and the look (`look.test.ts`).
 */
import type { BrowserContext, Page } from 'playwright-core'
import { circumstances, resendPauseIsOver } from '../example/circumstances'
import { START_MS, startExample, type Running } from '../example/support'
import { describeWithChromium } from '../support/chromium'
import { forgiveComplaints, heading, showsHeading, useChromium } from './support'

/** The app allows five requests per user in five minutes, so the tests use three users in turn. */
type Person = 'anna' | 'ben' | 'clara'

describeWithChromium('signing in to the example app', () => {
  const chromium = useChromium()
  let app: Running

  beforeAll(async () => {
    app = await startExample(circumstances)
  }, START_MS)
  afterAll(() => app?.stop())

  /** The buttons on the waiting page for the two factors that no user of these tests has as the default. */
  const WAYS: Readonly<Record<string, string>> = { app: 'Use a QR code or link', recovery: 'Use a recovery code' }

  /** Enters the password, switches to `factor` if the waiting page starts with another factor, and returns the waiting page. */
  async function enter(context: BrowserContext, person: Person, factor: string): Promise<Page> {
    const { username, password } = app.account(person)
    const page = await context.newPage()
    await page.goto(`${app.origin}/login`)
    await page.getByLabel('Username').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.locator('main[data-transaction]').waitFor()
    const [way, first] = [WAYS[factor], page.url()]
    if (way !== undefined) await Promise.all([page.waitForURL((url) => url.href !== first), page.getByRole('button', { name: way }).click()])
    await page.waitForLoadState()
    return page
  }

  async function expectAccount(page: Page, person: Person, factor: string): Promise<void> {
    await showsHeading(page, `Hello ${person}`)
    expect(page.url()).toBe(`${app.origin}/account`)
    expect(await page.locator('[data-factor]').getAttribute('data-factor')).toBe(factor)
  }

  async function expectSignedOut(page: Page): Promise<void> {
    await page.goto(`${app.origin}/account`)
    expect(page.url()).toBe(`${app.origin}/login`)
  }

  const smsCode = async (person: Person) => /\d{4,}/.exec(await app.phone(person).sms())?.[0] as string

  describe('by push', () => {
    it('needs nothing more of the browser once the phone has accepted', async () => {
      const page = await enter(await chromium.open(), 'anna', 'push')
      expect(await heading(page).textContent()).toBe('Check your phone')
      await page.getByText('Sign in to Alpine Mutual?').waitFor()
      await app.phone('anna').approve()
      await expectAccount(page, 'anna', 'push')
    })

    it('that is denied › says so, and the same person may try another way', async () => {
      const page = await enter(await chromium.open(), 'ben', 'push')
      await app.phone('ben').deny()
      await showsHeading(page, 'Request not approved')
      expect(await page.getByRole('alert').textContent()).toBe('You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
      await page.getByRole('button', { name: 'Use a QR code or link' }).click()
      await showsHeading(page, 'Confirm with the app')
      await app.phone('ben').scan((await page.getByRole('link', { name: 'Open the Access App' }).getAttribute('href')) as string)
      await app.phone('ben').approve()
      await expectAccount(page, 'ben', 'app')
    })

    it('sent again after a pause › closes the first and takes the second', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const page = await enter(context, 'anna', 'push')
      const button = page.locator('[data-resend]')
      await page.locator('[data-resend]:disabled').waitFor()
      await context.clock.runFor(5000)
      expect(await button.textContent()).toMatch(/^Send again \(in (\d|10)\u00a0s\)$/)
      await context.clock.runFor(11_000)
      expect([await button.textContent(), await button.isDisabled()]).toEqual(['Send again', false])

      const first = page.url()
      // The server also refuses a new push too soon after the last one, by its own clock. So the test must move the server's clock, too.
      await resendPauseIsOver(app)
      await button.click()
      await page.waitForURL((url) => url.href !== first && url.pathname === '/login/2fa')
      expect(await app.phone('anna').requests()).toBe(2)
      await app.phone('anna').approve()
      await context.clock.runFor(1000)
      await expectAccount(page, 'anna', 'push')
    })
  })

  describe('by SMS', () => {
    // Shows: C-sms-1
    it('takes the right code after a wrong one, pasted with spaces', async () => {
      const page = await enter(await chromium.open(), 'clara', 'sms')
      const field = page.getByLabel('Code')
      await field.fill('1')
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('alert').waitFor()
      expect(await page.getByRole('alert').textContent()).toContain('Attempts left: 4')
      const code = await smsCode('clara')
      await field.fill(` ${code.slice(0, 3)} ${code.slice(3)} `)
      await page.getByRole('button', { name: 'Continue' }).click()
      await expectAccount(page, 'clara', 'sms')
    })

    it('needs no mouse: the field has the focus, the next button sends it, all others are within reach', async () => {
      const context = await chromium.open()
      const { username, password } = app.account('clara')
      const page = await context.newPage()
      await page.goto(`${app.origin}/login`)
      await page.locator('#username:focus').waitFor()
      await page.keyboard.type(username)
      await page.keyboard.press('Tab')
      await page.keyboard.type(password)
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.locator('#nevis-code:focus').waitFor()

      const reached: string[] = []
      const focused = page.locator(':focus')
      for (let i = 0; i < 8 && !reached.includes('Cancel'); i++) {
        await page.keyboard.press('Tab')
        reached.push(await focused.evaluate(nameOf))
        expect(await focused.evaluate((element) => (element as unknown as { matches(s: string): boolean }).matches(':focus-visible'))).toBe(true)
      }
      // The button "Send again" is still disabled, so Tab skips it.
      expect(reached).toEqual(['Remember this browser for 30\u00a0days', 'Continue', 'Use a recovery code', 'Cancel'])
      for (const _ of reached) await page.keyboard.press('Shift+Tab')
      await page.keyboard.type(await smsCode('clara'))
      await page.keyboard.press('Enter')
      await expectAccount(page, 'clara', 'sms')
    })

    it('cancelled › lands on the login page, signed out', async () => {
      const page = await enter(await chromium.open(), 'clara', 'sms')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('The request was cancelled.').waitFor()
      expect(page.url()).toBe(`${app.origin}/login`)
      await expectSignedOut(page)
    })
  })

  describe('by a recovery code', () => {
    // Shows: C-recovery-1
    it('leads to the account', async () => {
      const page = await enter(await chromium.open(), 'clara', 'recovery')
      const [code] = app.account('clara').recoveryCodes as [string]
      await page.getByLabel('Code').fill(code)
      await page.keyboard.press('Enter')
      await expectAccount(page, 'clara', 'recovery')
    })
  })

  describe('by another factor than at first', () => {
    it('leads to the account, and the first is closed', async () => {
      const page = await enter(await chromium.open(), 'anna', 'push')
      const first = page.url()
      await page.getByRole('button', { name: 'Send me a code by SMS' }).click()
      await showsHeading(page, 'Enter the code from the SMS')
      expect(page.url()).not.toBe(first)
      await page.getByLabel('Code').fill(await smsCode('anna'))
      await page.keyboard.press('Enter')
      await expectAccount(page, 'anna', 'sms')
    })
  })

  describe('on a phone', () => {
    // Shows: C-approval-5
    it('offers the link before the code, and opens it at a tap only', async () => {
      const context = await chromium.open({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })
      const page = await enter(context, 'ben', 'app')
      const opened: string[] = []
      context.on('request', (request) => {
        if (!request.url().startsWith(app.origin) && !request.url().startsWith('data:')) opened.push(request.url())
      })
      const link = page.getByRole('link', { name: 'Open the Access App' })
      const [top, code] = [await link.boundingBox(), await page.getByRole('img', { name: 'QR code' }).boundingBox()]
      expect(top?.y).toBeLessThan(code?.y as number)
      expect(top?.height).toBeGreaterThanOrEqual(44)
      // If the page opened the link by itself, the browser would have requested the link by now.
      await page.locator('[data-countdown]', { hasText: /1:([0-4]\d|5[0-7])/ }).waitFor()
      expect(opened).toEqual([])

      // The simulator's link would open the page with the simulated phones. The answer 204 keeps the browser on the waiting page.
      const href = (await link.getAttribute('href')) as string
      await context.route((url) => url.href === href, (route) => route.fulfill({ status: 204 }))
      await Promise.all([page.waitForRequest(href), link.tap()])
      expect(opened).toEqual([href])
      await app.phone('ben').scan(href)
      await app.phone('ben').approve()
      await expectAccount(page, 'ben', 'app')
    })
  })

  describe('without JavaScript', () => {
    it('looks again when the user asks for it, with the same result', async () => {
      const page = await enter(await chromium.open({ javaScriptEnabled: false }), 'ben', 'push')
      await page.getByRole('link', { name: 'Check now' }).click()
      await page.waitForLoadState()
      expect(await heading(page).textContent()).toBe('Check your phone')
      expect(await page.evaluate('document.activeElement.textContent')).toBe('No answer yet.')
      expect(new URL(page.url()).hash).toBe('')
      await app.phone('ben').approve()
      await page.getByRole('link', { name: 'Check now' }).click()
      await expectAccount(page, 'ben', 'push')
    })

    it('takes a code', async () => {
      const page = await enter(await chromium.open({ javaScriptEnabled: false }), 'clara', 'sms')
      await page.getByLabel('Code').fill('1')
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('alert').waitFor()
      await page.getByLabel('Code').fill(await smsCode('clara'))
      await page.getByRole('button', { name: 'Continue' }).click()
      await expectAccount(page, 'clara', 'sms')
    })
  })

  describe('once it has succeeded', () => {
    it('stays so: reload, back and the old addresses lead to the account or to an explanation', async () => {
      const page = await enter(await chromium.open(), 'ben', 'push')
      const address = page.url()
      await app.phone('ben').approve()
      await expectAccount(page, 'ben', 'push')
      const at = await page.locator('time').getAttribute('datetime')
      await page.reload()
      await expectAccount(page, 'ben', 'push')
      await page.goBack()
      await expectAccount(page, 'ben', 'push')
      await page.goto(address)
      await showsHeading(page, 'Already confirmed')
      await page.goto(address.replace('/login/2fa?', '/login/2fa/callback?'))
      await expectAccount(page, 'ben', 'push')
      expect(await page.locator('time').getAttribute('datetime')).toBe(at)
      forgiveComplaints(/403/)
    })
  })

  it('begins on a home page whose buttons have one line each, on a wide screen and on a phone', async () => {
    for (const [locale, width] of [['en-GB', 1280], ['en-GB', 360], ['de-CH', 1280], ['de-CH', 360]] as const) {
      const page = await (await chromium.open({ locale, viewport: { width, height: 800 } })).newPage()
      await page.goto(app.origin)
      const lines = await page.evaluate<number[]>("[...document.querySelectorAll('main .button')].map((button) => Math.floor(button.clientHeight / parseFloat(getComputedStyle(button).lineHeight)))")
      expect([locale, width, lines]).toEqual([locale, width, [1, 1, 1]])
    }
  })

  it('sends the strict policy with every page, and violates it on none', async () => {
    const page = await (await chromium.open()).newPage()
    const answer = await page.goto(`${app.origin}/login/2fa?transaction=x`)
    const policy = (answer?.headers()['content-security-policy'] ?? '').replaceAll(/;(?=\S)/g, '; ')
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "form-action 'self'"]) {
      expect(policy).toContain(rule)
    }
    expect(policy).not.toContain('unsafe')
    // When the test moves the app's clock, the app prints `resend`.
    expect(app.stderr().replaceAll('resend\n', '')).toBe('')
    forgiveComplaints(/403/)
  })
})

/** The text of a button or link, or the label of a checkbox. Playwright runs this function in the page. */
function nameOf(element: unknown): string {
  const { labels, textContent } = element as { labels?: ArrayLike<{ textContent: string }>; textContent: string }
  return (labels?.[0]?.textContent ?? textContent).trim()
}
