// @ts-check
// Measures the bytes of the waiting page, and its first paint in Chromium as on a slow phone: a processor four times slower, and a slow network.
import { chromium } from 'playwright-core'
import { gzipSync } from 'node:zlib'
import { CHROMIUM } from '../chromium.mjs'
import { median, start, stop } from '../processes.mjs'

const ROUNDS = 5
/** The profile of a slow phone. `docs/performance.md`, whose text is in `test/bench/page.md`, repeats these figures. */
const SLOW = { cpu: 4, latencyMs: 562.5, kilobitsDown: 1475, kilobitsUp: 675 }
const FACTORS = ['push', 'app', 'sms']

/**
 * @param {{ log: (line: string) => void }} tools
 * @returns bytes of each file, and milliseconds until the first paint: on a first visit, and on a second one
 */
export async function measure({ log }) {
  const { address } = await start('./servers/pages.mjs')
  const browser = await chromium.launch(CHROMIUM)
  const open = async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, locale: 'en-GB' })
    /** @param {string} factor */
    const waitingURL = async (factor) => {
      if (factor === 'none') return `${address}/heading`
      const answer = await context.request.post(`${address}/login`, { form: { factor }, maxRedirects: 0 })
      return new URL(String(answer.headers()['location']), address).href
    }
    return { context, waitingURL }
  }

  /** @param {string} factor */
  async function paints(factor) {
    const { context, waitingURL } = await open()
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: SLOW.latencyMs, downloadThroughput: (SLOW.kilobitsDown * 1000) / 8, uploadThroughput: (SLOW.kilobitsUp * 1000) / 8 })
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW.cpu })
    const visit = async () => {
      await page.goto(await waitingURL(factor), { waitUntil: 'load' })
      const paint = await page.evaluate(`new Promise((resolve) => new PerformanceObserver((list) => {
        for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') resolve(startTime)
      }).observe({ type: 'paint', buffered: true }))`)
      return Number(paint)
    }
    const took = [await visit(), await visit()]
    await context.close()
    return took
  }

  try {
    const { context, waitingURL } = await open()
    const pages = []
    for (const factor of FACTORS) {
      const text = await (await context.request.get(await waitingURL(factor))).text()
      pages.push({ factor, text })
    }
    const html = String(pages[0]?.text)
    /** @param {RegExp} pattern */
    const asset = async (pattern) => (await context.request.get(new URL(String(pattern.exec(html)?.[1]).replaceAll('&#38;', '&'), address).href)).text()
    const files = [
      ...pages.map(({ factor, text }) => ({ name: `page, ${factor}`, text })),
      { name: 'script', text: await asset(/<script src="([^"]+)"/) },
      { name: 'style', text: await asset(/<link rel="stylesheet" href="([^"]+)"/) },
    ].map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text), gzipped: gzipSync(text, { level: 9 }).length }))
    await context.close()
    const rows = []
    for (const factor of ['none', ...FACTORS]) {
      const took = []
      for (let i = 0; i < ROUNDS; i++) took.push(await paints(factor))
      const row = { factor, first: median(took.map(([one]) => Number(one))), second: median(took.map(([, one]) => Number(one))) }
      rows.push(row)
      log(`${factor}: ${row.first.toFixed(0)} ms, then ${row.second.toFixed(0)} ms`)
    }
    return { rounds: ROUNDS, files, rows }
  } finally {
    await browser.close()
    stop()
  }
}
