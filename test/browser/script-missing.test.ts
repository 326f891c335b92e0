/**
 * The waiting page in a browser with JavaScript that cannot load this page's script: a firewall blocks the script, a proxy answers with another page, or a
 * Content-Security-Policy forbids it.
 *
 * Out of scope: browsers without JavaScript (`sign-in.test.ts`, `look.test.ts`).
 */
import type { BrowserContext, Page, Route } from 'playwright-core'
import { app as appFactor, push, widget } from '../../src'
import { describeWithChromium } from '../support/chromium'
import { enterPassword, forgiveComplaints, isSignedIn, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

/** How the page is kept from running its script: the request for the script is intercepted, or the policy of the page is replaced. */
const OBSTACLES: readonly (readonly [string, RegExp, (route: Route) => Promise<void>])[] = [
  ['a firewall blocks it', /asset=script/, (route) => route.abort('blockedbyclient')],
  ['a proxy answers with a page', /asset=script/, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><h1>Blocked</h1>' })],
  ['a policy forbids it', /2fa\?transaction=/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': "default-src 'none'; style-src 'self'; img-src data:" } })
  }],
]

describeWithChromium('the waiting page without its script', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    cloud = await startCloud({
      strategy: {
        factors: [push(), appFactor(), widget()],
        rememberBrowser: { days: 30 },
        operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve'),
      },
      routes: (express) => express.get('/widget.js', (_req, res) => void res.type('js').send('')),
    })
  })
  afterAll(() => cloud.close())

  async function withoutScript(): Promise<BrowserContext> {
    const context = await chromium.open()
    await context.route(/asset=script/, (route) => route.abort())
    forgiveComplaints(/ERR_FAILED/)
    return context
  }

  /** Ends the animations with which the stylesheet waits for the script, so that the script counts as missing. Returns when each would end, in milliseconds. */
  const longAfter = (page: Page) =>
    page.evaluate<number[]>(`document.getAnimations().filter(({ animationName }) => animationName === 'nevis-late').map((one) => {
      one.finish()
      return Number(one.effect.getComputedTiming().endTime)
    })`)
  const check = (page: Page) => page.getByRole('link', { name: 'Check now' })

  it.each(OBSTACLES)('because %s › offers "Check now" after five seconds, with which the user signs in', async (_obstacle, url, stop) => {
    const context = await chromium.open()
    await context.route(url, stop)
    forgiveComplaints(/BLOCKED_BY_CLIENT|MIME type|script-src|refused to execute|Unexpected token/i)
    const { page, username } = await waiting(context, cloud)
    expect([await check(page).isVisible(), await page.getByText('Time left').isVisible()]).toEqual([false, true])
    expect(new Set(await longAfter(page))).toEqual(new Set([5000]))
    expect([await check(page).isVisible(), await page.getByText('Time left').isVisible()]).toEqual([true, false])
    await check(page).click()
    // The user has already waited once.
    await page.getByText('No answer yet.').waitFor({ state: 'attached' })
    expect(await check(page).isVisible()).toBe(true)
    await cloud.simulator.phone(username).approve()
    await check(page).click()
    await isSignedIn(page)
  })

  it('because it comes late › shows nothing of "Check now" before it has come, and never after', async () => {
    const context = await chromium.open()
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => (release = resolve))
    await context.route(/asset=script/, (route) => held.then(() => route.continue()))
    const address = await enterPassword(context, cloud, cloud.newUser().username)
    const page = await context.newPage()
    await page.goto(address, { waitUntil: 'commit' })
    await page.getByText('Time left').waitFor()
    expect(await check(page).isVisible()).toBe(false)
    release()
    await page.locator('[data-resend]:disabled').waitFor()
    expect(await longAfter(page)).toEqual([])
    expect([await check(page).count(), await page.getByText('Time left').isVisible()]).toEqual([0, true])
  })

  it('while the user sets up the app › says to check below, and goes on by "Check now"', async () => {
    const context = await withoutScript()
    const page = await context.newPage()
    await page.goto(await enterPassword(context, cloud, 'newcomer', { factor: 'app', operation: 'enroll' }))
    await longAfter(page)
    expect([await page.getByText('Then check below').isVisible(), await page.getByText('continues by itself').isVisible()]).toEqual([true, false])
    await cloud.simulator.phone('newcomer').scan((await page.getByRole('link', { name: 'Open the Access App' }).getAttribute('href')) as string)
    await check(page).click()
    await isSignedIn(page)
  })

  it('with the widget › says that it needs JavaScript, and offers the other ways', async () => {
    const { page } = await waiting(await withoutScript(), cloud, { factor: 'widget' })
    const sentence = page.getByText('This needs JavaScript, which is switched off or blocked in your browser.')
    expect(await sentence.isVisible()).toBe(false)
    await showsHeading(page, 'Confirm that it is you')
    await longAfter(page)
    expect(await sentence.isVisible()).toBe(true)
    // The checkbox belongs to the widget's form. Only the script sends this form, so the page hides the checkbox.
    expect(await page.getByRole('checkbox').isVisible()).toBe(false)
    expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual(['The confirmation failed'])
    await page.getByRole('button', { name: 'Send a request to my phone' }).click()
    await showsHeading(page, 'Check your phone')
  })

  it('where the browser can be remembered › has a button that chooses so', async () => {
    const { page, username } = await waiting(await withoutScript(), cloud)
    const button = page.getByRole('button', { name: /^Remember this browser/ })
    expect(await button.isVisible()).toBe(false)
    await longAfter(page)
    await button.click()
    await page.getByText('Do not remember this browser').waitFor({ state: 'attached' })
    await longAfter(page)
    await cloud.simulator.phone(username).approve()
    await check(page).click()
    await isSignedIn(page)
    expect((await page.context().cookies()).some(({ name }) => name === 'nevis-browser')).toBe(true)
  })
})
