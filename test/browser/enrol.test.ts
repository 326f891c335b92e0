/** Enrolment in a real browser: a user without a factor sets one up on the waiting page, and prints recovery codes. */
import { describeWithChromium } from '../support/chromium'
import { codeFor, enterPassword, forgiveComplaints, heading, isSignedIn, makingCodes, showsHeading, startCloud, type Cloud, useChromium } from './support'
import { readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { phoneNumberIn } from '../../src/client/typed-input'

const STORES = { ios: 'https://apps.apple.com/app/id1', android: 'https://play.google.com/store/apps/details?id=x' }

/** The day of the enrolment, as the page in English writes it: 30 November 2026. */
const DATE = /^\d{1,2} [A-Z][a-z]+ \d{4}$/

describeWithChromium('enrolment on the waiting page', () => {
  const chromium = useChromium()
  let cloud: Cloud
  let newcomers = 0

  beforeAll(async () => {
    cloud = await startCloud({ strategy: { operation: 'enroll' }, page: { brand: { name: 'Alpine Mutual' }, storeLinks: STORES } })
  })
  afterAll(() => cloud.close())
  afterEach(() => jest.restoreAllMocks())

  async function enrolling(context: BrowserContext, factor: string): Promise<{ page: Page; username: string }> {
    const name = `newcomer${++newcomers}`
    const { address, username } = factor === 'recovery' ? await makingCodes(context, cloud) : { address: await enterPassword(context, cloud, name, { factor }), username: name }
    const page = await context.newPage()
    await page.goto(address)
    return { page, username }
  }
  const userOf = (name: string) => cloud.simulator.users.find(({ username }) => username === name)
  const codesOn = (page: Page) => page.locator('.nevis-codes code').allTextContents()

  // Shows: C-enrol-2
  it('of the app › goes on by itself once the code was scanned', async () => {
    const { page, username } = await enrolling(await chromium.open(), 'app')
    await showsHeading(page, 'Set up the Access App')
    await cloud.simulator.phone(username).scan((await page.getByRole('link', { name: 'Open the Access App' }).getAttribute('href')) as string)
    await isSignedIn(page)
    expect(userOf(username)?.authenticators).toHaveLength(1)
  })

  describe.each([['with', true], ['without', false]] as const)('of the app, on a phone that does not have it, %s JavaScript', (_name, javaScriptEnabled) => {
    it.each([['App Store (iPhone)', STORES.ios], ['Google Play (Android)', STORES.android]])('leads to %s, and goes on when the user comes back a minute and a half later', async (store, address) => {
      const context = await chromium.open({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, javaScriptEnabled })
      await context.route((url) => url.hostname !== '127.0.0.1', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Store</title><h1>The store</h1>' }))
      const { page, username } = await enrolling(context, 'app')
      const waitingURL = page.url()
      const link = page.getByRole('link', { name: store })
      expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(44)
      await link.tap()
      await showsHeading(page, 'The store')
      expect([page.url(), context.pages().length]).toEqual([address, 1])

      const now = Date.now()
      jest.spyOn(Date, 'now').mockImplementation(() => now + 90_000)
      await page.goBack()
      await showsHeading(page, 'Set up the Access App')
      expect(page.url()).toBe(waitingURL)
      const app = page.getByRole('link', { name: 'Open the Access App' })
      expect(await app.isVisible()).toBe(true)
      await cloud.simulator.phone(username).scan((await app.getAttribute('href')) as string)
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Check now' }).or(page.getByRole('link', { name: 'Check now' })).tap()
      await isSignedIn(page)
      expect(userOf(username)?.authenticators).toHaveLength(1)
    })
  })

  describe.each([['with', true], ['without', false]] as const)('of a phone number, instead of the app, %s JavaScript', (_name, javaScriptEnabled) => {
    // Shows: C-enrol-other-1
    it('asks for the number, then for the code', async () => {
      const { page, username } = await enrolling(await chromium.open({ javaScriptEnabled }), 'app')
      await page.getByText('Set up SMS').click()
      await page.getByLabel('Mobile number').fill('079 000 00 01')
      await page.getByRole('button', { name: 'Continue' }).click()
      // The browser's own validation asks for the country code.
      await page.locator('#nevis-phone:invalid').waitFor()
      expect(await page.getByLabel('Mobile number').getAttribute('title')).toBe('Begin with + and the country code, for example +41 instead of 0.')
      await page.getByLabel('Mobile number').fill('+41 79 000 00 01')
      await page.keyboard.press('Enter')
      await showsHeading(page, 'Enter the code from the SMS')
      await page.getByLabel('Code', { exact: true }).fill(codeFor(cloud, username))
      await page.keyboard.press('Enter')
      await isSignedIn(page)
      expect(userOf(username)).toMatchObject({ phone: '+41790000001', authenticators: [] })
    })
  })

  it('of a phone number › is asked by the browser to begin with +, and may be written in every way that the server accepts', async () => {
    const { page } = await enrolling(await chromium.open(), 'app')
    const isValid = async (number: string) => {
      await page.locator('#nevis-phone').evaluate((field: { value: string }, value) => (field.value = value), number)
      return page.locator('#nevis-phone').evaluate((field: { checkValidity(): boolean }) => field.checkValidity())
    }
    const accepted = [
      '+41790000001', ' +41 79 000 00 01', '+1 (212) 555-0100', '+41.79.000.00.01', '+41 79\u2013000\u201300\u201301', '\u202a+41 79 000 00 01\u202c',
      '+\u0664\u0661\u0667\u0669\u0660\u0660\u0660\u0660\u0660\u0660\u0661', '\uff0b\uff14\uff11\uff17\uff19\uff10\uff10\uff10\uff10\uff10\uff10\uff11',
    ]
    for (const number of accepted) expect([number, phoneNumberIn(number) !== undefined, await isValid(number)]).toEqual([number, true, true])
    for (const number of ['', '+', '079 000 00 01', '0041790000001', '41+790000001', '+41 (0)79 000 00 01']) expect([number, await isValid(number)]).toEqual([number, false])
  })

  it('of a mistyped phone number › sends to another one', async () => {
    const context = await chromium.open({ javaScriptEnabled: false })
    const username = `newcomer${++newcomers}`
    const page = await context.newPage()
    await page.goto(await enterPassword(context, cloud, username, { factor: 'sms', phone: '+41790000009' }))
    const first = page.url()
    // The server does not send another SMS before a pause is over, so move the server's clock ahead.
    const now = Date.now
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 20_000)
    await page.locator('summary', { hasText: 'Send again' }).click()
    await page.getByLabel('Mobile number').fill('+41790000001')
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.href !== first)
    jest.restoreAllMocks()
    expect(cloud.simulator.sms(username)).toHaveLength(2)
    await page.getByLabel('Code', { exact: true }).fill(codeFor(cloud, username))
    await page.keyboard.press('Enter')
    await isSignedIn(page)
    expect(userOf(username)?.phone).toBe('+41790000001')
  })

  describe('of a phone number that the user has typed', () => {
    const field = (page: Page) => page.locator('#nevis-phone')
    const typing = async (context: BrowserContext) => {
      const { page, username } = await enrolling(context, 'app')
      await page.getByText('Set up SMS').click()
      await field(page).fill('+41 79 000 00 01')
      await page.keyboard.press('Enter')
      await showsHeading(page, 'Enter the code from the SMS')
      return { page, username }
    }

    it('shows the number in the field at “Send again”, also after a reload, after a wrong code and after another way was tried', async () => {
      const { page } = await typing(await chromium.open())
      expect(await field(page).inputValue()).toBe('+41 79 000 00 01')
      await page.reload()
      await showsHeading(page, 'Enter the code from the SMS')
      expect(await field(page).inputValue()).toBe('+41 79 000 00 01')
      await page.getByLabel('Code', { exact: true }).fill('1')
      await page.keyboard.press('Enter')
      await page.getByText('Incorrect code.').waitFor()
      expect(await field(page).inputValue()).toBe('+41 79 000 00 01')
      await page.getByRole('button', { name: 'Set up the Access App' }).click()
      await showsHeading(page, 'Set up the Access App')
      expect(await field(page).inputValue()).toBe('+41 79 000 00 01')
    })

    it('keeps the number in this tab only, and does not show it to the next user who signs in there', async () => {
      const context = await chromium.open()
      const { page, username } = await typing(context)
      await page.getByLabel('Code', { exact: true }).fill(codeFor(cloud, username))
      await page.keyboard.press('Enter')
      await isSignedIn(page)
      expect(await page.evaluate('localStorage.length')).toBe(0)
      await page.goto(await enterPassword(context, cloud, `newcomer${++newcomers}`, { factor: 'app' }))
      await showsHeading(page, 'Set up the Access App')
      expect([await field(page).inputValue(), await page.evaluate('sessionStorage.getItem("nevis-phone")')]).toEqual(['', null])
    })

    it('does not show the number to a user who comes to this tab more than a minute after a start that has failed', async () => {
      const context = await chromium.open()
      const { page } = await enrolling(context, 'app')
      await page.route('**/2fa', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 500, body: '' }) : route.continue()))
      forgiveComplaints(/500/)
      await page.getByText('Set up SMS').click()
      await field(page).fill('+41 79 000 00 01')
      await page.keyboard.press('Enter')
      await page.waitForFunction('document.querySelector(".nevis") === null')
      await page.clock.install({ time: Date.now() + 61_000 })
      await page.goto(await enterPassword(context, cloud, `newcomer${++newcomers}`, { factor: 'app' }))
      await showsHeading(page, 'Set up the Access App')
      expect([await field(page).inputValue(), await page.evaluate('sessionStorage.getItem("nevis-phone")')]).toEqual(['', null])
    })

    it('forgets the number when the user cancels', async () => {
      const { page } = await typing(await chromium.open())
      expect(await page.evaluate('sessionStorage.getItem("nevis-phone")')).toContain('+41 79 000 00 01')
      forgiveComplaints(/401/)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('"cancelled"').waitFor()
      expect(await page.evaluate('sessionStorage.getItem("nevis-phone")')).toBe(null)
    })
  })

  describe('of recovery codes', () => {
    // Shows: C-enrol-other-6
    it('copies and prints them, shows them again on reload, and never after they were confirmed', async () => {
      const context = await chromium.open()
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      await context.addInitScript('window.printed = 0; window.print = () => { window.printed += 1 }')
      const { page, username } = await enrolling(context, 'recovery')
      await showsHeading(page, 'Your recovery codes')
      const codes = await codesOn(page)
      expect(codes).toEqual(userOf(username)?.recoveryCodes)

      const done = page.getByRole('button', { name: 'I have saved these codes' })
      expect(await done.isDisabled()).toBe(true)
      await page.getByRole('button', { name: 'Copy' }).click()
      await page.getByRole('button', { name: 'Copied ✓' }).waitFor()
      expect(await page.getByRole('status').allTextContents()).toContain('Copied ✓')
      expect([await done.isDisabled(), await page.getByRole('checkbox').isChecked()]).toEqual([false, false])
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(codes.join('\n'))
      await page.reload()
      await page.getByRole('button', { name: 'Print' }).click()
      expect(await page.getByRole('status').allTextContents()).toContain('Check that the codes have been printed.')
      expect([await page.evaluate('window.printed'), await done.isDisabled(), await page.getByRole('checkbox').isChecked()]).toEqual([1, false, false])

      await page.reload()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()])
      expect(await page.getByRole('status').allTextContents()).toContain('Check that your browser has saved the file.')
      expect(download.suggestedFilename()).toBe('recovery-codes.txt')
      const file = readFileSync(await download.path(), 'utf8').split('\r\n')
      expect(file).toEqual(['Your recovery codes', 'Alpine Mutual', username, expect.stringMatching(DATE), '', ...codes, ''])
      expect([await done.isDisabled(), await page.getByRole('checkbox').isChecked()]).toEqual([false, false])

      await page.reload()
      await page.getByRole('checkbox').check()
      expect(await done.isDisabled()).toBe(false)
      await page.getByRole('checkbox').uncheck()
      expect(await done.isDisabled()).toBe(true)
      await page.getByRole('button', { name: 'Print' }).click()
      expect(await codesOn(page)).toEqual(codes)
      const address = page.url()
      await page.getByRole('button', { name: 'I have saved these codes' }).click()
      await isSignedIn(page)

      await page.goBack()
      await showsHeading(page, 'Already set up')
      await page.goto(address)
      await showsHeading(page, 'Already set up')
      expect(await codesOn(page)).toEqual([])
    })

    it('says that it could not copy them where the browser refuses, and that they are not saved', async () => {
      const context = await chromium.open()
      await context.addInitScript('if (navigator.clipboard) navigator.clipboard.writeText = async () => { if (!window.isAllowed) throw new Error() }')
      const { page } = await enrolling(context, 'recovery')
      await page.getByRole('button', { name: 'Copy' }).click()
      const failure = page.getByText('The codes could not be copied. Download them, print them or write them down.')
      await failure.waitFor()
      // The text must be visible: a text for screen readers only is one pixel high.
      expect((await failure.boundingBox())?.height).toBeGreaterThan(10)
      expect(await page.getByRole('button', { name: 'I have saved these codes' }).isDisabled()).toBe(true)
      await page.evaluate('window.isAllowed = true')
      await page.getByRole('button', { name: 'Copy' }).click()
      await page.getByRole('button', { name: 'Copied ✓' }).waitFor()
      expect(await page.getByText('could not be copied').count()).toBe(0)
    })

    it('prints only the codes and their heading, with the name of the bank, the account and the date', async () => {
      const { page, username } = await enrolling(await chromium.open(), 'recovery')
      await page.emulateMedia({ media: 'print' })
      expect(await page.locator('main > :visible').evaluateAll((parts: { localName: string }[]) => parts.map(({ localName }) => localName))).toEqual(['h1', 'p', 'ul'])
      const lines = (await page.locator('.nevis-printed').innerText()).trim().split('\n')
      expect(lines).toEqual(['Alpine Mutual', username, expect.stringMatching(DATE)])
    })

    it('works without JavaScript: no button that does nothing, and one click marks all codes', async () => {
      const { page, username } = await enrolling(await chromium.open({ javaScriptEnabled: false }), 'recovery')
      expect(await heading(page).textContent()).toBe('Your recovery codes')
      expect(await page.getByRole('button').allTextContents()).toEqual(['I have saved these codes', 'Cancel'])
      expect(await codesOn(page)).toEqual(userOf(username)?.recoveryCodes)
      await page.getByRole('button', { name: 'I have saved these codes' }).click()
      // The browser's own validation asks the user to tick the checkbox.
      await page.locator('[data-saved]:invalid').waitFor()
      await page.getByRole('checkbox').check()
      await page.getByRole('button', { name: 'I have saved these codes' }).click()
      await isSignedIn(page)
    })
  })
})
