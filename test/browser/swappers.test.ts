/**
 * The waiting page in an app whose pages are swapped in by htmx or by Turbo Drive. Uses the real packages, under the Content-Security-Policy that the guide
 * names.
 *
 * Out of scope: any other script that swaps pages (`swapped.test.ts`).
 */
import { static as files, type Response } from 'express'
import { basename, dirname } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { recordSecondFactor, waitingPage } from '../../src'
import { PASSWORD } from '../support/app'
import { describeWithChromium } from '../support/chromium'
import { codeFor, showsHeading, startCloud, useChromium, type Cloud } from './support'

interface Swapper {
  /** The script of the package. */
  readonly file: string
  /** What the app's pages have in `head`, and as an attribute of `body`. */
  readonly head: string
  readonly body?: string
}

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-abc'; img-src 'self' data:; form-action 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
const htmxConfig = '<meta name="htmx-config" content=\'{"includeIndicatorStyles":false}\'>'
const SWAPPERS: Readonly<Record<string, Swapper>> = {
  'htmx 4': { file: 'htmx.org/dist/htmx.js', head: htmxConfig, body: 'hx-boost:inherited="true"' },
  'htmx 2': { file: 'htmx2/dist/htmx.js', head: htmxConfig, body: 'hx-boost="true"' },
  'Turbo Drive': { file: '@hotwired/turbo/dist/turbo.es2017-umd.js', head: '<meta name="csp-nonce" content="abc">' },
}

describeWithChromium.each(Object.entries(SWAPPERS))('in an app with %s, the waiting page', (_name, { file, head, body = '' }) => {
  const chromium = useChromium()
  let cloud: Cloud

  beforeAll(async () => {
    const script = require.resolve(file)
    const send = (res: Response, heading: string, content: string) =>
      void res.set('Content-Security-Policy', POLICY).send(`<!doctype html><html lang="en"><head><title>${heading}</title>${head}
        <script src="/lib/${basename(script)}" defer></script></head><body ${body}><main><h1>${heading}</h1>${content}</main></body></html>`)
    cloud = await startCloud({
      strategy: { waitingURL: '/confirm', callbackURL: '/finish' },
      routes: (app, { passport, nevis }) => {
        app.use('/lib', files(dirname(script)))
        app.get('/shop', (_req, res) => send(res, 'Shop', '<a href="/sign-in">To sign-in</a> <a href="/sign-in-unswapped">To the other sign-in</a><form method="post" action="/factors"><input type="hidden" name="factor" value="recovery"><button>New recovery codes</button></form>'))
        app.get(['/sign-in', '/sign-in-unswapped'], ({ path }, res) => send(res, 'Sign in', `<form method="post" action="/login" ${path === '/sign-in' ? '' : 'hx-boost="false" data-turbo="false"'}><label>Name <input name="username"></label><label>Password <input name="password" type="password"></label><button>Sign in</button></form>`))
        app.get('/home', ({ user }, res) => send(res, `Hello ${(user as { username: string }).username}`, ''))
        app.get('/confirm', waitingPage(nevis, { languages: ['en', 'de'] }))
        app.post('/confirm', passport.authenticate('nevis', { failureRedirect: '/sign-in' }))
        app.all('/finish', passport.authenticate('nevis', { failureRedirect: '/sign-in' }), recordSecondFactor(), (_req, res) => res.redirect('/home'))
      },
    })
  })
  afterAll(() => cloud.close())

  /** Opens a page of the app. Its links and forms then swap further pages into the same document. */
  async function inTheShop(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`${cloud.app.origin}/shop`)
    await page.evaluate('isSameDocument = true')
    return page
  }
  const isSwappedIn = (page: Page) => page.evaluate('globalThis.isSameDocument === true')

  async function signingIn(context: BrowserContext, link = 'To sign-in') {
    const page = await inTheShop(context)
    await page.getByRole('link', { name: link }).click()
    await showsHeading(page, 'Sign in')
    expect(await isSwappedIn(page)).toBe(true)
    const { username } = cloud.newUser()
    await page.getByLabel('Name').fill(username)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await showsHeading(page, 'Check your phone')
    expect(await isSwappedIn(page)).toBe(link === 'To sign-in')
    await page.locator('[data-resend]:disabled').waitFor()
    return { page, username }
  }

  it('goes on once the phone has accepted, and "Back" leads to the sign-in page', async () => {
    const { page, username } = await signingIn(await chromium.open())
    await cloud.simulator.phone(username).approve()
    await showsHeading(page, `Hello ${username}`)
    await page.goBack()
    await showsHeading(page, 'Sign in')
  })

  it('is loaded as a whole page, if the form of the sign-in page is not for htmx or Turbo', async () => {
    const { page, username } = await signingIn(await chromium.open(), 'To the other sign-in')
    await cloud.simulator.phone(username).approve()
    await showsHeading(page, `Hello ${username}`)
  })

  it('lets the user choose SMS, says that a code is wrong, takes the right one, and "Back" does not ask for it again', async () => {
    const { page, username } = await signingIn(await chromium.open())
    await page.getByRole('button', { name: 'Send me a code by SMS' }).click()
    await showsHeading(page, 'Enter the code from the SMS')
    expect(await isSwappedIn(page)).toBe(true)
    const code = codeFor(cloud, username)
    await page.getByLabel('Code').fill(code === '000000' ? '111111' : '000000')
    await page.keyboard.press('Enter')
    await page.getByText('Attempts left: 4').waitFor()
    expect(await page.evaluate('document.activeElement.name')).toBe('code')
    await page.getByLabel('Code').fill(code)
    await page.keyboard.press('Enter')
    await showsHeading(page, `Hello ${username}`)
    await page.goBack()
    await showsHeading(page, 'Already confirmed')
  })

  it('says that the request was denied, and leads to the app after "Cancel"', async () => {
    const { page, username } = await signingIn(await chromium.open())
    await cloud.simulator.phone(username).deny()
    await showsHeading(page, 'Request not approved')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await showsHeading(page, 'Sign in')
  })

  it('is loaded again by "Back", because a copy of it may be out of date, and goes on', async () => {
    const { page, username } = await signingIn(await chromium.open())
    const address = page.url()
    await page.getByRole('link', { name: 'Deutsch' }).click()
    await showsHeading(page, 'Bestätigen Sie auf Ihrem Telefon')
    expect(await isSwappedIn(page)).toBe(true)
    await Promise.all([page.waitForResponse((response) => response.url() === address), page.goBack()])
    await showsHeading(page, 'Check your phone')
    await cloud.simulator.phone(username).approve()
    await showsHeading(page, `Hello ${username}`)
  })

  it('shows new recovery codes only until the user has confirmed them, and the browser stores none of them', async () => {
    const context = await chromium.open()
    const { username, userId } = cloud.newUser()
    await context.request.post(`${cloud.app.origin}/prove`, { form: { username, userId } })
    const page = await inTheShop(context)
    await page.getByRole('button', { name: 'New recovery codes' }).click()
    await showsHeading(page, 'Your recovery codes')
    expect(await isSwappedIn(page)).toBe(true)
    const [code] = await page.locator('[data-codes] code').allTextContents()
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'I have saved these codes' }).click()
    await showsHeading(page, `Hello ${username}`)
    expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])')).not.toContain(code)
    await page.goBack()
    await showsHeading(page, 'Already set up')
    expect(await page.content()).not.toContain(code)
  })
})
