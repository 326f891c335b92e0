/** Tests that a user of the example app who has no phone with the Access App, or has lost the phone, always finds the way to set one up. */
import type { Browser } from '../support/browser'
import { circumstances, nevisComesBack, nevisGoesDown, sixMinutesLater } from './circumstances'
import { callbackOf, choose, enterPassword, hiddenField, signIn, startExample, submit, typeCode, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample(circumstances)
})
beforeEach(() => sixMinutesLater(app))
afterAll(() => app.stop())

const page = { accept: 'text/html' }
const DEVICES = '/account/devices'
const APP_NEEDED = 'To pay, you need the Access App'
const PHONE_SHOWS = 'Your phone shows the amount and the payee'
const SET_UP_APP = `<a class="button" href="${DEVICES}">Set up the Access App</a>`
const NEW_DEVICE = `href="${DEVICES}">Set up a new device</a>`

const textOf = async (browser: Browser, path: string) => (await browser.get(path, page)).text

async function signInByCode(username: string, which: number): Promise<Browser> {
  const browser = app.browser()
  const account = app.account(username)
  const waiting = await enterPassword(browser, account, 'recovery')
  expect((await typeCode(browser, waiting, account.recoveryCodes[which] as string)).location).toBe('/account')
  return browser
}

async function signInBySms(username: string): Promise<Browser> {
  const browser = app.browser()
  await typeSms(browser, username, await enterPassword(browser, app.account(username), 'sms'), '/account')
  return browser
}

async function typeSms(browser: Browser, username: string, waiting: string, target: string): Promise<void> {
  const code = /\d{4,}/.exec(await app.phone(username).sms())?.[0] as string
  expect((await typeCode(browser, waiting, code)).location).toBe(target)
}

/** Presses the button to set up a device under "Devices and security", and opens the link of the waiting page on the user's phone. */
async function setUpApp(browser: Browser, username: string): Promise<void> {
  const waiting = (await submit(browser, DEVICES, `${DEVICES}/add`, { factor: 'app' })).location as string
  const view = (await browser.get(waiting, { accept: 'application/json' })).json() as { appLinkUri: string }
  await app.phone(username).scan(view.appLinkUri)
  expect((await browser.get(callbackOf(waiting))).location).toBe(DEVICES)
}

async function payFirst(browser: Browser, username: string): Promise<void> {
  const text = await textOf(browser, '/invoices')
  expect(text).toContain(PHONE_SHOWS)
  expect(text).not.toContain(APP_NEEDED)
  const address = /action="(\/invoices\/\d+\/pay)"/.exec(text)?.[1] as string
  const waiting = (await submit(browser, '/invoices', address)).location as string
  await app.phone(username).approve()
  expect((await browser.get(callbackOf(waiting), page)).location).toMatch(/\/receipt$/)
}

/** At first, the user clara has SMS and recovery codes only. A test below sets up the Access App for her. */
describe('a user who has SMS and recovery codes only', () => {
  it.each([
    ['SMS', () => signInBySms('clara')],
    ['a recovery code', () => signInByCode('clara', 0)],
  ])('signed in by %s › the invoices say that paying needs the app, and have no button to pay', async (_how, enter) => {
    const text = await textOf(await enter(), '/invoices')
    expect(text).toContain(APP_NEEDED)
    expect(text).toContain(SET_UP_APP)
    expect(text).not.toContain(PHONE_SHOWS)
    expect(text).not.toContain('/pay"')
  })

  it('who posts a payment from an old page › sees the same, and no failure that names no way out', async () => {
    const browser = await signInBySms('clara')
    await browser.get('/invoices', page)
    const ids = Array.from({ length: 12 }, (_, i) => i + 1)
    const answers: unknown[] = []
    for (const id of ids) {
      const { status, location } = await submit(browser, '/invoices', `/invoices/${id}/pay`)
      answers.push(status === 404 ? 'no invoice of hers' : location)
    }
    expect(answers.filter((answer) => answer === '/invoices')).toHaveLength(3)
    expect(new Set(answers)).toEqual(new Set(['no invoice of hers', '/invoices']))
    await submit(browser, '/account', `/invoices/${ids[answers.indexOf('/invoices')]}/pay`)
    const text = await textOf(browser, '/invoices')
    expect(text).toContain(SET_UP_APP)
    expect(text).not.toContain('message failure')
  })

  it('sees the invoices while Nevis is down, and the navigation on the pages that cannot be shown', async () => {
    const browser = await signInBySms('clara')
    const fields = { _csrf: hiddenField((await browser.get(DEVICES, page)).text, '_csrf'), authenticatorId: 'x', name: 'Mine' }
    await nevisGoesDown(app)
    try {
      expect((await browser.get('/invoices', page)).status).toBe(200)
      for (const [answer, button] of [
        [await browser.get(DEVICES, page), `<a class="button" href="${DEVICES}">Try again</a>`],
        [await browser.post(`${DEVICES}/rename`, fields, page), '<a class="button" href="/">Go to the home page</a>'],
      ] as const) {
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10'])
        for (const part of ['Not available just now', `<a href="${DEVICES}">`, 'action="/logout"', button]) expect(answer.text).toContain(part)
      }
      expect((await browser.get(DEVICES, { accept: 'application/json' })).json()).toMatchObject({ code: 'unavailable' })
    } finally {
      await nevisComesBack(app)
    }
  })

  it('sets the app up under “Devices and security” after an SMS, and then pays', async () => {
    const browser = await signInBySms('clara')
    const devices = await textOf(browser, DEVICES)
    expect(devices).toContain('>Set up a device</button>')
    expect(devices).not.toContain('Set up another device')
    await setUpApp(browser, 'clara')
    expect(await textOf(browser, DEVICES)).toContain('Set up another device')
    await payFirst(browser, 'clara')
  })
})

describe('a user who has chosen SMS at the first sign-in', () => {
  it('confirms by SMS, sets up the app, and then pays', async () => {
    const browser = app.browser()
    const account = { username: 'texter', password: 'long enough', recoveryCodes: [] }
    await submit(browser, '/sign-up', '/sign-up', { username: account.username, password: account.password })
    const first = await enterPassword(browser, account)
    const number = (await choose(browser, first, { factor: 'sms', phone: '+41 79 555 00 05' })).location as string
    await typeSms(browser, account.username, number, '/account')
    expect(await textOf(browser, '/invoices')).toContain(SET_UP_APP)
    expect((await browser.get(DEVICES, page)).location).toBe('/step-up?for=devices')
    const again = (await submit(browser, '/step-up', '/step-up')).location as string
    await typeSms(browser, account.username, again, DEVICES)
    await setUpApp(browser, account.username)
    await payFirst(browser, account.username)
  })
})

describe('a user who has lost the phone and has recovery codes', () => {
  it('signed in with a code › is offered a new device on the account page and before a transfer; with a phone › is not', async () => {
    const lost = await signInByCode('anna', 0)
    expect(await textOf(lost, '/account')).toContain(`<a class="button" ${NEW_DEVICE}`)
    expect((await lost.get('/transfer', page)).location).toBe('/step-up?for=transfer')
    const confirm = await textOf(lost, '/step-up?for=transfer')
    expect(confirm).toContain(NEW_DEVICE)
    expect(confirm).not.toContain('another recovery code')
    const usual = await signIn(app, 'anna')
    for (const path of ['/account', '/step-up?for=transfer']) expect(await textOf(usual, path)).not.toMatch(/Set up a new device|Lost your phone/)
  })

  it('after more than five minutes › is told to sign in with another code, sets up the new device, and confirms the transfer with it', async () => {
    const browser = await signInByCode('anna', 1)
    await sixMinutesLater(app)
    expect((await browser.get(DEVICES, page)).location).toBe('/step-up?for=devices')
    const confirm = await textOf(browser, '/step-up?for=devices')
    expect(confirm).toContain('Sign out, and sign in with another recovery code. Within five minutes, set up your new device under “Devices and security”.')
    expect(confirm).not.toContain(NEW_DEVICE)
    expect(confirm.split('action="/logout"')).toHaveLength(3) // in the navigation, and beside the sentence
    expect((await submit(browser, '/step-up', '/logout')).location).toBe('/login')

    const again = await signInByCode('anna', 2)
    await setUpApp(again, 'anna')
    expect(await textOf(again, '/account')).not.toContain('Lost your phone?')
    expect((await again.get('/transfer', page)).location).toBe('/step-up?for=transfer')
    expect(await textOf(again, '/step-up?for=transfer')).not.toContain('Lost your phone?')
    const started = (await submit(again, '/step-up', '/step-up')).location as string
    await app.phone('anna').approve()
    expect((await again.get(callbackOf(started))).location).toBe('/transfer')
    expect((await again.get('/transfer', page)).status).toBe(200)
  })
})
