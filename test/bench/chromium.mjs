// @ts-check
// Measures sign-ins in Chromium over slow links: to an app with this package, and to an app without this package, in which the browser polls.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { start, stop } from './processes.mjs'
import { slowLink } from './slow-link.mjs'

export const CHROMIUM = {
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell'].find(existsSync) ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
}
/** Round-trip times of the simulated network. */
export const TO_NEVIS_MS = 60
export const TO_BROWSER_MS = 40

/**
 * The ways in which a waiting page learns that the user has decided on the phone. `JSON polling` removes `EventSource` from the page.
 * @type {Readonly<Record<string, Way>>}
 */
export const ways = {
  'events': {},
  'JSON polling': { script: 'delete window.EventSource; window.EventSource = class { constructor() { this.readyState = 2; setTimeout(() => this.onerror?.()) } addEventListener() {} close() {} }; window.EventSource.CLOSED = 2' },
  'by hand, page polls every 2 s': {},
}

/**
 * @typedef {{ address: string, cloud: string, calls(): Promise<number> }} App `cloud`: address of the app's own fake Nevis. `calls`: how many
 * status calls this fake Nevis has got
 * @typedef {{ script?: string }} Way `script` runs before the scripts of each page
 * @typedef {(app: App, way: Way, seconds: number, options?: { atLook?: boolean }) => Promise<number>} SignIn the function `signIn` below
 */

/**
 * @template T
 * @param {(parts: { ours: App, early: App, byHand: App, signIn: SignIn }) => Promise<T>} measure is called with `signIn` and three apps, each with its own fake
 * Nevis. `ours` and `early` use this package; `early` introspects the token as soon as the status is known. `byHand` does not use this package
 */
export async function withChromium(measure) {
  /** @type {{ close(): void }[]} */
  const links = []
  const startApp = async (/** @type {string} */ file, /** @type {string[]} */ ...args) => {
    const { address: cloud } = await start('./servers/cloud.mjs', [TO_NEVIS_MS])
    const { address: app } = await start(file, [cloud, ...args])
    const link = await slowLink(app, TO_BROWSER_MS)
    links.push(link)
    return { address: link.address, cloud, calls: async () => /** @type {{ status: number }} */ (await (await fetch(`${cloud}/calls`)).json()).status }
  }
  const browser = await chromium.launch(CHROMIUM)

  /**
   * @type {SignIn}
   * `seconds`: time from the opening of the waiting page to the user's tap on the phone, which approves. With `atLook`, the tap comes at the same moment as the
   * next status call to Nevis.
   * @returns seconds from the tap until the answer to the callback
   */
  async function signIn({ address, cloud }, { script }, seconds, { atLook = false } = {}) {
    const context = await browser.newContext()
    if (script) await context.addInitScript(script)
    const page = await context.newPage()
    await page.goto(`${address}/go`)
    await Promise.all([page.waitForURL(/\/(2fa\?|wait)/), page.click('button')])
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    // `/id` returns the id of the transaction that this browser waits for. Only the apps of the benchmark have such a route.
    const id = await (await context.request.get(`${address}/id`)).text()
    const called = performance.now()
    const answered = fetch(`${cloud}/decide?id=${id}${atLook ? '&at=look' : ''}`)
    if (atLook) await answered
    const tapped = atLook ? performance.now() : called
    await page.waitForURL(/\/callback/, { timeout: 30_000, waitUntil: 'commit' })
    const took = performance.now() - tapped
    if ((await page.textContent('h1')) !== 'In') throw new Error('not signed in')
    await context.close()
    return took / 1000
  }

  try {
    const [ours, early, byHand] = [await startApp('./servers/app.mjs'), await startApp('./servers/app.mjs', 'early'), await startApp('./servers/poller.mjs')]
    for (const app of [ours, early, byHand]) await signIn(app, {}, 2)
    return await measure({ ours, early, byHand, signIn })
  } finally {
    await browser.close()
    for (const link of links) link.close()
    stop()
  }
}
