/** A signed-in user of the example app must confirm again before something risky (step-up). */
import { circumstances, sixMinutesLater } from './circumstances'
import type { Browser } from '../support/browser'
import { callbackOf, choose, enterPassword, hiddenField, signIn, startExample, submit, typeCode, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample(circumstances)
})
beforeEach(() => sixMinutesLater(app))
afterAll(() => app.stop())

const page = { accept: 'text/html' }

describe('a transfer', () => {
  it('right after the sign-in › goes through', async () => {
    const browser = await signIn(app, 'ben')
    expect((await browser.get('/transfer', page)).status).toBe(200)
    expect((await submit(browser, '/transfer', '/transfer', { recipient: 'Anna', amount: '50' })).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('CHF\u00a050.00 is on its way to Anna.')
  })

  it('to a company with “&” in its name › goes through, and the page shows the name as it is', async () => {
    const browser = await signIn(app, 'ben')
    expect((await submit(browser, '/transfer', '/transfer', { recipient: 'Clara & Söhne', amount: '50' })).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('CHF\u00a050.00 is on its way to Clara &#38; Söhne.')
  })

  it.each([
    [{ recipient: '<b>Anna</b>', amount: '50' }, 'Enter the name of the recipient.'],
    [{ recipient: 'Anna', amount: '-50' }, 'Enter an amount'],
    [{ recipient: 'Anna', amount: '0.00' }, 'Enter an amount'],
  ])('of %j › is refused with the reason', async (fields, reason) => {
    const browser = await signIn(app, 'anna')
    expect((await submit(browser, '/transfer', '/transfer', fields)).location).toBe('/transfer')
    expect((await browser.get('/transfer', page)).text).toContain(reason)
  })
})

describe('a transfer with a second factor that is six minutes old', () => {
  it('is sent to confirm once more, and nothing is transferred; then it goes through', async () => {
    const browser = await signIn(app, 'anna')
    expect((await browser.get('/transfer', page)).status).toBe(200)
    await sixMinutesLater(app)
    const answer = await browser.get('/transfer', page)
    expect([answer.status, answer.location]).toEqual([303, '/step-up?for=transfer'])
    expect((await submit(browser, '/account', '/transfer', { recipient: 'Ben', amount: '50' })).location).toBe('/step-up?for=transfer')
    expect((await browser.get('/transfer', { accept: 'application/json' })).status).toBe(401)
    expect((await browser.get('/account')).text).not.toContain('is on its way')

    await browser.get('/transfer?recipient=Ben', page)
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push', returnTo: '/logout' })
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(started.location as string))).location).toBe('/transfer?recipient=Ben')
    expect((await browser.get('/transfer?recipient=Ben', page)).text).toContain('value="Ben"')
    expect((await submit(browser, '/transfer', '/transfer', { recipient: 'Ben', amount: '50' })).location).toBe('/account')
  })
})

describe('a form that is sent with a second factor that is six minutes old', () => {
  const TOO_LATE = 'Nothing has been transferred yet.'

  it.each(['approved', 'cancelled'])('and then %s › leads back to the form, which has what was typed and says that nothing happened', async (how) => {
    const browser = await signIn(app, 'anna')
    await sixMinutesLater(app)
    const asked = (await submit(browser, '/account', '/transfer', { recipient: 'Ben', amount: '50' })).location as string
    expect(asked).toBe('/step-up?for=transfer')
    expect((await browser.get(asked, page)).text).toContain(TOO_LATE)
    const started = (await submit(browser, asked, asked, { factor: 'push' })).location as string
    if (how === 'approved') await app.phone('anna').approve()
    expect((how === 'approved' ? await browser.get(callbackOf(started)) : await choose(browser, started, { cancel: '1' })).location).toBe('/transfer')
    if (how === 'cancelled') {
      expect((await browser.get('/transfer', page)).location).toBe(asked)
      expect((await browser.get(asked, page)).text).toContain(TOO_LATE)
      const again = (await submit(browser, asked, asked, { factor: 'push' })).location as string
      await app.phone('anna').approve()
      expect((await browser.get(callbackOf(again))).location).toBe('/transfer')
    }
    const { text } = await browser.get('/transfer', page)
    expect(text).toContain(`<p class="message notice" role="status">${TOO_LATE} Check your entries and send the form once more.</p>`)
    for (const typed of ['Ben', '50']) expect(text).toContain(`value="${typed}"`)
    expect((await submit(browser, '/transfer', '/transfer', { recipient: 'Ben', amount: '50' })).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('CHF\u00a050.00 is on its way to Ben.')
    expect((await browser.get('/transfer', page)).text).not.toContain(TOO_LATE)
  })

  it('of the devices › opens the form of this device again', async () => {
    const browser = await signIn(app, 'ben')
    const authenticatorId = hiddenField((await browser.get('/account/devices', page)).text, 'authenticatorId')
    await sixMinutesLater(app)
    const asked = (await submit(browser, '/account', '/account/devices/rename', { authenticatorId, name: 'My Pixel' })).location as string
    const started = (await submit(browser, asked, asked)).location as string
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(started))).location).toBe('/account/devices')
    const { text } = await browser.get('/account/devices', page)
    expect(text).toContain('Nothing has been changed yet. Please do it once more.')
    expect(text).toContain('<details open>')
    expect(text).toContain('value="My Pixel"')
  })
})

describe('a transfer after a sign-in by recovery code', () => {
  it('wants something stronger, and a recovery code is not offered', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'), 'recovery')
    expect((await typeCode(browser, waiting, app.account('anna').recoveryCodes[0] as string)).location).toBe('/account')
    expect((await browser.get('/transfer', page)).location).toBe('/step-up?for=transfer')
    for (const query of ['?for=transfer', '']) expect((await submit(browser, `/step-up${query}`, `/step-up${query}`, { factor: 'recovery' })).location).toBe(`/step-up${query}`)
    expect((await submit(browser, '/step-up', '/step-up?for=//evil.example', { factor: 'recovery' })).location).toBe('/step-up')
    expect((await browser.get('/step-up?for=transfer', page)).text).toContain('<form method="post" action="/step-up?for=transfer">')
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'sms' })
    const waitingPage = (await browser.get(started.location as string, page)).text
    expect(waitingPage).toContain('value="push"')
    expect(waitingPage).not.toContain('value="recovery"')
    const code = /\d{4,}/.exec(await app.phone('anna').sms())?.[0] as string
    expect((await typeCode(browser, started.location as string, code)).location).toBe('/transfer')
    expect((await browser.get('/transfer', page)).status).toBe(200)
  })
})

describe('confirming once more', () => {
  // Shows: ASVS V7.2.4
  it('asks the phone with words of its own, renews the session and leads back to the transfer', async () => {
    const browser = await signIn(app, 'ben')
    const before = browser.clone()
    await sixMinutesLater(app)
    await browser.get('/transfer', page)
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push' })
    expect((await browser.get(started.location as string, page)).text).toContain('Confirm that it is you, at Alpine Mutual?')
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(started.location as string))).location).toBe('/transfer')
    expect((await browser.get('/transfer', page)).status).toBe(200)
    expect(before.cookies.get('sid')).not.toBe(browser.cookies.get('sid'))
    expect((await before.get('/account')).location).toBe('/login')
  })

  const wrongCodes = async (browser: Browser, waiting: string) => {
    for (let i = 0; i < 5; i++) await typeCode(browser, waiting, '1')
    const { text } = await browser.get(waiting, page)
    expect(text).toContain('<h1>Too many wrong codes</h1>')
    expect(text).toContain('role="alert">Request a new one.</p>')
    return cancelled(browser, waiting)
  }
  const expired = async (browser: Browser, waiting: string) => {
    await sixMinutesLater(app)
    const back = await typeCode(browser, waiting, '123456')
    expect((await browser.get(back.location as string, page)).text).toContain('<h1>Request expired</h1>')
    return browser.get(callbackOf(waiting))
  }
  const denied = async (browser: Browser, waiting: string) => {
    await app.phone('ben').deny()
    return browser.get(callbackOf(waiting))
  }
  const deniedAndCancelled = async (browser: Browser, waiting: string) => {
    await app.phone('anna').deny()
    expect((await browser.get(waiting, page)).text).toContain('Request not approved')
    return cancelled(browser, waiting)
  }
  const cancelled = (browser: Browser, waiting: string) => choose(browser, waiting, { cancel: '1' })

  it.each([
    ['denied on the phone', 'ben', 'push', denied, 'You declined the request'],
    ['cancelled by the button', 'ben', 'push', cancelled, 'The request was cancelled.'],
    ['denied, and then cancelled by the button', 'anna', 'push', deniedAndCancelled, 'The request was cancelled.'],
    ['with five wrong codes, and then cancelled', 'anna', 'sms', wrongCodes, 'The request was cancelled.'],
    ['expired', 'anna', 'sms', expired, 'This request has expired. Send a new one.'],
  ] as const)('%s › returns to the page that asked for it, signed in as before, with the reason', async (_how, person, factor, end, reason) => {
    const browser = await signIn(app, person)
    await sixMinutesLater(app)
    expect((await browser.get('/transfer?recipient=Ben', page)).location).toBe('/step-up?for=transfer')
    const started = await submit(browser, '/step-up', '/step-up', { factor })
    expect((await end(browser, started.location as string)).location).toBe('/transfer?recipient=Ben')
    expect((await browser.get('/transfer?recipient=Ben', page)).location).toBe('/step-up?for=transfer')
    const { text } = await browser.get('/step-up')
    expect(text).toContain(reason)
    expect(text.includes('If your phone still shows the request, deny it there.')).toBe(reason === 'The request was cancelled.')
    expect((await browser.get('/account')).text).toContain(`Hello ${person}`)
  })

  it.each([['a payment', '/invoices'], ['a new device', '/account/devices']])('for %s, cancelled › returns to %s, with the reason', async (what, from) => {
    const browser = await signIn(app, 'anna')
    const pay = /action="(\/invoices\/\d+\/pay)"/.exec((await browser.get('/invoices')).text)?.[1] as string
    const started = what === 'a payment' ? await submit(browser, from, pay) : await submit(browser, from, '/account/devices/add', { factor: 'app' })
    const { location } = await cancelled(browser, started.location as string)
    expect(location?.replace(/\?unpaid=\d+$/, '')).toBe(from)
    const { text } = await browser.get(location as string)
    expect(text.includes('Nothing was paid: CHF')).toBe(what === 'a payment')
    expect(text).toContain('The request was cancelled.')
    expect(text).not.toContain('message failure')
    expect((await browser.get('/account')).text).toContain('Hello anna')
  })

  it.each([
    ['?for=devices', 'So that nobody else can change your devices and security settings, '],
    ['?for=transfer', 'So that nobody else can transfer your money, '],
    ['', 'For your security, '],
    ['?for=__proto__', 'For your security, '],
  ])('asked for by /step-up%s › says why', async (query, reason) => {
    const browser = await signIn(app, 'ben')
    await sixMinutesLater(app)
    expect((await browser.get(`/step-up${query}`, page)).text).toContain(`<p>${reason}please confirm that it is you. After that, you continue`)
  })

  it.each([['devices', '/account/devices'], ['password', '/account/password'], ['transfer', '/transfer']])('for %s, although the confirmation is fresh › goes straight on; if it is old, goes on after it', async (purpose, target) => {
    const browser = await signIn(app, 'ben')
    expect((await browser.get(`/step-up?for=${purpose}`, page)).location).toBe(target)
    await sixMinutesLater(app)
    const started = (await submit(browser, `/step-up?for=${purpose}`, `/step-up?for=${purpose}`)).location as string
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(started))).location).toBe(target)
  })

  it('asked for without a page that needs it, cancelled › returns to the account', async () => {
    const browser = await signIn(app, 'ben')
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push' })
    expect((await cancelled(browser, started.location as string)).location).toBe('/account')
  })

  it('whose callback is loaded again › goes to the account', async () => {
    const browser = await signIn(app, 'ben')
    const started = await submit(browser, '/step-up', '/step-up', { factor: 'push' })
    await app.phone('ben').approve()
    await browser.get(callbackOf(started.location as string))
    expect((await browser.get(callbackOf(started.location as string))).location).toBe('/account')
    expect((await browser.get('/account')).text).not.toContain('message failure')
  })
})
