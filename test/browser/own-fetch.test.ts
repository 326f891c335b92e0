/**
 * Runs in Chromium the code of the guides that signs in by plain `fetch`, without `passport-nevis/browser`: the login by AJAX, and a waiting page of the app's
 * own. The server is the app of the guide for Express. For remembered browsers, which that app does not have, it is the app of the other tests.
 *
 * Out of scope: `passport-nevis/browser` (`single-page.test.ts`).
 */
import type { Page } from 'playwright-core'
import { NevisSimulator } from '../../src/simulator'
import { newest, serve, type Host } from '../hosts/express/host'
import { PASSWORD } from '../support/app'
import { describeWithChromium } from '../support/chromium'
import { snippetWith } from '../support/markdown'
import { forgiveComplaints, isSignedIn, showsHeading, startCloud, useChromium, waiting } from './support'

const WRONG = 'The password is wrong, or the second factor was refused.'
const BY_AJAX = snippetWith('docs/guides/single-page-apps.md', 'const isNext')
const OWN_PAGE = snippetWith('docs/guides/waiting-page.md', 'const ENDS')

const signingIn = (username: string, password: string) => `signIn('${username}', '${password}')`

describeWithChromium('the code of the guides that signs in by fetch', () => {
  const chromium = useChromium()
  let simulator: NevisSimulator
  let host: Host
  let origin: string
  let page: Page

  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna' })
    simulator.addUser({ username: 'ben', authenticators: [] })
    host = await serve('app.js', newest, simulator, [{ id: 1, username: 'anna', password: PASSWORD, nevisUserId: userId }, { id: 2, username: 'ben', password: PASSWORD }])
    origin = host.browser().origin
    page = await (await chromium.open()).newPage()
  })
  afterEach(async () => {
    await host.close()
    await simulator.close()
  })

  /** Opens a page, and adds this code to it. `show`, which the reader of the guide writes, collects what it gets in `views`. */
  async function open(code: string, address = `${origin}/login`): Promise<void> {
    await page.goto(address)
    await page.evaluate(`{ ${code}
      Object.assign(globalThis, { signIn, views: [], show: (view) => void views.push(view) }) }`)
  }

  /** Starts the sign-in. It ends with another page, so the test does not wait for it. */
  const begin = (username = 'anna') => page.evaluate(`void ${signingIn(username, PASSWORD)}`)
  const failureOf = (username: string, password = PASSWORD) => page.evaluate(`${signingIn(username, password)}.then(() => 'no error', ({ message }) => message)`)
  const starts = () => simulator.requests.filter(({ operation }) => operation === 'approve').length
  const greeted = () => page.getByText('Hello anna', { exact: true }).waitFor()

  describe.each([['a login by AJAX', BY_AJAX], ['a page of your own', OWN_PAGE]])('%s', (_name, code) => {
    it('reports a wrong password, a refused second factor and an outage, and stays on the sign-in page', async () => {
      await open(code)
      expect([await failureOf('anna', 'wrong'), starts()]).toEqual([WRONG, 0])
      expect(await failureOf('ben')).toBe(WRONG)
      simulator.faults.add({ on: 'approve', reset: true })
      jest.spyOn(console, 'error').mockReturnValue(undefined) // the app's log
      expect(await failureOf('anna')).toBe(WRONG)
      expect([page.url(), await page.evaluate('views')]).toEqual([`${origin}/login`, []])
      forgiveComplaints(/503/)
      jest.restoreAllMocks()
    })

    it('goes to the home page in a remembered browser', async () => {
      const cloud = await startCloud({
        strategy: { rememberBrowser: { days: 30 } },
        routes: (app) => app.get('/', (_req, res) => void res.send('<!doctype html><title>Home</title><h1>Home</h1>')),
      })
      try {
        const context = await chromium.open()
        const { page: first, username } = await waiting(context, cloud, { remember: '1' })
        await cloud.simulator.phone(username).approve()
        await isSignedIn(first)
        await context.clearCookies({ name: 'connect.sid' })
        page = await context.newPage()
        await open(code, `${cloud.app.origin}/me`)
        await begin(username)
        await showsHeading(page, 'Home')
        await page.goto(`${cloud.app.origin}/me`)
        await page.getByText(`"user":{"username":"${username}"}`).waitFor()
      } finally {
        await cloud.close()
      }
    })
  })

  it('a login by AJAX › asks for JSON, gets `next`, and goes to the waiting page', async () => {
    await open(BY_AJAX)
    const [answer] = await Promise.all([page.waitForResponse(`${origin}/login`), begin()])
    expect([answer.status(), answer.headers()['content-type']?.split(';')[0]]).toEqual([200, 'application/vnd.passport-nevis.next+json'])
    await showsHeading(page, 'Check your phone')
    expect(starts()).toBe(1)
    await simulator.phone('anna').approve()
    await greeted()
  })

  describe('a page of your own', () => {
    const statusAsked = () => page.waitForResponse(/\/login\/2fa\/status/)

    /** Starts the sign-in, and waits for two answers to the request for the status: the error page of a gateway, and `pending`. */
    async function beginAndWait(): Promise<void> {
      await page.clock.install()
      await page.route(/\/login\/2fa\/status/, (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }), { times: 1 })
      forgiveComplaints(/502/)
      await open(OWN_PAGE)
      await Promise.all([statusAsked(), begin()])
      const [pending] = await Promise.all([statusAsked(), page.clock.runFor(10_000)])
      expect(await pending.json()).toMatchObject({ status: 'pending' })
      expect(await page.evaluate('views.map(({ prompt, status }) => [prompt, status])')).toEqual([['wait', 'pending']])
    }

    it('shows the step, asks for the status again and again, also after an error of a gateway, and signs the user in', async () => {
      await beginAndWait()
      await simulator.phone('anna').approve()
      await page.clock.runFor(10_000)
      await greeted()
      expect(starts()).toBe(1)
    })

    it('shows a denial, and what the user can start now', async () => {
      await beginAndWait()
      await simulator.phone('anna').deny()
      await page.clock.runFor(10_000)
      await page.waitForFunction('views.length === 2')
      expect(await page.evaluate('views[1]')).toMatchObject({ status: 'failed', failure: 'not_approved', factors: ['push', 'sms'] })
    })
  })
})
