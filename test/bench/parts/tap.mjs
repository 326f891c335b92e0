// Tap to signed in, as Chromium sees it: by events, by JSON polling, without JavaScript, and against an app that polls every two
// seconds by hand. Wants a quiet machine.
import { chromium } from 'playwright-core'
import { quantile, seeded, spreadAnswers, start, stop } from '../processes.mjs'
import { slowLink } from '../slow-link.mjs'

/** There and back. */
const TO_NEVIS_MS = 60
const TO_BROWSER_MS = 40
/** Each of them signs in to both apps in turn, nobody else being there. */
const PAIRS = 30
/** These four at once: Chromium shares the machine, so that they wait for one another. */
const OTHERS = 20

const ways = {
  'events': {},
  'JSON polling': { script: 'delete window.EventSource; window.EventSource = class { constructor() { this.readyState = 2; setTimeout(() => this.onerror?.()) } addEventListener() {} close() {} }; window.EventSource.CLOSED = 2' },
  'no JavaScript': { javaScriptEnabled: false },
  'by hand, every 2 s': {},
}

async function signIn(browser, { address, cloud, way: { script, javaScriptEnabled = true } }, seconds) {
  const context = await browser.newContext({ javaScriptEnabled })
  if (script) await context.addInitScript(script)
  const page = await context.newPage()
  await page.goto(`${address}/go`)
  await Promise.all([page.waitForURL(/\/(2fa\?|wait)/), page.click('button')])
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  // Only these apps tell a browser which transaction it waits for.
  const id = await (await context.request.get(`${address}/id`)).text()
  const tapped = performance.now()
  await fetch(`${cloud}/decide?id=${id}`)
  await page.waitForURL(/\/callback/, { timeout: 30_000, waitUntil: 'commit' })
  const took = performance.now() - tapped
  if ((await page.textContent('h1')) !== 'In') throw new Error('not signed in')
  await context.close()
  return took / 1000
}

/** @returns a row for each way: seconds from the tap, and status calls for each sign-in */
export async function measure({ log }) {
  const links = []
  const startApp = async (file) => {
    const { address: cloud } = await start('./servers/cloud.mjs', [TO_NEVIS_MS])
    const { address: app } = await start(file, [cloud])
    const link = await slowLink(app, TO_BROWSER_MS)
    links.push(link)
    return { address: link.address, cloud, calls: async () => (await (await fetch(`${cloud}/calls`)).json()).status }
  }
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  try {
    const [ours, byHand] = [await startApp('./servers/app.mjs'), await startApp('./servers/poller.mjs')]
    const rowOf = (way, atOnce, took, statusCalls) => {
      const row = { way, people: took.length, atOnce, best: Math.min(...took), median: quantile(took, 0.5), p95: quantile(took, 0.95), statusCalls: statusCalls / took.length }
      log(`${way}: ${row.median.toFixed(2)} s, best ${row.best.toFixed(3)} s`)
      return row
    }
    const inTurn = { 'events': { ...ours, took: [] }, 'by hand, every 2 s': { ...byHand, took: [] } }
    for (const app of [ours, byHand]) await signIn(browser, { ...app, way: {} }, 2)
    const before = { 'events': await ours.calls(), 'by hand, every 2 s': await byHand.calls() }
    for (const seconds of spreadAnswers(PAIRS, seeded(7))) {
      for (const [way, { took, ...app }] of Object.entries(inTurn)) took.push(await signIn(browser, { ...app, way: ways[way] }, seconds))
    }
    const rows = []
    for (const [way, { took, calls }] of Object.entries(inTurn)) rows.push(rowOf(way, 1, took, (await calls()) - before[way]))
    for (const way of ['events', 'JSON polling', 'no JavaScript']) {
      const atFirst = await ours.calls()
      const took = []
      const queue = spreadAnswers(OTHERS, seeded(8))
      await Promise.all(Array.from({ length: 4 }, async () => {
        while (queue.length > 0) took.push(await signIn(browser, { ...ours, way: ways[way] }, queue.shift()))
      }))
      rows.push(rowOf(way, 4, took, (await ours.calls()) - atFirst))
    }
    const best = (TO_NEVIS_MS / 2 + TO_BROWSER_MS / 2 + TO_NEVIS_MS) / 1000
    return { toNevisMs: TO_NEVIS_MS, toBrowserMs: TO_BROWSER_MS, rows, ratio: rows[0].median / rows[1].median, bestAgainstNetwork: rows[0].best / best }
  } finally {
    await browser.close()
    for (const link of links) link.close()
    stop()
  }
}
