/** After several denials, Nevis is asked again only after a pause. The example app says how long this pause is, on the page where the user was. */
import type { Browser } from '../support/browser'
import { callbackOf, enterPassword, signIn, startExample, submit, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample()
})
afterAll(() => app.stop())

const page = { accept: 'text/html' }
const PAUSE = /role="alert">Too many requests\. Try again in (\d+) seconds\. If you did not send them, change your password\.</

/** Starts a step-up, and denies it on the phone. */
async function deny(browser: Browser): Promise<void> {
  const waiting = (await submit(browser, '/step-up', '/step-up')).location as string
  expect(waiting).toContain('/login/2fa?')
  await app.phone('ben').deny()
  await browser.get(callbackOf(waiting), page)
  await browser.get('/account', page) // shows the reason of the failure
}

describe('after two denials', () => {
  it('a step-up, a payment, a new device and a sign-in say for how many seconds the user must wait, in the language of the page', async () => {
    const browser = await signIn(app, 'ben')
    await deny(browser)
    await deny(browser)
    const secondsOn = async (path: string, pattern = PAUSE) => Number(pattern.exec((await browser.get(path, page)).text)?.[1])
    const expectPause = (seconds: number) => expect([seconds > 1, seconds <= 15]).toEqual([true, true])

    expect((await submit(browser, '/step-up', '/step-up?for=transfer')).location).toBe('/step-up?for=transfer')
    expectPause(await secondsOn('/step-up'))
    const pay = /action="(\/invoices\/\d+\/pay)"/.exec((await browser.get('/invoices', page)).text)?.[1] as string
    const back = (await submit(browser, '/invoices', pay)).location as string
    expect(back).toBe(pay.replace(/\/(\d+)\/pay/, '?unpaid=$1'))
    expectPause(await secondsOn(back))
    expect((await submit(browser, '/account/devices', '/account/devices/add', { factor: 'app' })).location).toBe('/account/devices')
    expectPause(await secondsOn('/account/devices'))

    await browser.get('/language/de')
    await submit(browser, '/step-up', '/step-up')
    expectPause(await secondsOn('/step-up', /Zu viele Anfragen\. Versuchen Sie es in (\d+)\u00a0Sekunden erneut\. Falls die Anfragen nicht von Ihnen kommen, ändern Sie Ihr Passwort\.</))

    const other = app.browser()
    expect((await submit(other, '/login', '/login', { ...app.account('ben'), recoveryCodes: '' })).location).toBe('/login')
    expectPause(Number(PAUSE.exec((await other.get('/login', page)).text)?.[1]))
    expect(await enterPassword(app.browser(), app.account('anna'))).toContain('/login/2fa?')
  })
})
