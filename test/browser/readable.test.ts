/**
 * Tests what makes the waiting page readable and its controls recognisable: sizes, distances, borders, contrast, and what the page leaves out in some states.
 *
 * Out of scope: the rules of axe, and whether the page fits the screen (`look.test.ts`).
 */
import type { Page } from 'playwright-core'
import { describeWithChromium } from '../support/chromium'
import { startLook, states, undoState, type State } from './states'
import { forgiveComplaints, showsHeading, useChromium, waiting, type Cloud } from './support'

const NARROWEST = { width: 320, height: 640 }
/** The least contrast of a control's border with its surroundings (WCAG 2.2, 1.4.11). */
const CONTROL_CONTRAST = 3
/** The least contrast of a text with its background (WCAG 2.2, 1.4.3). */
const TEXT_CONTRAST = 4.5
/** The width of the focus ring plus its distance from the control, in pixels. */
const RING = 5

type Style = Readonly<Record<string, string>>

describeWithChromium('the waiting page', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    cloud = await startLook()
  })
  afterAll(() => cloud.close())
  afterEach(() => {
    jest.restoreAllMocks()
    undoState()
  })

  const show = async (name: string, options: object = {}) => (states[name] as State)(await chromium.open(options), cloud)
  const styleOf = (page: Page, selector: string, pseudo = '') => page.evaluate<Style>(`({ ...getComputedStyle(document.querySelector(${JSON.stringify(selector)}), ${JSON.stringify(pseudo)}) })`)
  const boxOf = async (page: Page, selector: string) => (await page.locator(selector).first().boundingBox()) as { x: number; y: number; width: number; height: number }

  describe('with large text on the narrowest screen', () => {
    it('enlarges the field for a phone number by 40 percent or more, and the whole number fits', async () => {
      const page = await show('enroll-sms-instead', { viewport: NARROWEST })
      const sizeOf = async () => parseFloat((await styleOf(page, '#nevis-phone'))['fontSize'] as string)
      const before = await sizeOf()
      await page.evaluate('document.documentElement.style.fontSize = "200%"')
      expect((await sizeOf()) / before).toBeGreaterThanOrEqual(1.4)
      expect(await page.evaluate<number>('(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("#nevis-phone"))')).toBeLessThanOrEqual(0)
    })

    it('has a line between two recovery codes, because each code needs two lines', async () => {
      const page = await show('recovery-codes', { viewport: NARROWEST })
      const { borderTopWidth, borderTopStyle } = await styleOf(page, '[data-codes] li + li')
      expect([borderTopWidth, borderTopStyle]).toEqual(['1px', 'solid'])
    })
  })

  describe.each([['normal', {}], ['forced', { forcedColors: 'active' }]] as const)('in %s colours', (_name, options) => {
    it.each(['push', 'phones', 'phones-unreachable', 'enroll-app', 'start', 'recovery-codes'])('has a border or an underline at every control: %s', async (name) => {
      const page = await show(name, options)
      expect(await unmarkedControls(page)).toEqual([])
    })
  })

  it.each(['push', 'phones', 'phones-unreachable', 'start'])('in forced colours › has links among the buttons that look like the buttons: %s', async (name) => {
    const page = await show(name, { forcedColors: 'active' })
    const looks = await page.evaluate<string[]>(`[...document.querySelectorAll('.nevis :is(.nevis-ways, .nevis-end) :is(a, button)')].filter((one) => one.checkVisibility()).map((one) => {
      const { borderWidth, borderStyle, borderColor, color, textAlign, textDecorationLine, display } = getComputedStyle(one)
      return [borderWidth, borderStyle, borderColor, color, textAlign, textDecorationLine, display].join(' | ')
    })`)
    expect(looks.length).toBeGreaterThan(0)
    expect([...new Set(looks)]).toEqual([expect.stringMatching(/^1px \| solid \| .* \| center \| none \| block$/)])
  })

  it('hyphenates words, but no name of a phone, whose language is not known', async () => {
    const page = await show('phones', { locale: 'de-CH' })
    const hyphensOf = (selector: string) => page.evaluate<string[]>(`[...new Set([...document.querySelectorAll('${selector}')].map((one) => getComputedStyle(one).hyphens))]`)
    expect([await hyphensOf('.nevis button, .nevis h1'), await hyphensOf('.nevis bdi')]).toEqual([['auto'], ['manual']])
  })

  it.each(['light', 'dark'] as const)('in %s colours › has borders at secondary buttons and at an empty box that are easy to see', async (colorScheme) => {
    const page = await show('recovery-codes', { colorScheme })
    const card = (await styleOf(page, '.nevis'))['backgroundColor'] as string
    expect(contrastOf((await styleOf(page, '[data-copy]'))['borderTopColor'] as string, card)).toBeGreaterThanOrEqual(CONTROL_CONTRAST)
    // The browser draws the checkbox itself, so no style says which colour the border of the checkbox has. Look at a picture of the checkbox.
    const colours = await coloursOfLine(page, '[data-saved]')
    expect(Math.max(...colours.map((colour) => contrastOf(colour, card)))).toBeGreaterThanOrEqual(CONTROL_CONTRAST)
  })

  it.each(['light', 'dark'] as const)('in %s colours › says in amber that it ends soon, with the button for more time below', async (colorScheme) => {
    const page = await show('soon', { colorScheme })
    const card = (await styleOf(page, '.nevis'))['backgroundColor'] as string
    const { borderTopColor, color } = (await styleOf(page, '[data-note]')) as { borderTopColor: string; color: string }
    expect(hueOf(borderTopColor)).toBeGreaterThan(30)
    expect(hueOf(borderTopColor)).toBeLessThan(50)
    expect(contrastOf(borderTopColor, card)).toBeGreaterThanOrEqual(TEXT_CONTRAST)
    expect(contrastOf(color, card)).toBeGreaterThanOrEqual(TEXT_CONTRAST)
    const [note, button] = await Promise.all([boxOf(page, '[data-note]'), boxOf(page, '[data-more-time] button')])
    // On a small screen, the page shows the time left between the note and the button. So allow 48 pixels between them.
    expect(button.y - (note.y + note.height)).toBeLessThanOrEqual(48)
    expect(button.y).toBeGreaterThan(note.y)
  })

  describe('with the focus', () => {
    it.each([['enroll-sms-instead', 'label[for="nevis-phone"]', '#nevis-phone'], ['sms', 'label[for="nevis-code"]', '#nevis-code'], ['recovery-codes-copied', '[data-copy]', '[data-download]']])(
      'keeps its ring 4 pixels away from what is above: %s',
      async (name, above, control) => {
        const page = await show(name)
        const [first, second] = await Promise.all([boxOf(page, above), boxOf(page, control)])
        expect(second.y - RING - (first.y + first.height)).toBeGreaterThanOrEqual(4)
      },
    )

    it.each(['push', 'phones', 'enroll-sms-instead'])('keeps its ring 4 pixels away from the text of a link to another method: %s', async (name) => {
      const page = await show(name)
      const gaps = await page.evaluate<number[]>(`[...document.querySelectorAll('.nevis-ways :is(a, summary, form button)')].map((one) => {
        one.focus({ focusVisible: true })
        const { outlineOffset, paddingInlineStart } = getComputedStyle(one)
        return parseFloat(outlineOffset) + parseFloat(paddingInlineStart)
      })`)
      expect(gaps.length).toBeGreaterThan(0)
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4)
    })
  })

  it('on a page in a language that lacks the text › says that it is English', async () => {
    const context = await chromium.open({ extraHTTPHeaders: { 'accept-language': 'ar' } })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await (states['recovery-codes'] as State)(context, cloud)
    await page.locator('[data-copy]').click()
    for (const one of ['[data-copy]', '[data-said]']) {
      await page.locator(one, { hasText: 'Copied ✓' }).waitFor({ state: 'attached' })
      expect([one, await page.locator(one).getAttribute('lang')]).toEqual([one, 'en'])
    }
    // On the English page, the root element says that the text is English, so no other element needs `lang`.
    await page.setExtraHTTPHeaders({ 'accept-language': 'en' })
    await page.reload()
    await page.locator('[data-copy]').click()
    await page.locator('[data-said]', { hasText: 'Copied ✓' }).waitFor({ state: 'attached' })
    expect(await page.locator('[lang]:not(html, footer *, .nevis-footer *)').count()).toBe(0)
  })

  it('has equal gaps between the steps to set up the app', async () => {
    const page = await show('enroll-app')
    const gaps = await page.evaluate<number[]>(`(() => {
      const steps = [...document.querySelectorAll('.nevis-steps li')]
      const bottomOf = (step) => { const range = document.createRange(); range.selectNodeContents(step.querySelector('.nevis-stores a:last-child')); return range.getBoundingClientRect().bottom }
      const topOf = (step) => { const range = document.createRange(); range.selectNodeContents(step.firstChild); return range.getBoundingClientRect().top }
      return [topOf(steps[1]) - bottomOf(steps[0]), topOf(steps[2]) - steps[1].querySelector('.nevis-app').getBoundingClientRect().bottom]
    })()`)
    expect(Math.abs((gaps[0] as number) - (gaps[1] as number))).toBeLessThanOrEqual(4)
  })

  it('begins every line of an error beside its sign', async () => {
    const page = await show('stranger', { viewport: NARROWEST })
    const lefts = await page.evaluate<number[]>(`(() => { const range = document.createRange(); range.selectNodeContents(document.querySelector('.nevis-error')); return [...range.getClientRects()].map(({ left }) => Math.round(left)) })()`)
    expect(lefts.length).toBeGreaterThan(2)
    expect(Math.max(...lefts) - Math.min(...lefts)).toBeLessThanOrEqual(1)
    forgiveComplaints(/403/)
  })

  describe('after the approval', () => {
    it.each(['approved', 'elsewhere'])('no longer leads to the sign-in page, and has the same padding above and below: %s', async (name) => {
      const page = await show(name)
      expect(await page.getByRole('link', { name: 'Go to sign-in' }).count()).toBe(0)
      expect(await page.getByRole('link', { name: 'Help' }).count()).toBe(1)
      const [card, heading, last] = await Promise.all([boxOf(page, '.nevis'), boxOf(page, 'h1'), boxOf(page, name === 'approved' ? 'h1' : '[data-continue]')])
      expect(Math.abs(heading.y - card.y - (card.y + card.height - last.y - last.height))).toBeLessThanOrEqual(1)
    })

    it('leads on in the other tab too, if the tab that continued is closed before it signed in', async () => {
      const { page, address, username } = await waiting(await chromium.open(), cloud)
      const other = await page.context().newPage()
      await other.goto(address)
      // The route answers the callback of the first tab with 204 and no page. So this tab does not continue, as if the user had closed it.
      const isIntercepted = new Promise<void>((resolve) => {
        void page.context().route(/callback/, (route) => void route.fulfill({ status: 204 }).then(resolve))
      })
      await cloud.simulator.phone(username).approve()
      const link = (tab: Page) => tab.getByRole('link', { name: 'Continue in this tab' })
      const stayed = await Promise.race([link(page).waitFor().then(() => page), link(other).waitFor().then(() => other)])
      // A tab informs the other tab before its own request to the callback reaches the route. Wait until the route has answered this request: after `unroute`,
      // the request would reach the app and sign in.
      await isIntercepted
      await page.context().unroute(/callback/)
      await link(stayed).click()
      await stayed.getByText('"action":"success"').waitFor()
      expect(cloud.app.verified.filter((one) => one.username === username)).toHaveLength(1)
    })

    it('leads on in the other tab without a second sign-in, if the first tab has signed in', async () => {
      const page = await show('elsewhere')
      const before = cloud.app.verified.length
      await page.getByRole('link', { name: 'Continue in this tab' }).click()
      await showsHeading(page, 'Nothing to confirm here')
      expect(cloud.app.verified).toHaveLength(before)
      forgiveComplaints(/403/)
    })
  })

  it.each(['push', 'sms', 'recovery-codes'])('without JavaScript › shows no time that does not count: %s', async (name) => {
    const context = await chromium.open()
    const page = await (states[name] as State)(context, cloud)
    expect(await page.getByText('Time left').isVisible()).toBe(true)
    const plain = await (await chromium.open({ javaScriptEnabled: false, storageState: await context.storageState() })).newPage()
    await plain.goto(page.url())
    expect(await plain.getByText('Time left').isVisible()).toBe(false)
  })
})

/** Returns the visible links, buttons and summaries of the page's card that look like text: only their colour shows that one can press them. */
function unmarkedControls(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('.nevis :is(a, button, summary)')].filter((one) => one.checkVisibility()).filter((one) => {
    const { textDecorationLine, borderTopStyle, borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(one)
    const isTransparent = (colour) => /^(transparent|rgba\\(.*, 0\\))$/.test(colour)
    const hasBorder = borderTopStyle !== 'none' && borderTopWidth !== '0px' && !isTransparent(borderTopColor)
    return textDecorationLine !== 'underline' && !hasBorder && isTransparent(backgroundColor)
  }).map(({ textContent }) => textContent.trim())`)
}

/** The colours of the pixels in the middle line of a picture of an element. */
async function coloursOfLine(page: Page, selector: string): Promise<string[]> {
  const picture = (await page.locator(selector).screenshot()).toString('base64')
  const blank = await page.context().newPage()
  const colours = await blank.evaluate<string[]>(`fetch('data:image/png;base64,${picture}').then((answer) => answer.blob()).then(createImageBitmap).then((bitmap) => {
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
    context.drawImage(bitmap, 0, 0)
    const { data } = context.getImageData(0, Math.floor(bitmap.height / 2), bitmap.width, 1)
    return Array.from({ length: bitmap.width }, (_, i) => 'rgb(' + data.slice(4 * i, 4 * i + 3).join(', ') + ')')
  })`)
  await blank.close()
  return colours
}

const partsOf = (colour: string) => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number) as [number, number, number]

function luminanceOf(colour: string): number {
  const [red, green, blue] = partsOf(colour).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** The contrast ratio of two colours (WCAG 2.2). */
function contrastOf(one: string, other: string): number {
  const [light, dark] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** The hue of a colour whose largest part is red and whose smallest part is blue, in degrees: 0 is red, 60 is yellow. */
function hueOf(colour: string): number {
  const [red, green, blue] = partsOf(colour)
  return (60 * (green - blue)) / (red - blue)
}
