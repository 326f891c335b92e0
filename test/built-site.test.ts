/**
 * Tests the built documentation site in Chromium: the search, and the pages on a narrow screen.
 *
 * Building the site takes minutes. So these tests run only with `SITE=1`, after `npm run docs`; `.ci/run` does both.
 * Out of scope: the menu and the links of the site (`site.test.ts`).
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { useChromium } from './browser/support'
import { describeWithChromium } from './support/chromium'
import { ROOT } from './support/markdown'

const SITE = join(ROOT, 'site')
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2', '.json': 'application/json' }
const describeBuilt = process.env['SITE'] === undefined ? describe['skip'] : describeWithChromium

describeBuilt('the built site (npm run docs)', () => {
  const chromium = useChromium()
  let server: Server
  let origin: string
  beforeAll(async () => {
    server = createServer((req, res) => {
      const path = join(SITE, new URL(req.url as string, 'http://site').pathname)
      const file = [path, join(path, 'index.html')].find((one) => existsSync(one) && statSync(one).isFile())
      res.writeHead(file === undefined ? 404 : 200, { 'content-type': TYPES[extname(file ?? '')] ?? 'text/plain' })
      res.end(file === undefined ? 'not found' : readFileSync(file))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  it('is searched: the guides come before the pages of the exported names', async () => {
    const page = await (await chromium.open()).newPage()
    await page.goto(`${origin}/guides/quick-start.html`)
    await page.getByRole('button', { name: 'Search' }).first().click()
    for (const word of ['recovery', 'Redis', 'doctor']) {
      await page.locator('.VPLocalSearchBox input').fill('')
      await page.locator('#localsearch-item-0').waitFor({ state: 'detached' })
      await page.locator('.VPLocalSearchBox input').fill(word)
      await page.locator('#localsearch-item-0').waitFor()
      const found = await page.locator('.VPLocalSearchBox a.result').evaluateAll((links) => links.map((link) => (link as unknown as { pathname: string }).pathname.split('/')[1]))
      expect([word, found[0]]).toEqual([word, 'guides'])
      expect([word, found.join(' ')]).toEqual([word, expect.not.stringMatching(/reference.* guides/)])
    }
  })

  it('fits a screen of 360 px: the menu opens, and a wide table scrolls, but not the page', async () => {
    const page = await (await chromium.open({ viewport: { width: 360, height: 740 } })).newPage()
    for (const path of ['guides/several-processes.html', 'reference.html', 'reference/index.html', 'index.html', 'guides/quick-start.html']) {
      await page.goto(`${origin}/${path}`)
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 360])
      if (!path.startsWith('guides/several') && path !== 'reference.html') continue
      const tables = await page.locator('.vp-doc table').evaluateAll((all) => all.map((one) => {
        const table = one as unknown as { scrollWidth: number; clientWidth: number; scrollLeft: number }
        table.scrollLeft = 50
        return [table.scrollWidth > table.clientWidth, table.scrollLeft]
      }))
      expect([path, tables]).toEqual([path, expect.arrayContaining([[true, 50]])])
    }
    const entry = page.locator('.VPSidebar.open').getByRole('link', { name: 'Several processes' })
    expect(await entry.count()).toBe(0)
    await page.getByRole('button', { name: 'Menu', exact: true }).click()
    await entry.click()
    await page.waitForURL(`${origin}/guides/several-processes.html`)
  })
})
