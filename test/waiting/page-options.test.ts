/** The options with which an app adapts the pages: name, logo, links, languages, details. */
import type { Express as App } from 'express'
import { failures, failureText, NevisError, outagePage, recordSecondFactor, waitingPage, widget, type PageOptions, type WaitingPageOptions } from '../../src'
import { lab } from '../security/support/lab'
import { callbackOf, handleIn, signIn, waitingOf, type AppOptions } from '../support/app'
import type { Browser } from '../support/browser'

const world = lab()
const PAGE = { accept: 'text/html' }
const JSON_ONLY = { accept: 'application/json' }
const brand = { name: 'Alpine & Mutual', logo: '/logo.svg', logoDark: 'data:image/svg+xml,dark', href: '/home' }

const open = async (page: WaitingPageOptions, options: Omit<AppOptions, 'simulator'> = {}, factor = 'push', username = 'anna') => {
  const app = await world.start({
    page,
    routes: (express: App, { nevis, passport }) => {
      express.get('/outage', (_req, _res, next) => next(new NevisError('NEVIS_TIMEOUT', 'ping')), outagePage(nevis, shared(page)))
      express.all('/done', passport.authenticate('nevis', { repeatedCallbackRedirect: '/account', keepSessionInfo: true }), recordSecondFactor(), (_req, res) => void res.redirect('/welcome'))
    },
    ...options,
  })
  const browser = app.browser()
  const handle = await signIn(browser, username, { factor })
  const get = async (path = waitingOf(handle), headers: Record<string, string> = {}) => browser.get(path, { ...PAGE, ...headers })
  return { app, browser, handle, get }
}

/** The options that the outage page has, too. */
function shared({ csrfToken: _a, details: _b, messageLanguage: _c, accountName: _d, maskedPhone: _e, widgetScript: _f, ...rest }: WaitingPageOptions): PageOptions {
  return rest
}

describe('the brand', () => {
  it('is the title\'s end, the logo above the card and the icon of the tab, on every page', async () => {
    const { get, browser, handle } = await open({ brand })
    for (const [path, title] of [[waitingOf(handle), 'Check your phone'], [waitingOf('x'), 'Invalid link'], ['/outage', 'Not available just now']]) {
      const { text } = await get(path)
      expect(text).toContain(`<title>${title} – Alpine &#38; Mutual</title>`)
      expect(text).toContain('<link rel="icon" href="/logo.svg">')
      expect(text).toContain('<header class="nevis-brand"><a href="/home"><picture><source srcset="data:image/svg+xml,dark" media="(prefers-color-scheme: dark)"><img src="/logo.svg" alt="Alpine &#38; Mutual"></picture></a></header>')
    }
    await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
    expect((await get()).text).toContain('<title>Request cancelled – Alpine &#38; Mutual</title>')
  })

  it('is its name where there is no logo, and has an icon of its own where one is given', async () => {
    expect((await (await open({ brand: { name: 'Alpine' } })).get()).text).toContain('<a href="/"><bdi>Alpine</bdi></a>')
    expect((await (await open({ brand: { ...brand, icon: '/icon.png' } })).get()).text).toContain('<link rel="icon" href="/icon.png">')
  })

  it('needs no exception in the policy', async () => {
    const { get } = await open({ brand })
    expect((await get()).headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
  })
})

describe('the links', () => {
  const links = { signInURL: '/sign-in', helpURL: 'tel:+41800000000', footerLinks: [{ text: { de: 'Impressum', en: 'Legal notice' }, href: 'https://alpine.example/legal' }] }

  it.each(['push', 'sms', 'recovery'])('are on every state of %s, and on the pages without one', async (factor) => {
    const { get, browser, handle } = await open(links, {}, factor)
    const expectLinks = async (path?: string) => {
      const { text } = await get(path)
      for (const link of ['<a href="/sign-in">Go to sign-in</a>', '<a href="tel:+41800000000">Help</a>', '<a href="https://alpine.example/legal" target="_blank" rel="noopener">Legal notice <span aria-hidden="true">\u2197\ufe0e</span><span class="nevis-unseen"> (opens in a new tab)</span></a>']) expect(text).toContain(link)
    }
    for (const path of [waitingOf(handle), waitingOf('x'), '/outage']) await expectLinks(path)
    await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
    await expectLinks()
    expect((await get()).text).toContain('<p><a class="nevis-button" href="/sign-in">Go to sign-in</a></p>')
  })

  it('have the text of the page\'s language', async () => {
    expect((await (await open(links)).get(undefined, { 'accept-language': 'de-CH' })).text).toMatch(/>Impressum <.*\(öffnet sich in einem neuen Tab\)</)
  })

  it('name the page to change the password to users who did not start it', async () => {
    const { get, handle } = await open({ changePasswordURL: '/password' })
    expect((await get()).text).not.toContain('/password')
    await world.simulator.phone('anna').deny()
    const { text } = await get(waitingOf(handle))
    expect(text).toContain('<a href="/password">Change your password</a>')
    expect(text.indexOf('Change your password')).toBeGreaterThan(text.indexOf('<button class="nevis-button">'))
  })

  describe('name the page to change the password', () => {
    const LINK = '<a href="/password">Change your password</a>'
    const ONE_START = { startBudget: { starts: 1, perSeconds: 300 } }
    const again = (browser: Browser, handle: string) => browser.post('/login/2fa', { transaction: handle, factor: 'sms', retry: '1' })

    it('after too many wrong codes', async () => {
      const { get, browser, handle } = await open({ changePasswordURL: '/password' }, {}, 'recovery')
      expect((await get()).text).not.toContain(LINK)
      for (let i = 0; i < 5; i++) await browser.post(callbackOf(handle), { transaction: handle, code: 'x', retry: '1' })
      expect((await get()).text).toContain(LINK)
    })

    it('after too many requests, while the earlier request is pending', async () => {
      const { get, browser, handle } = await open({ changePasswordURL: '/password' }, { strategy: ONE_START }, 'push')
      expect((await get()).text).not.toContain(LINK)
      const { location } = await again(browser, handle)
      const { text } = await get(location)
      expect(text).toContain('Too many requests. Try again in a few minutes. If you did not send them, change your password.')
      expect(text).toContain(LINK)
    })

    it('after too many requests, when the earlier request has expired', async () => {
      const { get, browser, handle } = await open({ changePasswordURL: '/password' }, { strategy: ONE_START }, 'push')
      world.later(130)
      expect((await get()).text).not.toContain(LINK)
      const { location } = await again(browser, handle)
      const { text } = await get(location)
      expect(text).toContain('Request expired')
      expect(text).toContain('If you did not send them, change your password.')
      expect(text).toContain(LINK)
    })
  })

  it('are none where none are given', async () => {
    expect((await (await open({})).get()).text).not.toContain('<footer')
  })
})

describe('the language', () => {
  it('is what the app says, else what the browser asks for', async () => {
    const asked: unknown[] = []
    const { get } = await open({
      language: (req) => {
        asked.push(req.headers['x-user'])
        return req.headers['x-user'] as string | undefined
      },
    })
    const tagOf = async (user: string | undefined, accept: string) => (await get(undefined, { 'accept-language': accept, ...(user && { 'x-user': user }) })).headers.get('content-language')
    expect(await tagOf('fr-CH', 'de')).toBe('fr')
    expect(await tagOf('xx', 'it')).toBe('it')
    expect(await tagOf(undefined, 'de')).toBe('de')
    expect(asked.slice(-3)).toEqual(['fr-CH', 'xx', undefined])
  })

  it('can be chosen on the page, where the app offers several, and lasts while the user sends again, types a wrong code or cancels', async () => {
    const { browser, handle, get } = await open({ languages: ['de', 'fr', 'en'] }, {}, 'sms')
    const before = (await get()).text
    expect(before).toContain('<nav aria-label="Language">')
    expect(before).toContain('<li aria-current="true"><span lang="en">English</span></li>')
    const href = /<a href="([^"]*)" hreflang="fr"><span lang="fr">Français<\/span><\/a>/.exec(before)?.[1]?.replaceAll('&#38;', '&') as string
    expect(href).toBe(`/login/2fa?transaction=${handle}&language=fr`)
    const page = await get(href)
    expect(page.headers.get('content-language')).toBe('fr')
    expect(page.text).toContain('action="/login/2fa/callback?language=fr"')
    const wrong = await browser.post('/login/2fa/callback?language=fr', { transaction: handle, code: 'x', retry: '1' })
    expect(wrong.location).toMatch(/^\/login\/2fa\?transaction=[\w-]+&language=fr$/)
    const again = await browser.post('/login/2fa?language=fr', { transaction: handle, factor: 'recovery' })
    const { text } = await get(again.location ?? "")
    expect(text).toContain('<html lang="fr"')
    expect(text).toMatch(/<a href="\/login\/2fa\?transaction=[\w-]+&#38;language=de" hreflang="de">/)
  })

  it('can be chosen on the page of an unknown link, of a used one, and of an outage from which a transaction can be tried again', async () => {
    const { browser, handle, get } = await open({ languages: ['de', 'en'] })
    const linkOn = async (path: string) => /<a href="([^"]*)" hreflang="de">/.exec((await get(path)).text)?.[1]?.replaceAll('&#38;', '&')
    expect(await linkOn(waitingOf('%22%3E%3Cy%3E'))).toBe('/login/2fa?transaction=%22%3E%3Cy%3E&language=de')
    expect([await linkOn(`/outage?transaction=${handle}`), await linkOn('/outage')]).toEqual([`/login/2fa?transaction=${handle}&language=de`, undefined])
    await world.simulator.phone('anna').approve()
    await browser.get(callbackOf(handle))
    const used = await get()
    expect([used.text.includes('<h1>Nothing to confirm here</h1>'), await linkOn(waitingOf(handle))]).toEqual([true, `/login/2fa?transaction=${handle}&language=de`])
    expect((await get(`${waitingOf(handle)}&language=de`)).text).toContain('<html lang="de"')
  })

  it('cannot be another than those, nor anything else, by the address', async () => {
    const { browser, handle, get } = await open({ languages: ['de'] }, {}, 'sms')
    expect((await get(`${waitingOf(handle)}&language=it`)).headers.get('content-language')).toBe('en')
    for (const tag of ['%22onload', 'a%26transaction=b', 'x'.repeat(100), '']) {
      const { location } = await browser.post(`/login/2fa/callback?language=${tag}`, { transaction: handle, code: 'x', retry: '1' })
      expect(location).toMatch(/^\/login\/2fa\?transaction=[\w-]+$/)
    }
  })

  it('is that of the failure in the data, too', async () => {
    const { browser } = await open({ language: () => 'de' })
    expect((await browser.get(waitingOf('x'), JSON_ONLY)).json()).toEqual({ code: 'unknown_transaction', message: failureText('unknown_transaction', 'de') })
  })

  it('of the message is told where it is another', async () => {
    const { get } = await open({ messageLanguage: (data) => (data as { language: string }).language }, { strategy: { message: 'Zahlen?', data: { language: 'de' } } })
    expect((await get()).text).toContain('<blockquote lang="de">Zahlen?</blockquote>')
    expect((await get(undefined, { 'accept-language': 'de' })).text).toContain('<blockquote>Zahlen?</blockquote>')
  })
})

describe('failureText', () => {
  it('gives the sentence for a code, and for the English sentence that Passport keeps', () => {
    expect(failureText('wrong_code', 'de-CH')).toBe('Der Code stimmt nicht.')
    expect(failureText(failures.wrong_code.message, 'fr, en;q=0.5')).toBe('Code incorrect.')
    expect(failureText('codes_locked', 'de')).toContain('Verwenden Sie die Access App')
    expect(failureText('wrong_code')).toBe(failures.wrong_code.message)
    expect(failureText('codes_locked')).toBe(failures.codes_locked.message)
  })

  it('leaves every other text as it is', () => {
    for (const text of ['Incorrect username or password.', '', 'constructor']) expect(failureText(text, 'de')).toBe(text)
  })

  it('can tell the failures apart by their sentences', () => {
    const sentences = Object.values(failures).map(({ message }) => message)
    expect(new Set(sentences).size).toBe(sentences.length)
  })
})

describe('what is confirmed', () => {
  const options = { details: (data: unknown, language: string) => [{ label: language === 'de' ? 'Betrag' : 'Amount', value: `CHF ${(data as { amount: string }).amount}` }, { label: 'To', value: '<b>Garage</b>' }] }
  const strategy = { message: 'Pay?', data: { amount: '120.00' } }

  it('is a list under its heading, escaped, beside the message', async () => {
    const { get, browser, handle } = await open(options, { strategy })
    const { text } = await get()
    expect(text).toContain('<figcaption>You are confirming</figcaption><dl><div><dt>Amount</dt><dd><bdi>CHF 120.00</bdi></dd></div><div><dt>To</dt><dd><bdi>&#60;b&#62;Garage&#60;/b&#62;</bdi></dd></div></dl>')
    expect(text).toContain('<figcaption>Your phone will show</figcaption><blockquote>Pay?</blockquote>')
    expect((await browser.get(waitingOf(handle), JSON_ONLY)).json()).toMatchObject({ details: [{ label: 'Amount', value: 'CHF 120.00' }, { label: 'To', value: '<b>Garage</b>' }] })
  })

  it('is still shown after a denial, as not confirmed, and the app learns that it has failed', async () => {
    const given: unknown[] = []
    const { get, browser, handle } = await open({ ...options, details: (data, language, hasFailed) => (given.push(hasFailed), options.details(data, language)) }, { strategy })
    await get()
    await world.simulator.phone('anna').deny()
    await browser.get(`/login/2fa/callback?transaction=${encodeURIComponent(handle)}`)
    const { text } = await get()
    expect(text).toContain('<h1>Request not approved</h1>')
    expect(text).toContain('<figcaption>Not confirmed</figcaption><dl><div><dt>Amount</dt><dd><bdi>CHF 120.00</bdi></dd></div>')
    expect(text).not.toContain('You are confirming')
    expect(given).toEqual([false, true])
  })

  it('is not shown as not confirmed on the page of a request that the user has replaced, because the user may have confirmed the newer one', async () => {
    const { get, browser, handle } = await open(options, { strategy })
    const { location } = await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })
    await browser.post('/login/2fa', { transaction: handleIn(location), cancel: '1' })
    const { text } = await get()
    expect(text).toContain('<h1>Request cancelled</h1>')
    expect(text).not.toContain('Not confirmed')
    expect(text).not.toContain('CHF 120.00')
  })

  it('is shown as text, whatever the values are, and a list that is none is a TypeError', async () => {
    const value = (one: unknown) => ({ details: () => [{ label: null, value: one }] }) as unknown as WaitingPageOptions
    for (const [given, shown] of [[null, 'null'], [7, '7'], [undefined, 'undefined'], [['<b>'], '&#60;b&#62;'], [{ text: 'x' }, '[object Object]']] as const) {
      const { status, text } = await (await open(value(given), { strategy })).get()
      expect([status, text]).toEqual([200, expect.stringContaining(`<dt>null</dt><dd><bdi>${shown}</bdi></dd>`)])
    }
    for (const list of ['x', [null], { label: 'a', value: 'b' }]) {
      const { get } = await open({ details: () => list } as unknown as WaitingPageOptions, { strategy })
      expect((await get()).json()).toEqual({ action: 'error', name: 'TypeError', message: 'waitingPage: details must return a list of objects with label and value' })
    }
  })

  it('is in the language of the page, and headed once for a code', async () => {
    const { text } = await (await open(options, { strategy }, 'sms')).get(undefined, { 'accept-language': 'de' })
    expect(text).toContain('<dt>Betrag</dt>')
    expect(text.match(/<figcaption>/g)).toHaveLength(1)
  })
})

describe('the app on the phone', () => {
  it('has the app\'s own name in every text, and links to the stores where it is set up', async () => {
    const options = { appName: 'Alpine Access', storeLinks: { ios: 'https://apps.apple.com/app/id1', android: 'https://play.google.com/store/apps/details?id=x' } }
    const { get } = await open(options, { strategy: { operation: 'enroll' } }, 'app', 'newcomer')
    for (const tag of ['en', 'de', 'fr', 'it']) {
      const { text } = await get(undefined, { 'accept-language': tag })
      expect(text).not.toContain('Access App')
      expect(text).not.toMatch(/\{(app|theApp)\}/)
      expect(text).toMatch(/<ol class="nevis-steps">\s*<li>[^<]*Alpine Access[^<]*<p class="nevis-stores"><a href="https:\/\/apps.apple.com\/app\/id1"/)
    }
  })
})

describe('formAction', () => {
  const actionOf = async (options: WaitingPageOptions, strategy: AppOptions['strategy'] = {}, factor?: string) =>
    /form-action ([^;]*)/.exec((await (await open(options, { strategy }, factor)).get()).headers.get('content-security-policy') ?? '')?.[1]

  it('names the origins to which the forms may lead', async () => {
    expect(await actionOf({ formAction: 'https://id.example' })).toBe("'self' https://id.example")
    expect(await actionOf({ formAction: ['https://id.example:8443', 'https:'] })).toBe("'self' https://id.example:8443 https:")
    expect(await actionOf({})).toBe("'self'")
  })

  it.each(['callbackURL', 'waitingURL'])('has the origin of an absolute %s by itself', async (option) => {
    expect(await actionOf({}, { [option]: 'https://app.example/2fa?x=1' })).toBe("'self' https://app.example")
  })

  it('is the same beside the exceptions that the widget needs', async () => {
    expect(await actionOf({ formAction: 'https://id.example' }, { factors: [widget()] }, 'widget')).toBe("'self' https://id.example")
  })
})

describe('a callback that comes again', () => {
  it('goes where the route says, after a first one that ran the whole route', async () => {
    const { browser, handle } = await open({})
    await world.simulator.phone('anna').approve()
    const path = callbackOf(handle).replace('/login/2fa/callback', '/done')
    expect((await browser.get(path)).location).toBe('/welcome')
    expect((await browser.get(path)).location).toBe('/account')
    expect((await browser.post('/done', { transaction: handle })).location).toBe('/account')
  })

  it('leads on from the waiting page, too', async () => {
    const { browser, handle, get } = await open({ brand })
    await world.simulator.phone('anna').approve()
    await browser.get(callbackOf(handle))
    const { text } = await get()
    expect(text).toContain('<h1>Nothing to confirm here</h1>')
    expect(text).toContain('<a class="nevis-button" href="/home">Continue</a>')
    expect(text).not.toContain('role="alert"')
  })

  it.each([
    ['en', 'Already confirmed', 'You have confirmed this request.'],
    ['de', 'Bereits bestätigt', 'Sie haben diese Anfrage bestätigt.'],
    ['fr', 'Demande déjà confirmée', 'Vous avez confirmé cette demande.'],
    ['it', 'Richiesta già confermata', 'Ha confermato questa richiesta.'],
  ])('is told apart on the waiting page, where the app records the second factor: the page says that it is done, and leads on (%s)', async (tag, heading, sentence) => {
    const { app, browser, handle, get } = await open({ brand })
    const other = await signIn(app.browser(), 'anna', { factor: 'sms' })
    await world.simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle).replace('/login/2fa/callback', '/done'))).location).toBe('/welcome')
    const page = await get(undefined, { 'accept-language': tag })
    expect([page.status, page.text.includes(`<h1>${heading}</h1>`), page.text.includes(`<p>${sentence} `)]).toEqual([200, true, true])
    expect(page.text).toContain('<a class="nevis-button" href="/home">')
    expect((await get(waitingOf(other), { 'accept-language': tag })).status).toBe(403)
    expect((await browser.get(waitingOf(handle), JSON_ONLY)).status).toBe(403)
  })

  it('of a user who is not signed in leads nowhere', async () => {
    const { app, handle } = await open({})
    const stranger: Browser = app.browser()
    expect((await stranger.get(callbackOf(handle).replace('/login/2fa/callback', '/done'))).status).toBe(403)
  })
})

describe('a wrong option', () => {
  it.each([
    [{ brand: { logo: '/x' } }, 'brand.name must be a non-empty string'],
    [{ brand: { name: 'x', color: 'red' } }, 'brand: unknown option "color"'],
    [{ storeLinks: { iphone: '/app' } }, 'storeLinks: unknown option "iphone"'],
    [{ brand: { name: 'x', logo: 'https://cdn.example/logo.svg' } }, 'brand.logo must be a path of your own site such as "/logo.svg", or a data:image/ URL'],
    [{ brand: { name: 'x', logoDark: '//cdn.example/x' } }, 'brand.logoDark must be a path of your own site such as "/logo.svg", or a data:image/ URL'],
    [{ brand: { name: 'x', icon: 'data:text/html,x' } }, 'brand.icon must be a path of your own site such as "/logo.svg", or a data:image/ URL'],
    [{ helpURL: 'javascript:alert(1)' }, 'helpURL must be an absolute path such as "/login/2fa", or a URL'],
    [{ signInURL: '//evil.example' }, 'signInURL must be an absolute path such as "/login/2fa", or a URL'],
    [{ footerLinks: [{ text: 'x', href: 'data:text/html,x' }] }, 'footerLinks must be an absolute path such as "/login/2fa", or a URL'],
    [{ languages: ['de', 'rm'] }, 'languages has no texts for "rm"'],
    [{ language: 'de' }, 'language must be of type function'],
    [{ formAction: "'unsafe-inline'" }, 'formAction must be an origin such as "https://id.example", or a list of origins'],
    [{ formAction: 'https://a.example; script-src *' }, 'formAction must be an origin such as "https://id.example", or a list of origins'],
    [{ imprint: '/x' }, 'unknown option "imprint"'],
  ])('is refused by name, by both pages: %j', async (options, message) => {
    const { nevis } = await world.start()
    expect(() => waitingPage(nevis, options as never)).toThrow(new TypeError(`waitingPage: ${message}`))
    expect(() => outagePage(nevis, options as never)).toThrow(new TypeError(`outagePage: ${message}`))
  })
})
