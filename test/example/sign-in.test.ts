/** Signing in to the example app with every factor. */
import {
  callbackOf, choose, enterPassword, signIn, startExample, statusOf, submit, typeCode, type Running,
} from './support'

let app: Running
beforeAll(async () => {
  app = await startExample()
})
afterAll(() => app.stop())

const factorOn = (page: string): string | undefined => /data-factor="(\w+)"/.exec(page)?.[1]

describe('the first page', () => {
  it('shows the phones and the demo accounts, and sets no cookie', async () => {
    const page = await app.browser().get('/')
    expect(page.status).toBe(200)
    expect(page.headers.get('set-cookie')).toBeNull()
    expect(page.text).toContain(`href="${app.phonesOrigin}/"`)
    for (const username of ['anna', 'ben', 'clara']) expect(page.text).toContain(app.account(username).password)
  })

  it('has its headings in order: the accounts stand below “Accounts”', async () => {
    const { text } = await app.browser().get('/')
    expect([...text.matchAll(/<(h\d)[^>]*>([^]*?)<\/h\d>/g)].map(([, level, words]) => `${level as string} ${(words as string).replace(/<[^>]+>/g, '')}`)).toEqual([
      'h1 Your bank, behind two locks', 'h2 Demo Try it without a phone', 'h3 A tour', 'h3 Accounts', 'h4 anna', 'h4 ben', 'h4 clara',
    ])
  })

  it('is in the language of the browser, or in the one that was chosen', async () => {
    const languageFor = async (header: string, browser = app.browser()) => /<html lang="(\w+)">/.exec((await browser.get('/', { 'accept-language': header })).text)?.[1]
    expect([await languageFor('de-CH, en;q=0.5'), await languageFor('fr, de;q=0.5'), await languageFor('fr'), await languageFor('*')]).toEqual(['de', 'de', 'en', 'en'])
    const browser = app.browser()
    expect((await browser.get('/language/de')).location).toBe('/')
    expect(await languageFor('en', browser)).toBe('de')
    await browser.get('/language/xx')
    expect(await languageFor('de', browser)).toBe('en')
  })

  it('in another language › is the page on which the user has pressed the link, and never another site', async () => {
    const browser = app.browser()
    const link = /<a href="(\/language\/de[^"]*)"/.exec((await browser.get('/help?a=1')).text)?.[1] as string
    expect((await browser.get(link)).location).toBe('/help?a=1')
    expect((await browser.get(`/language/de?from=${encodeURIComponent('/transfer?recipient=St.%20Gallen')}`)).location).toBe('/transfer?recipient=St.%20Gallen')
    const others = ['//evil.example', '/\\evil.example', 'https://evil.example', '/%2fevil.example', '/help\\@evil.example', '']
    for (const from of others) expect([from, (await browser.get(`/language/de?from=${encodeURIComponent(from)}`)).location]).toEqual([from, '/'])
  })
})

describe('a redirect that depends on who is signed in', () => {
  it('to the sign-in page and away from it › is stored by no browser, which would repeat it after “Back”', async () => {
    const [stranger, user] = [app.browser(), await signIn(app, 'ben')]
    const answers = [await stranger.get('/account'), await stranger.get('/account/devices'), await user.get('/login'), await user.get('/sign-up'), await user.get('/language/de')]
    expect(answers.map(({ location, headers }) => [location, headers.get('cache-control')])).toEqual(['/login', '/login', '/account', '/account', '/'].map((to) => [to, 'no-store']))
  })
})

describe('a form sent after signing out in another tab', () => {
  it('is refused, with a link to the sign-in page', async () => {
    const browser = await signIn(app, 'ben')
    const { text } = await browser.get('/account')
    await submit(browser, '/account', '/logout')
    const answer = await browser.post('/transfer', { _csrf: /name="_csrf" value="([^"]*)"/.exec(text)?.[1] as string, recipient: 'Anna', amount: '5' })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('<a class="button" href="/login">Go to the sign-in page</a>')
    const signedIn = await signIn(app, 'ben')
    expect((await signedIn.post('/transfer', {})).text).toContain('<a class="button" href="/">Go to the home page</a>')
  })
})

describe('signing out', () => {
  it('by GET › signs no user out', async () => {
    const browser = await signIn(app, 'ben')
    expect((await browser.get('/logout')).location).toBe('/account')
    expect((await browser.get('/account')).status).toBe(200)
  })
})

describe('signing in', () => {
  it('by push › leads to the account, which shows the factor and the time', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'))
    expect((await browser.get(statusOf(waiting))).json()).toMatchObject({ status: 'pending', prompt: 'wait' })
    const before = Date.now()
    await app.phone('anna').approve()
    expect((await browser.get(statusOf(waiting))).json()).toMatchObject({ status: 'succeeded' })
    expect((await browser.get(callbackOf(waiting))).location).toBe('/account')

    const account = await browser.get('/account')
    expect(account.status).toBe(200)
    expect(account.text).toContain('Hello anna')
    expect(factorOn(account.text)).toBe('push')
    const at = Date.parse(/<time datetime="([^"]+)"/.exec(account.text)?.[1] as string)
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Date.now())
  })

  it('by push that is denied › lands on the login page with the reason, shown once', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'))
    await app.phone('ben').deny()
    expect((await browser.get(statusOf(waiting))).json()).toMatchObject({ status: 'failed' })
    expect((await browser.get(callbackOf(waiting))).location).toBe('/login')
    const form = (await browser.get('/login')).text
    expect(form).toContain('You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
    expect(form).toContain('name="username" value="ben"')
    expect((await browser.get('/login')).text).not.toContain('You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.')
    expect((await browser.get('/account')).location).toBe('/login')
  })

  it('by a QR code or link › leads to the account', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'), 'app')
    const page = await browser.get(waiting, { accept: 'text/html' })
    expect(page.text).toContain('src="data:image/png;base64,')
    const { appLinkUri } = (await browser.get(waiting, { accept: 'application/json' })).json()
    await app.phone('ben').scan(appLinkUri)
    await app.phone('ben').approve()
    expect((await browser.get(callbackOf(waiting))).location).toBe('/account')
    expect(factorOn((await browser.get('/account')).text)).toBe('app')
  })

  it('by SMS › takes the right code after a wrong one', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('clara'), 'sms')
    const code = /\d{4,}/.exec(await app.phone('clara').sms())?.[0] as string
    const wrong = await typeCode(browser, waiting, code === '00000' ? '11111' : '00000')
    expect(wrong.status).toBe(303)
    expect((await browser.get(wrong.location as string, { accept: 'text/html' })).text).toContain('Attempts left: 4')
    expect((await typeCode(browser, wrong.location as string, code)).location).toBe('/account')
    expect(factorOn((await browser.get('/account')).text)).toBe('sms')
  })

  it('by a recovery code › takes each code once', async () => {
    const clara = app.account('clara')
    const [code] = clara.recoveryCodes as [string]
    const browser = app.browser()
    expect((await typeCode(browser, await enterPassword(browser, clara, 'recovery'), code)).location).toBe('/account')
    expect(factorOn((await browser.get('/account')).text)).toBe('recovery')

    const again = app.browser()
    const second = await typeCode(again, await enterPassword(again, clara, 'recovery'), code)
    expect(second.location).toMatch(/^\/login\/2fa\?transaction=/)
    expect((await again.get('/account')).location).toBe('/login')
  })

  it('by another factor than at first › closes the first', async () => {
    const browser = app.browser()
    const first = await enterPassword(browser, app.account('anna'))
    const switched = await choose(browser, first, { factor: 'sms' })
    expect(switched.status).toBe(303)
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(first))).location).toBe('/login')
    const code = /\d{4,}/.exec(await app.phone('anna').sms())?.[0] as string
    expect((await typeCode(browser, switched.location as string, code)).location).toBe('/account')
    expect(factorOn((await browser.get('/account')).text)).toBe('sms')
  })

  it('cancelled › lands on the login page, and an approval afterwards lets no user in', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('anna'))
    expect((await choose(browser, waiting, { cancel: '1' })).location).toBe('/login')
    const form = (await browser.get('/login')).text
    expect(form).toContain('<p class="message notice" role="status">The request was cancelled. If your phone still shows the request, deny it there.</p>')
    expect(form).toContain('name="username" value="anna"')
    await app.phone('anna').approve()
    expect((await browser.get(callbackOf(waiting))).location).toBe('/login')
    expect((await browser.get('/account')).location).toBe('/login')
  })

  it('by a factor that is not set up › says so on the login page', async () => {
    const browser = app.browser()
    const { username, password } = app.account('ben')
    expect((await submit(browser, '/login', '/login', { username, password, factor: 'sms' })).location).toBe('/login')
    expect((await browser.get('/login')).text).toContain('This way to confirm is not available here. Sign in again, or contact support.')
  })

  it('that was approved after the session had ended › says on the login page that the request has ended', async () => {
    const browser = app.browser()
    const waiting = await enterPassword(browser, app.account('ben'))
    browser.cookies.delete('sid')
    await app.phone('ben').approve()
    const { location } = await browser.get(callbackOf(waiting))
    expect(location).toBe('/login?ended')
    expect((await browser.get(location as string)).text).toContain('<p class="message notice" role="status">The request has ended. Nothing was confirmed.</p>')
  })

  it('by a factor that is not offered › says so on the login page', async () => {
    const browser = app.browser()
    const { username, password } = app.account('ben')
    expect((await submit(browser, '/login', '/login', { username, password, factor: 'nonsense' })).location).toBe('/login')
    expect((await browser.get('/login')).text).toContain('This way to confirm is not available here. Sign in again, or contact support.')
    expect(app.stderr()).toBe('')
  })
})
