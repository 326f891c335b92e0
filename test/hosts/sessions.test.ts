/**
 * Tests sign-ins with every kind of session: in a fast or slow store, with or without `resave`, and in a cookie.
 *
 * Out of scope: races (`test/security/exactly-once.test.ts`).
 */
import { RedisStore } from 'connect-redis'
import type { RequestHandler } from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { recordSecondFactor, requireSecondFactor } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, PASSWORD } from '../support/app'
import type { Browser } from '../support/browser'
import { describeWithRedis, RedisServer } from '../support/redis'
import { bare, memorySession, type BareOptions } from './express/bare'
import { nameOf, newest, oldest, type Host } from './express/host'
import { RewritingStore } from './express/rewriting-store'

const cookieSession = jest.requireActual<(options: object) => RequestHandler>('cookie-session')
let simulator: NevisSimulator
let host: Host
let browser: Browser

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567' })
})

afterEach(async () => {
  jest.restoreAllMocks()
  await host.close()
  await simulator.close()
})

let arrived: () => void
/** Sends the answer of the route `/slow`, which waits for this call. */
let goOn: () => void

const routes: BareOptions['routes'] = (app, { passport }) => {
  app.get('/slow', (_req, res) => {
    goOn = () => void res.end()
    arrived()
  })
  const onFailure = { failureRedirect: '/login', failureMessage: true }
  app.post('/cart', (req, res) => {
    Object.assign(req.session, { cart: ['book'] })
    res.end()
  })
  app.get('/session', (req, res) => {
    const { cart = null, messages = null } = req.session as { cart?: unknown; messages?: unknown }
    res.json({ user: req.user ?? null, cart, messages })
  })
  app.post('/login', passport.authenticate('local', { ...onFailure, session: false }), passport.authenticate('nevis', onFailure))
  app.post('/login/2fa', passport.authenticate('nevis', onFailure))
  app.all('/login/2fa/callback', passport.authenticate('nevis', { ...onFailure, keepSessionInfo: true }), recordSecondFactor(), (_req, res) => res.redirect('/in'))
  app.post('/step-up', passport.authorize('nevis', { ...onFailure }))
  app.all('/stepped-up', passport.authorize('nevis', { ...onFailure }), recordSecondFactor(), (_req, res) => res.redirect('/in'))
  app.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => res.json({ transferred: true }))
  app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
}

async function serve(store: session.Store, resave: boolean): Promise<void> {
  host = await bare({ simulator, stack: newest, session: memorySession({ store, resave }), routes })
  browser = host.browser()
}

const inSession = async (who = browser) => (await who.get('/session')).json()
const start = async (path = '/login', fields: Record<string, string> = {}) => handleIn((await browser.post(path, { username: 'anna', password: PASSWORD, ...fields })).location)
const cookie = () => browser.cookies.get('connect.sid')

/** Uses one session from the first page to the log-out, and checks what every kind of session must do. */
async function liveThrough(): Promise<void> {
  await browser.post('/cart')
  const cookies = [cookie()]

  const denied = await start()
  await simulator.phone('anna').deny()
  expect((await browser.get(callbackOf(denied))).location).toBe('/login')
  expect(await inSession()).toEqual({ user: null, cart: ['book'], messages: ['You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'] })

  const sms = await start('/login', { factor: 'sms' })
  const code = /\d{4,}/.exec(simulator.sms('anna').at(-1) as string)?.[0] as string
  expect((await browser.post('/login/2fa/callback', { transaction: sms, code })).location).toBe('/in')
  expect(await inSession()).toMatchObject({ user: { username: 'anna' }, cart: ['book'] })
  cookies.push(cookie())

  const old = browser.clone()
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
  expect((await browser.post('/transfer')).status).toBe(401)
  const again = await start('/step-up')
  await simulator.phone('anna').approve()
  expect((await browser.get(`/stepped-up?transaction=${again}`)).location).toBe('/in')
  expect((await browser.post('/transfer')).json()).toEqual({ transferred: true })
  expect(await inSession()).toMatchObject({ user: { username: 'anna' }, cart: ['book'] })
  cookies.push(cookie())
  expect(new Set(cookies).size).toBe(3)
  expect((await inSession(old)).user).toBeNull()

  const before = browser.clone()
  await browser.post('/logout')
  expect((await before.post('/transfer')).status).toBe(401)
  expect((await inSession(before)).user).toBeNull()
}

describe.each([false, true])('with resave: %s, express-session', (resave) => {
  describe.each<[string, () => session.Store]>([
    ['in memory', () => new session.MemoryStore()],
    ['in a slow store that gives back other objects', () => new RewritingStore()],
  ])('%s', (_name, store) => {
    it('carries a denial, a login by SMS, a step-up by push and a log-out, and keeps the cart', async () => {
      await serve(store(), resave)
      await liveThrough()
    })
  })

  describeWithRedis('in Redis', () => {
    let redis: RedisServer
    let client: ReturnType<typeof createClient>

    beforeAll(async () => {
      redis = await RedisServer.start()
      client = createClient({ socket: { path: redis.path, tls: false } })
      await client.connect()
    })

    afterAll(async () => {
      client.destroy()
      await redis.close()
    })

    it('carries a denial, a login by SMS, a step-up by push and a log-out, and keeps the cart', async () => {
      await serve(new RedisStore({ client }), resave)
      await liveThrough()
    })
  })
})

describe('a start while a slow answer of another tab is under way', () => {
  it.each([
    [false, 'counts'],
    [true, 'counts too: what is written back is the session of before, and the request is in a new one'],
  ])('with resave: %s %s', async (resave) => {
    await serve(new session.MemoryStore(), resave)
    await browser.post('/cart')
    const isThere = new Promise<void>((resolve) => void (arrived = resolve))
    const slow = browser.get('/slow')
    await isThere
    const handle = await start()
    goOn()
    await slow
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).location).toBe('/in')
  })
})

describe('cookie-session', () => {
  /**
   * Many web pages recommend this workaround: cookie-session has no `regenerate`, which Passport's `logIn` calls, so the app adds a function that does nothing.
   */
  const shim: RequestHandler = (req, _res, next) => {
    const cookies = req.session as unknown as Record<string, unknown>
    cookies['regenerate'] ??= (done: () => void) => done()
    cookies['save'] ??= (done: () => void) => done()
    next()
  }

  describe.each([newest, oldest].map((stack) => [nameOf(stack), stack] as const))('with %s', (_name, stack) => {
    describe.each<[string, RequestHandler[]]>([['as it is', []], ['with regenerate and save put in', [shim]]])('%s', (_how, before) => {
      beforeEach(async () => {
        host = await bare({ simulator, stack, session: cookieSession({ keys: ['a secret for tests'] }), before, routes })
        browser = host.browser()
      })

      // Shows: T-old-session-5
      it('is refused at the start, with the remedy, before anyone is asked and with nothing in the cookie', async () => {
        const page = await browser.post('/login', { username: 'anna', password: PASSWORD })
        expect(page.status).toBe(500)
        expect(page.json().error).toMatchObject({ name: 'StorageError', code: 'SESSION_IN_COOKIE', message: expect.stringContaining('Use express-session with a store') })
        expect(simulator.requests).toEqual([])
        expect(Buffer.from(browser.cookies.get('session') ?? '', 'base64').toString()).not.toContain('transactions')
      })

      it('is refused at the callback too', async () => {
        expect((await browser.get(callbackOf('x'))).json().error).toMatchObject({ code: 'SESSION_IN_COOKIE' })
      })
    })
  })

  it('is not what a session is that holds properties of the same names', async () => {
    const named: RequestHandler = (req, _res, next) => {
      Object.assign(req.session, { isChanged: true, isPopulated: true, isNew: true })
      next()
    }
    host = await bare({ simulator, stack: newest, before: [named], routes })
    expect((await host.browser().post('/login', { username: 'anna', password: PASSWORD })).status).toBe(303)
  })
})
