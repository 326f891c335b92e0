/**
 * The attacks on a step-up.
 *
 * The attacker tries three things. First, to redirect the victim to another site after a correct approval, with a `returnTo` that browsers, proxies and
 * frameworks parse differently. Second, to get a fresh second factor without the victim's phone: with an approval of the attacker's own account, or with a
 * factor that is weaker than required. Third, to know the session id from before the approval and use this id afterwards, when the session has more privileges
 * (session fixation).
 */
import { connect } from 'node:net'
import { atLeast, recordSecondFactor, requireSecondFactor, secondFactorOf } from '../../src'
import type { Browser, Page } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, type AppOptions, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const HTML = { accept: 'text/html' }
const credentials = (username: string) => ({ username, password: PASSWORD })
type State = { returnTo?: object; transactions?: Record<string, object> }
const stateOf = (req: object) => (req as { session: { nevis?: State } }).session

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  const done = (req: import('express').Request, res: import('express').Response) =>
    void res.json({ action: 'success', returnTo: req.authInfo?.returnTo ?? null, factor: req.authInfo?.nevis?.factor })
  web.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({ action: 'success' }))
  web.post('/cart', (req, res) => {
    Object.assign(req.session, { cart: ['book'] })
    res.end()
  })
  web.get('/mine', (req, res) => void res.json({ user: req.user ?? null, cart: (req.session as { cart?: unknown }).cart ?? null, record: secondFactorOf(req)?.factor ?? null }))
  web.get('/step-up', (_req, res) => void res.end('a page with a form'))
  web.post('/step-up', passport.authorize('nevis'))
  web.all('/confirmed', passport.authorize('nevis'), recordSecondFactor(), done)
  web.all('/confirmed-without-login', passport.authenticate('nevis', { session: false }), recordSecondFactor(), done)
  web.all('/signed-in', passport.authenticate('nevis'), recordSecondFactor(), done)
  web.post('/tamper', (req, res) => {
    const { nevis } = stateOf(req)
    const returnTo = 'https://evil.example/'
    const transactions = Object.fromEntries(Object.entries(nevis?.transactions ?? {}).map(([id, one]) => [id, { ...one, returnTo }]))
    stateOf(req).nevis = { ...nevis, transactions }
    res.end()
  })
  web.post('/tamper-kept', (req, res) => {
    stateOf(req).nevis = { ...stateOf(req).nevis, returnTo: { path: 'https://evil.example/' } }
    res.end()
  })
  web.all('/risky', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'passed' }))
  web.all('/riskier', requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push'), redirectTo: '/step-up' }), (_req, res) => void res.json({ action: 'passed' }))
  web.use(requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/step-up' }), (_req, res) => void res.json({ action: 'passed' }))
}

let app: TestApp
beforeEach(async () => {
  app = await world.start({ routes, strategy: { startBudget: { starts: 100, perSeconds: 300 } } })
})

async function signedIn(username = 'anna'): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/password', credentials(username))
  return browser
}

const started = async (browser: Browser, fields: Record<string, string> = {}) => handleIn((await browser.post('/step-up', fields)).location)

/** Starts a step-up, approves it by push, and returns the callback's answer. */
async function confirmed(browser: Browser, fields: Record<string, string> = {}, query = ''): Promise<{ action: string; returnTo: string | null }> {
  const handle = await started(browser, fields)
  await world.simulator.phone('anna').approve()
  return (await browser.get(`/confirmed?transaction=${handle}${query}`)).json()
}

/** Sends a request target byte for byte. HTTP client libraries would normalise it. */
function getRaw(browser: Browser, target: string): Promise<{ status: number; location: string | undefined }> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(browser.origin).port), '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk)).on('error', reject)
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]), location: /^location: (.*)\r$/im.exec(text)?.[1] }))
    socket.write(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: app\r\nAccept: text/html\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`, 'latin1'))
  })
}

describe('returnTo', () => {
  describe('of a page that was sent away', () => {
    it.each(['/transfer', '/transfer?to=Anna%20M&amount=5.00', '/a/b%2Fc/?x=/y&z=//z', '/~anna/%C3%BC', '/'])('is given back after the approval: %s', async (path) => {
      const browser = await signedIn()
      expect(outcomeOf(await browser.get(path, HTML))).toBe('303 /step-up')
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: path })
    })

    it('is given back after a login too', async () => {
      const browser = app.browser()
      // Give the visitor a session first: the app stores the path of the refused page only in a session that already exists.
      await browser.post('/cart')
      await browser.get('/transfer', HTML)
      const handle = handleIn((await browser.post('/login', credentials('anna'))).location)
      await world.simulator.phone('anna').approve()
      expect((await browser.get(`/signed-in?transaction=${handle}`)).json()).toMatchObject({ action: 'success', returnTo: '/transfer' })
    })

    it('is given back once', async () => {
      const browser = await signedIn()
      await browser.get('/transfer', HTML)
      await confirmed(browser)
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: null })
    })

    it('goes with the transaction to another factor, and to the next one after a denial', async () => {
      const browser = await signedIn()
      await browser.get('/transfer', HTML)
      const first = await started(browser)
      const second = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'app' })).location)
      await world.simulator.phone('anna').deny()
      expect((await browser.get(`/confirmed?transaction=${second}`)).status).toBe(303)
      expect(await confirmed(browser)).toMatchObject({ returnTo: '/transfer' })
    })

    it('is not mixed up between two tabs, whichever is approved first', async () => {
      const browser = await signedIn()
      await browser.get('/one', HTML)
      const one = await started(browser, { factor: 'push' })
      await browser.get('/two', HTML)
      const two = await started(browser, { factor: 'sms' })
      const code = /\d{4,}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      expect((await browser.post('/confirmed', { transaction: two, code })).json()).toMatchObject({ returnTo: '/two' })
      await world.simulator.phone('anna').approve()
      expect((await browser.get(`/confirmed?transaction=${one}`)).json()).toMatchObject({ returnTo: '/one' })
    })

    it('is the newer one where the same approval is asked for again', async () => {
      const browser = await signedIn()
      await browser.get('/one', HTML)
      await started(browser)
      await browser.get('/two', HTML)
      expect(await confirmed(browser)).toMatchObject({ returnTo: '/two' })
      expect(world.asked('approve')).toBe(1)
    })
  })

  describe('of a form, or of data', () => {
    it('is nothing: only a GET can be done again', async () => {
      const browser = await signedIn()
      await browser.get('/transfer', HTML)
      expect(outcomeOf(await browser.post('/transfer', { amount: '5' }, HTML))).toBe('303 /step-up')
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: null })
    })

    it('is nothing for what is no page', async () => {
      const browser = await signedIn()
      expect((await browser.get('/data', { accept: 'application/json' })).status).toBe(401)
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: null })
    })
  })

  describe('of another user', () => {
    it('is not given to anyone who signs in next in the same session', async () => {
      const browser = await signedIn('ben')
      await browser.get('/of-ben', HTML)
      await browser.post('/password', credentials('anna'))
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: null })
    })
  })

  describe('in a field of a request', () => {
    // Shows: ASVS V15.3.3
    it('is ignored, wherever it stands', async () => {
      const browser = await signedIn()
      await browser.get('/step-up?returnTo=//evil.example', HTML)
      expect(await confirmed(browser, { returnTo: 'https://evil.example' }, '&returnTo=https://evil.example')).toMatchObject({ action: 'success', returnTo: null })
    })
  })

  describe('that leads elsewhere, in the address of a page', () => {
    const disguises: [string, string][] = [
      ['an absolute address', 'http://evil.example/transfer'],
      ['an absolute address of this very host', 'http://app/transfer'],
      ['two slashes', '//evil.example'],
      ['two slashes and a path', '//evil.example/transfer'],
      ['three slashes', '///evil.example'],
      ['a backslash', '/\\evil.example'],
      ['a backslash further in', '/transfer\\evil.example'],
      ['a backslash first', '\\/evil.example'],
      ['an encoded slash', '/%2fevil.example'],
      ['two encoded slashes', '%2F%2Fevil.example'],
      ['an encoded backslash', '/%5Cevil.example'],
      ['a dot between the slashes', '/.//evil.example'],
      ['dots that lead to two slashes', '/a/..//evil.example'],
      ['encoded dots that lead to two slashes', '/a/%2e%2e//evil.example'],
      ['a script', 'javascript:alert(1)'],
      ['an encoded line break', '/%0d%0aSet-Cookie:%20sid=1'],
      ['an encoded tab', '/%09/evil.example'],
      ['an encoded zero', '/%00//evil.example'],
      ['a tab', '/\t/evil.example'],
      ['a line break', '/\n/evil.example'],
      ['a carriage return', '/\r/evil.example'],
      ['a delete character', '/\x7f/evil.example'],
      ['letters that were not encoded', '/\xfc'],
      ['a user', '@evil.example'],
      ['nothing', ''],
    ]
    // Shows: T-purpose-5
    it.each(disguises)('is not kept: %s', async (_name, target) => {
      const browser = await signedIn()
      const { status, location } = await getRaw(browser, target)
      // Node answers 400 to some of these request targets. The app redirects the other requests to the step-up, as it does for every unknown path.
      expect([status, location]).toEqual(status === 303 ? [303, '/step-up'] : [400, undefined])
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: null })
    })

    it('is not kept where it is over-long', async () => {
      const browser = await signedIn()
      expect(outcomeOf(await browser.get(`/${'a'.repeat(2047)}`, HTML))).toBe('303 /step-up')
      expect(await confirmed(browser)).toMatchObject({ returnTo: `/${'a'.repeat(2047)}` })
      const other = await signedIn()
      expect(outcomeOf(await other.get(`/${'a'.repeat(2048)}`, HTML))).toBe('303 /step-up')
      expect(await confirmed(other)).toMatchObject({ returnTo: null })
    })
  })

  describe('that was changed in the session', () => {
    it('is not given back where it leads elsewhere', async () => {
      const browser = await signedIn()
      await browser.get('/transfer', HTML)
      const handle = await started(browser)
      await browser.post('/tamper')
      await world.simulator.phone('anna').approve()
      expect((await browser.get(`/confirmed?transaction=${handle}`)).json()).toMatchObject({ action: 'success', returnTo: null })
    })

    it('is not given back where it was changed before the start', async () => {
      const browser = await signedIn()
      await browser.post('/tamper-kept')
      expect(await confirmed(browser)).toMatchObject({ action: 'success', returnTo: null })
    })
  })
})

describe('a step-up', () => {
  describe('of a session whose id is known from before', () => {
    // Shows: ASVS V7.2.4, T-planted-4
    it('changes the id, keeps login and cart, and the old id opens nothing', async () => {
      const browser = await signedIn()
      await browser.post('/cart')
      const known = browser.clone()
      expect((await known.get('/mine')).json()).toMatchObject({ user: { username: 'anna' }, cart: ['book'] })
      await confirmed(browser)
      expect(browser.cookies.get('connect.sid')).not.toBe(known.cookies.get('connect.sid'))
      expect((await browser.get('/mine')).json()).toEqual({ user: { username: 'anna' }, cart: ['book'], record: 'push' })
      expect((await browser.get('/risky')).status).toBe(200)
      expect((await known.get('/mine')).json()).toEqual({ user: null, cart: null, record: null })
      expect((await known.get('/risky')).status).toBe(401)
    })

    it('keeps what waits in other tabs', async () => {
      const browser = await signedIn()
      const other = await started(browser, { factor: 'sms' })
      await confirmed(browser, { factor: 'push' })
      const code = /\d{4,}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      expect((await browser.post('/confirmed', { transaction: other, code })).json()).toMatchObject({ action: 'success', factor: 'sms' })
    })
  })

  describe('with an approval of another account, started in the same session by its password alone', () => {
    // Shows: T-password-5
    it.each(['/confirmed', '/confirmed-without-login'])('gives the signed-in user no record (%s)', async (callback) => {
      // The attacker uses the session of the victim, ben. The attacker's own account is anna: the attacker has its password and phone.
      const browser = await signedIn('ben')
      const handle = handleIn((await browser.post('/login', credentials('anna'))).location)
      await world.simulator.phone('anna').approve()
      const page: Page = await browser.get(`${callback}?transaction=${handle}`)
      expect(page.status).toBe(403)
      expect((await browser.get('/mine')).json()).toMatchObject({ user: { username: 'ben' }, record: null })
      expect((await browser.get('/risky')).status).toBe(401)
      expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field: 'login', subject: { username: 'anna' } }])
    })

    it('signs that account in where the callback is a login, and ben is signed out', async () => {
      const browser = await signedIn('ben')
      const handle = handleIn((await browser.post('/login', credentials('anna'))).location)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(`/signed-in?transaction=${handle}`))).toBe('success')
      expect((await browser.get('/mine')).json()).toMatchObject({ user: { username: 'anna' }, record: 'push' })
    })
  })

  describe('with a factor that is weaker than what is asked for', () => {
    it('does not pass, and a stronger one does', async () => {
      const browser = await signedIn()
      const handle = await started(browser, { factor: 'sms' })
      const code = /\d{4,}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      await browser.post('/confirmed', { transaction: handle, code })
      expect((await browser.get('/risky')).status).toBe(200)
      expect(outcomeOf(await browser.get('/riskier', HTML))).toBe('303 /step-up')
      expect((await browser.get('/riskier')).status).toBe(401)
      expect(await confirmed(browser, { factor: 'push' })).toMatchObject({ returnTo: '/riskier' })
      expect((await browser.get('/riskier')).status).toBe(200)
    })
  })

  describe('that was for a login', () => {
    it('keeps nothing of the login\'s session but what the login keeps', async () => {
      const browser = app.browser()
      await browser.post('/cart')
      const handle = handleIn((await browser.post('/login', credentials('anna'))).location)
      await world.simulator.phone('anna').approve()
      await browser.get(`/signed-in?transaction=${handle}`)
      expect((await browser.get('/mine')).json()).toEqual({ user: { username: 'anna' }, cart: null, record: 'push' })
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
    })
  })
})
