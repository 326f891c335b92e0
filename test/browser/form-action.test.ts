/**
 * Tests a form whose answer redirects to another origin: the CSP directive `form-action` can block such a redirect. Example: the app is an OpenID provider.
 * After the user has typed a code, the callback of the app redirects to a client of the OpenID provider, on another domain.
 *
 * Out of scope: the content of the policy (`test/waiting/page-options.test.ts`).
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitingPage } from '../../src'
import { describeWithChromium } from '../support/chromium'
import { listen } from '../support/app'
import { codeFor, forgiveComplaints, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

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
        app.get('/leave-wait', waitingPage(nevis, { formAction: elsewhere }))
        app.get('/blocked', waitingPage(nevis))
      },
      strategy: { waitingURL: '/leave-wait', callbackURL: '/leave' },
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

  it('is left by a cancellation', async () => {
    const { page } = await waiting(await chromium.open(), cloud)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await showsHeading(page, 'Elsewhere')
    expect(page.url()).toBe(`${elsewhere}/failed`)
  })

  it('is not left without the option formAction', async () => {
    const { page, username, address } = await waiting(await chromium.open(), cloud, { factor: 'sms' })
    await page.goto(address.replace('/leave-wait', '/blocked'))
    const blocked = page.waitForEvent('console', (message) => /form-action/.test(message.text()))
    await page.getByLabel('Code').fill(codeFor(cloud, username))
    await page.keyboard.press('Enter')
    await blocked
    expect(new URL(page.url()).pathname).toBe('/blocked')
    forgiveComplaints(/form-action/)
  })
})
