/** Tests the callback: before the user has answered, after a first callback, after the transaction has expired, in another session, after errors of Nevis. */
import { randomUUID } from 'node:crypto'
import { NevisSimulator } from '../../src/simulator'
import { NevisStrategy, push } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, startApp, strategyOptions, type AppOptions, type TestApp } from '../support/app'

let simulator: NevisSimulator
let app: TestApp
const apps: TestApp[] = []

async function start(options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> {
  const started = await startApp({ simulator, ...options })
  apps.push(started)
  return started
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567' })
  app = await start()
})

afterEach(async () => {
  jest.restoreAllMocks()
  await Promise.all(apps.splice(0).map((one) => one.close()))
  await simulator.close()
})

const operations = () => simulator.requests.map(({ operation }) => operation)

describe('the callback', () => {
  describe('while the approval is pending', () => {
    // Shows: T-browser-4, C-status-3
    it('redirects with 303 back to the waiting page, and the approval still counts later', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(303)
      expect(page.location).toMatch(/^\/login\/2fa\?transaction=/)
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(handleIn(page.location)))).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('once more after success', () => {
    it('fails with used_transaction, and verify does not run again', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'used_transaction' })
      expect(app.verified).toHaveLength(1)
      expect(operations()).toEqual(['approve', 'getStatus', 'introspect'])
    })

    it.each([
      ['successRedirect', { successRedirect: '/home' }, '/home'],
      ['successReturnToOrRedirect', { successReturnToOrRedirect: '/home' }, '/home'],
    ])('goes to the route\'s %s if there is one', async (_name, callback, to) => {
      const other = await start({ callback })
      const browser = other.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(303)
      expect(page.location).toBe(to)
      expect(other.verified).toHaveLength(1)
    })

    it('goes to where the session wanted to return, with successReturnToOrRedirect', async () => {
      const other = await start({
        callback: { successReturnToOrRedirect: '/home' },
        routes: (web) => web.get('/remember', (req, res) => {
          ;(req.session as { returnTo?: string }).returnTo = '/cart'
          res.end()
        }),
      })
      const browser = other.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      await browser.get('/remember')
      expect((await browser.get(callbackOf(handle))).location).toBe('/cart')
    })

    it('fails with unknown_transaction for a browser that is not signed in', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      await browser.get(callbackOf(handle))
      expect((await app.browser().get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
    })
  })

  describe('with a handle of another session', () => {
    // Shows: ASVS V6.6.2, ASVS V8.2.2, T-handle-1
    it('fails with unknown_transaction and asks Nevis nothing', async () => {
      const handle = await signIn(app.browser(), 'anna')
      await simulator.phone('anna').approve()
      const page = await app.browser().get(callbackOf(handle))
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
      expect(operations()).toEqual(['approve'])
    })
  })

  describe('after the transaction\'s time', () => {
    // Shows: ASVS V6.5.5, ASVS V9.2.1, C-more-7, CD-short-1, N-oob-6
    it('fails with expired_transaction, though it was approved, and asks Nevis only whether the user has denied', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      const now = Date.now()
      jest.spyOn(Date, 'now').mockImplementation(() => now + 120_000)
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(401)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'expired_transaction' })
      expect(operations()).toEqual(['approve', 'getStatus'])
    })
  })

  describe('where Nevis\'s answer is another transaction\'s', () => {
    const strangers: [string, object, string][] = [
      ['status names another user', { patch: { userId: randomUUID() } }, 'getStatus'],
      ['status names another username', { patch: { username: 'ben' } }, 'getStatus'],
      ['status names another transaction', { patch: { transactionId: randomUUID() } }, 'getStatus'],
      ['token is the status token', { swapToken: 'status' }, 'getStatus'],
      ['token is the access key', { swapToken: 'accessKey' }, 'getStatus'],
      ['token is another user\'s', { swapToken: 'otherUser' }, 'getStatus'],
      ['token is garbage', { swapToken: 'garbage' }, 'getStatus'],
      ['token is not active', { body: { active: false } }, 'introspect'],
      ['token has another subject', { patch: { sub: randomUUID() } }, 'introspect'],
      ['token has no subject', { patch: { sub: undefined } }, 'introspect'],
      ['token has another issuer', { patch: { iss: 'https://other.mauth.nevis.cloud/' } }, 'introspect'],
      ['token has no issuer', { patch: { iss: undefined } }, 'introspect'],
      ['token is for the API', { patch: { aud: 'api' } }, 'introspect'],
      ['token is for the API among others', { patch: { aud: ['x', 'api'] } }, 'introspect'],
      ['token has expired, in seconds', { patch: { exp: 1_600_000_000 } }, 'introspect'],
      ['token has expired, in milliseconds', { patch: { exp: 1_600_000_000_000 } }, 'introspect'],
    ]
    // Shows: ASVS V6.6.2
    it.each(strangers)('fails with binding_mismatch when the %s', async (_name, fault, on) => {
      simulator.addUser({ username: 'ben' })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      simulator.faults.add({ on, ...fault } as never)
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
      expect(app.verified).toHaveLength(0)
      simulator.faults.clear()
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
    })

    // Shows: C-token-6
    it('succeeds with an issuer without a slash, and with one that the option names', async () => {
      for (const [iss, issuer] of [[simulator.baseURL, undefined], ['https://login.example/', 'https://login.example']] as const) {
        const other = await start({ strategy: { issuer } })
        const browser = other.browser()
        const handle = await signIn(browser, 'anna')
        await simulator.phone('anna').approve()
        const fault = simulator.faults.add({ on: 'introspect', patch: { iss } })
        expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
        fault.remove()
      }
    })
  })

  describe('when Nevis cannot be asked', () => {
    // Shows: T-answer-6
    it.each(['getStatus', 'introspect'])('ends in an error (%s), and the approval is not lost', async (on) => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      const fault = simulator.faults.add({ on: on as never, status: 500 })
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(502)
      expect(page.json()).toMatchObject({ action: 'error', name: 'NevisError', code: 'NEVIS_UNEXPECTED_RESPONSE' })
      fault.remove()
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('where verify', () => {
    const decided = async (verify: AppOptions['verify']) => {
      const other = await start({ verify: verify as never })
      const browser = other.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      return { page: await browser.get(callbackOf(handle)), browser, handle }
    }

    // Shows: T-outage-2
    it('says no, fails with rejected, and the approval is used up', async () => {
      const { page, browser, handle } = await decided((_profile, done) => done(null, false))
      expect(page.status).toBe(401)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'rejected', message: 'You cannot sign in with this account. Contact support.' })
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
    })

    it('says no and why, fails with rejected and its message', async () => {
      const { page } = await decided((_profile, done) => done(null, false, { message: 'Account locked' }))
      expect(page.json()).toMatchObject({ action: 'fail', code: 'rejected', message: 'Account locked' })
    })

    it.each<[string, AppOptions['verify']]>([
      ['throws', () => { throw new Error('database') }],
      ['calls back with an error', (_profile, done) => done(new Error('database'))],
      ['rejects', async () => Promise.reject(new Error('database'))],
    ])('%s, ends in its error', async (_name, verify) => {
      const { page } = await decided(verify)
      expect(page.status).toBe(500)
      expect(page.json()).toMatchObject({ action: 'error', message: 'database' })
    })

    it('adds its own info, it reaches authInfo beside the profile', async () => {
      const { page } = await decided((_profile, done) => done(null, { username: 'anna' }, { scope: 'all' }))
      expect(page.json()).toMatchObject({ action: 'success', info: { scope: 'all', nevis: { factor: 'push' } } })
    })
  })

  describe('of a factor that was taken out of the options meanwhile', () => {
    it('fails with unknown_factor', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const settings = app.nevis.settings as { factors: unknown }
      Object.defineProperty(app.nevis, 'settings', { value: { ...settings, factors: [push()] } })
      expect((await browser.post('/login/2fa/callback', { transaction: handle, code: '1' })).json()).toMatchObject({ code: 'unknown_factor' })
    })
  })
})

describe('on top of a login', () => {
  it('passport.authorize gives the account, keeps the login, and pairs with the session that is there', async () => {
    const other = await start({
      routes: (web, { passport }) => {
        passport.use('step-up', new NevisStrategy({ ...strategyOptions(simulator), name: 'step-up', callbackURL: '/up/callback', passReqToCallback: false }, (profile, done) => done(null, { linked: profile.id })))
        web.post('/password-only', passport.authenticate('local'), (_req, res) => void res.end())
        web.post('/up', passport.authorize('step-up'))
        web.get('/up/callback', passport.authorize('step-up'), (req, res) => void res.json({ user: req.user, account: (req as { account?: unknown }).account, nevis: (req.authInfo as { nevis: object }).nevis }))
      },
    })
    const browser = other.browser()
    await browser.post('/password-only', { username: 'anna', password: PASSWORD })
    const cookie = browser.cookies.get('connect.sid')
    expect(cookie).toEqual(expect.any(String))
    const handle = handleIn((await browser.post('/up')).location)
    await simulator.phone('anna').approve()
    const page = await browser.get(`/up/callback?transaction=${handle}`)
    expect(page.json()).toMatchObject({ user: { username: 'anna' }, account: { linked: expect.any(String) }, nevis: { factor: 'push' } })
    expect(browser.cookies.get('connect.sid')).toBe(cookie)
    expect([...browser.cookies.keys()]).toEqual(['connect.sid', 'step-up-start'])
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
  })
})

describe('without session middleware', () => {
  it('ends in an error that says so, at start and at the callback', async () => {
    const other = await start({ session: false })
    for (const page of [await other.browser().post('/login', { username: 'anna', password: PASSWORD }), await other.browser().get(callbackOf('x'))]) {
      expect(page.status).toBe(500)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_REQUIRED' })
    }
    expect(simulator.requests).toHaveLength(0)
  })
})
