/**
 * Tests the waiting page in three special cases. First, a script of the app inserts this page into another page, as htmx and Turbo do. Second, the browser
 * blocks Web Locks, BroadcastChannel and storage. Third, the transaction expires soon.
 *
 * Out of scope: other unusual circumstances (`circumstances.test.ts`).
 */
import type { BrowserContext, Page } from 'playwright-core'
import { describeWithChromium } from '../support/chromium'
import { codeFor, enterPassword, forgiveComplaints, isSignedIn, makingCodes, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

const ENDS_SOON = 'Less than half a minute left. Need longer? Choose “Get more time”.'

describeWithChromium('the waiting page', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeEach(async () => {
    cloud = await startCloud({
      routes: (app) => app.get('/shop', (_req, res) => void res.send('<!doctype html><title>Shop</title><main><h1>Shop</h1></main>')),
    })
  })
  afterEach(() => cloud.close())

  /** Replaces the body of `page` by the body of the page at `address`. By default, the scripts of the new body run, as with htmx and Turbo. */
  const swapIn = (page: Page, address: string, runsScripts = true) =>
    page.evaluate(`(async () => {
      const text = await (await fetch(${JSON.stringify(address)})).text()
      document.body.innerHTML = new DOMParser().parseFromString(text, 'text/html').body.innerHTML
      history.pushState(null, '', ${JSON.stringify(address)})
      for (const old of ${runsScripts} ? document.body.querySelectorAll('script') : []) {
        const script = document.createElement('script')
        for (const { name, value } of old.attributes) script.setAttribute(name, value)
        old.replaceWith(script)
      }
    })()`)

  const inTheShop = async (context: BrowserContext) => {
    const page = await context.newPage()
    await page.goto(`${cloud.app.origin}/shop`)
    const { username } = cloud.newUser()
    return { page, username, address: await enterPassword(context, cloud, username) }
  }

  describe('that is swapped into another page', () => {
    it('goes on by itself once the phone has accepted', async () => {
      const { page, username, address } = await inTheShop(await chromium.open())
      await swapIn(page, address)
      await showsHeading(page, 'Check your phone')
      await page.locator('[data-resend]:disabled').waitFor()
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
    })

    it.each([['and its scripts run', true], ['and its scripts do not run', false]])('a second time, %s › starts again, and once', async (_name, runsScripts) => {
      const context = await chromium.open()
      const { page, username, address } = await inTheShop(context)
      await swapIn(page, address)
      await swapIn(page, address, runsScripts)
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
      expect(cloud.app.verified).toHaveLength(1)
    })

    it('and out again › leaves the other page alone', async () => {
      const { page, username, address } = await inTheShop(await chromium.open())
      await swapIn(page, address)
      await page.locator('[data-resend]:disabled').waitFor()
      const closed = page.waitForRequest((request) => request.url().endsWith('/after'))
      await page.evaluate(`document.body.innerHTML = '<main><h1>Another page</h1></main>'`)
      await cloud.simulator.phone(username).approve()
      // Wait for 1.5 s. If the script of the removed page still ran, it would go to the callback during this time. The request to `/after` ends the wait.
      await page.evaluate(`new Promise((resolve) => setTimeout(resolve, 1500)).then(() => fetch('/after'))`)
      await closed
      await showsHeading(page, 'Another page')
      expect(cloud.app.verified).toHaveLength(0)
      forgiveComplaints(/404/)
    })
  })

  describe('where the browser blocks locks, channels and storage', () => {
    it('goes on all the same', async () => {
      const context = await chromium.open()
      await context.addInitScript(`
        const blocked = () => { throw new DOMException('blocked', 'SecurityError') }
        window.BroadcastChannel = class { constructor() { blocked() } }
        if (navigator.locks) navigator.locks.request = blocked
        Object.defineProperty(window, 'sessionStorage', { get: blocked })`)
      const { page, username } = await waiting(context, cloud)
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
    })

    it('or refuses the lock later › goes on, too', async () => {
      const context = await chromium.open()
      await context.addInitScript(`if (navigator.locks) navigator.locks.request = () => Promise.reject(new DOMException('blocked', 'SecurityError'))`)
      const { page, username } = await waiting(context, cloud)
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
    })
  })

  describe('half a minute before the end', () => {
    const note = (page: Page) => page.getByRole('status')

    it('says so once, although the page hears again that the request is still open', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const { page } = await waiting(context, cloud, { factor: 'recovery' })
      await context.clock.runFor(100_000)
      expect(await note(page).textContent()).toBe(ENDS_SOON)
      const writes = await page.evaluate(`(() => {
        const writes = new MutationObserver(() => undefined)
        writes.observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })
        dispatchEvent(new Event('offline'))
        return writes.takeRecords().length
      })()`)
      expect(writes).toBe(0)
    })

    it('says so once, and a recovery code that is half typed stays while more time is got', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const { page, recoveryCodes } = await waiting(context, cloud, { factor: 'recovery' })
      const before = page.url()
      const [code = ''] = recoveryCodes
      await page.evaluate(`said = []
        new MutationObserver(() => said.push(document.querySelector('[role=status]').textContent))
          .observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })`)
      await page.getByLabel('Code').fill(code.slice(0, 6))
      expect(await page.getByRole('button', { name: 'Get more time' }).isVisible()).toBe(false)
      await context.clock.runFor(100_000)
      expect(await note(page).textContent()).toBe(ENDS_SOON)
      await context.route('**/login/2fa', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: '{}' }))
      await Promise.all([page.waitForResponse((response) => response.status() === 503), page.getByRole('button', { name: 'Get more time' }).click()])
      await context.unroute('**/login/2fa')
      forgiveComplaints(/503/)
      await page.getByRole('button', { name: 'Get more time' }).click()
      await page.waitForURL((url) => url.href !== before)
      await context.clock.runFor(1000)
      expect(await page.locator('[data-countdown]').textContent()).toMatch(/^(2:00|1:5\d)$/)
      expect(await page.evaluate('said')).toEqual([ENDS_SOON, 'Not available just now', ''])
      expect(await page.evaluate('document.activeElement.name')).toBe('code')
      expect(await page.getByLabel('Code').inputValue()).toBe(code.slice(0, 6))
      await page.getByLabel('Code').pressSequentially(code.slice(6))
      await page.keyboard.press('Enter')
      await isSignedIn(page)
    })

    it('gives new recovery codes more time, and keeps them and the tick on the page', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const page = await context.newPage()
      await page.goto((await makingCodes(context, cloud)).address)
      const codes = await page.locator('[data-codes] code').allTextContents()
      await page.getByRole('checkbox').check()
      await context.clock.runFor(580_000)
      await page.getByRole('status').filter({ hasText: ENDS_SOON }).waitFor()
      const before = page.url()
      let posts = 0
      page.on('request', (request) => void (request.method() === 'POST' && posts++))
      await page.getByRole('button', { name: 'Get more time' }).dblclick()
      await page.waitForURL((url) => url.href !== before)
      expect([posts, await page.evaluate('document.activeElement.textContent')]).toEqual([1, 'Your recovery codes'])
      await context.clock.runFor(60_000)
      expect(await page.locator('[data-countdown]').textContent()).toMatch(/^(9:0\d|8:5\d)$/)
      expect(await page.locator('[data-codes] code').allTextContents()).toEqual(codes)
      await page.getByRole('button', { name: 'I have saved these codes' }).click()
      await isSignedIn(page)
    })

    it('and no answer to a request for more time › says so after a while, and the button asks again', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const { page } = await waiting(context, cloud, { factor: 'recovery' })
      const before = page.url()
      await context.clock.runFor(95_000)
      await context.route('**/login/2fa', () => undefined)
      await Promise.all([page.waitForRequest('**/login/2fa'), page.getByRole('button', { name: 'Get more time' }).click()])
      await context.clock.runFor(19_000)
      expect(await note(page).textContent()).toBe(ENDS_SOON)
      await context.clock.runFor(1_000)
      await note(page).getByText('Not available just now').waitFor()
      await context.unroute('**/login/2fa')
      await page.getByRole('button', { name: 'Get more time' }).click()
      await page.waitForURL((url) => url.href !== before)
    })

    it('gives more time where the app requires Trusted Types, which forbid a script to parse a page', async () => {
      const context = await chromium.open()
      await context.clock.install()
      await context.route(/\/login\/2fa\?transaction=/, async (route) => {
        const response = await route.fetch()
        const policy = `${response.headers()['content-security-policy'] as string}; require-trusted-types-for 'script'`
        await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } })
      })
      const { page } = await waiting(context, cloud, { factor: 'recovery' })
      const before = page.url()
      await context.clock.runFor(100_000)
      await page.getByRole('button', { name: 'Get more time' }).click()
      await page.waitForURL((url) => url.href !== before)
    })

    it('and a refusal of more time › says why, and keeps what is typed', async () => {
      await cloud.close()
      cloud = await startCloud({ strategy: { startBudget: { starts: 1, perSeconds: 300 } } })
      const context = await chromium.open()
      await context.clock.install()
      const { page } = await waiting(context, cloud, { factor: 'recovery' })
      const before = page.url()
      await page.getByLabel('Code').fill('abcd')
      await context.clock.runFor(100_000)
      await page.getByRole('button', { name: 'Get more time' }).click()
      await note(page).getByText('Too many requests.').waitFor()
      expect([await page.getByRole('button', { name: 'Get more time' }).isVisible(), await page.getByLabel('Code').inputValue(), page.url()]).toEqual([true, 'abcd', before])
    })

    it('has a button that sends a new request, where something was sent', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const { page, username } = await waiting(context, cloud, { factor: 'sms' })
      await context.clock.runFor(100_000)
      expect(await note(page).textContent()).toBe(ENDS_SOON.replace('Get more time', 'Send again'))
      // The server also checks the pause before a resend, so move its clock past the pause.
      const now = Date.now
      jest.spyOn(Date, 'now').mockImplementation(() => now() + 20_000)
      const before = page.url()
      await page.getByRole('button', { name: 'Send again' }).click()
      await page.waitForURL((url) => url.href !== before)
      jest.restoreAllMocks()
      expect(cloud.simulator.sms(username)).toHaveLength(2)
      await page.getByLabel('Code').fill(codeFor(cloud, username))
      await page.keyboard.press('Enter')
      await isSignedIn(page)
    })
  })

  it('that has ended › has the focus on its heading after it has loaded itself again', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    await cloud.simulator.phone(username).deny()
    await showsHeading(page, 'Request not approved')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Request not approved')
    expect(await page.getByRole('alert').count()).toBe(1)
  })
})
