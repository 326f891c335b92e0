/**
 * Tests the example app for users who have turned on the code with each request: the user types a code from the phone into the page, to sign in and to pay an
 * invoice.
 */
import type { Browser, Page } from '../support/browser'
import { otherCode } from '../support/typed-code'
import { callbackOf, choose, enterPassword, signIn, startExample, statusOf, submit, typeCode, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample()
  for (const username of ['anna', 'ben']) await turn('1', await signIn(app, username))
})
afterAll(() => app.stop())

const DEVICES = '/account/devices'
const turn = async (isOn: '0' | '1', browser: Browser) => expect((await submit(browser, DEVICES, `${DEVICES}/typed-code`, { isOn })).location).toBe(DEVICES)

/** The code in the last line of the newest request. */
const codeOf = async (username: string) => /\d{6}$/.exec(await app.phone(username).message())?.[0] as string
const pageOf = (browser: Browser, { location }: Page) => browser.get(location as string, { accept: 'text/html' })

describe('signing in', () => {
  it('by push › shows the message and the code on the phone, and takes the code after the approval', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'))
    const code = await codeOf('anna')
    expect(await app.phone('anna').message()).toMatch(new RegExp(`^Sign in to Alpine Mutual\\?\\s+Enter this code on the page: ${code}$`))
    const page = await browser.get(waiting, { accept: 'text/html' })
    expect(page.text).toContain('name="code"')
    expect(page.text).toContain('Sign in to Alpine Mutual?')
    expect(page.text).not.toContain(code)

    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(waiting))).location).toMatch(/^\/login\/2fa\?transaction=/)
    expect((await browser.get('/account')).location).toBe('/login')
    expect((await typeCode(browser, waiting, code)).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('Hello anna')
  })

  it('by push › takes the code before the approval, after a wrong one', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'))
    const code = await codeOf('ben')
    const wrong = await typeCode(browser, waiting, otherCode(code))
    expect((await pageOf(browser, wrong)).text).toContain('Attempts left: 4')
    const typed = await typeCode(browser, wrong.location as string, code)
    expect((await pageOf(browser, typed)).text).not.toContain('name="code"')
    expect((await browser.get(statusOf(typed.location as string))).json()).toMatchObject({ prompt: 'wait', status: 'pending' })
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(typed.location as string))).location).toBe('/account')
  })

  it('accepted on the phone alone, with five guesses › signs no user in', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'))
    const code = await codeOf('ben')
    await app.phone('ben').approve()
    for (let i = 1; i <= 5; i++) await typeCode(browser, waiting, otherCode(code, i))
    expect((await browser.get(waiting, { accept: 'text/html' })).text).toContain('Too many wrong codes')
    const again = await choose(browser, waiting, { factor: 'push' })
    expect((await typeCode(browser, again.location as string, code)).location).not.toBe('/account')
    expect((await browser.get('/account')).location).toBe('/login')
  })
})

describe('paying an invoice', () => {
  it('shows what is paid and the code on the phone, and pays once both are given', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'))
    const first = await codeOf('anna')
    await app.phone('anna').approve()
    await typeCode(browser, waiting, first)

    const [address] = /\/invoices\/\d+\/pay/.exec((await browser.get('/invoices', { accept: 'text/html' })).text) as RegExpExecArray
    const started = await submit(browser, '/invoices', address)
    const code = await codeOf('anna')
    expect(await app.phone('anna').message()).toMatch(new RegExp(`^Pay CHF\\u00a0.* to .*\\? Enter this code on the page: ${code}$`))
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(started.location as string))).location).toMatch(/^\/login\/2fa\?transaction=/)
    const paid = await typeCode(browser, started.location as string, code)
    expect((await pageOf(browser, paid)).text).toMatch(/[Pp]aid/)
  })
})

describe('turning the code off', () => {
  it('needs a second factor in this session', async () => {
    const browser = app.browser()
    await enterPassword(browser, app.account('ben'))
    expect((await submit(browser, '/login', `${DEVICES}/typed-code`, { isOn: '0' })).location).toBe('/login')
    await signInWithCode(browser, 'ben')
  })

  it('lets this user sign in without a code again, and no other user', async () => {
    const browser = app.browser()
    await signInWithCode(browser, 'ben')
    expect((await browser.get(DEVICES, { accept: 'text/html' })).text).toContain('Turn the code off')
    await turn('0', browser)
    expect((await browser.get(DEVICES, { accept: 'text/html' })).text).toContain('Turn the code on')
    await signIn(app, 'ben')
    await signInWithCode(app.browser(), 'anna')
  })
})

async function signInWithCode(browser: Browser, username: string): Promise<void> {
  const waiting = await enterPassword(browser, app.account(username))
  const code = await codeOf(username)
  await app.phone(username).approve()
  expect((await typeCode(browser, waiting, code)).location).toBe('/account')
}
