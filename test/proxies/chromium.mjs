// @ts-check
/** Opens a page in a real Chromium, which accepts the proxy's self-signed certificate. Out of scope: what a test does with the page. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const PATHS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

/** @param {(page: import('playwright-core').Page) => Promise<string | void>} act gets a new page @returns {Promise<string | void>} the result of `act` */
export async function inChromium(act) {
  const executablePath = PATHS.find(existsSync)
  if (executablePath === undefined) throw new Error(`no Chromium at ${PATHS.join(' or ')}: run sudo .ci/install-tools`)
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })
    context.setDefaultTimeout(30_000)
    return await act(await context.newPage())
  } finally {
    await browser.close()
  }
}
