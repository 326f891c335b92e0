/**
 * The attack: a script on the app's landing page reads `document.referrer`. The URL of the waiting page contains the handle (the encrypted reference to the
 * sign-in). So the script would learn the handle. Everyone who can read the data that the script sends would learn it, too. The referrer policy must prevent
 * this. But the page's forms must still be sent with the header `Origin`, because apps compare `Origin` to detect forged posts.
 */
import { describeWithChromium } from '../support/chromium'
import { forgiveComplaints, showsHeading, startCloud, useChromium, waiting, type Cloud } from './support'

describeWithChromium('the next page', () => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeEach(async () => {
    cloud = await startCloud({
      callback: {},
      strategy: { callbackURL: '/back' },
      routes: (app, { passport }) => {
        app.all('/back', passport.authenticate('nevis', { failureRedirect: '/landing' }), (_req, res) => res.redirect('/landing'))
        app.all('/landing', (_req, res) => res.type('html').send('<!doctype html><title>Landing</title><link rel="icon" href="data:,"><h1>Landed</h1>'))
      },
    })
  })

  afterEach(() => cloud.close())

  // Shows: T-handle-3
  it.each([['with JavaScript', true], ['without JavaScript', false]])('after an approval learns nothing of the handle, %s', async (_how, javaScriptEnabled) => {
    const { page, username, address } = await waiting(await chromium.open({ javaScriptEnabled }), cloud)
    await cloud.simulator.phone(username).approve()
    const landed = page.waitForRequest((request) => new URL(request.url()).pathname === '/landing')
    if (!javaScriptEnabled) await page.getByRole('link', { name: 'Check now' }).click()
    const headers = await (await landed).allHeaders()
    await showsHeading(page, 'Landed')
    expect(address).toContain('transaction=')
    expect(['', `${cloud.app.origin}/`, undefined]).toContain(headers['referer'])
    if (javaScriptEnabled) expect(['', `${cloud.app.origin}/`]).toContain(await page.evaluate('document.referrer'))
  })

  it('after a cancellation learns nothing of the handle, and the form has sent its origin', async () => {
    forgiveComplaints(/401/)
    const { page } = await waiting(await chromium.open(), cloud)
    const posted = page.waitForRequest((request) => request.method() === 'POST')
    await page.getByRole('button', { name: 'Cancel' }).click()
    const { origin, 'sec-fetch-site': site, referer } = await (await posted).allHeaders()
    expect([origin, site, referer]).toEqual([cloud.app.origin, 'same-origin', `${cloud.app.origin}/`])
    await page.getByText('"code":"cancelled"').waitFor()
    expect(await page.evaluate('document.referrer')).toBe(`${cloud.app.origin}/`)
  })
})
