/**
 * Tests a form whose answer redirects to another origin: the CSP directive `form-action` can block such a redirect. Example: the app is an OpenID provider.
 * After the user has typed a code, the callback of the app redirects to a client of the OpenID provider, on another domain.
 *
 * Out of scope: the content of the policy (`test/waiting/page-options.test.ts`).
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { push, recovery, sms, waitingPage, widget } from '../../src'
import { describeWithChromium } from '../support/chromium'
import { listen } from '../support/app'
import { WIDGET_SCRIPT } from '../support/widget'
import { codeFor, enterPassword, forgiveComplaints, makingCodes, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

describeWithChromium('a page whose forms lead to another origin', () => {
  const chromium = useChromium()
  let cloud: Cloud
  let other: Server
  let elsewhere: string

  beforeAll(async () => {
    other = createServer((_req, res) => res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>'))
    await listen(other)
    elsewhere = `http://localhost:${(other.address() as AddressInfo).port}`
    cloud = await startCloud({
      callback: {},
      routes: (app, { passport, nevis }) => {
        const nevisRoute = passport.authenticate('nevis', { failureRedirect: `${elsewhere}/failed` })
        app.all('/leave', nevisRoute, (_req, res) => res.redirect(303, `${elsewhere}/client`))
        app.post('/leave-wait', nevisRoute)
        app.get('/leave-wait', waitingPage(nevis, { formAction: elsewhere, widgetScript: '/widget.js' }))
        app.get('/blocked', waitingPage(nevis, { widgetScript: '/widget.js' }))
        app.get('/widget.js', (_req, res) => void res.type('js').send(WIDGET_SCRIPT))
      },
      strategy: { waitingURL: '/leave-wait', callbackURL: '/leave', factors: [push(), sms(), recovery(), widget()] },
    })
  })
  afterAll(async () => {
    await cloud.close()
    other.close()
  })

  it('is left by a right code', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud, { factor: 'sms' })
    await page.getByLabel('Code').fill(codeFor(cloud, username))
    await page.keyboard.press('Enter')
    await showsHeading(page, 'Elsewhere')
    expect(page.url()).toBe(`${elsewhere}/client`)
    forgiveComplaints(/favicon/)
  })

  it('is left after an approval, which submits no form', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud)
    await cloud.simulator.phone(username).approve()
    await showsHeading(page, 'Elsewhere')
  })

  it('is left by the token of the widget, which a form sends', async () => {
    const { page, username } = await waiting(await chromium.open(), cloud, { factor: 'widget' })
    await approveInWidget(page, username)
    await showsHeading(page, 'Elsewhere')
    expect(page.url()).toBe(`${elsewhere}/client`)
  })

  it('is left once new recovery codes are saved', async () => {
    const context = await chromium.open()
    const page = await context.newPage()
    await page.goto((await makingCodes(context, cloud)).address)
    await saveCodes(page)
    await showsHeading(page, 'Elsewhere')
    expect(page.url()).toBe(`${elsewhere}/client`)
  })

  it('is left by a cancellation', async () => {
    const { page } = await waiting(await chromium.open(), cloud)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await showsHeading(page, 'Elsewhere')
    expect(page.url()).toBe(`${elsewhere}/failed`)
  })

  it.each(['code', 'token of the widget', 'new recovery codes'])('is not left without the option formAction: %s', async (kind) => {
    const context = await chromium.open()
    const { username } = cloud.newUser()
    const address = kind === 'new recovery codes' ? (await makingCodes(context, cloud)).address : await enterPassword(context, cloud, username, { factor: kind === 'code' ? 'sms' : 'widget' })
    const page = await context.newPage()
    await page.goto(address.replace('/leave-wait', '/blocked'))
    const blocked = page.waitForEvent('console', (message) => /form-action/.test(message.text()))
    if (kind === 'code') {
      await page.getByLabel('Code').fill(codeFor(cloud, username))
      await page.keyboard.press('Enter')
    } else await (kind === 'new recovery codes' ? saveCodes(page) : approveInWidget(page, username))
    await blocked
    expect(new URL(page.url()).pathname).toBe('/blocked')
    forgiveComplaints(/form-action/)
  })

  it('leads to an absolute waitingURL on another origin by itself', async () => {
    let app: RequestListener = () => undefined
    const second = createServer((req, res) => app(req, res))
    await listen(second)
    const origin = `http://127.0.0.1:${(second.address() as AddressInfo).port}`
    const split = await startCloud({ strategy: { waitingURL: `${origin}/login/2fa` }, routes: (express) => (app = express) })
    try {
      const { page, address } = await waiting(await chromium.open(), split)
      expect(new URL(address).origin).toBe(origin)
      await page.goto(address.replace(origin, split.app.origin))
      // On an origin that is not its own, the page has neither its style nor its script.
      forgiveComplaints(/(?:style|script)-src/)
      await page.getByRole('button', { name: 'Send me a code by SMS' }).click()
      await showsHeading(page, 'Enter the code from the SMS')
      expect(new URL(page.url()).origin).toBe(origin)
    } finally {
      await split.close()
      second.closeAllConnections()
      second.close()
    }
  })

  async function approveInWidget(page: Page, username: string): Promise<void> {
    await page.frameLocator('.nevis-widget iframe').getByText('Accept the request on your phone.').waitFor()
    await cloud.simulator.phone(username).approve()
  }

  async function saveCodes(page: Page): Promise<void> {
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'I have saved these codes' }).click()
  }
})
