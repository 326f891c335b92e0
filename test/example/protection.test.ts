/** Tests which requests the example app refuses. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Browser } from '../support/browser'
import { callbackOf, enterPassword, exampleApp, hiddenField, signIn, startExample, submit, type Running } from './support'

let app: Running
beforeAll(async () => {
  app = await startExample({ LOGIN_LIMIT: '12' })
})
afterAll(() => app.stop())

const PROTECTED = ['/account', '/account/password', '/invoices', '/transfer', '/step-up']

async function expectShut(browser: Browser): Promise<void> {
  for (const path of PROTECTED) expect([path, (await browser.get(path, { accept: 'text/html' })).location]).toEqual([path, '/login'])
  for (const path of ['/transfer', '/step-up', '/invoices/1/pay', '/account/password']) {
    const answer = await submit(browser, '/login', path, { recipient: 'Ben', amount: '50' })
    expect([path, answer.location]).toEqual([path, '/login'])
  }
}

describe('a protected route', () => {
  it('without a login › refuses', () => expectShut(app.browser()))

  // Shows: ASVS V6.3.3, CD-first-1
  it('between the password and the second factor › refuses', async () => {
    const browser = app.browser()
    await enterPassword(browser, app.account('anna'))
    await expectShut(browser)
    await app.phone('anna').approve()
    await expectShut(browser)
  })

  it('after the sign-out › refuses, also with the old cookie', async () => {
    const browser = await signIn(app, 'anna')
    const old = browser.clone()
    expect((await submit(browser, '/account', '/logout')).location).toBe('/login')
    expect((await browser.get('/login')).text).toContain('<p class="message" role="status">You are signed out.</p>')
    expect((await browser.get('/login')).text).not.toContain('You are signed out.')
    await expectShut(browser)
    expect((await old.get('/account')).location).toBe('/login')
  })
})

describe('the token of the forms', () => {
  it('after the waiting page was shown › is still the same, so that forms in other tabs go through', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'))
    const [before, after] = [await browser.get(waiting, { accept: 'text/html' }), await browser.get(waiting, { accept: 'text/html' })]
    expect(hiddenField(after.text, '_csrf')).toBe(hiddenField(before.text, '_csrf'))
  })
})

describe('the callback', () => {
  it('in another browser › refuses', async () => {
    const waiting = await enterPassword(app.browser(), app.account('ben'))
    await app.phone('ben').approve()
    const stranger = app.browser()
    expect((await stranger.get(callbackOf(waiting))).location).toBe('/login?ended')
    expect((await stranger.get('/account')).location).toBe('/login')
  })

  it('a second time › leaves the user signed in, and goes to the account', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'))
    await app.phone('ben').approve()
    await browser.get(callbackOf(waiting))
    expect((await browser.get(callbackOf(waiting))).location).toBe('/account')
    expect((await browser.get('/account')).text).toContain('Hello ben')
  })
})

describe('a form', () => {
  it.each(['/login', '/login/2fa', '/login/2fa/callback', '/sign-up', '/step-up', '/transfer', '/invoices/1/pay', '/account/password'])('to %s without its token › is refused with 403', async (path) => {
    const browser = app.browser()
    await browser.get('/login')
    expect((await browser.post(path)).status).toBe(403)
    expect((await browser.post(path, { _csrf: '0'.repeat(256) })).status).toBe(403)
  })

  it('to sign out, without its token and without a login › leads to the sign-in page', async () => {
    for (const fields of [{}, { _csrf: '0'.repeat(256) }]) expect(await app.browser().post('/logout', fields)).toMatchObject({ status: 303, location: '/login' })
  })
})

/**
 * The attack: an attacker plants an anonymous session in a victim's browser (over plain http, or from a subdomain), and reads the session's
 * CSRF token on the login page. The victim signs in, which gives the session a new id. If the CSRF token stayed the same, the attacker's
 * page could post forms in the victim's name.
 */
describe('the token of the forms', () => {
  it('that was in the session before the login › is worth nothing after it, and the new one is', async () => {
    const browser = app.browser()
    const planted = hiddenField((await browser.get('/login')).text, '_csrf')
    const waiting = await enterPassword(browser, app.account('ben'))
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(waiting))).location).toBe('/account')
    // A tab from before the login still shows the forms to sign in and to sign up. The user is already signed in, so these forms lead to the account.
    for (const path of ['/login', '/sign-up']) expect(await browser.post(path, { _csrf: planted, ...app.account('ben'), recoveryCodes: '' })).toMatchObject({ status: 303, location: '/account' })
    for (const path of ['/logout', '/transfer', '/step-up', '/login/2fa']) expect([path, (await browser.post(path, { _csrf: planted })).status]).toEqual([path, 403])
    const fresh = hiddenField((await browser.get('/account')).text, '_csrf')
    expect(fresh).not.toBe(planted)
    expect((await browser.post('/logout', { _csrf: fresh })).location).toBe('/login')
  })
})

describe('the headers', () => {
  it('allow no inline script and no frame, on the waiting page too', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'), 'app')
    for (const path of ['/', '/login', waiting, '/nowhere']) {
      const { headers, text } = await browser.get(path, { accept: 'text/html' })
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; ?script-src 'self'; ?style-src 'self';.*frame-ancestors 'none'$/)
      expect(text).not.toMatch(/<style|\sstyle=|<script(?![^>]+src=)|\son\w+=/)
    }
  })

  it('keep the cookie from scripts and other sites', async () => {
    const { headers } = await app.browser().get('/login')
    expect(headers.get('set-cookie')).toMatch(/^sid=.*; HttpOnly; SameSite=Lax$/)
    expect(headers.get('x-powered-by')).toBeNull()
  })
})

describe('an address that does not exist', () => {
  it('is told with 404', async () => {
    const page = await app.browser().get('/nowhere')
    expect(page.status).toBe(404)
    expect(page.text).toContain('There is no such page')
  })

  it('nor can be read is told with 404, too', async () => {
    expect((await app.browser().get('/%E0%A4%A')).status).toBe(404)
  })

  it('of a file that is not for browsers is told with 404, too', async () => {
    const folder = join(exampleApp, 'public')
    const files = (await readdir(folder)).filter((name) => !/\.(css|js|svg)$/.test(name))
    for (const name of ['tsconfig.json', ...files]) expect([name, (await app.browser().get(`/${name}`)).status]).toEqual([name, 404])
  })
})

describe('a password', () => {
  const wrong = 'Incorrect username or password.'

  it.each([
    ['wrong', { username: 'anna', password: 'wrong' }],
    ['of nobody', { username: 'nobody', password: 'wrong' }],
    ['of a name that no database takes', { username: 'an\0na', password: 'wrong' }],
  ])('%s › lands on the login page with one and the same reason, and asks no user', async (_, fields) => {
    const browser = app.browser()
    const before = await app.phone('anna').requests()
    expect((await submit(browser, '/login', '/login', fields)).location).toBe('/login')
    const { text } = await browser.get('/login')
    expect(text).toContain(`<p class="error" id="sign-in-error">${wrong}</p>`)
    expect(text.split('aria-describedby="sign-in-error" aria-invalid="true"')).toHaveLength(3)
    expect(await app.phone('anna').requests()).toBe(before)
  })

  it('given twice › is wrong', async () => {
    const browser = app.browser()
    const token = /name="_csrf" value="(\w+)"/.exec((await browser.get('/login')).text)?.[1] as string
    const twice: [string, string][] = [['_csrf', token], ['username', 'anna'], ['username', 'ben'], ['password', 'a'], ['password', 'b']]
    expect((await browser.post('/login', twice)).location).toBe('/login')
    expect((await browser.get('/login')).text).toContain(wrong)
    expect((await browser.get('/account')).location).toBe('/login')
  })

  it('tried too often › is not looked at any more', async () => {
    const browser = app.browser()
    let last = 0
    for (let tries = 0; tries < 13 && last !== 429; tries++) {
      last = (await submit(browser, '/login', '/login', { username: 'anna', password: 'wrong' })).status
    }
    expect(last).toBe(429)
    const { username, password } = app.account('anna')
    expect((await submit(browser, '/login', '/login', { username, password })).status).toBe(429)
    expect(app.stderr()).toBe('')
  })
})
