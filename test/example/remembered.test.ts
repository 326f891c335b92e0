/** Tests a browser that the example app remembers: the user signs in with the password only, but a transfer still asks for a second factor. */
import { callbackOf, enterPassword, startExample, submit, typeCode, type Running } from './support'
import type { Browser } from '../support/browser'

let app: Running
beforeAll(async () => {
  app = await startExample()
})
afterAll(() => app.stop())

const page = { accept: 'text/html' }

/** Signs in by push, with the waiting page's checkbox "Remember this browser" ticked. */
async function remembered(username: string): Promise<Browser> {
  const browser = app.browser()
  const waiting = await enterPassword(browser, app.account(username))
  expect((await browser.get(waiting, page)).text).toContain('name="remember"')
  await app.phone(username).approve()
  expect((await browser.get(`${callbackOf(waiting)}&remember=1`)).location).toBe('/account')
  return browser
}

async function signOut(browser: Browser): Promise<void> {
  expect((await submit(browser, '/account', '/logout')).location).toBe('/login')
  expect((await browser.get('/account')).location).toBe('/login')
}

const withPassword = (browser: Browser, username: string) => submit(browser, '/login', '/login', { ...app.account(username), recoveryCodes: '' })

describe('a remembered browser', () => {
  it('signs in with the password alone after a sign-out, and a transfer still asks', async () => {
    const browser = await remembered('anna')
    await signOut(browser)
    expect((await withPassword(browser, 'anna')).location).toBe('/account')
    expect(await app.phone('anna').requests()).toBe(0)
    const account = await browser.get('/account')
    expect(account.text).toContain('Hello anna')
    expect(account.text).not.toContain('data-factor')
    expect((await browser.get('/transfer', page)).location).toBe('/step-up?for=transfer')
    expect((await browser.get('/account/devices', page)).location).toBe('/step-up?for=devices')
  })

  it('leads to the page that the user wanted before the sign-in', async () => {
    const browser = await remembered('anna')
    await signOut(browser)
    expect((await browser.get('/account/password', page)).location).toBe('/login')
    expect((await withPassword(browser, 'anna')).location).toBe('/account/password')
  })

  it('of a user who has lost the phone › signs in with a recovery code all the same, which opens the devices', async () => {
    const browser = await remembered('anna')
    await signOut(browser)
    await withPassword(browser, 'anna')
    expect((await browser.get('/step-up?for=devices', page)).text).toContain('Sign out, and sign in with a recovery code. Within five minutes')
    await signOut(browser)
    expect((await browser.get('/login', page)).text).toContain('name="factor" value="recovery">Sign in with a recovery code</button>')
    const waiting = await enterPassword(browser, app.account('anna'), 'recovery')
    expect((await typeCode(browser, waiting, app.account('anna').recoveryCodes[0] as string)).location).toBe('/account')
    expect((await browser.get('/account/devices', page)).status).toBe(200)
  })

  it('of a user who has no recovery codes › is not told to sign in with one', async () => {
    const browser = await remembered('ben')
    await signOut(browser)
    await withPassword(browser, 'ben')
    const { text } = await browser.get('/step-up?for=devices', page)
    expect(text).toContain('<p>You have no recovery codes. Contact support.</p>')
    expect(text).not.toContain('with a recovery code')
  })

  it('of a user who has SMS but no recovery codes › is not sent to support, because the user can confirm by SMS', async () => {
    const browser = await remembered('ben')
    const waiting = (await submit(browser, '/account/devices', '/account/devices/add', { factor: 'sms', phone: '+41 79 555 00 08' })).location as string
    const code = /\d{4,}/.exec(await app.phone('ben').sms())?.[0] as string
    expect((await typeCode(browser, waiting, code)).location).toBe('/account/devices')
    await signOut(browser)
    await withPassword(browser, 'ben')
    const { text } = await browser.get('/step-up?for=devices', page)
    expect(text).toContain('<h1>Confirm it is you</h1>')
    expect(text).not.toContain('Contact support')
  })

  it('is asked again when another user signs in, and when its user has all browsers forgotten', async () => {
    const browser = await remembered('ben')
    const elsewhere = browser.clone()
    expect((await submit(browser, '/account/devices', '/account/devices/forget-browsers')).location).toBe('/account/devices')
    expect((await browser.get('/account/devices', page)).text).toContain('No browser is remembered any more.')
    await signOut(browser)
    for (const [one, username] of [[browser, 'ben'], [elsewhere, 'ben'], [browser, 'anna']] as const) {
      expect((await withPassword(one, username)).location).toMatch(/^\/login\/2fa\?transaction=/)
    }
  })
})
