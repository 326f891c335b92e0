/**
 * The waiting page in unusual circumstances: other tabs and browsers, lost connections, tabs in the background, wrong clocks, servers that restart.
 *
 * Out of scope: the factors (`sign-in.test.ts`).
 */
import type { ServerResponse } from 'node:http'
import type { BrowserContext, Page } from 'playwright-core'
import { statusEndpoint, type StatusEndpoint } from '../../src'
import { describeWithChromium } from '../support/chromium'
import {
  codeFor, enterPassword, forgiveComplaints, heading, isSignedIn, showsHeading, startCloud, useChromium, waiting, type Cloud,
} from './support'

describeWithChromium('the waiting page', () => {
  const chromium = useChromium()
  let cloud: Cloud
  let endpoint: StatusEndpoint
  const responses = new Set<ServerResponse>()
  /** The number of event streams that are open on the server. */
  const streams = () => [...responses].filter(({ headersSent }) => headersSent).length

  /** @param maxStreams the option `maxStreams` of the status endpoint: how many event streams may be open */
  const start = async (maxStreams = 100) => {
    cloud = await startCloud({
      strategy: { statusURL: '/live' },
      routes: (app, { nevis }) => {
        endpoint = statusEndpoint(nevis, { maxStreams })
        app.get('/live', (req, res, next) => {
          if (req.headers.accept?.includes('event-stream')) responses.add(res)
          res.on('close', () => responses.delete(res))
          next()
        }, endpoint)
      },
    })
  }

  beforeEach(() => start())
  afterEach(async () => {
    jest.restoreAllMocks()
    await cloud.close()
  })

  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const asked = () => cloud.simulator.requests.filter(({ operation }) => operation === 'getStatus').length
  const note = (page: Page) => page.getByRole('status')
  const says = (page: Page, text: string) => page.locator('[role=status]', { hasText: text }).waitFor()
  const saysNothing = (page: Page) => page.locator('[role=status]:empty').waitFor({ state: 'attached' })
  const see = (page: Page, visibility: 'visible' | 'hidden') =>
    page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${visibility}', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
  /** Moves the server's clock ahead. */
  const later = (ms: number) => {
    const now = Date.now
    jest.spyOn(Date, 'now').mockImplementation(() => now() + ms)
  }

  describe('in two tabs', () => {
    /** @param startsTwice true if the user enters the password in each tab: the tabs then have two handles (encrypted ids in the URL) of one transaction */
    async function twoTabs(context: BrowserContext, startsTwice = false) {
      const { page, address, username } = await waiting(context, cloud)
      const other = await context.newPage()
      const second = startsTwice ? await enterPassword(context, cloud, username) : address
      expect(second === address).toBe(!startsTwice)
      await other.goto(second)
      return { tabs: [page, other] as const, username }
    }

    it.each([
      ['with the same address', false],
      ['after the user has started twice', true],
    ])('%s › continues in only one of them, and says so in the other', async (_case, startsTwice) => {
      const { tabs, username } = await twoTabs(await chromium.open(), startsTwice)
      await until(() => streams() === 2)
      await cloud.simulator.phone(username).approve()
      await Promise.all(tabs.map((tab) => tab.getByText('"action"').or(tab.getByText('Continued in another tab')).waitFor()))
      const left = (await Promise.all(tabs.map((tab) => tab.title()))).indexOf('Continued in another tab')
      const [stayed, went] = left === 0 ? tabs : [tabs[1], tabs[0]]
      await isSignedIn(went)
      await showsHeading(stayed, 'Continued in another tab')
      expect(await note(stayed).textContent()).toBe('Go to the other tab to continue. You can close this one.')
      expect(await stayed.getByRole('button').count()).toBe(0)
      expect(await stayed.getByRole('link', { name: 'Continue in this tab' }).isVisible()).toBe(true)
      expect(cloud.app.verified).toHaveLength(1)
    })

    it('tells the tab in the background, too', async () => {
      const { tabs: [front, back], username } = await twoTabs(await chromium.open())
      await see(back, 'hidden')
      await cloud.simulator.phone(username).approve()
      await isSignedIn(front)
      await see(back, 'visible')
      await showsHeading(back, 'Continued in another tab')
      expect(cloud.app.verified).toHaveLength(1)
    })

    it('shows a denial in both', async () => {
      const { tabs, username } = await twoTabs(await chromium.open())
      await cloud.simulator.phone(username).deny()
      for (const tab of tabs) await showsHeading(tab, 'Request not approved')
    })
  })

  describe('in another browser, by a stolen link', () => {
    it.each(['before', 'after'])('explains, and signs no user in: %s the approval', async (when) => {
      const { username, address, page } = await waiting(await chromium.open(), cloud)
      await see(page, 'hidden')
      if (when === 'after') await cloud.simulator.phone(username).approve()
      const thief = await (await chromium.open()).newPage()
      await thief.goto(address)
      await showsHeading(thief, 'Invalid link')
      await thief.getByText('For your security this link cannot be used.').waitFor()
      await thief.goto(address.replace('/login/2fa?', '/login/2fa/callback?'))
      await thief.getByText('"code":"unknown_transaction"').waitFor()
      await thief.goto(`${cloud.app.origin}/me`)
      await thief.getByText('{"user":null}').waitFor()
      forgiveComplaints(/403/)

      if (when === 'before') await cloud.simulator.phone(username).approve()
      await see(page, 'visible')
      await isSignedIn(page)
      expect(cloud.app.verified).toHaveLength(1)
    })
  })

  describe('after success', () => {
    it('accepts nothing a second time, neither after a reload nor at its old address', async () => {
      const { page, address, username } = await waiting(await chromium.open(), cloud)
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
      await page.reload()
      await page.getByText('"code":"used_transaction"').waitFor()
      await page.goto(address)
      await showsHeading(page, 'Nothing to confirm here')
      await page.goBack()
      await page.getByText('"code":"used_transaction"').waitFor()
      expect(cloud.app.verified).toHaveLength(1)
      forgiveComplaints(/403/)
    })
  })

  describe('without a connection', () => {
    it('says so, and goes on when there is one again', async () => {
      const context = await chromium.open()
      const { page, username } = await waiting(context, cloud)
      await context.setOffline(true)
      await says(page, 'No connection. Trying again…')
      await see(page, 'hidden')
      await cloud.simulator.phone(username).approve()
      await see(page, 'visible')
      await says(page, 'No connection. Trying again…')
      await context.setOffline(false)
      await isSignedIn(page)
      forgiveComplaints(/INTERNET_DISCONNECTED/)
    })

    it('no longer says so once there is one again, while a user types a code', async () => {
      const context = await chromium.open()
      const { page, username } = await waiting(context, cloud, { factor: 'sms' })
      await page.getByLabel('Code').fill('12')
      await context.setOffline(true)
      await says(page, 'No connection. Trying again…')
      await context.setOffline(false)
      await saysNothing(page)
      expect(await page.getByLabel('Code').inputValue()).toBe('12')
      await page.getByLabel('Code').fill(codeFor(cloud, username))
      await page.keyboard.press('Enter')
      await isSignedIn(page)
    })
  })

  it('while Nevis does not respond › says so, by the event stream and by JSON, and no longer once it responds', async () => {
    const silent = 'A service that we need does not respond. Trying again…'
    const { page, username } = await waiting(await chromium.open(), cloud)
    await until(() => streams() === 1)
    const outage = cloud.simulator.faults.add({ on: 'getStatus', status: 503 })
    await says(page, silent)
    outage.remove()
    await saysNothing(page)
    endpoint.closeStreams()
    const second = cloud.simulator.faults.add({ on: 'getStatus', status: 503 })
    await says(page, silent)
    second.remove()
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
    forgiveComplaints(/503/)
  })

  describe('where a gateway or another process answers', () => {
    it('something else than a status › never loads itself again, says that it tries again, and goes on later', async () => {
      const context = await chromium.open()
      const answers: { status: number; contentType?: string; headers?: Record<string, string>; body: string }[] = [
        { status: 200, contentType: 'text/event-stream', body: 'event: status\ndata: {"status":"error"}\n\n' },
        { status: 429, headers: { 'Retry-After': '-1' }, body: '{"message":"API rate limit exceeded"}' },
        { status: 404, body: '{"type":"about:blank","status":404}' },
        { status: 200, body: '{"status":"pending","retryAfterSeconds":"soon"}' },
        { status: 200, body: '{"status":"error","retryAfterSeconds":-1}' },
        { status: 401, body: '{"code":"unauthorized","retryAfterSeconds":0}' },
        { status: 503, headers: { 'Retry-After': '1e12' }, body: 'null' },
      ]
      const given: number[] = []
      await context.route(/live/, (route) => {
        const answer = answers[given.length]
        // After the last one of `answers`, the app itself answers.
        if (!answer) return route.continue()
        given.push(Date.now())
        return route.fulfill({ contentType: 'application/json', ...answer })
      })
      let loads = 0
      const { page, username } = await waiting(context, cloud)
      page.on('load', () => loads++)
      await until(() => given.length === 1)
      await says(page, 'No connection. Trying again…')
      await see(page, 'hidden')
      await context.clock.install()
      await context.clock.pauseAt(Date.now() + 1000)
      await see(page, 'visible')
      for (let count = 3; count <= answers.length; count++) {
        await until(() => given.length === count)
        await (count === 4 ? saysNothing(page) : says(page, 'No connection. Trying again…'))
        await context.clock.runFor(900)
        // After this request, the page has also sent any request that it was about to send.
        await page.evaluate(`fetch('/me').then(() => undefined)`)
        expect(given).toHaveLength(count)
        await context.clock.runFor(1200)
      }
      await cloud.simulator.phone(username).approve()
      await context.clock.runFor(60_000)
      await context.clock.resume()
      await isSignedIn(page)
      expect(loads).toBe(1)
      forgiveComplaints(/401|404|429|503/)
    })

    it('that the request has ended, while this page knows nothing of it › loads itself again after longer and longer pauses', async () => {
      const context = await chromium.open()
      await context.route(/live/, (route) => route.fulfill({ status: 404, contentType: 'application/json', body: '{"status":"unknown"}' }))
      const loads: number[] = []
      context.on('request', (request) => request.isNavigationRequest() && loads.push(Date.now()))
      await waiting(context, cloud)
      await until(() => loads.length === 4)
      const [first = 0, second = 0, third = 0, fourth = 0] = loads
      expect(second - first).toBeLessThan(1000)
      expect(third - second).toBeGreaterThan(800)
      expect(fourth - third).toBeGreaterThan(1800)
      forgiveComplaints(/404/)
    })
  })

  describe('in the background', () => {
    it('keeps no stream open and asks nothing, and learns of the decision at once on return', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const { page, username } = await waiting(context, cloud)
      await until(() => streams() === 1)
      await see(page, 'hidden')
      // Without an open stream, the server calls Nevis only when the page asks for the status. So if Nevis gets no call in a minute, the page does not ask.
      await until(() => streams() === 0)
      const before = asked()
      await cloud.simulator.phone(username).approve()
      await context.clock.runFor(60_000)
      expect([asked(), streams()]).toEqual([before, 0])
      expect(await heading(page).textContent()).toBe('Check your phone')
      await see(page, 'visible')
      await isSignedIn(page)
      expect(asked()).toBeLessThanOrEqual(before + 2)
    })

    it('never keeps more than one stream, however often it comes and goes', async () => {
      const { page } = await waiting(await chromium.open(), cloud)
      for (let i = 0; i < 10; i++) {
        await see(page, 'hidden')
        await see(page, 'visible')
      }
      await until(() => streams() === 1)
    })
  })

  describe('when the time is over', () => {
    it('says so, and offers to start again', async () => {
      const { page } = await waiting(await chromium.open(), cloud)
      await until(() => streams() === 1)
      later(120_000)
      await page.getByText('Send a new one.').waitFor()
      // Set the clock back to 16 s after the start: late enough for a resend (15 s), and early enough that the new request does not expire at once.
      jest.restoreAllMocks()
      later(16_000)
      await page.getByRole('button', { name: 'Send a request to my phone' }).click()
      await showsHeading(page, 'Check your phone')
    })

    it('says so although the stream has broken unnoticed', async () => {
      const context = await chromium.open()
      await context.clock.install()
      // The first stream is never answered, as after a router has dropped the connection.
      let asked = 0
      await context.route(/live/, (route) => (asked++ === 0 ? undefined : route.continue()))
      const { page } = await waiting(context, cloud)
      await until(() => asked === 1)
      later(121_000)
      await context.clock.runFor(121_000)
      await page.getByText('Send a new one.').waitFor()
    })

    it('says so to a user who has not typed the code', async () => {
      const context = await chromium.open()
      await context.clock.install()
      const { page } = await waiting(context, cloud, { factor: 'sms' })
      later(120_000)
      await context.clock.fastForward(121_000)
      await page.getByText('Send a new one.').waitFor()
    })
  })

  describe('where the clock is wrong', () => {
    it.each([['fast', 3600_000], ['slow', -3600_000]])('still counts the remaining time correctly: an hour %s', async (_name, ms) => {
      const context = await chromium.open()
      await context.clock.install({ time: Date.now() + ms })
      const { page } = await waiting(context, cloud, { factor: 'sms' })
      let loads = 0
      page.on('load', () => loads++)
      await context.clock.runFor(3000)
      expect(await page.locator('[data-countdown]').textContent()).toMatch(/^1:([34]\d|5[0-7])$/)
      expect(loads).toBe(0)
    })
  })

  describe('to a screen reader', () => {
    it('announces nothing while nothing changes, then that it is approved', async () => {
      const context = await chromium.open()
      const { page, username } = await waiting(context, cloud)
      await page.evaluate(`said = []
        new MutationObserver((records) => said.push(...records.map(({ target }) => target.textContent)))
          .observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })`)
      expect(await page.locator('[role=status], [role=alert], [aria-live]').count()).toBe(1)
      const before = asked()
      await until(() => asked() >= before + 3)
      expect(await page.evaluate('said')).toEqual([])
      // Answer the callback with 204, so that the browser stays on the page.
      await context.route(/callback/, (route) => route.fulfill({ status: 204 }))
      await cloud.simulator.phone(username).approve()
      await says(page, 'Approved. One moment…')
      expect(await page.evaluate('said')).toEqual(['Approved. One moment…'])
      expect(await page.locator('main').ariaSnapshot()).toBe('- main:\n  - heading "Approved. One moment…" [level=1]\n  - status: Approved. One moment…')
      expect(await page.title()).toBe('Approved. One moment…')
    })
  })

  describe('when a button is pressed twice', () => {
    it('starts once', async () => {
      const { page, username } = await waiting(await chromium.open(), cloud)
      await page.getByRole('button', { name: 'Send me a code by SMS' }).dblclick()
      await showsHeading(page, 'Enter the code from the SMS')
      expect(cloud.simulator.sms(username)).toHaveLength(1)
      await page.getByLabel('Code').fill(codeFor(cloud, username))
      await page.keyboard.press('Enter')
      await isSignedIn(page)
    })
  })

  describe('when a button is pressed shortly after another one', () => {
    it('cancels', async () => {
      const { page } = await waiting(await chromium.open(), cloud)
      await page.evaluate(`for (const field of ['[name=factor][value=sms]', '[name=cancel]']) document.querySelector(field).form.querySelector('button').click()`)
      await page.getByText('"code":"cancelled"').waitFor()
      forgiveComplaints(/401/)
    })
  })

  describe('where the browser knows no event streams', () => {
    it('asks in JSON, and learns of the decision', async () => {
      const context = await chromium.open()
      await context.addInitScript('delete window.EventSource')
      const { page, username } = await waiting(context, cloud)
      await page.waitForResponse((response) => response.url().includes('/live?') && response.request().resourceType() === 'fetch')
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
    })

    it('asks again if an answer does not come', async () => {
      const context = await chromium.open()
      await context.addInitScript(`delete window.EventSource
        const { timeout } = AbortSignal
        AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 100)`)
      await context.route(/live/, () => undefined)
      const { page, username } = await waiting(context, cloud)
      await says(page, 'No connection. Trying again…')
      await context.unroute(/live/)
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
    })
  })

  describe('when the server ends its streams', () => {
    it('asks in JSON instead, and learns of the decision', async () => {
      const { page, username } = await waiting(await chromium.open(), cloud)
      await until(() => streams() === 1)
      endpoint.closeStreams()
      await page.waitForResponse((response) => response.url().includes('/live?') && response.request().resourceType() === 'fetch')
      expect(streams()).toBe(0)
      expect(await note(page).textContent()).toBe('')
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
      forgiveComplaints(/503/)
    })

    it('or has no stream left › asks in JSON', async () => {
      await cloud.close()
      await start(0)
      const { page, username } = await waiting(await chromium.open(), cloud)
      await page.waitForResponse((response) => response.url().includes('/live?') && response.request().resourceType() === 'fetch')
      await cloud.simulator.phone(username).approve()
      await isSignedIn(page)
      forgiveComplaints(/EventSource's response has a MIME type/)
    })

    it('or is gone › says so, and goes on when it is back', async () => {
      const context = await chromium.open()
      const { page, username } = await waiting(context, cloud)
      await until(() => streams() === 1)
      await context.route(/live/, (route) => route.abort('connectionrefused'))
      endpoint.closeStreams()
      await says(page, 'No connection. Trying again…')
      await cloud.simulator.phone(username).approve()
      await context.unroute(/live/)
      await isSignedIn(page)
      forgiveComplaints(/CONNECTION_REFUSED|503/)
    })
  })

  it('opened again in the same browser › is the same page, and asks no user again', async () => {
    const context = await chromium.open()
    const { address, username } = await waiting(context, cloud)
    expect(new URL(await enterPassword(context, cloud, username)).pathname).toBe('/login/2fa')
    const page = await context.newPage()
    await page.goto(address)
    await showsHeading(page, 'Check your phone')
    expect(cloud.simulator.phone(username).requests()).toHaveLength(1)
  })
})
