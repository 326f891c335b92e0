/** Tests that a user of the example app can change the password, and what else ends with the old password: other sessions, and remembered browsers. */
import type { Browser, Page } from '../support/browser'
import { circumstances, sixMinutesLater } from './circumstances'
import { callbackOf, choose, enterPassword, hiddenField, signIn, startExample, submit, typeCode, type Running } from './support'

let app: Running
let passwords: Record<string, string>
beforeAll(async () => {
  app = await startExample({ ...circumstances, LOGIN_LIMIT: '12' })
  passwords = Object.fromEntries(['anna', 'ben', 'clara'].map((name) => [name, app.account(name).password]))
})
beforeEach(() => sixMinutesLater(app))
afterAll(() => app.stop())

const page = { accept: 'text/html' }
const HERE = '/account/password'
const NEW = 'a new one, and long'

const change = (browser: Browser, fields: Record<string, string>): Promise<Page> => submit(browser, HERE, HERE, fields)
const isSignedIn = async (browser: Browser) => (await browser.get('/account', page)).status === 200
/** Tries to sign in with a password. Returns where the browser is sent. */
const tryPassword = async (username: string, password: string, browser = app.browser()) => (await submit(browser, '/login', '/login', { username, password })).location as string
/** Asks the form whether this is the password of the signed-in user. Another sign-in could also show this, but the number of sign-ins is limited. */
async function hasPassword(browser: Browser, oldPassword: string): Promise<boolean> {
  await change(browser, { oldPassword, password: '', repeated: '' })
  const { text } = await browser.get(HERE, page)
  expect(text).toContain('id="password-error"')
  return !text.includes('id="oldPassword-error"')
}
async function limitsCountFromZero(): Promise<void> {
  for (let i = 0; i < 3; i++) await sixMinutesLater(app)
}
const WAITING = /^\/login\/2fa\?transaction=/

describe('another password', () => {
  it('ends the other sessions of the user and not those of others, and only the new password signs in', async () => {
    const [other, browser, ben] = [await signIn(app, 'anna'), await signIn(app, 'anna'), await signIn(app, 'ben')]
    const answer = await change(browser, { oldPassword: passwords['anna'] as string, password: NEW, repeated: NEW })
    expect([answer.status, answer.location]).toEqual([303, '/account'])
    expect((await browser.get('/account', page)).text).toContain('Your password has been changed. You are signed out in all other browsers.')
    expect([await isSignedIn(other), await isSignedIn(browser), await isSignedIn(ben)]).toEqual([false, true, true])
    expect((await other.get('/login', page)).text).toContain('<p class="message notice" role="status">Your password has been changed. Please sign in again.</p>')
    expect(await tryPassword('anna', passwords['anna'] as string)).toBe('/login')
    expect(await tryPassword('anna', NEW)).toMatch(WAITING)
    passwords['anna'] = NEW
  })

  it('lets another user sign in to a session that it has ended, who sees no form of the user before', async () => {
    const browser = await signIn(app, 'anna', passwords['anna'])
    await sixMinutesLater(app)
    expect((await submit(browser, '/account', '/transfer', { recipient: 'Secret', amount: '50' })).location).toBe('/step-up?for=transfer')
    const other = await signIn(app, 'anna', passwords['anna'])
    passwords['anna'] = `${NEW}!`
    await change(other, { oldPassword: NEW, password: `${NEW}!`, repeated: `${NEW}!` })
    expect(await isSignedIn(browser)).toBe(false)
    const waiting = await enterPassword(browser, app.account('ben'))
    await app.phone('ben').approve()
    await browser.get(callbackOf(waiting))
    const { status, text } = await browser.get('/transfer', page)
    expect(status).toBe(200)
    expect(text).not.toMatch(/Secret|Nothing has been/)
  })

  it('ends sign-ins that were begun with the old password, by push and by SMS, and tells why', async () => {
    const [browser, thief, other] = [await signIn(app, 'anna', passwords['anna']), app.browser(), app.browser()]
    const old = { ...app.account('anna'), password: passwords['anna'] as string }
    const waiting = [await enterPassword(thief, old, 'sms'), await enterPassword(other, old, 'push')] as const
    await change(browser, { oldPassword: old.password, password: `${NEW}er`, repeated: `${NEW}er` })
    passwords['anna'] = `${NEW}er`
    const code = /\d{4,}/.exec(await app.phone('anna').sms())?.[0] as string
    expect((await typeCode(thief, waiting[0], code)).location).toBe('/login')
    expect((await thief.get('/login', page)).text).toContain('Your password has been changed. Please sign in again.')
    await app.phone('anna').approve()
    expect((await other.get(callbackOf(waiting[1]))).location).toBe('/login')
    expect([await isSignedIn(thief), await isSignedIn(other), await isSignedIn(browser)]).toEqual([false, false, true])
    const again = await enterPassword(other, { ...old, password: passwords['anna'] }, 'push')
    await app.phone('anna').approve()
    await other.get(callbackOf(again))
    expect(await isSignedIn(other)).toBe(true)
  })

  it('gives the session another id and another token of the forms', async () => {
    const browser = await signIn(app, 'ben')
    const [cookie, token] = [browser.cookies.get('sid'), hiddenField((await browser.get(HERE, page)).text, '_csrf')]
    await change(browser, { oldPassword: passwords['ben'] as string, password: NEW, repeated: NEW })
    passwords['ben'] = NEW
    expect(browser.cookies.get('sid')).not.toBe(cookie)
    expect(hiddenField((await browser.get('/account', page)).text, '_csrf')).not.toBe(token)
  })

  it('forgets remembered browsers', async () => {
    const browser = app.browser()
    const waiting = (await submit(browser, '/login', '/login', { username: 'ben', password: passwords['ben'] as string })).location as string
    await app.phone('ben').approve()
    await browser.get(`${callbackOf(waiting)}&remember=1`)
    await submit(browser, '/account', '/logout')
    expect(await tryPassword('ben', passwords['ben'] as string, browser)).not.toMatch(WAITING)
    const approval = (await submit(browser, '/step-up', '/step-up', { factor: 'push' })).location as string
    await app.phone('ben').approve()
    await browser.get(callbackOf(approval))
    await change(browser, { oldPassword: passwords['ben'] as string, password: `${NEW}er`, repeated: `${NEW}er` })
    passwords['ben'] = `${NEW}er`
    await submit(browser, '/account', '/logout')
    expect(await tryPassword('ben', passwords['ben'], browser)).toMatch(WAITING)
  })
})

describe('a change that is refused', () => {
  it.each([
    ['a wrong old password', { oldPassword: 'wrong' }, 'oldPassword', 'Incorrect password.'],
    ['a short new password', { password: 'short', repeated: 'short' }, 'password', 'A password has 8 to 128 characters.'],
    ['no new password', { password: '', repeated: '' }, 'password', 'A password has 8 to 128 characters.'],
    ['another repetition', { repeated: 'something else' }, 'repeated', 'The two new passwords are not the same.'],
  ])('because of %s › says so at the field, keeps the password and every session, and shows no password again', async (_what, fields, name, reason) => {
    const [browser, other] = [await signIn(app, 'anna', passwords['anna']), await signIn(app, 'anna', passwords['anna'])]
    const answer = await change(browser, { oldPassword: passwords['anna'] as string, password: 'quite a new one', repeated: 'quite a new one', ...fields })
    expect([answer.status, answer.location]).toEqual([303, HERE])
    const { text } = await browser.get(HERE, page)
    expect(text).toContain(`<p class="error" id="${name}-error">${reason}</p>`)
    expect(text.match(/class="error"/g)).toHaveLength(1)
    expect([...text.matchAll(/<input id="\w+" name="\w+" value="([^"]*)"/g)].map(([, value]) => value)).toEqual(['', '', ''])
    expect(await isSignedIn(other)).toBe(true)
    expect([await hasPassword(browser, passwords['anna'] as string), await hasPassword(browser, 'quite a new one')]).toEqual([true, false])
  })

  it('because it is the old password once more › says so', async () => {
    const browser = await signIn(app, 'anna', passwords['anna'])
    const password = passwords['anna'] as string
    await change(browser, { oldPassword: password, password, repeated: password })
    expect((await browser.get(HERE, page)).text).toContain('<p class="error" id="password-error">This is your old password. Choose another one.</p>')
  })

  it('because the second factor is six minutes old › is sent to confirm once more, and comes back', async () => {
    const browser = await signIn(app, 'anna', passwords['anna'])
    await sixMinutesLater(app)
    expect((await browser.get(HERE, page)).location).toBe('/step-up?for=password')
    expect((await browser.get('/step-up?for=password', page)).text).toContain('So that nobody else can change your password')
    const fields = { oldPassword: passwords['anna'] as string, password: 'quite a new one', repeated: 'quite a new one' }
    expect((await submit(browser, '/account', HERE, fields)).location).toBe('/step-up?for=password')
    const approval = (await submit(browser, '/step-up?for=password', '/step-up?for=password', { factor: 'push' })).location as string
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(approval))).location).toBe(HERE)
    const { text } = await browser.get(HERE, page)
    expect(text).toContain('Your password has not been changed yet. Fill in the form once more.')
    expect(text).not.toContain('quite a new one')
    expect(await hasPassword(browser, passwords['anna'] as string)).toBe(true)
  })

  it('because the form has no token › fails with 403', async () => {
    const browser = await signIn(app, 'anna', passwords['anna'])
    const fields = { oldPassword: passwords['anna'] as string, password: 'quite a new one', repeated: 'quite a new one' }
    expect((await browser.post(HERE, fields, page)).status).toBe(403)
    expect(await hasPassword(browser, passwords['anna'] as string)).toBe(true)
  })
})

describe('guessing the old password in a session of the user', () => {
  it('is not looked at after twelve tries, not even with the right one', async () => {
    await limitsCountFromZero()
    const browser = await signIn(app, 'anna', passwords['anna'])
    const _csrf = hiddenField((await browser.get(HERE, page)).text, '_csrf')
    const statuses: number[] = []
    for (let tries = 0; tries < 13; tries++) statuses.push((await browser.post(HERE, { _csrf, oldPassword: `guess ${tries}`, password: NEW, repeated: NEW }, page)).status)
    expect(statuses).toEqual([...Array<number>(12).fill(303), 429])
    expect((await browser.post(HERE, { _csrf, oldPassword: passwords['anna'] as string, password: 'quite a new one', repeated: 'quite a new one' }, page)).status).toBe(429)
    await limitsCountFromZero()
  })
})

describe('the link on the waiting page of a denied sign-in', () => {
  it('asks to sign in first, and then leads to the new password', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, { ...app.account('anna'), password: passwords['anna'] as string })
    await app.phone('anna').deny()
    await browser.get(callbackOf(waiting))
    expect((await browser.get(waiting, page)).text).toContain(`<a href="${HERE}">Change your password</a>`)
    expect((await browser.get(HERE, page)).location).toBe('/login')
    expect((await browser.get('/login', page)).text).toContain('<p class="message notice" role="status">Sign in. Then you can change your password.</p>')
    const again = await enterPassword(browser, { ...app.account('anna'), password: passwords['anna'] as string })
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(again))).location).toBe(HERE)
    expect((await browser.get(HERE, page)).status).toBe(200)
  })

  it('before the second factor › leads no user to the form', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('clara'), 'sms')
    expect((await choose(browser, waiting, { factor: 'sms', retry: '1' })).status).toBe(303)
    for (const who of [browser, app.browser()]) expect((await submit(who, '/login', HERE, { oldPassword: passwords['clara'] as string, password: NEW, repeated: NEW })).location).toBe('/login')
    expect(await tryPassword('clara', passwords['clara'] as string)).toMatch(WAITING)
  })
})
