/**
 * The widget in a real browser, with the simulator's substitute for Nevis's script: a whole sign-in to the example app, and a widget that fails, is
 * loaded twice or does not load. Takes screenshots in `screenshots/`.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { push, waitingPage, widget } from '../../src'
import { START_MS, startExample, type Running } from '../example/support'
import { describeWithChromium } from '../support/chromium'
import { WIDGET_SCRIPT } from '../support/widget'
import { WrittenPages } from './accessibility'
import { COLOUR_RULES, violations } from './axe'
import { enterPassword, forgiveComplaints, heading, isSignedIn, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

const FOLDER = join(__dirname, 'screenshots')
const WRITTEN = new WrittenPages(
  join(__dirname, 'accessibility-widget.md'),
  "# The page of Nevis's widget, by keyboard and screen reader\n\nIn English, from Chromium: while the widget waits, and after it has failed. Its frame is Nevis's own, so it is not described. Written by `WALK=1 npx jest test/browser/widget`; each run compares it.",
)
const shoot = (page: Page, name: string) => page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true })
const inWidget = (page: Page, text: string) => page.frameLocator('.nevis-widget iframe').getByText(text).waitFor()
const failure = (page: Page, sentence = 'The confirmation failed. Start over or choose another way.') => page.getByText(sentence)
const hint = (page: Page) => page.getByText('Follow the steps on this page.')
const SET_UP_FAILED = 'The set-up failed. Please start over.'
const linksOut = (page: Page) => page.getByRole('link').evaluateAll((links) => (links as { getAttribute(name: string): string | null }[]).map((link) => link.getAttribute('href')))

beforeAll(() => mkdirSync(FOLDER, { recursive: true }))

describeWithChromium('signing in to the example app through the widget', () => {
  const chromium = useChromium()
  let app: Running

  beforeAll(async () => {
    app = await startExample({ WIDGET: 'true' })
  }, START_MS)
  afterAll(() => app?.stop())

  // Shows: C-widget-2
  it('shows the widget on the page, and signs in once the phone has accepted', async () => {
    const { username, password } = app.account('anna')
    const page = await (await chromium.open()).newPage()
    await page.goto(`${app.origin}/login`)
    await page.getByLabel('Username').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: 'Confirm in this window' }).click()
    await showsHeading(page, 'Confirm that it is you')
    await inWidget(page, 'Accept the request on your phone.')
    await shoot(page, 'widget-example')
    await app.phone('anna').approve()
    await showsHeading(page, 'Hello anna')
    expect(page.url()).toBe(`${app.origin}/account`)
    expect(await page.locator('[data-factor]').getAttribute('data-factor')).toBe('widget')
    expect(app.stderr()).toBe('')
  })
})

describeWithChromium('the page with the widget', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    cloud = await startCloud({
      strategy: {
        factors: [widget(), push()],
        operation: ({ body }) => ((body as { operation?: string }).operation === 'enroll' ? 'enroll' : 'approve'),
      },
      page: { signInURL: '/sign-in', helpURL: '/help' },
      routes: (express, { nevis }) => {
        express.get('/widget.js', (_req, res) => void res.type('js').send(WIDGET_SCRIPT))
        express.get('/loading', (_req, res) => void res.send('<!doctype html><title>Shop</title><script>held = new Image(); held.src = "/held.png"</script><body>'))
        express.get('/arabic', waitingPage(nevis, { languages: ['ar', 'en'], locales: { ar: { dir: 'rtl' } }, widgetScript: '/widget.js' }))
      },
    })
  })
  afterAll(() => {
    WRITTEN.save()
    return cloud.close()
  })

  it('is accessible in light and dark, in both its states', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    await inWidget(page, 'Accept the request on your phone.')
    await showsHeading(page, 'Confirm that it is you')
    expect(await hint(page).isVisible()).toBe(true)
    expect(await page.locator('main').getByRole('link').count()).toBe(0)
    await WRITTEN.check('widget', page)
    await expectAccessible(page, 'widget')
    await cloud.simulator.phone(username).deny()
    await failure(page).waitFor()
    expect(await hint(page).isVisible()).toBe(false)
    await showsHeading(page, 'The confirmation failed')
    expect(await page.title()).toBe('The confirmation failed')
    expect(await page.getByText('Time left').isVisible()).toBe(false)
    await WRITTEN.check('widget-failed', page)
    await expectAccessible(page, 'widget-failed')
  })

  it.each([
    ['de', 'Die Bestätigung ist fehlgeschlagen.'],
    ['fr', 'La confirmation a échoué.'],
    ['it', 'La conferma non è riuscita.'],
  ])('in %s › says everything, and fits the narrowest screen', async (tag, sentence) => {
    const context = await chromium.open({ viewport: { width: 320, height: 640 }, extraHTTPHeaders: { 'accept-language': tag } })
    await context.route('**/widget/auth.js', (route) => route.abort())
    forgiveComplaints(/ERR_FAILED|is not a function/)
    const { page } = await waiting(context, cloud)
    await page.getByRole('alert').getByText(sentence).waitFor()
    await shoot(page, `widget-failed-${tag}`)
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  })

  it('in a language that lacks the heading of a failure › says that the heading is English', async () => {
    const context = await chromium.open({ extraHTTPHeaders: { 'accept-language': 'ar' } })
    await context.route('**/widget/auth.js', (route) => route.abort())
    forgiveComplaints(/ERR_FAILED|is not a function/)
    const { page, address } = await waiting(context, cloud)
    await page.goto(address.replace('/login/2fa', '/arabic'))
    await page.getByRole('alert').waitFor()
    expect(await heading(page).textContent()).toContain('The confirmation failed')
    expect([await page.locator('html').getAttribute('lang'), await heading(page).getAttribute('lang')]).toEqual(['ar', 'en'])
  })

  // Shows: C-widget-4
  it('after a denial › starts over with a new widget', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    await inWidget(page, 'Accept the request on your phone.')
    forgiveComplaints(/412/)
    await cloud.simulator.phone(username).deny()
    await failure(page).waitFor()
    await page.getByRole('button', { name: 'Start over' }).click()
    await inWidget(page, 'Accept the request on your phone.')
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
  })

  // Shows: C-widget-9
  it('loaded again › says that it did not work, because an intent token is good for one use', async () => {
    const { page } = await waiting(await chromium.open(), cloud)
    await inWidget(page, 'Accept the request on your phone.')
    forgiveComplaints(/403/)
    await page.reload()
    await failure(page).waitFor()
    expect(await page.locator('.nevis-widget iframe').count()).toBe(0)
  })

  it('opened in two tabs › the one that succeeds goes on, the other says so', async () => {
    const context = await chromium.open()
    const { page, address, username } = await waiting(context, cloud)
    await inWidget(page, 'Accept the request on your phone.')
    forgiveComplaints(/403/)
    const other = await context.newPage()
    await other.goto(address)
    await failure(other).waitFor()
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
    await showsHeading(other, 'Continued in another tab')
  })

  it('inserted by a script while the page before is still loading › starts the widget', async () => {
    const context = await chromium.open()
    const held: (() => void)[] = []
    await context.route('**/held.png', (route) => new Promise<void>((resolve) => held.push(() => resolve(route.fulfill({ contentType: 'image/png', body: '' })))))
    const address = await enterPassword(context, cloud, cloud.newUser().username)
    const page = await context.newPage()
    await page.goto(`${cloud.app.origin}/loading`, { waitUntil: 'domcontentloaded' })
    await page.evaluate(`(async () => {
      const text = await (await fetch(${JSON.stringify(address)})).text()
      document.body.innerHTML = new DOMParser().parseFromString(text, 'text/html').body.innerHTML
      for (const old of document.body.querySelectorAll('script')) {
        const script = document.createElement('script')
        script.src = old.src
        old.replaceWith(script)
      }
    })()`)
    // The script has started: it shows the hint.
    await hint(page).waitFor()
    expect(await page.evaluate('document.readyState')).toBe('interactive')
    held.forEach((release) => release())
    await inWidget(page, 'Accept the request on your phone.')
  })

  it.each(['**/widget/auth.js', '**/widget.js'])('where %s does not come › says that it did not work, and offers the others', async (script) => {
    const context = await chromium.open()
    await context.route(script, (route) => route.abort())
    forgiveComplaints(/ERR_FAILED|is not a function/)
    const { page } = await waiting(context, cloud)
    await failure(page).waitFor()
    expect(await page.getByRole('button', { name: 'Start over' }).getAttribute('class')).toContain('nevis-button')
    expect(await hint(page).isVisible()).toBe(false)
    expect(await linksOut(page)).toEqual(['/sign-in', '/help'])
    await page.getByRole('button', { name: 'Send a request to my phone' }).click()
    await showsHeading(page, 'Check your phone')
  })

  it('where the script does not come and there is no other factor › leads to the sign-in page and to help, and names no other way', async () => {
    const context = await chromium.open()
    await context.route('**/widget/auth.js', (route) => route.abort())
    forgiveComplaints(/ERR_FAILED|is not a function/)
    const page = await enrolling(context, 'stuck')
    await failure(page, SET_UP_FAILED).waitFor()
    await shoot(page, 'widget-failed-alone')
    expect(await page.getByRole('alert').textContent()).toBe(SET_UP_FAILED)
    expect(await hint(page).isVisible()).toBe(false)
    expect(await linksOut(page)).toEqual(['/sign-in', '/help'])
    expect(await page.locator('main').getByRole('button').allTextContents()).toEqual(['Start over', 'Cancel'])
    await page.getByRole('link', { name: 'Go to sign-in' }).click()
    await page.waitForURL(/sign-in$/)
    forgiveComplaints(/404/)
  })

  it('without JavaScript › says that it needs it, and offers the others', async () => {
    const { page } = await waiting(await chromium.open({ javaScriptEnabled: false }), cloud)
    await page.getByText('This needs JavaScript').waitFor()
    expect([await failure(page).isVisible(), await hint(page).isVisible(), await page.getByText('Time left').isVisible()]).toEqual([false, false, false])
    expect(await heading(page).allTextContents()).toEqual(['The confirmation failed'])
    expect(await linksOut(page)).toEqual(['/sign-in', '/help'])
    await shoot(page, 'widget-no-script')
    await page.getByRole('button', { name: 'Send a request to my phone' }).click()
    expect(await heading(page).textContent()).toBe('Check your phone')
  })

  // Shows: C-widget-3
  it('for an enrolment › shows what to scan, and enrols the phone', async () => {
    const context = await chromium.open()
    const page = await enrolling(context, 'newcomer')
    await inWidget(page, 'Scan this code with your phone.')
    await shoot(page, 'widget-enroll')
    const link = page.frameLocator('.nevis-widget iframe').getByRole('link')
    await cloud.simulator.phone('newcomer').scan((await link.getAttribute('href')) as string)
    await isSignedIn(page)
    expect(cloud.app.verified.at(-1)).toMatchObject({ username: 'newcomer', factor: 'widget', operation: 'enroll' })
  })

  // This test and the next one come last, because they move the cloud's clock ahead of the app's clock, and all tests here share one cloud.
  // Shows: C-widget-4
  it('for an enrolment that the user does not scan › says that it did not work', async () => {
    const page = await enrolling(await chromium.open(), 'idler')
    await inWidget(page, 'Scan this code with your phone.')
    cloud.simulator.advance(121_000)
    forgiveComplaints(/412/)
    await failure(page, SET_UP_FAILED).waitFor()
  })

  // Shows: C-overview-6
  it('more than ten minutes old to Nevis › says that it did not work', async () => {
    const context = await chromium.open()
    const { username } = cloud.newUser()
    const address = await enterPassword(context, cloud, username)
    cloud.simulator.advance(600_000)
    const page = await context.newPage()
    forgiveComplaints(/403/)
    await page.goto(address)
    await failure(page).waitFor()
  })

  async function enrolling(context: BrowserContext, username: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(await enterPassword(context, cloud, username, { operation: 'enroll' }))
    return page
  }

  async function expectAccessible(page: Page, name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await shoot(page, `${name}-${colorScheme}`)
      expect(await violations(page, { iframes: false })).toEqual([])
    }
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' })
    expect(await violations(page, { rules: COLOUR_RULES, iframes: false })).toEqual([])
    await page.emulateMedia({ forcedColors: null })
    await page.setViewportSize({ width: 320, height: 640 })
    await shoot(page, `${name}-narrow`)
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    forgiveComplaints(/412/)
  }
})
