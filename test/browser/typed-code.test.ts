/**
 * A push with a code that the user types, in a real browser: with and without JavaScript, and the look of the page in every language. Takes
 * screenshots in `screenshots/`. Each run compares the page in English with `accessibility-typed-code.md`; `WALK=1` writes that file.
 *
 * Out of scope: the page in its other states (`look.test.ts`).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { app as appFactor, push, sms } from '../../src'
import { languages } from '../../src/waiting/texts/languages'
import { describeWithChromium } from '../support/chromium'
import { codeOn, otherCode } from '../support/typed-code'
import { WrittenPages } from './accessibility'
import { COLOUR_RULES, violations } from './axe'
import { heading, isSignedIn, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

const FOLDER = join(__dirname, 'screenshots')
const WRITTEN = new WrittenPages(
  join(__dirname, 'accessibility-typed-code.md'),
  '# A push with a typed code, by keyboard and screen reader\n\nEach state in English, 1280 pixels wide, from Chromium. Written by `WALK=1 npx jest test/browser/typed-code`; each run compares it.',
)
const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 360, height: 740 }
/** The app's message in the user's language, as a bank would write it. */
const MESSAGES: Readonly<Record<string, string>> = {
  en: 'Sign in to Alpine Mutual?', de: 'Bei Alpine Mutual anmelden?', fr: 'Vous connecter à Alpine Mutual\u00a0?', it: 'Accedere ad Alpine Mutual?',
}
const LANGUAGES = Object.keys(MESSAGES)
const messageFor = ({ headers }: { headers: Record<string, string | string[] | undefined> }) => MESSAGES[String(headers['accept-language']).slice(0, 2)] ?? MESSAGES['en']

describeWithChromium('a push with a typed code', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    cloud = await startCloud({
      strategy: { factors: [push({ typedCode: true }), appFactor(), sms()], message: messageFor },
    })
  })
  afterAll(() => {
    WRITTEN.save()
    return cloud.close()
  })

  const codeFor = (username: string) => codeOn(cloud.simulator, username)
  const field = (page: Page) => page.locator('#nevis-code')

  async function type(page: Page, code: string): Promise<void> {
    await field(page).fill(code)
    await field(page).press('Enter')
  }

  describe.each([true, false])('with JavaScript: %s', (javaScriptEnabled) => {
    it('signs in by the code after the approval', async () => {
      const { page, username } = await waiting(await chromium.open({ javaScriptEnabled }), cloud)
      const code = codeFor(username)
      await cloud.simulator.phone(username).approve()
      await page.reload()
      expect(await field(page).evaluate((input) => input === input.ownerDocument.activeElement)).toBe(true)
      await type(page, code)
      await isSignedIn(page)
    })

    it('says that a code is wrong, takes the right one, does not ask again, and goes on after the approval', async () => {
      const { page, username } = await waiting(await chromium.open({ javaScriptEnabled }), cloud)
      await showsHeading(page, 'Check your phone')
      const code = codeFor(username)
      await type(page, otherCode(code))
      await page.getByText('Attempts left: 4').waitFor()
      await type(page, code)
      await showsHeading(page, 'The code is correct')
      expect(await field(page).count()).toBe(0)
      // The script focuses the heading, so a screen reader reads it. With a live region, the screen reader would read it twice.
      expect(await heading(page).evaluate((one) => one === one.ownerDocument.activeElement)).toBe(javaScriptEnabled)
      expect((await page.locator('[role="status"], [role="alert"], [aria-live]').allTextContents()).join('')).toBe('')
      expect(await page.getByRole('alert').count()).toBe(0)
      await cloud.simulator.phone(username).approve()
      if (!javaScriptEnabled) await page.getByRole('link', { name: 'Check now' }).click()
      await isSignedIn(page)
    })
  })

  it.each([
    ['en', 'The code is needed even if you have already accepted. If you no longer see it, choose “Send again”.'],
    ['de', 'Der Code ist auch dann nötig, wenn Sie bereits zugestimmt haben. Sehen Sie ihn nicht mehr, wählen Sie «Erneut senden».'],
    ['fr', 'Le code est nécessaire même si vous avez déjà accepté. Si vous ne le voyez plus, choisissez «\u00a0Renvoyer\u00a0».'],
    ['it', 'Il codice è necessario anche se ha già accettato. Se non lo vede più, scelga «Invia di nuovo».'],
  ])('after an approval on the phone before the code was typed › says that the code is still needed, and does not tell of the approval: %s', async (tag, sentence) => {
    const { page, username } = await waiting(await chromium.open({ extraHTTPHeaders: { 'accept-language': tag } }), cloud)
    const code = codeFor(username)
    const content = () => page.locator('main > :not(.nevis-left, form, .nevis-ways)').allTextContents()
    const before = await content()
    await cloud.simulator.phone(username).approve()
    // Whoever has the password could else see that the user accepts requests without reading them.
    for (const accept of ['application/json', 'text/event-stream']) {
      const answer = await page.evaluate<string>(`(async () => {
        const { transaction, statusUrl } = document.querySelector('main').dataset
        const { body } = await fetch(statusUrl + '?transaction=' + transaction, { headers: { accept: '${accept}' } })
        return new TextDecoder().decode((await body.getReader().read()).value)
      })()`)
      expect(answer).toContain('"status":"pending","prompt":"code"')
    }
    expect(await content()).toEqual(before)
    expect(await page.locator('main > p').first().textContent()).toContain(sentence)
    await type(page, code)
    await isSignedIn(page)
  })

  it('after an approval, with which the code has vanished from the phone › names the button that sends a new code', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    const button = page.getByRole('button', { name: 'Send again' })
    await page.getByText('If you no longer see it, choose “Send again”.').waitFor()
    await cloud.simulator.phone(username).approve()
    expect(cloud.simulator.phone(username).waiting).toEqual([])
    const now = Date.now
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 20_000)
    await page.reload()
    await button.click()
    await page.getByText('Sent again.').waitFor()
    jest.restoreAllMocks()
    await type(page, codeFor(username))
    await showsHeading(page, 'The code is correct')
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
  })

  it('after a denial on the phone › leads to the page with the other factors, as without a typed code', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    const code = codeFor(username)
    await cloud.simulator.phone(username).deny()
    await type(page, code)
    await showsHeading(page, 'Request not approved')
    await page.getByRole('button', { name: 'Send a request to my phone' }).waitFor()
    await page.getByRole('button', { name: 'Send me a code by SMS' }).click()
    await showsHeading(page, 'Enter the code from the SMS')
  })

  it('accepts a code that was pasted with a space', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    const code = codeFor(username)
    await cloud.simulator.phone(username).approve()
    await type(page, ` ${code.slice(0, 3)} ${code.slice(3)} `)
    await isSignedIn(page)
  })

  it('in two tabs › is typed in one tab, and one of the tabs goes on', async () => {
    const context = await chromium.open()
    const { page, address, username } = await waiting(context, cloud)
    const other = await context.newPage()
    await other.goto(address)
    await type(page, codeFor(username))
    await page.locator('main[data-prompt="wait"]').waitFor()
    await cloud.simulator.phone(username).approve()
    await isSignedIn(page)
  })

  it.each(LANGUAGES)('looks right, is accessible and fits in %s', async (tag) => {
    const { page, username } = await waiting(await chromium.open({ viewport: DESKTOP, extraHTTPHeaders: { 'accept-language': tag } }), cloud)
    expect(await page.locator('html').getAttribute('lang')).toMatch(new RegExp(`^${tag}`))
    const shots = async (state: string) => {
      await page.setViewportSize(DESKTOP)
      if (tag === 'en') await WRITTEN.check(state, page)
      for (const [name, viewport] of [['desktop', DESKTOP], ['phone', PHONE]] as const) {
        await page.setViewportSize(viewport)
        await page.screenshot({ path: join(FOLDER, `typed-code-${state}-${name}-${tag}.png`), fullPage: true })
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        expect(await violations(page)).toEqual([])
      }
      for (const media of [{ colorScheme: 'dark' }, { colorScheme: 'light', forcedColors: 'active' }] as const) {
        await page.emulateMedia(media)
        expect(await violations(page, { rules: COLOUR_RULES })).toEqual([])
      }
      await page.emulateMedia({ forcedColors: null })
    }
    expect(await page.locator('blockquote').textContent()).toBe(MESSAGES[tag])
    // The phone already shows the request, so the label above the message must say that the phone shows this message now.
    expect(await page.locator('figcaption').textContent()).toBe(languages[tag]?.phoneShows)
    await shots('asked')
    const code = codeFor(username)
    await type(page, otherCode(code))
    await page.getByRole('alert').waitFor()
    await shots('wrong')
    await type(page, code)
    await showsHeading(page, languages[tag]?.codeAccepted as string)
    expect(await page.getByText(languages[tag]?.codeAcceptedHint as string).count()).toBe(1)
    await shots('typed')
  })

  it('leaves a picture of the simulator\'s phone, which shows the code', async () => {
    const { username } = await waiting(await chromium.open({ viewport: DESKTOP }), cloud)
    const page = await (await chromium.open({ viewport: PHONE })).newPage()
    await page.goto(`${cloud.simulator.baseURL}/`)
    await page.getByText(codeFor(username)).waitFor()
    await page.getByText(codeFor(username)).screenshot({ path: join(FOLDER, 'typed-code-simulator.png') })
  })
})
