/**
 * Cross-site request forgery.
 *
 * A page of another site makes the user's browser send a form to this app, and the browser adds the user's cookie. In this way the page could send
 * pushes to the user, cancel a sign-in, sign the user in as the attacker (with the attacker's password in the form), or submit a code. Perhaps
 * the app checks no CSRF token, or its login form has none.
 *
 * An honest user must never be locked out: behind a proxy that changes `Host`, with a browser that is five years old, with a program instead of a
 * browser, or in an app on two origins.
 */
import { NevisStrategy, type NevisStrategyOptions } from '../../src'
import { callbackOf, PASSWORD, signIn, strategyOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const EVIL = 'https://evil.example'
const crossSite = { 'sec-fetch-site': 'cross-site', origin: EVIL }

let app: TestApp
let browser: Browser

async function start(strategy: Partial<NevisStrategyOptions> = {}): Promise<void> {
  app = await world.start({ strategy })
  browser = app.browser()
}

const password = (headers: Record<string, string>) => browser.post('/login', { username: 'anna', password: PASSWORD }, headers)
const startWith = async (headers: Record<string, string>) => outcomeOf(await password(headers))

describe('a POST that a page of another site sends', () => {
  beforeEach(() => start())

  // Shows: T-csrf-1
  it.each([
    ['which says so', { 'sec-fetch-site': 'cross-site' }],
    ['which says so, with its origin', crossSite],
    ['which says so, with our origin', { 'sec-fetch-site': 'cross-site', origin: 'OURS' }],
    ['by its origin alone', { origin: EVIL }],
    ['by an origin like ours', { origin: 'OURS.evil.example' }],
    ['by our host with another port', { origin: 'http://127.0.0.1:1' }],
    ['by an origin without a host', { origin: 'null' }],
    ['by an origin that is no URL', { origin: '127.0.0.1' }],
    ['by an origin of another kind', { origin: 'chrome-extension://abcdef' }],
  ])('starts nothing: %s', async (_name, headers: Record<string, string>) => {
    const sent = { ...headers, ...(headers['origin'] && { origin: headers['origin'].replace('OURS', app.origin) }) }
    const page = await password(sent)
    expect([page.status, page.json()]).toEqual([403, expect.objectContaining({ action: 'fail', code: 'cross_site_post' })])
    expect(world.operations()).toEqual([])
    expect(world.events.of('failed')).toMatchObject([{ code: 'cross_site_post' }])
  })

  // Shows: T-csrf-1
  it('neither switches, cancels nor finishes: the sign-in goes on', async () => {
    const handle = await signIn(browser, 'anna')
    const forged = (path: string, fields: Record<string, string>) => browser.post(path, { transaction: handle, ...fields }, crossSite)
    for (const fields of [{ factor: 'sms' }, { cancel: '1' }]) expect(outcomeOf(await forged('/login/2fa', fields as Record<string, string>))).toBe('cross_site_post')
    for (const fields of [{}, { code: '123456' }, { token: 'x' }]) expect(outcomeOf(await forged('/login/2fa/callback', fields as Record<string, string>))).toBe('cross_site_post')
    expect(world.operations()).toEqual(['approve'])
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await forged('/login/2fa/callback', {}))).toBe('cross_site_post')
    expect(app.verified).toEqual([])
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })

  it('costs the user neither a start nor an attempt', async () => {
    for (let i = 0; i < 20; i++) expect(await startWith(crossSite)).toBe('cross_site_post')
    expect(await startWith({})).toBe('303 /login/2fa')
  })
})

describe('an honest POST', () => {
  it.each([
    ['of a browser of today', { 'sec-fetch-site': 'same-origin', origin: 'OURS' }],
    ['of a page of the same site on another host', { 'sec-fetch-site': 'same-site', origin: 'https://www.bank.example' }],
    ['that the user has sent again by a reload', { 'sec-fetch-site': 'none' }],
    ['of a page without a referrer', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['behind a proxy that has changed the host', { 'sec-fetch-site': 'same-origin', origin: 'https://bank.example' }],
    ['of a browser of five years ago', { origin: 'OURS' }],
    ['of such a browser, with TLS ended by a proxy', { origin: 'https' }],
    ['of such a browser, behind a proxy that says which host it was asked for', { origin: 'https://bank.example', 'x-forwarded-host': 'bank.example' }],
    ['of such a browser, behind two proxies', { origin: 'https://bank.example', 'x-forwarded-host': 'bank.example, inner:8080' }],
    ['of such a browser, behind a proxy of RFC 7239', { origin: 'https://bank.example', forwarded: 'for=192.0.2.1;proto=https;host="bank.example"' }],
    ['of such a browser, with the port of the scheme', { origin: 'https://bank.example', 'x-forwarded-host': 'bank.example:443' }],
    ['of a program', {}],
  ])('starts: %s', async (_name, headers: Record<string, string>) => {
    await start()
    const origin = headers['origin']?.replace('OURS', app.origin).replace(/^https$/, app.origin.replace('http', 'https'))
    expect(await startWith({ ...headers, ...(origin && { origin }) })).toBe('303 /login/2fa')
  })

  it.each([
    ['waitingURL', { waitingURL: 'https://app.bank.example/login/2fa', callbackURL: '/login/2fa/callback', statusURL: '/login/2fa/status' }],
    ['callbackURL', { callbackURL: 'https://app.bank.example/login/2fa/callback' }],
  ])('starts from the other origin of the app that %s names, and from no third one', async (_name, strategy) => {
    await start(strategy)
    expect((await password({ 'sec-fetch-site': 'cross-site', origin: 'https://app.bank.example' })).status).toBe(303)
    expect(await startWith(crossSite)).toBe('cross_site_post')
  })

  it('starts from a site that the app allows, however the browser says it, and from no other', async () => {
    await start({ allowPostsFromOtherSites: ['https://idp.example', 'capacitor://localhost'] })
    for (const origin of ['https://idp.example', 'capacitor://localhost']) {
      expect(await startWith({ 'sec-fetch-site': 'cross-site', origin })).toBe('303 /login/2fa')
      expect(await startWith({ origin })).toBe('303 /login/2fa')
    }
    for (const origin of [EVIL, 'null', 'https://idp.example.evil.example', 'http://idp.example', 'https://idp.example:8443']) expect(await startWith({ 'sec-fetch-site': 'cross-site', origin })).toBe('cross_site_post')
    expect(await startWith({ 'sec-fetch-site': 'cross-site' })).toBe('cross_site_post')
  })

  it('starts from everywhere where the app says so', async () => {
    await start({ allowPostsFromOtherSites: true })
    expect(await startWith(crossSite)).toBe('303 /login/2fa')
  })

  it('starts from a sandboxed page where the app says so', async () => {
    await start({ allowPostsFromOtherSites: ['null'] })
    expect(await startWith({ 'sec-fetch-site': 'cross-site', origin: 'null' })).toBe('303 /login/2fa')
  })
})

describe('a GET to the callback', () => {
  it('finishes, though a page of another site has linked to it: the session and the approval decide', async () => {
    await start()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle), { 'sec-fetch-site': 'cross-site' }))).toBe('success')
  })
})

describe('the option allowPostsFromOtherSites', () => {
  it.each([[false], ['https://idp.example'], [['idp.example']], [['https://idp.example/']], [['https://idp.example/path']], [['https://user@idp.example']], [['*']], [[7]], [{}]])('must be true or a list of origins: %j', (value) => {
    const options = { ...strategyOptions(world.simulator), allowPostsFromOtherSites: value } as never
    expect(() => new NevisStrategy(options, () => undefined)).toThrow(new TypeError('NevisStrategy: allowPostsFromOtherSites must be true, or a list of origins such as ["https://idp.example"]'))
  })
})
