/** Tests the second factor record: `recordSecondFactor` writes it after a sign-in or step-up, and `requireSecondFactor` requires it on risky routes. */
import session from 'express-session'
import { recordSecondFactor, requireSecondFactor, secondFactorOf } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, signIn, startApp, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { noteSession } from '../../src/session/callback-notes'

let simulator: NevisSimulator
let app: TestApp
let userId: string

class Store extends session.MemoryStore {
  failing = false
  failingToDestroy = false

  override destroy(sid: string, done?: (error?: unknown) => void): void {
    if (this.failingToDestroy) setImmediate(() => done?.(new Error('canary')))
    else super.destroy(sid, done)
  }

  override set(sid: string, data: session.SessionData, done?: (error?: unknown) => void): void {
    if (this.failing) setImmediate(() => done?.(new Error('canary')))
    else super.set(sid, data, done)
  }
}
let store: Store

const start = (options: Partial<AppOptions> = {}, sessionKey?: string) => {
  const key = sessionKey === undefined ? {} : { sessionKey }
  store = new Store()
  return startApp({
    simulator,
    ...options,
    session: { store },
    strategy: { ...options.strategy, ...key },
    routes: (express, { passport }) => {
      const passed = (_req: unknown, res: import('express').Response) => void res.json({ action: 'passed' })
      express.all('/callback', passport.authenticate('nevis'), recordSecondFactor(key), (req, res) => {
        res.json({ action: 'success', record: secondFactorOf(req, key) ?? null, operation: (req.authInfo as any).nevis.operation })
      })
      express.all('/callback-failing', passport.authenticate('nevis'), (_req, _res, next) => { store.failing = true; next() }, recordSecondFactor(key), passed)
      express.all('/callback-kept', passport.authenticate('nevis', { keepSessionInfo: true }), recordSecondFactor(key), passed)
      express.all('/callback-authorized', passport.authorize('nevis'), recordSecondFactor(key), passed)
      express.post('/remember-me', (req, res) => {
        req.session.cookie.maxAge = 1_000_000_000
        Object.assign(req.session, { cart: ['book'] })
        passed(req, res)
      })
      express.get('/cart', (req, res) => void res.json({ cart: (req.session as { cart?: unknown }).cart, maxAge: req.session.cookie.originalMaxAge }))
      express.get('/record', (req, res) => void res.json({ record: secondFactorOf(req, key) ?? null }))
      express.get('/record-elsewhere', (req, res) => void res.json({ record: secondFactorOf(req, { sessionKey: 'elsewhere' }) ?? null }))
      express.post('/record-only', recordSecondFactor(key), passed)
      express.post('/password', passport.authenticate('local', { keepSessionInfo: true }), passed)
      express.post('/logout', (req, res, next) => req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : passed(req, res))))
      express.all('/transfer', requireSecondFactor({ maxAgeSeconds: 300, ...key }), passed)
      express.all('/transfer-page', requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/step-up?for=transfer', ...key }), passed)
      express.all('/transfer-sms', requireSecondFactor({ maxAgeSeconds: 300, factors: ['sms', 'app'], ...key }), passed)
      express.all('/transfer-push', requireSecondFactor({ maxAgeSeconds: 300, factors: ['sms', 'push'], ...key }), passed)
      express.all('/transfer-half', requireSecondFactor({ maxAgeSeconds: 1.5, ...key }), passed)
      options.routes?.(express, { passport, nevis: undefined as never })
    },
  })
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  ;({ userId } = simulator.addUser({ username: 'anna', phone: '+41791234567' }))
  simulator.addUser({ username: 'ben' })
  app = await start()
})

afterEach(async () => {
  jest.restoreAllMocks()
  await app.close()
  await simulator.close()
})

/** Signs in with password and push. */
async function signedIn(username = 'anna'): Promise<Browser> {
  const browser = app.browser()
  const handle = await signIn(browser, username)
  await simulator.phone(username).approve()
  const page = await browser.get(`/callback?transaction=${handle}`)
  expect(page.json()).toMatchObject({ action: 'success' })
  return browser
}

const recordOf = async (browser: Browser) => (await browser.get('/record')).json().record
const at = (now: number) => void jest.spyOn(Date, 'now').mockReturnValue(now)

const CHALLENGE = 'Bearer error="insufficient_user_authentication", error_description="A fresh second factor is required", max_age="300"'

async function expectRefused(browser: Browser, path = '/transfer', headers: Record<string, string> = {}): Promise<void> {
  const page = await browser.post(path, {}, headers)
  expect(page.status).toBe(401)
  expect(page.headers.get('www-authenticate')).toBe(CHALLENGE)
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(page.json()).toEqual({
    error: 'insufficient_user_authentication', error_description: 'A fresh second factor is required', max_age: 300,
  })
}

async function expectPassed(browser: Browser, path = '/transfer'): Promise<void> {
  const page = await browser.post(path)
  expect([page.status, page.text]).toEqual([200, '{"action":"passed"}'])
}

describe('secondFactorOf', () => {
  const asAnna = (sessionID: string | undefined, nevis: object = {}) => ({ sessionID, session: { passport: { user: 'anna' }, nevis } })
  const recorded = async (sessionID: string | undefined) => {
    const req = asAnna(sessionID)
    const profile = { operation: 'approve', factor: 'push', id: userId, transactionId: 't' }
    noteSession(profile as never, req, async () => true)
    await recordSecondFactor().answer({ ...req, authInfo: { nevis: profile } } as never)
    return req.session.nevis
  }

  it('finds no record under another session id, though all else is as it was', async () => {
    const nevis = await recorded('one')
    expect(secondFactorOf(asAnna('one', nevis))).toMatchObject({ factor: 'push', userId })
    expect(secondFactorOf(asAnna('two', nevis))).toBeUndefined()
    expect(secondFactorOf(asAnna(undefined, nevis))).toBeUndefined()
  })

  it('refuses an option that it does not know', () => {
    expect(() => secondFactorOf(asAnna('one'), { sesionKey: 'mfa' } as object)).toThrow(new TypeError('secondFactorOf: unknown option "sesionKey"'))
  })

  it('finds the record of a session that has no id', async () => {
    const nevis = await recorded(undefined)
    expect(secondFactorOf(asAnna(undefined, nevis))).toMatchObject({ factor: 'push', userId })
    expect(secondFactorOf(asAnna('one', nevis))).toBeUndefined()
  })
})

describe('recordSecondFactor', () => {
  describe('after a callback that came with a session id', () => {
    const renewals = async (idNow: string) => {
      const profile = { operation: 'approve', factor: 'push', id: userId, transactionId: 't' }
      const regenerate = jest.fn((done: () => void) => done())
      const session = { passport: { user: 'anna' }, regenerate, save: (done: () => void) => done(), reload: (done: () => void) => done() }
      const req = { sessionID: 'before', session, authInfo: { nevis: profile } }
      noteSession(profile as never, req, async () => true)
      await recordSecondFactor().answer({ ...req, sessionID: idNow } as never)
      return regenerate.mock.calls.length
    }

    it('leaves the id that the login has given it in this request', async () => {
      expect(await renewals('after')).toBe(0)
    })

    it('leaves no record where that session is another user\'s, and its id as it is', async () => {
      const profile = { operation: 'approve', factor: 'push', id: userId, transactionId: 't' }
      const session: Record<string, unknown> = { passport: { user: 'ben' }, regenerate: jest.fn(), save: jest.fn() }
      const req = { sessionID: 'bens', session, authInfo: { nevis: profile } }
      noteSession(profile as never, req, async () => false)
      expect(await recordSecondFactor().answer(req as never)).toBeUndefined()
      expect([session['nevis'], (session['regenerate'] as jest.Mock).mock.calls, (session['save'] as jest.Mock).mock.calls]).toEqual([undefined, [], []])
    })

    it('gives it a new id where the login has not', async () => {
      expect(await renewals('before')).toBe(1)
    })
  })

  describe('after a login with an approval', () => {
    it('records who, by which factor, in which transaction and when', async () => {
      const before = Date.now()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const { transactionId } = simulator.phone('anna').waiting[0] as { transactionId: string }
      await simulator.phone('anna').approve()
      const { record } = (await browser.get(`/callback?transaction=${handle}`)).json()
      expect(record).toEqual({ userId, factor: 'push', transactionId, at: expect.any(Number), authTime: Math.floor(record.at / 1000), amr: ['swk', 'mca'] })
      expect(record.at).toBeGreaterThanOrEqual(before)
      expect(record.at).toBeLessThanOrEqual(Date.now())
      expect(await recordOf(browser)).toEqual(record)
    })

    it('records it for that session alone', async () => {
      await signedIn()
      expect(await recordOf(app.browser())).toBeNull()
      expect(await recordOf(await signedIn('ben'))).toMatchObject({ factor: 'push' })
    })

    it('records it under the session key alone', async () => {
      const browser = await signedIn()
      expect((await browser.get('/record-elsewhere')).json()).toEqual({ record: null })
    })

    it('is stored before the next handler runs', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      const page = await browser.get(`/callback-failing?transaction=${handle}`)
      store.failing = false
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_UNAVAILABLE' })
    })
  })

  describe('after a step-up in a session that has a record', () => {
    it('records the newer one', async () => {
      const browser = await signedIn()
      const old = await recordOf(browser)
      at(Date.now() + 400_000)
      await expectRefused(browser)
      const handle = handleIn((await browser.post('/start')).location)
      await simulator.phone('anna').approve()
      expect((await browser.get(`/callback?transaction=${handle}`)).json()).toMatchObject({ action: 'success' })
      const record = await recordOf(browser)
      expect(record.at).toBe(Date.now())
      expect(record.transactionId).not.toBe(old.transactionId)
      await expectPassed(browser)
    })

    it('keeps what else waits there, where the login keeps the session', async () => {
      const browser = await signedIn()
      const other = handleIn((await browser.post('/start', { factor: 'sms' })).location)
      const handle = handleIn((await browser.post('/start')).location)
      await simulator.phone('anna').approve()
      expect((await browser.get(`/callback-kept?transaction=${handle}`)).json()).toEqual({ action: 'passed' })
      await expectPassed(browser)
      expect((await browser.get(waitingOf(other), { accept: 'application/json' })).json()).toMatchObject({ factor: 'sms', status: 'pending' })
    })
  })

  describe('after passport.authorize, which leaves the session as it is', () => {
    it('renews its id, keeps what is in it and how long it lasts, and the old id is dead', async () => {
      const browser = await signedIn()
      await browser.post('/remember-me')
      // express-session computes `maxAge` from the current time, so it may be some milliseconds too small. Round it.
      const { maxAge } = (await browser.get('/cart')).json()
      expect(Math.round(maxAge / 1000)).toBe(1_000_000)
      const old = browser.clone()
      const handle = handleIn((await browser.post('/start')).location)
      await simulator.phone('anna').approve()
      expect((await browser.get(`/callback-authorized?transaction=${handle}`)).json()).toEqual({ action: 'passed' })
      expect(browser.cookies.get('connect.sid')).not.toBe(old.cookies.get('connect.sid'))
      const after = (await browser.get('/cart')).json()
      expect([after.cart, Math.round(after.maxAge / 1000)]).toEqual([['book'], 1_000_000])
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
      await expectPassed(browser)
      expect((await old.get('/me')).json()).toEqual({ user: null })
      await expectRefused(old)
      expect(Object.keys((store as unknown as { sessions: object }).sessions)).toHaveLength(1)
    })

    it('ends in an error where the id cannot be renewed, and no record is made', async () => {
      const browser = await signedIn()
      at(Date.now() + 400_000)
      const handle = handleIn((await browser.post('/start')).location)
      await simulator.phone('anna').approve()
      store.failingToDestroy = true
      const page = await browser.get(`/callback-authorized?transaction=${handle}`)
      store.failingToDestroy = false
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_UNAVAILABLE' })
      await expectRefused(browser)
    })
  })

  describe('with a session key of its own', () => {
    it('records and requires under that key', async () => {
      await app.close()
      app = await start({}, 'mfa')
      const browser = await signedIn()
      expect(await recordOf(browser)).toMatchObject({ userId, factor: 'push' })
      await expectPassed(browser)
    })
  })

  describe('after an enrolment', () => {
    // Shows: T-enrol-8
    it('leaves no record and lets the request through', async () => {
      await app.close()
      app = await start({ strategy: { operation: 'enroll' } })
      const browser = app.browser()
      const handle = await signIn(browser, 'newcomer', { factor: 'app' })
      const { appLinkUri } = (await browser.get(waitingOf(handle), { accept: 'application/json' })).json()
      await simulator.phone('newcomer').scan(appLinkUri)
      const page = await browser.get(`/callback?transaction=${handle}`)
      expect(page.json()).toEqual({ action: 'success', record: null, operation: 'enroll' })
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'newcomer' } })
      await expectRefused(browser)
    })
  })

  describe('where no user has approved anything', () => {
    it('ends in an error that says where it belongs', async () => {
      for (const browser of [app.browser(), await signedIn()]) {
        const page = await browser.post('/record-only')
        expect(page.status).toBe(500)
        expect(page.json()).toMatchObject({ action: 'error' })
        expect(page.json().message).toMatch(/^recordSecondFactor must run after passport\.authenticate\("nevis"\)/)
      }
    })
  })
})

describe('secondFactorOf', () => {
  describe('after a logout that keeps the session', () => {
    it('gives nothing', async () => {
      const browser = await signedIn()
      await browser.post('/logout')
      expect(await recordOf(browser)).toBeNull()
      await expectRefused(browser)
    })
  })

  describe('once another user has signed in in the same session', () => {
    // Shows: ASVS V8.3.1
    it('gives nothing', async () => {
      const browser = await signedIn()
      expect((await browser.post('/password', { username: 'ben', password: 'correct horse' })).json()).toEqual({ action: 'passed' })
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'ben' } })
      expect(await recordOf(browser)).toBeNull()
      await expectRefused(browser)
    })
  })

  describe('for a request without a session', () => {
    it('gives nothing', () => {
      expect(secondFactorOf({})).toBeUndefined()
      expect(secondFactorOf({ session: null })).toBeUndefined()
      expect(secondFactorOf({ session: {} })).toBeUndefined()
    })
  })

  describe('for a record that names no login', () => {
    it('gives nothing, even where no user is logged in', () => {
      const record = { userId: 'u', factor: 'push', transactionId: 't', at: Date.now() }
      expect(secondFactorOf({ session: { nevis: { secondFactor: record } } })).toBeUndefined()
      expect(secondFactorOf({ session: { nevis: { secondFactor: record }, passport: {} } })).toBeUndefined()
      expect(secondFactorOf({ session: { nevis: { secondFactor: record }, passport: { user: 'anna' } } })).toBeUndefined()
    })
  })
})

describe('requireSecondFactor', () => {
  describe('with a fresh record', () => {
    it('lets the request pass, to the last millisecond', async () => {
      const browser = await signedIn()
      await expectPassed(browser)
      const record = await recordOf(browser)
      at(record.at)
      await expectPassed(browser)
      at(record.at + 300_000)
      await expectPassed(browser)
    })
  })

  describe('with a record that is too old', () => {
    // Shows: ASVS V7.5.3, CD-lifetime-1
    it('answers 401 in the words of RFC 9470', async () => {
      const browser = await signedIn()
      at((await recordOf(browser)).at + 300_001)
      await expectRefused(browser)
    })
  })

  describe('with a record from the future, because the clock was set back', () => {
    it('answers 401', async () => {
      const browser = await signedIn()
      at((await recordOf(browser)).at - 1)
      await expectRefused(browser)
    })
  })

  // Only this test of the file makes requests of another user: the warning comes once in each process.
  describe('for a request whose user is not the user of the session', () => {
    it('answers 401 each time, and warns once', async () => {
      await app.close()
      app = await start({
        routes: (express) => void express.post('/transfer-as-ben', (req, _res, next) => (Object.assign(req, { user: { username: 'ben' } }), next()), requireSecondFactor({ maxAgeSeconds: 300 })),
      })
      const browser = await signedIn()
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      for (let i = 0; i < 2; i++) await expectRefused(browser, '/transfer-as-ben')
      expect(warn.mock.calls).toEqual([[expect.stringContaining('requireSecondFactor: refused a request'), { code: 'PASSPORT_NEVIS_OTHER_USER' }]])
    })
  })

  describe('without a record', () => {
    // Shows: ASVS V7.5.3
    it('answers 401 to a stranger, to a password alone, and without any session', async () => {
      await expectRefused(app.browser())
      const browser = app.browser()
      await browser.post('/password', { username: 'anna', password: 'correct horse' })
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
      await expectRefused(browser)
    })

    // Shows: ASVS V8.3.1
    it('answers 401 while the approval is still to come', async () => {
      const browser = app.browser()
      await signIn(browser, 'anna')
      await expectRefused(browser)
    })

    it('writes whole seconds into the answer', async () => {
      const page = await app.browser().post('/transfer-half')
      expect(page.headers.get('www-authenticate')).toContain('max_age="1"')
      expect(page.json()).toMatchObject({ max_age: 1 })
    })
  })

  describe('with redirectTo', () => {
    it('sends a page there, with 303 so that a POST becomes a GET', async () => {
      for (const method of ['GET', 'POST']) {
        const page = await app.browser().send(method, '/transfer-page', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
        expect(page.status).toBe(303)
        expect(page.location).toBe('/step-up?for=transfer')
        expect(page.headers.get('www-authenticate')).toBeNull()
      }
    })

    it('answers 401 to everything else', async () => {
      await expectRefused(app.browser(), '/transfer-page', { accept: 'application/json' })
      await expectRefused(app.browser(), '/transfer-page', { accept: '*/*' })
    })

    it('lets a fresh record pass', async () => {
      await expectPassed(await signedIn(), '/transfer-page')
    })

    it('ends in an error where the address of the page cannot be stored', async () => {
      const browser = await signedIn()
      at(Date.now() + 301_000)
      store.failing = true
      const page = await browser.get('/transfer-page', { accept: 'text/html' })
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', name: 'StorageError', code: 'SESSION_UNAVAILABLE' })
    })

    it('makes no session for a visitor who has none', async () => {
      const saved = jest.spyOn(store, 'set')
      const page = await app.browser().get('/transfer-page', { accept: 'text/html' })
      expect([page.status, page.headers.get('set-cookie'), saved.mock.calls.length]).toEqual([303, null, 0])
    })

    it('makes no session for a form', async () => {
      const page = await app.browser().post('/transfer-page', {}, { accept: 'text/html' })
      expect([page.status, page.headers.getSetCookie()]).toEqual([303, []])
    })

    it('sends a page away that has no session', async () => {
      await app.close()
      app = await startApp({ simulator, session: false, routes: (express) => express.get('/page', requireSecondFactor({ maxAgeSeconds: 1, redirectTo: '/step-up' })) })
      expect((await app.browser().get('/page', { accept: 'text/html' })).location).toBe('/step-up')
    })
  })

  describe('without redirectTo', () => {
    it('answers 401 to a page too', async () => {
      await expectRefused(app.browser(), '/transfer', { accept: 'text/html' })
    })
  })

  describe('with a list of factors', () => {
    // Shows: ASVS V7.5.3, CD-scope-1
    it('lets only those pass', async () => {
      const browser = await signedIn()
      await expectPassed(browser, '/transfer-push')
      await expectRefused(browser, '/transfer-sms')
    })
  })

  describe('with a wrong option', () => {
    it.each([
      ['maxAgeSeconds', {}],
      ['maxAgeSeconds', { maxAgeSeconds: 0 }],
      ['maxAgeSeconds', { maxAgeSeconds: -1 }],
      ['maxAgeSeconds', { maxAgeSeconds: NaN }],
      ['maxAgeSeconds', { maxAgeSeconds: Infinity }],
      ['maxAgeSeconds', { maxAgeSeconds: '300' }],
      ['maxAgeSeconds', { maxAgeSeconds: null }],
      ['factors', { maxAgeSeconds: 1, factors: 'push' }],
      ['factors', { maxAgeSeconds: 1, factors: null }],
      ['factors', { maxAgeSeconds: 1, factors: [7] }],
      ['factors', { maxAgeSeconds: 1, factors: [] }],
      ['redirectTo', { maxAgeSeconds: 1, redirectTo: 7 }],
      ['redirectTo', { maxAgeSeconds: 1, redirectTo: '' }],
      ['sessionKey', { maxAgeSeconds: 1, sessionKey: 7 }],
      ['sessionKey', { maxAgeSeconds: 1, sessionKey: '' }],
      // If `requireSecondFactor` ignored a misspelt option, it would require less than the app intends.
      ['factor', { maxAgeSeconds: 1, factor: ['push'] }],
      ['maxAge', { maxAgeSeconds: 1, maxAge: 1 }],
      ['options', undefined],
      ['options', null],
    ])('refuses it at once and names it: %s of %j', (option, options) => {
      let thrown: unknown
      try {
        requireSecondFactor(options as never)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(TypeError)
      expect((thrown as TypeError).message).toMatch(new RegExp(`^requireSecondFactor: .*\\b${option}\\b`))
    })
  })
})

describe('recordSecondFactor, with a wrong option', () => {
  describe('at the start of the app', () => {
    it.each([
      ['sessionKey', { sessionKey: 7 }],
      ['sessionKey', { sessionKey: '' }],
      ['sesionKey', { sesionKey: 'mfa' }],
      ['options', null],
    ])('refuses it at once and names it: %s of %j', (option, options) => {
      expect(() => recordSecondFactor(options as never)).toThrow(TypeError)
      expect(() => recordSecondFactor(options as never)).toThrow(new RegExp(`^recordSecondFactor: .*\\b${option}\\b`))
    })
  })
})
