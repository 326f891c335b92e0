// Tap to signed in, as Chromium sees it: by events, by JSON polling, without JavaScript. Wants a quiet machine.
import { chromium } from 'playwright-core'
import { quantile, seeded, spreadAnswers, start, stop } from '../processes.mjs'

/** [way, people, at once]: Chromium shares the machine, so that people at once wait for one another. */
const RUNS = [
  ['events', 45, 1],
  ['events', 20, 4],
  ['JSON polling', 20, 4],
  ['no JavaScript', 20, 4],
]

const ways = {
  'events': {},
  'JSON polling': { script: 'delete window.EventSource; window.EventSource = class { constructor() { this.readyState = 2; setTimeout(() => this.onerror?.()) } addEventListener() {} close() {} }; window.EventSource.CLOSED = 2' },
  'no JavaScript': { javaScriptEnabled: false },
}

async function signIn({ browser, app, cloud }, { script, javaScriptEnabled = true }, seconds) {
  const context = await browser.newContext({ javaScriptEnabled })
  if (script) await context.addInitScript(script)
  const page = await context.newPage()
  await page.goto(`${app.address}/go`)
  await Promise.all([page.waitForURL(/\/2fa\?/), page.click('button')])
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  // Only this benchmark's app tells a browser which transaction it waits for.
  const id = await (await context.request.get(`${app.address}/id`)).text()
  const tapped = performance.now()
  await fetch(`${cloud.address}/decide?id=${id}`)
  await page.waitForURL(/\/in$/, { timeout: 30_000 })
  const took = performance.now() - tapped
  await context.close()
  return took
}

/** @returns a row for each way: seconds from the tap, and status calls for each sign-in */
export async function measure({ log }) {
  const cloud = await start('./servers/cloud.mjs', [20])
  const app = await start('./servers/app.mjs', [cloud.address])
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  const calls = async () => (await fetch(`${cloud.address}/calls`)).json()
  const rows = []
  try {
    for (const [way, people, atOnce] of RUNS) {
      log(`${way}: ${people} people, ${atOnce} at once`)
      const before = await calls()
      const took = []
      const queue = spreadAnswers(people, seeded(7))
      await Promise.all(Array.from({ length: atOnce }, async () => {
        while (queue.length > 0) took.push((await signIn({ browser, app, cloud }, ways[way], queue.shift())) / 1000)
      }))
      const statusCalls = ((await calls()).status - before.status) / people
      rows.push({ way, people, atOnce, best: Math.min(...took), median: quantile(took, 0.5), p95: quantile(took, 0.95), statusCalls })
    }
  } finally {
    await browser.close()
    stop()
  }
  return { rows }
}
