/**
 * Tests the look of the waiting page in every state: accessible, no wider than the screen, in light and dark, on a phone, in every language, in a language from
 * right to left and without JavaScript. `SCREENSHOTS=1` saves a screenshot of each state in `screenshots/`.
 *
 * The file `accessibility-waiting.md` contains each state's accessibility tree, and the order in which Tab reaches its elements. Two more files contain the same
 * without JavaScript, and the order of Tab from right to left. Each run compares the states with these files; `WALK=1` writes the files again.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describeWithChromium } from '../support/chromium'
import { WrittenPages } from './accessibility'
import { COLOUR_RULES, violations } from './axe'
import { startLook, states, stopClockIn, undoState, type State } from './states'
import { forgiveComplaints, overflowing, useChromium, type Cloud } from './support'

const FOLDER = join(__dirname, 'screenshots')
const FROM = 'from Chromium. Written by `WALK=1 npx jest test/browser/look`; each run compares it.'
const WRITTEN = new WrittenPages(
  join(__dirname, 'accessibility-waiting.md'),
  `# The waiting page by keyboard and screen reader\n\nEach state in English, 1280 pixels wide, ${FROM}`,
)
const WRITTEN_RIGHT_TO_LEFT = new WrittenPages(
  join(__dirname, 'accessibility-right-to-left.md'),
  `# The waiting page from right to left, by keyboard\n\nEach state in Arabic, 360 pixels wide, ${FROM} The app that is tested has not translated every text.`,
  { hasTree: false },
)
const WRITTEN_WITHOUT_SCRIPT = new WrittenPages(
  join(__dirname, 'accessibility-without-script.md'),
  `# The waiting page without JavaScript, by keyboard and screen reader\n\nEach state in English, 320 pixels wide, ${FROM} States that only the page's script can show are not here.`,
  { hasScript: false },
)
const DESKTOP = { width: 1280, height: 900 }
const TABLET = { width: 768, height: 900 }
const PHONE = { width: 360, height: 740 }
const NARROWEST = { width: 320, height: 640 }
const SCREENS = [NARROWEST, PHONE, TABLET, DESKTOP]

/** The languages in which the page is also checked. All other tests run in English. Arabic is the language that the app of these tests adds. */
const LANGUAGES = { de: 'ltr', fr: 'ltr', it: 'ltr', ar: 'rtl' }
/** States that exist only in the open tab: a reload shows the state that the server knows. */
const LOST_BY_RELOAD = ['offline', 'elsewhere', 'approved', 'enroll-sms-instead', 'soon', 'recovery-codes-copied', 'no-response']
/** The states that a browser without JavaScript can show. It opens the field for the phone number, too. */
const WITHOUT_SCRIPT = Object.keys(states).filter((name) => !LOST_BY_RELOAD.includes(name) || name === 'enroll-sms-instead')

describeWithChromium('the waiting page', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    cloud = await startLook()
  })
  afterAll(() => {
    for (const written of [WRITTEN, WRITTEN_RIGHT_TO_LEFT, WRITTEN_WITHOUT_SCRIPT]) written.save()
    return cloud.close()
  })
  afterEach(() => {
    jest.restoreAllMocks()
    undoState()
  })

  /** Screenshots take most of the time, so they are taken only on request: SCREENSHOTS=1 */
  const shoot = async (page: Page, name: string, fullPage = true) => {
    if (process.env['SCREENSHOTS'] !== undefined) await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage })
  }

  /** Checks the page with text of twice the size. */
  const largeText = async (page: Page, name: string) => {
    await page.evaluate('document.documentElement.style.fontSize = "200%"')
    await page.setViewportSize(NARROWEST)
    await shoot(page, name)
    await expectToFit(page)
  }

  describe.each(Object.entries(states))('in the state "%s"', (name, state) => {
    it('is as it is written down for keyboard and screen reader, accessible in light, dark and forced colours, with large text, fits every screen, and speaks every language, also from right to left', async () => {
      let page = await state(await chromium.open({ viewport: DESKTOP, ...speaking('en') }), cloud)
      await WRITTEN.check(name, page)
      // Stop the app's clock, so that a reload shows the same state, also if this test takes so long that the user could send again.
      if (!LOST_BY_RELOAD.includes(name)) stopClockIn(0)
      await page.emulateMedia({ colorScheme: 'light' })
      await shoot(page, `${name}-desktop-light`)
      expect(await violations(page)).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      await shoot(page, `${name}-desktop-dark`)
      expect(await violations(page, { rules: COLOUR_RULES })).toEqual([])
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(PHONE)
      await shoot(page, `${name}-phone`)
      await page.setViewportSize(TABLET)
      await shoot(page, `${name}-tablet`)
      await page.setViewportSize(NARROWEST)
      await shoot(page, `${name}-narrowest`)
      expect(await violations(page)).toEqual([])
      await expectToFit(page)
      await largeText(page, `${name}-large`)
      const openIn = async (tag: string) => {
        if (LOST_BY_RELOAD.includes(name)) page = await state(await chromium.open({ viewport: PHONE, ...speaking(tag) }), cloud)
        else {
          await page.setExtraHTTPHeaders(speaking(tag).extraHTTPHeaders)
          await page.setViewportSize(PHONE)
          await page.reload()
        }
      }
      for (const [tag, direction] of Object.entries(LANGUAGES)) {
        await openIn(tag)
        expect(await page.evaluate('[document.documentElement.lang, getComputedStyle(document.body).direction]')).toEqual([tag, direction])
        if (direction === 'rtl') await WRITTEN_RIGHT_TO_LEFT.check(name, page)
        await shoot(page, `${name}-phone-${tag}`)
        expect([tag, await violations(page)]).toEqual([tag, []])
        await expectToFit(page)
        await largeText(page, `${name}-large-${tag}`)
      }
      // Test forced colours last: Chromium keeps their white background in later screenshots of the page.
      await openIn('en')
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' })
      await shoot(page, `${name}-forced`)
      expect(await oddBorders(page)).toEqual([])
      expect(await violations(page, { rules: COLOUR_RULES })).toEqual([])
      forgiveComplaints(/INTERNET_DISCONNECTED|403|503/)
    })
  })

  it('on a phone › shows the link first, large enough for a finger', async () => {
    const page = await (states['app'] as State)(await chromium.open({ viewport: PHONE, isMobile: true, hasTouch: true }), cloud)
    // Take a screenshot of the visible part only: a full-page screenshot would show the page as on a device with a mouse.
    await shoot(page, 'app-phone-touch', false)
    const [link, code] = await Promise.all([page.getByRole('link', { name: 'Open the Access App' }).boundingBox(), page.getByRole('img', { name: 'QR code for the Access App' }).boundingBox()])
    expect(link?.y).toBeLessThan(code?.y as number)
    expect(await page.locator('main p:visible').first().textContent()).toBe('Open the Access App on this device, or scan this code with another device.')
    for (const target of await page.locator('a:visible, button:visible').all()) expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44)
    expect(await violations(page)).toEqual([])
  })

  it('in a language from right to left › marks the message on the right', async () => {
    const page = await (states['push'] as State)(await chromium.open({ viewport: PHONE, locale: 'ar-EG' }), cloud)
    const quote = await page.evaluate<{ borderRightWidth: string; borderLeftWidth: string }>('({ ...getComputedStyle(document.querySelector("blockquote")) })')
    expect([quote.borderRightWidth, quote.borderLeftWidth]).toEqual(['4px', '0px'])
  })

  it('in a language from right to left › writes recovery codes from left to right', async () => {
    const page = await (states['recovery-codes'] as State)(await chromium.open({ viewport: PHONE, locale: 'ar-EG' }), cloud)
    // Find the positions of the first and the last character of a code.
    const [first, last] = await page.evaluate<[number, number]>(`(() => {
      const text = document.querySelector('[data-codes] code').firstChild
      const at = (i) => { const range = document.createRange(); range.setStart(text, i); range.setEnd(text, i + 1); return range.getBoundingClientRect().left }
      return [at(0), at(text.length - 1)]
    })()`)
    expect(first).toBeLessThan(last)
  })

  it.each(WITHOUT_SCRIPT)('without JavaScript › is as it is written down for keyboard and screen reader, looks complete, is accessible, and fits every screen: %s', async (name) => {
    // Reach the state with JavaScript, then open the page again without JavaScript.
    const context = await chromium.open({ viewport: PHONE })
    const page = await (states[name] as State)(context, cloud)
    const plain = await (await chromium.open({ viewport: PHONE, javaScriptEnabled: false, storageState: await context.storageState() })).newPage()
    await plain.goto(page.url())
    if (name === 'enroll-sms-instead') await plain.locator('summary').click()
    await shoot(plain, `${name}-no-script`)
    expect(await plain.locator('a:visible, button:visible').count()).toBeGreaterThan(0)
    await expectToFit(plain)
    await WRITTEN_WITHOUT_SCRIPT.check(name, plain)
    // Without JavaScript, no timer runs. axe uses timers of 0 ms to go on, and longer ones only to give up.
    await plain.evaluate('globalThis.setTimeout = (run, ms, ...args) => { if (!ms) Promise.resolve().then(() => run(...args)) }')
    expect(await violations(plain)).toEqual([])
    forgiveComplaints(/401|403|503/)
  })

  it('with a mouse › keeps the border of the button below the field for the phone number', async () => {
    const page = await (states['enroll-sms-instead'] as State)(await chromium.open(), cloud)
    await page.locator('details button').hover()
    const { borderTopColor, borderLeftWidth } = await page.evaluate<{ borderTopColor: string; borderLeftWidth: string }>('({ ...getComputedStyle(document.querySelector("details button")) })')
    expect([borderTopColor, borderLeftWidth]).toEqual(['rgb(11, 92, 173)', '1px'])
  })

  it.each([['no-preference', 1], ['reduce', 0]] as const)('with the preference for motion %s › has the right number of animations', async (reducedMotion, count) => {
    const page = await (states['push'] as State)(await chromium.open({ reducedMotion }), cloud)
    expect(await page.evaluate('document.getAnimations().length')).toBe(count)
  })
})

/** Finds buttons that would have only some of their borders in the browser's forced-colours mode. */
function oddBorders(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('.nevis button, .nevis-button')].filter((one) => one.checkVisibility()).filter((one) => {
    const { borderTopWidth, borderRightWidth, borderBottomWidth, borderLeftWidth } = getComputedStyle(one)
    return borderTopWidth === '0px' || new Set([borderTopWidth, borderRightWidth, borderBottomWidth, borderLeftWidth]).size > 1
  }).map(({ textContent }) => textContent)`)
}

/** Sets the language only by a header, which a test can change later. The locale of a browser context cannot be changed. */
function speaking(tag: string) {
  return { extraHTTPHeaders: { 'accept-language': `${tag}-CH, en;q=0.1` } }
}

/** Checks on every screen, and last on the narrowest, that the page does not scroll to the side, and that no text runs over a border or over another text. */
async function expectToFit(page: Page): Promise<void> {
  for (const screen of [...SCREENS].reverse()) {
    await page.setViewportSize(screen)
    const tooWide = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect([screen.width, tooWide, await overflowing(page), await overlapping(page)]).toEqual([screen.width, 0, [], []])
  }
}

/** Returns the texts that overlap another text and so cannot be read. */
function overlapping(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const lines = []
    while (walker.nextNode()) {
      const { currentNode: node } = walker
      if (!node.textContent.trim() || node.parentElement.closest('.nevis-unseen, noscript, script, style') || !node.parentElement.checkVisibility({ visibilityProperty: true })) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const { left, right, top, bottom } of range.getClientRects()) lines.push({ text: node.textContent.trim(), left, right, top, bottom })
    }
    // Boxes of lines may touch: what counts is an overlap of a third of a line.
    const isOn = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > (a.bottom - a.top) / 3
    return lines.flatMap((one, i) => lines.slice(i + 1).filter((other) => isOn(one, other)).map((other) => one.text + ' / ' + other.text))
  })()`)
}
