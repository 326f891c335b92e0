/**
 * Tests the simulator's page with the phones in a browser. The title shows the number of new requests. An update of the page keeps the text that the user is
 * typing. The page reads QR codes from the camera or from a picture. Out of scope: the HTML and the buttons (`test/simulator/pages.test.ts`).
 */
import type { BrowserContextOptions, Page } from 'playwright-core'
import { NevisClient } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { describeWithChromium } from '../support/chromium'
import { brokenWords, overflowing, useChromium } from './support'

/** Replaces the camera and the QR code reader, which this browser lacks. The replacement of the reader finds `text` in every picture. */
const CAMERA = (text: string) => `
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement('canvas')
  canvas.getContext('2d').fillRect(0, 0, 10, 10)
  return canvas.captureStream(5)
}
window.BarcodeDetector = class { async detect() { return [{ rawValue: ${JSON.stringify(text)} }] } }`

describeWithChromium('the page with the phones', () => {
  const chromium = useChromium()
  let simulator: NevisSimulator
  let nevis: NevisClient
  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    nevis = new NevisClient({ baseURL: simulator.baseURL, accessKey: simulator.accessKey })
    simulator.addUser({ username: 'anna' })
  })
  afterEach(() => simulator.close())

  async function open(script?: string, options?: BrowserContextOptions): Promise<Page> {
    const context = await chromium.open(options)
    if (script !== undefined) await context.addInitScript(script)
    const page = await context.newPage()
    await page.goto(simulator.baseURL)
    return page
  }

  it('counts a new request in the tab, keeps what is being typed, and makes no sound unless it is switched on', async () => {
    const page = await open('window.AudioContext = class { constructor() { window.hasSounded = true; throw new Error() } }')
    const link = page.getByLabel('Set up or scan')
    await link.fill('half a li')
    await nevis.approve({ channel: 'push', username: 'anna', message: 'Sign in?', prompt: true })
    await page.getByText('Sign in?').waitFor()
    expect([await page.title(), await link.inputValue()]).toEqual(['(1) Phones of the Nevis simulator', 'half a li'])
    expect(await page.getByLabel('Sound').isChecked()).toBe(false)
    expect(await page.evaluate('window.hasSounded')).toBeUndefined()
    expect(await page.getByRole('button', { name: 'camera' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByText('No requests').waitFor()
    expect(await page.title()).toBe('Phones of the Nevis simulator')
  })

  it('at each width from 320 pixels › breaks no word of a button in German', async () => {
    await nevis.approve({ channel: 'push', username: 'anna', message: 'Anmelden?', prompt: true })
    const page = await open(CAMERA(''), { locale: 'de-CH' })
    for (const width of [320, 360, 384, 400, 440, 480, 520, 560, 600, 640, 760, 800, 840, 880, 1120, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      expect([width, await brokenWords(page)]).toEqual([width, []])
    }
  })

  it('at 320 pixels › fits, with a long name of a payee', async () => {
    await nevis.approve({ channel: 'push', username: 'anna', message: `Pay CHF 120.00 to ${'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(2)}?`, prompt: true })
    const page = await open(undefined, { viewport: { width: 320, height: 640 } })
    await page.getByText('Donaudampf').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    expect(await overflowing(page)).toEqual([])
  })

  it.each(['camera', 'picture'])('sets up a phone by the QR code, read from a %s', async (way) => {
    const { appLinkUri } = await nevis.enroll({ username: 'ben' })
    const page = await open(CAMERA(appLinkUri as string))
    const phone = page.getByRole('region', { name: 'ben' })
    await phone.getByText('Nothing registered yet').waitFor()
    if (way === 'camera') await phone.getByRole('button', { name: 'Scan with the camera' }).click()
    else {
      await phone.getByPlaceholder('Link or picture').evaluate(pastePicture)
      // Repeat `evaluate`, which works despite the page's Content-Security-Policy. `waitForFunction` does not.
      for (let look = 0; look < 1000 && (await page.evaluate('document.activeElement.value')) === ''; look++);
      await phone.getByRole('button', { name: 'Scan', exact: true }).click()
    }
    await phone.getByText('iPhone 16 (simulated)').waitFor()
    expect(simulator.users.map(({ status }) => status)).toEqual(['active', 'active'])
  })

  it('says that the camera cannot be used, and can be closed', async () => {
    const page = await open('window.BarcodeDetector = class {}; if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error())')
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await page.getByText('The camera cannot be used. Paste the link instead.').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})

/** Runs in the page: pastes a screenshot into the field. */
async function pastePicture(element: unknown): Promise<void> {
  const { document, DataTransfer, ClipboardEvent, File } = globalThis as any
  const field = element as { focus(): void; dispatchEvent(event: unknown): void }
  const canvas = document.createElement('canvas')
  const picture = await new Promise((done) => canvas.toBlob(done))
  const clipboardData = new DataTransfer()
  clipboardData.items.add(new File([picture], 'screenshot.png', { type: 'image/png' }))
  field.focus()
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
}
