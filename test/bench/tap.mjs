// Tap to signed in, as Chromium sees it: by events, by JSON polling, without JavaScript.
// node test/bench/tap.mjs [people per way, default 60] [at once, default 4]
import { chromium } from 'playwright-core'
import { quantile, seeded, spreadAnswers, start, stop } from './processes.mjs'

const PEOPLE = Number(process.argv[2] ?? 60)
const AT_ONCE = Number(process.argv[3] ?? 4)

const ways = {
  'events': {},
  'JSON polling': { script: 'delete window.EventSource; window.EventSource = class { constructor() { this.readyState = 2; setTimeout(() => this.onerror?.()) } addEventListener() {} close() {} }; window.EventSource.CLOSED = 2' },
  'no JavaScript': { javaScriptEnabled: false },
}

const cloud = await start('./cloud.mjs', [20])
const app = await start('./app.mjs', [cloud.address])
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const calls = async () => (await fetch(`${cloud.address}/calls`)).json()

async function signIn({ script, javaScriptEnabled = true }, seconds) {
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

try {
  console.log('| way | people | at once | best | median | p95 | status calls per sign-in |\n|---|---|---|---|---|---|---|')
  for (const [name, way] of Object.entries(ways)) {
    const waits = spreadAnswers(PEOPLE, seeded(7))
    const before = await calls()
    const took = []
    const queue = [...waits]
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (queue.length > 0) took.push(await signIn(way, queue.shift()))
    }))
    const perLogin = ((await calls()).status - before.status) / PEOPLE
    console.log(`| ${name} | ${PEOPLE} | ${AT_ONCE} | ${(Math.min(...took) / 1000).toFixed(2)} s | ${(quantile(took, 0.5) / 1000).toFixed(2)} s | ${(quantile(took, 0.95) / 1000).toFixed(2)} s | ${perLogin.toFixed(1)} |`)
  }
} finally {
  await browser.close()
  stop()
}
