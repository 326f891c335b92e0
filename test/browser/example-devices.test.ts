/**
 * One user in the example app, from the sign-up to a second device: each test continues where the one before has ended. Takes a screenshot of every
 * page, wide and on a phone, in `screenshots/`.
 */
import axe from 'axe-core'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { circumstances, sixMinutesLater } from '../example/circumstances'
import { START_MS, startExample, type Running } from '../example/support'
import { describeWithChromium } from '../support/chromium'
import { showsHeading, useChromium } from './support'

const FOLDER = join(__dirname, 'screenshots')
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } }
const DORA = { username: 'dora', password: 'a long way home' }

describeWithChromium('a person without an account', () => {
  const chromium = useChromium()
  let app: Running
  let browser: Awaited<ReturnType<BrowserContext['storageState']>> | undefined
  let recoveryCodes: string[]
  let isLost = false

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    app = await startExample(circumstances)
  }, START_MS)
  afterAll(() => app?.stop())

  /** The same browser, further on. */
  function step(name: string, walk: (page: Page) => Promise<void>): void {
    it(name, async () => {
      // Nobody waits for what cannot come any more.
      if (isLost) throw new Error('the way here has failed')
      isLost = true
      const context = await chromium.open(browser && { storageState: browser })
      await walk(await context.newPage())
      browser = await context.storageState()
      expect(app.stderr().replaceAll('later\n', '')).toBe('')
      isLost = false
    })
  }

  step('signs up, and is told to sign in', async (page) => {
    await page.goto(app.origin)
    await look(page, 'home')
    await page.getByRole('link', { name: 'Sign up' }).click()
    await look(page, 'sign-up')
    await enterForm(page, 'Sign up')
    await said(page, 'Welcome, dora. Your account is ready: sign in.')
    await look(page, 'sign-up-done')
  })

  step('signs in for the first time and sets up a device by QR code: signed in', async (page) => {
    await page.goto(`${app.origin}/login`)
    await enterForm(page, 'Sign in')
    await appLink(page).waitFor()
    await page.getByRole('img', { name: 'QR code' }).waitFor()
    await look(page, 'first-device')
    await app.phone('dora').scan((await appLink(page).getAttribute('href')) as string)
    await showsHeading(page, 'Hello dora')
    await said(page, 'Your phone is set up.')
    await look(page, 'account-first-time')
  })

  step('is asked by the new device before the page of devices, and comes back to it', async (page) => {
    await page.goto(`${app.origin}/account`)
    await page.getByRole('link', { name: 'Your devices' }).click()
    await confirmOnceMore(page)
    await showsHeading(page, 'Your devices')
    expect(await names(page)).toEqual(["dora's phone"])
    expect(page.url()).toBe(`${app.origin}/account/devices`)
  })

  step('signs out, and in again by push', async (page) => {
    await signOut(page)
    await signIn(page, 'push')
    await showsHeading(page, 'Check your phone')
    await app.phone('dora').approve()
    await isSignedIn(page, 'push')
  })

  step('gives the device a name, which is there after a reload', async (page) => {
    await openDevices(page)
    await look(page, 'devices-one')
    await page.locator('summary', { hasText: 'Rename' }).click()
    await page.getByLabel('New name').fill('Dora’s old phone')
    await look(page, 'devices-rename')
    await page.getByRole('button', { name: 'Save the name' }).click()
    await said(page, 'The device is called Dora’s old phone now.')
    await page.reload()
    expect(await names(page)).toEqual(['Dora’s old phone'])
  })

  step('adds a phone number: once the code is typed, it is set up', async (page) => {
    await openDevices(page)
    await page.getByLabel('Mobile number').fill('+41 79 555 00 09')
    await page.getByRole('button', { name: 'Add this number' }).click()
    await showsHeading(page, 'Enter the code from the SMS')
    await look(page, 'add-phone')
    await typeCode(page, await smsCode())
    await showsHeading(page, 'Your devices')
    await said(page, 'You can sign in by SMS now.')
    await page.getByText('A new number replaces it.').waitFor()
    await look(page, 'devices-with-sms')
  })

  step('signs out, and in again by SMS', async (page) => {
    await sixMinutesLater(app)
    await signOut(page)
    await signIn(page, 'sms')
    await typeCode(page, await smsCode())
    await isSignedIn(page, 'sms')
  })

  step('makes recovery codes: they are shown, and the page says that there are some', async (page) => {
    await openDevices(page)
    await page.getByRole('button', { name: 'Make new recovery codes' }).click()
    await showsHeading(page, 'Your recovery codes')
    await look(page, 'recovery-codes')
    recoveryCodes = await page.locator('.nevis-codes code').allTextContents()
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'I have saved these codes' }).click()
    await showsHeading(page, 'Your devices')
    await said(page, 'Your new recovery codes are ready to use.')
    await page.getByText('throw the old ones away').waitFor()
  })

  step('signs out, and in again with a recovery code', async (page) => {
    await signOut(page)
    await signIn(page, 'recovery')
    await typeCode(page, recoveryCodes[0] as string)
    await isSignedIn(page, 'recovery')
  })

  step('is not signed in by the same recovery code once more', async (page) => {
    await signOut(page)
    await signIn(page, 'recovery')
    await typeCode(page, recoveryCodes[0] as string)
    await page.getByRole('alert').getByText('Incorrect code.').waitFor()
    await look(page, 'recovery-code-used')
    await page.goto(`${app.origin}/account`)
    expect(page.url()).toBe(`${app.origin}/login`)
  })

  step('sets up another device, having signed in with a recovery code', async (page) => {
    await sixMinutesLater(app)
    await signIn(page, 'recovery')
    await typeCode(page, recoveryCodes[1] as string)
    await isSignedIn(page, 'recovery')
    await openDevices(page)
    await page.getByText('Your only device cannot be removed').waitFor()
    expect(await page.locator('summary', { hasText: 'Remove' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Set up another device' }).click()
    await appLink(page).waitFor()
    await app.phone('dora').scan((await appLink(page).getAttribute('href')) as string)
    await showsHeading(page, 'Your devices')
    expect(await names(page)).toEqual(['Dora’s old phone', "dora's phone"])
    await look(page, 'devices-two')
  })

  step('removes the lost device: the new one is left, and stays', async (page) => {
    await openDevices(page)
    await page.locator('summary', { hasText: 'Remove Dora’s old phone' }).click()
    await look(page, 'devices-remove')
    await page.getByRole('button', { name: 'Remove this device' }).first().click()
    await said(page, 'The device is removed.')
    expect(await names(page)).toEqual(["dora's phone"])
    await page.getByText('Your only device cannot be removed').waitFor()
  })

  step('is asked once more after five minutes, and comes back to the page of devices', async (page) => {
    await sixMinutesLater(app)
    await page.goto(`${app.origin}/account/devices`)
    await showsHeading(page, 'Confirm it is you')
    await look(page, 'step-up')
    await confirmOnceMore(page)
    await showsHeading(page, 'Your devices')
  })

  async function enterForm(page: Page, button: string): Promise<void> {
    await page.getByLabel('Username').fill(DORA.username)
    await page.getByLabel('Password').fill(DORA.password)
    await page.getByRole('button', { name: button }).click()
  }

  async function signIn(page: Page, factor: string): Promise<void> {
    await page.goto(`${app.origin}/login`)
    await page.getByLabel('Confirm with').selectOption(factor)
    await enterForm(page, 'Sign in')
    await page.locator('main[data-transaction]').waitFor()
  }

  async function signOut(page: Page): Promise<void> {
    await page.goto(`${app.origin}/account`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign up' }).waitFor()
  }

  async function isSignedIn(page: Page, factor: string): Promise<void> {
    await showsHeading(page, 'Hello dora')
    expect(await page.locator('[data-factor]').getAttribute('data-factor')).toBe(factor)
  }

  async function openDevices(page: Page): Promise<void> {
    await page.goto(`${app.origin}/account/devices`)
    await showsHeading(page, 'Your devices')
  }

  async function confirmOnceMore(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Confirm with second factor' }).click()
    await showsHeading(page, 'Check your phone')
    await app.phone('dora').approve()
  }

  const appLink = (page: Page) => page.getByRole('link', { name: 'Open the Access App' })
  const names = (page: Page) => page.locator('.devices h2').allTextContents()
  const said = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor()
  const smsCode = async () => /\d{4,}/.exec(await app.phone('dora').sms())?.[0] as string

  async function typeCode(page: Page, code: string): Promise<void> {
    await page.getByLabel('Code', { exact: true }).fill(code)
    await page.keyboard.press('Enter')
  }

  /** Wide and on a phone: no wider than the screen, and accessible. */
  async function look(page: Page, name: string): Promise<void> {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport)
      await page.screenshot({ path: join(FOLDER, `devices-walk-${name}-${size}.png`), fullPage: true })
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    }
    await page.setViewportSize(SIZES.wide)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  }
})
