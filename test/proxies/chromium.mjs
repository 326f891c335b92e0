// @ts-check
/** Opens a page in a real Chromium, which accepts the proxy's self-signed certificate. Out of scope: what a test does with the page. */
import { chromium } from 'playwright-core'

/** @param {(page: import('playwright-core').Page) => Promise<string | void>} act @returns {Promise<string | void>} */
export async function inChromium(act) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })
    context.setDefaultTimeout(30_000)
    return await act(await context.newPage())
  } finally {
    await browser.close()
  }
}
