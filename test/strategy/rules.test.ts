/** Tests rules that other Passport strategies break. Each test fails if the line of this package that enforces the rule is removed. */
import express from 'express'
import session from 'express-session'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Passport } from 'passport'
import { MemoryLedger, NevisStrategy, recordSecondFactor, statusEndpoint, type NevisProfile, type Verify } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { Browser } from '../support/browser'
import { callbackOf, handleIn, listen, PASSWORD, signIn, startApp, statusOf, strategyOptions, type AppOptions, type TestApp } from '../support/app'

let simulator: NevisSimulator
const closers: (() => Promise<unknown>)[] = []

async function start(options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> {
  const app = await startApp({ simulator, ...options })
  closers.push(app.close)
  return app
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 3 })
  simulator.addUser({ username: 'ben' })
})

afterEach(async () => {
  jest.restoreAllMocks()
  await Promise.all(closers.splice(0).map((close) => close()))
  await simulator.close()
})

/** Calls `authenticate` as Passport does, with any object as the request. Resolves with the one action that the strategy calls, such as `success`. */
function act(strategy: object, req: object, options: object = {}): Promise<{ action: string; args: unknown[] }> {
  return new Promise((resolve) => {
    const on = strategy as Record<string, unknown>
    for (const action of ['success', 'fail', 'redirect', 'error']) on[action] = (...args: unknown[]) => resolve({ action, args })
    ;(strategy as NevisStrategy).authenticate(req as never, options)
  })
}

const verify: Verify = (profile, done) => done(null, { username: profile.username })

describe('one strategy object for all requests, as with passport.authenticate(instance)', () => {
  it('signs each of two people in as themselves, when their callbacks run at once', async () => {
    const passport = new Passport()
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const app = express()
    app.use(express.json(), session({ secret: 'x', resave: false, saveUninitialized: false }))
    app.use((req, _res, next) => {
      if (req.method === 'POST') req.user = { username: (req.body as { username: string }).username }
      next()
    })
    passport.serializeUser((user, done) => done(null, user))
    app.all('/', passport.authenticate(nevis), (req, res) => void res.json(req.user))
    const server = createServer(app)
    await listen(server)
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

    const people = ['anna', 'ben']
    const signedIn = await Promise.all(
      people.map(async (username, i) => {
        const browser = new Browser(origin)
        const page = await browser.postJson('/', { username })
        await simulator.phone(username).approve()
        simulator.faults.add({ on: 'introspect', delayMs: 30 * (people.length - i), times: 1 })
        return (await browser.get(`/?transaction=${handleIn(page.location)}`)).json()
      }),
    )
    expect(signedIn).toEqual([{ username: 'anna' }, { username: 'ben' }])
  })
})

describe('a strategy that Passport copies with Object.create', () => {
  it('works, for the copy has no private members of its own', async () => {
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const { action, args } = await act(Object.create(nevis) as object, { method: 'POST', url: '/', headers: {}, session: {}, user: { username: 'anna' } })
    expect(action).toBe('redirect')
    expect(args[1]).toBe(303)
  })
})

describe('authenticate()', () => {
  // Shows: ASVS V16.5.4
  it('returns nothing, because Passport ignores it, and ends every fault in error()', async () => {
    const nevis = new NevisStrategy(
      { ...strategyOptions(simulator), passReqToCallback: false, subject: () => { throw new Error('the directory is down') } },
      verify,
    )
    expect(nevis.authenticate.length).toBeGreaterThan(0)
    const { action, args } = await act(nevis, { method: 'POST', url: '/', headers: {}, session: {} })
    expect(action).toBe('error')
    expect((args[0] as Error).message).toBe('the directory is down')
  })

  const endOf = (action: string, method: string) =>
    new Promise((resolve) => {
      const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
      Object.assign(nevis, { redirect: resolve, fail: resolve, success: resolve, error: resolve, [action]: () => { throw new Error('headers already sent') } })
      nevis.authenticate({ method, url: '/', headers: {}, session: {}, user: { username: 'anna' } } as never)
    })

  // Shows: ASVS V16.5.4
  it('ends an exception of what comes after it in error() too, rather than as an unhandled rejection', async () => {
    expect(await endOf('redirect', 'POST')).toMatchObject({ message: 'headers already sent' })
  })

  it('ends an exception of fail() in error() too', async () => {
    expect(await endOf('fail', 'GET')).toMatchObject({ message: 'headers already sent' })
  })
})

describe('the session', () => {
  it('gets a new object under our key at every write, because some sessions do not see writes inside one', async () => {
    const writes: unknown[] = []
    const kept: Record<string, unknown> = {}
    const watched = new Proxy(kept, { set: (target, key, value) => {
      writes.push(value)
      target[key as string] = deepFreeze(structuredClone(value))
      return true
    } })
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const req = (query: object, method = 'GET') => ({ method, url: '/', headers: {}, query, session: watched, user: { username: 'anna' } })
    const started = await act(nevis, req({}, 'POST'))
    const handle = handleIn(started.args[0] as string)
    await simulator.phone('anna').approve()
    expect((await act(nevis, req({ transaction: handle }))).action).toBe('success')
    expect(writes).toHaveLength(2)
    expect(kept).toEqual({ nevis: { transactions: {} } })
  })

  it.each(['redirect', 'fail', 'success'])('is saved before %s', async (exit) => {
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const order: string[] = []
    const kept: Record<string, unknown> = {
      save: (done: () => void) => setImmediate(() => {
        order.push('saved')
        done()
      }),
    }
    const step = async (query: object, method: string) => {
      order.length = 0
      const result = await act(nevis, { method, url: '/', headers: {}, query, session: kept, user: { username: 'anna' } })
      order.push(result.action)
      return result
    }
    const { args } = await step({}, 'POST')
    if (exit !== 'redirect') {
      await (exit === 'fail' ? simulator.phone('anna').deny() : simulator.phone('anna').approve())
      await step({ transaction: handleIn(args[0] as string) }, 'GET')
    }
    expect(order).toEqual(['saved', exit])
  })

  // Shows: ASVS V16.5.1
  it('that cannot be saved ends in an error without the store\'s own words, and no user is sent on', async () => {
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const kept = { save: (done: (error: Error) => void) => done(Object.assign(new Error('SET sess:1 secret'), { code: 'ECONNREFUSED' })) }
    const { action, args } = await act(nevis, { method: 'POST', url: '/', headers: {}, session: kept, user: { username: 'anna' } })
    expect(action).toBe('error')
    expect(args[0]).toMatchObject({ name: 'StorageError', code: 'SESSION_UNAVAILABLE', status: 503, cause: { code: 'ECONNREFUSED' } })
    expect(String((args[0] as Error).stack)).not.toContain('secret')
  })

  it('whose save answers with a promise is waited for', async () => {
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const { action } = await act(nevis, { method: 'POST', url: '/', headers: {}, session: { save: async () => undefined }, user: { username: 'anna' } })
    expect(action).toBe('redirect')
  })

  it('keeps eight transactions at most', async () => {
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false, startBudget: { starts: 99, perSeconds: 60 } }, verify)
    const kept: Record<string, unknown> = { save: (done: () => void) => done(), reload: (done: () => void) => done() }
    for (let i = 0; i < 12; i++) {
      await act(nevis, { method: 'POST', url: '/', headers: {}, body: {}, session: kept, user: { username: 'anna' } }, { data: i })
    }
    expect(Object.keys((kept['nevis'] as { transactions: object }).transactions)).toHaveLength(8)
  })
})

describe('single use', () => {
  // Shows: ASVS V15.4.2, T-browser-5
  it('lets one of ten parallel callbacks in, and verify runs once', async () => {
    const app = await start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    const pages = await Promise.all(Array.from({ length: 10 }, () => browser.clone().get(callbackOf(handle))))
    const actions = pages.map((page) => page.json()).map(({ action, code }) => code ?? action)
    expect(actions.filter((one) => one === 'success')).toHaveLength(1)
    expect(actions.filter((one) => one === 'used_transaction' || one === 'unknown_transaction')).toHaveLength(9)
    expect(app.verified).toHaveLength(1)
  })

  it('holds though the session is put back as it was', async () => {
    const app = await start()
    const nevis = new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false }, verify)
    const kept: Record<string, unknown> = {}
    const req = (query: object, method: string) => ({ method, url: '/', headers: {}, query, session: kept, user: { username: 'anna' } })
    const handle = handleIn((await act(nevis, req({}, 'POST'))).args[0] as string)
    const before = kept['nevis']
    await simulator.phone('anna').approve()
    expect((await act(nevis, req({ transaction: handle }, 'GET'))).action).toBe('success')
    kept['nevis'] = before
    expect(await act(nevis, req({ transaction: handle }, 'GET'))).toMatchObject({ action: 'fail', args: [{ code: 'used_transaction' }, 403] })
    void app
  })

  it('lets five of fifty parallel wrong codes reach Nevis', async () => {
    const app = await start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'recovery' })
    await Promise.all(Array.from({ length: 50 }, (_, i) => browser.clone().post('/login/2fa/callback', { transaction: handle, code: `wrong-${i}` })))
    expect(simulator.requests.filter(({ operation }) => operation === 'verifyCode')).toHaveLength(5)
  })

  // Shows: ASVS V16.5.3
  it('is refused, not granted, when the ledger does not answer', async () => {
    let isDown = false
    class Breaking extends MemoryLedger {
      override claim(key: string, ttlSeconds: number): Promise<boolean> {
        return isDown ? Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })) : super.claim(key, ttlSeconds)
      }
    }
    const app = await start({ strategy: { ledger: new Breaking() } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    isDown = true
    const page = await browser.get(callbackOf(handle))
    expect(page.status).toBe(503)
    expect(page.json()).toMatchObject({ action: 'error', code: 'LEDGER_UNAVAILABLE' })
    expect(app.verified).toHaveLength(0)
  })
})

describe('the status endpoint', () => {
  it('is mounted before the session and never touches it', async () => {
    const app = await start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const page = await new Browser(app.origin).get(statusOf(handle))
    expect(page.json()).toMatchObject({ status: 'pending' })
    expect(page.headers.getSetCookie()).toEqual([])
    void statusEndpoint
  })
})

describe('a failure', () => {
  // Shows: ASVS V16.5.1
  it('is an object, so that Passport makes no WWW-Authenticate header of it', async () => {
    const passport = new Passport()
    passport.use(new NevisStrategy({ ...strategyOptions(simulator), passReqToCallback: false, subject: () => ({ username: 'anna' }) }, verify))
    const app = express()
    app.use(session({ secret: 'x', resave: false, saveUninitialized: false }), passport.authenticate('nevis'))
    const server = createServer(app)
    await listen(server)
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const handle = handleIn((await browser.post('/')).location)
    await simulator.phone('anna').deny()
    // If the strategy passed a string to `fail`, Passport would send it in the header `WWW-Authenticate`.
    const page = await browser.get(`/?transaction=${handle}`)
    expect(page.status).toBe(401)
    expect(page.headers.get('www-authenticate')).toBeNull()
  })
})

describe('what was approved', () => {
  // Shows: ASVS V7.2.4
  it('travels in info to req.authInfo, and the record is written in the session that the login renewed', async () => {
    let profile: NevisProfile | undefined
    const app = await start({
      routes: (web, { passport }) => {
        web.get('/in', passport.authenticate('nevis'), recordSecondFactor(), (req, res) => {
          profile = (req.authInfo as { nevis: NevisProfile }).nevis
          res.json((req.session as unknown as { nevis: object }).nevis)
        })
      },
    })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const before = [...browser.cookies.values()]
    await simulator.phone('anna').approve()
    const page = await browser.get(`/in?transaction=${handle}`)
    expect(page.json()).toMatchObject({ secondFactor: { factor: 'push', userId: profile?.id, transactionId: profile?.transactionId } })
    expect([...browser.cookies.values()]).not.toEqual(before)
  })

  it.each([
    ['by the strategy after passport.authorize, where Passport 0.6 does not', { assignProperty: 'account' }, true],
    ['by Passport after passport.authenticate', {}, false],
  ])('is put there %s', async (_name, options, isByStrategy) => {
    const app = await start({
      routes: (web) => {
        web.get('/bare', async (req, res) => {
          const { action } = await act(Object.create(app.nevis) as object, req, options)
          res.json({ action, authInfo: req.authInfo ?? null })
        })
      },
    })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    const expected = isByStrategy ? { nevis: expect.objectContaining({ provider: 'nevis', username: 'anna' }) } : null
    expect((await browser.get(`/bare?transaction=${handle}`)).json()).toEqual({ action: 'success', authInfo: expected })
  })
})

describe('a user between the factors', () => {
  // Shows: ASVS V6.3.3, T-password-1
  it('is not signed in on any other request', async () => {
    const app = await start()
    const browser = app.browser()
    await signIn(browser, 'anna')
    await simulator.phone('anna').approve()
    expect((await browser.get('/me')).json()).toEqual({ user: null })
    expect((await browser.post('/login', { username: 'anna', password: `${PASSWORD}!` })).status).toBe(401)
  })
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
