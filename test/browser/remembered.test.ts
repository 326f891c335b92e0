/** Tests the checkbox "Remember this browser", with and without JavaScript: in a remembered browser, the next sign-ins need no second factor. */
import type { BrowserContext, BrowserContextOptions } from 'playwright-core'
import { describeWithChromium } from '../support/chromium'
import { violations } from './axe'
import { codeFor, enterPassword, isSignedIn, startCloud, useChromium, waiting, type Cloud } from './support'

describeWithChromium('the box of a remembered browser', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    cloud = await startCloud({ strategy: { rememberBrowser: { days: 30 } } })
  })
  afterAll(() => cloud.close())

  const isRemembered = async (context: BrowserContext) => (await context.cookies()).some(({ name }) => name === 'nevis-browser')
  const box = { name: /^Remember this browser for 30\sdays$/ }

  async function open(options: BrowserContextOptions = {}, fields: Record<string, string> = {}) {
    const context = await chromium.open(options)
    return { context, ...(await waiting(context, cloud, fields)) }
  }

  it.each([[true], [false]])('on a page that waits is sent to the callback: ticked %s', async (isTicked) => {
    const { context, page, username } = await open()
    if (isTicked) await page.getByRole('checkbox', box).check()
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
    expect(await isRemembered(context)).toBe(isTicked)
  })

  it('stays ticked for another way to confirm', async () => {
    const { context, page, username } = await open()
    await page.getByRole('checkbox', box).check()
    await page.getByRole('button', { name: 'Send me a code by SMS' }).click()
    expect(await page.getByRole('checkbox', box).isChecked()).toBe(true)
    await page.getByLabel('Code', { exact: true }).fill(codeFor(cloud, username))
    await page.getByRole('button', { name: 'Continue' }).click()
    await isSignedIn(page)
    expect(await isRemembered(context)).toBe(true)
  })

  it('can be unticked beside a code, although the form of the password had it ticked', async () => {
    const { context, page, username } = await open({}, { factor: 'sms', remember: '1' })
    await page.getByRole('checkbox', box).uncheck()
    await page.getByLabel('Code', { exact: true }).fill(codeFor(cloud, username))
    await page.getByRole('button', { name: 'Continue' }).click()
    await isSignedIn(page)
    expect(await isRemembered(context)).toBe(false)
  })

  it('without JavaScript is a button, which can be taken back', async () => {
    const { context, page, address, username } = await open({ javaScriptEnabled: false })
    expect(await page.getByRole('checkbox').count()).toBe(0)
    await page.getByRole('button', box).click()
    await page.getByRole('button', { name: 'Do not remember this browser' }).click()
    await page.getByRole('button', box).click()
    await page.getByRole('button', { name: 'Do not remember this browser' }).waitFor()
    await cloud.simulator.phone(username).approve()
    await page.goto(address.replace('/login/2fa?', '/login/2fa/callback?'))
    await isSignedIn(page)
    expect(await isRemembered(context)).toBe(true)
  })

  it('is not there for a recovery code', async () => {
    const { page } = await open({}, { factor: 'recovery' })
    expect(await page.getByRole('checkbox').count()).toBe(0)
  })

  it('lets the browser in with the password alone the next time', async () => {
    const { context, page, username } = await open({}, { remember: '1' })
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
    await context.clearCookies({ name: 'connect.sid' })
    await expect(enterPassword(context, cloud, username)).rejects.toThrow('200')
  })

  it.each(['en-GB', 'de-CH', 'fr-CH', 'it-CH'])('is accessible, and no wider than a small phone: %s', async (locale) => {
    for (const factor of ['push', 'sms']) {
      const { page } = await open({ locale, viewport: { width: 320, height: 640 } }, { factor })
      await page.getByRole('checkbox').waitFor()
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
    }
  })
})
