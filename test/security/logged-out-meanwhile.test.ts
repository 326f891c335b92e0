/**
 * The attack: a logout that does not last.
 *
 * A start and a callback wait for Nevis, and keep the session in memory meanwhile. If the user logged out in that time, an earlier version wrote the
 * old session back, with its signed-in user and its second factor record. An attacker who had stolen the old cookie could then go on using it. Values
 * that the app had written meanwhile were lost, too. And a transaction that was cancelled meanwhile became valid again, and signed the user in.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { RedisStore } from 'connect-redis'
import { recordSecondFactor, requireSecondFactor, secondFactorOf } from '../../src'
import type { Browser, Page } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, type AppOptions, type TestApp } from '../support/app'
import { describeWithRedis, RedisServer } from '../support/redis'
import { checkpoint, nextInQueue, slowCall, type Checkpoint } from './support/checkpoint'
import { lab, outcomeOf } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)

type AuthenticateCallback = (req: Request, res: Response, next: NextFunction) => (error: unknown, user: unknown, info: unknown, status: unknown) => void

let slowGuard: () => Promise<void> = async () => undefined

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  web.all('/in', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  const failed: AuthenticateCallback = (req, res, next) => (error, user, info, status) => {
    if (error) return next(error)
    if (!user) return void res.status(status as number).json({ action: 'fail', ...(info as object) })
    req.authInfo = info as Express.AuthInfo
    next()
  }
  const up: RequestHandler = (req, res, next) => void passport.authorize('nevis', {}, failed(req, res, next) as never)(req, res, next)
  web.all('/up', up, recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  const own: RequestHandler = (req, res, next) => {
    const done: ReturnType<AuthenticateCallback> = (error, user, info, status) => {
      if (error) return next(error)
      if (!user) return void res.status(status as number).json({ action: 'fail', ...(info as object) })
      req.login(user, { session: true, keepSessionInfo: true }, (reason) => (reason ? next(reason) : res.json({ action: 'success' })))
    }
    void (passport.authenticate('nevis', done as never) as RequestHandler)(req, res, next)
  }
  web.all('/own', own)
  web.post('/pay', (req, res, next) => {
    const data = () => {
      const session = req.session as { basket?: string; coupon?: string }
      session.basket = 'paid'
      delete session.coupon
    }
    void (passport.authorize('nevis', { data } as never) as RequestHandler)(req, res, next)
  })
  web.post('/messages', passport.authorize('nevis', { failureRedirect: '/failed', failureMessage: true }))
  web.get('/whoami', (req, res) => void res.json({ user: req.user ?? null, record: secondFactorOf(req) ?? null }))
  // Stands for anything that takes time after the session was read and before this package runs: a body that arrives slowly, a slow database query.
  const slowly: RequestHandler = (_req, _res, next) => void slowGuard().then(() => next(), next)
  web.get('/slow-page', slowly, requireSecondFactor({ maxAgeSeconds: 0.001, redirectTo: '/step-up' }), (_req, res) => void res.json({ action: 'passed' }))
  web.all('/slow-callback', slowly, passport.authorize('nevis', { failureRedirect: '/failed', failureMessage: true }))
  web.get('/risky', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'passed' }))
  web.post('/note', (req, res) => {
    Object.assign(req.session as object, { basket: 'full' }, req.query)
    res.end()
  })
  web.get('/note', (req, res) => {
    const { basket, coupon } = req.session as { basket?: string; coupon?: string }
    res.json({ basket, coupon })
  })
  web.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
}

async function signedIn(app: TestApp): Promise<Browser> {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(`/in?transaction=${handle}`))).toBe('success')
  // After this time, the second factor record is too old for `/slow-page`.
  world.later(1)
  return browser
}

const stores = (name: string, describeIt: typeof describe, newStore: () => Promise<session.Store>) => {
  describeIt(`with sessions in ${name}`, () => {
    let app: TestApp
    let store: session.Store
    let browser: Browser
    let oldCookie: Browser
    let slowVerify: () => Promise<void>

    beforeEach(async () => {
      slowVerify = async () => undefined
      const verify: AppOptions['verify'] = (profile, done) => void slowVerify().then(() => done(null, { username: profile.username }))
      store = await newStore()
      app = await world.start({ routes, verify, session: { store } })
      browser = await signedIn(app)
      oldCookie = browser.clone()
    })

    async function expectLoggedOut(): Promise<void> {
      expect((await oldCookie.get('/whoami')).json()).toEqual({ user: null, record: null })
      expect((await oldCookie.get('/risky')).status).toBe(401)
    }

    /** The callback cannot tell a log-out from a new session id. So it sends the browser back once, and the repeated callback is refused at once. */
    async function expectSentBack({ status, location = '' }: Page): Promise<void> {
      expect(status).toBe(303)
      for (const cookies of [oldCookie, browser]) expect(outcomeOf(await cookies.clone().get(location))).toBe('unknown_transaction')
    }

    // Shows: T-old-session-2
    it('a log-out during a slow step-up start lasts: the old cookie signs no user in, and no user can finish the request', async () => {
      const { reached, release } = slowCall(app, 'approve')
      const start = browser.clone().post('/up')
      await reached
      await browser.post('/logout')
      release()
      expect(outcomeOf(await start)).toBe('unknown_transaction')
      await expectLoggedOut()
    })

    // Shows: ASVS V15.4.2
    it('a log-out during a slow callback lasts, and the approval is not recorded', async () => {
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('anna').approve()
      const { reached, release } = slowCall(app, 'getStatus')
      const callback = oldCookie.clone().get(`/up?transaction=${handle}`)
      await reached
      await browser.post('/logout')
      release()
      await expectSentBack(await callback)
      await expectLoggedOut()
    })

    // Shows: T-old-session-2
    it('a log-out while Nevis checks a wrong code lasts', async () => {
      const handle = handleIn((await browser.post('/up', { factor: 'sms' })).location)
      const { reached, release } = slowCall(app, 'verifyCode')
      const callback = oldCookie.clone().post('/up', { transaction: handle, code: '000000' })
      await reached
      await browser.post('/logout')
      release()
      expect(outcomeOf(await callback)).toBe('unknown_transaction')
      await expectLoggedOut()
    })

    // Shows: T-old-session-2
    it('a log-out during a slow start that Nevis then refuses lasts, even if the store cannot be read then', async () => {
      world.simulator.faults.add({ on: 'approve', status: 404, body: '{"status":404}', times: 1 })
      const { reached, release } = slowCall(app, 'approve', 'before')
      const start = oldCookie.clone().post('/messages')
      await reached
      await browser.post('/logout')
      jest.spyOn(store, 'get').mockImplementationOnce((_id, done) => done(new Error('read ECONNRESET')))
      release()
      expect(outcomeOf(await start)).toBe('302 /failed')
      await expectLoggedOut()
    })

    // Shows: T-old-session-2
    it.each<[string, (old: Browser) => Promise<unknown>]>([
      ['requireSecondFactor, which keeps the page for later', (old) => old.get('/slow-page', { accept: 'text/html' })],
      ['a callback without a handle, whose failure message Passport keeps', (old) => old.get('/slow-callback')],
      ['a callback with a wrong handle', (old) => old.get('/slow-callback?transaction=x')],
      ['a POST with a wrong handle', (old) => old.post('/slow-callback', { transaction: 'x' })],
    ])('a log-out while the app waits before %s lasts', async (_name, request) => {
      const { pass, reached, release } = checkpoint()
      slowGuard = pass
      const page = request(oldCookie.clone())
      await reached
      await browser.post('/logout')
      release()
      await page
      slowGuard = async () => undefined
      await expectLoggedOut()
    })

    it('without a log-out, requireSecondFactor keeps the page for after the step-up', async () => {
      expect((await browser.get('/slow-page', { accept: 'text/html' })).location).toBe('/step-up')
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(`/up?transaction=${handle}`))).toBe('success')
      expect((await browser.get('/whoami')).json()).toMatchObject({ user: { username: 'anna' } })
    })

    it('a log-out while `verify` takes its time lasts, and the approval is not recorded', async () => {
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('anna').approve()
      const { pass, reached, release } = checkpoint()
      slowVerify = pass
      const callback = oldCookie.clone().get(`/up?transaction=${handle}`)
      await reached
      await browser.post('/logout')
      release()
      const page = await callback
      expect(outcomeOf(page)).toBe('unknown_transaction')
      expect(page.headers.getSetCookie().join()).not.toContain('anna')
      await expectLoggedOut()
    })

    describe('with a callback of the app\'s own, and a request that is older than the login', () => {
      let handle: string
      let verifying: Checkpoint

      beforeEach(async () => {
        browser = app.browser()
        handle = await signIn(browser, 'anna')
        const bySms = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD, factor: 'sms' })).location)
        const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) ?? '')?.[0]
        expect(outcomeOf(await browser.post('/own', { transaction: bySms, code: code as string }))).toBe('success')
        oldCookie = browser.clone()
        await world.simulator.phone('anna').approve()
        verifying = checkpoint()
        slowVerify = verifying.pass
      })

      // Shows: T-old-session-2
      it('a log-out during a slow callback lasts', async () => {
        const slow = slowCall(app, 'getStatus')
        const callback = oldCookie.clone().get(`/own?transaction=${handle}`)
        await slow.reached
        await browser.post('/logout')
        verifying.release()
        slow.release()
        await expectSentBack(await callback)
        await expectLoggedOut()
      })

      it('a log-out while `verify` takes its time lasts, whatever `verify` says', async () => {
        const callback = oldCookie.clone().get(`/own?transaction=${handle}`)
        await verifying.reached
        await browser.post('/logout')
        await expectLoggedOut()
        verifying.release()
        expect(outcomeOf(await callback)).toBe('unknown_transaction')
        await expectLoggedOut()
      })

      it('without a log-out the approval signs in', async () => {
        verifying.release()
        expect(outcomeOf(await oldCookie.clone().get(`/own?transaction=${handle}`))).toBe('success')
      })
    })

    it('a log-out during a slow start that is refused lasts, though the app keeps failure messages in the session', async () => {
      world.simulator.faults.add({ on: 'approve', status: 404, body: { error: 'Not Found', path: '/api/v1/approval', status: 404, timestamp: 1 } })
      const { reached, release } = slowCall(app, 'approve', 'before')
      const start = oldCookie.clone().post('/messages')
      await reached
      await browser.post('/logout')
      release()
      expect((await start).location).toBe('/failed')
      await expectLoggedOut()
    })

    it('a cancellation during a slow callback lasts', async () => {
      const handle = handleIn((await browser.post('/up')).location)
      await world.simulator.phone('anna').approve()
      const { reached, release } = slowCall(app, 'getStatus')
      const callback = oldCookie.clone().get(`/up?transaction=${handle}`)
      await reached
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))).toBe('cancelled')
      release()
      expect(outcomeOf(await callback)).toBe('cancelled')
    })

    it('what another request does while Nevis checks a wrong code is not undone: a cancellation, and what the app writes', async () => {
      await browser.post('/note?basket=empty')
      const handle = handleIn((await browser.post('/up', { factor: 'sms' })).location)
      const { reached, release } = slowCall(app, 'verifyCode')
      const callback = browser.clone().post('/up', { transaction: handle, code: '000000' })
      await reached
      expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))).toBe('cancelled')
      await browser.post('/note')
      release()
      expect(outcomeOf(await callback)).toBe('wrong_code')
      expect((await browser.get('/note')).json()).toEqual({ basket: 'full' })
      expect(outcomeOf(await browser.post('/up', { transaction: handle, code: '000000' }))).toBe('cancelled')
    })

    it('what the app changes and deletes in a start stays so, also if the start waits for another one of the same user', async () => {
      await browser.post('/note?coupon=SPRING')
      const slow = slowCall(app, 'approve')
      const first = app.browser().post('/login', { username: 'anna', password: PASSWORD })
      await slow.reached
      const isInQueue = nextInQueue(app)
      const second = browser.post('/pay')
      await isInQueue
      slow.release()
      expect([outcomeOf(await first), outcomeOf(await second)]).toEqual(['303 /login/2fa', '303 /login/2fa'])
      expect((await browser.get('/note')).json()).toEqual({ basket: 'paid' })
    })

    it('what the app writes during a slow start and a slow callback is still there, and the step-up succeeds', async () => {
      await browser.post('/note?basket=empty')
      const slowStart = slowCall(app, 'approve')
      const start = browser.clone().post('/up')
      await slowStart.reached
      await browser.post('/note')
      slowStart.release()
      const handle = handleIn((await start).location)
      expect((await browser.get('/note')).json()).toEqual({ basket: 'full' })
      await world.simulator.phone('anna').approve()
      const slowCallback = slowCall(app, 'introspect')
      const callback = browser.get(`/up?transaction=${handle}`)
      await slowCallback.reached
      await browser.clone().post('/note?basket=paid')
      slowCallback.release()
      expect(outcomeOf(await callback)).toBe('success')
      expect((await browser.get('/risky')).status).toBe(200)
      expect((await browser.get('/note')).json()).toEqual({ basket: 'paid' })
    })
  })
}

stores('memory', describe, async () => new session.MemoryStore())

describeWithRedis('Redis', () => {
  let redis: RedisServer
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    redis = await RedisServer.start()
    client = createClient({ socket: { path: redis.path, tls: false } })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await redis.kill()
  })
  stores('Redis', describe, async () => new RedisStore({ client }))
})

describe('in an app with its own subject, where the session has no second factor record', () => {
  // Shows: T-old-session-2
  it('a log-out during a slow step-up start lasts', async () => {
    const app = await world.start({
      strategy: { subject: ({ user }) => user && { username: (user as { username: string }).username } },
      routes: (web, parts) => {
        routes(web, parts)
        web.post('/password', parts.passport.authenticate('local'), (_req, res) => void res.end())
      },
    })
    const browser = app.browser()
    await browser.post('/password', { username: 'anna', password: PASSWORD })
    const starting = browser.clone()
    const { reached, release } = slowCall(app, 'approve')
    const start = starting.post('/login/2fa')
    await reached
    await browser.post('/logout')
    release()
    expect(outcomeOf(await start)).toBe('unknown_transaction')
    for (const one of [browser, starting]) expect((await one.get('/me')).json()).toEqual({ user: null })
  })
})

describe('a session that is written late (resave: true)', () => {
  // Shows: ASVS V6.5.1, T-old-session-4
  it('cannot revive a transaction that was cancelled', async () => {
    const store = new session.MemoryStore()
    const app = await world.start({ routes, session: { store } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const { sessions } = store as unknown as { sessions: Record<string, string> }
    const before = { ...sessions }
    expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))).toBe('cancelled')
    Object.assign(sessions, before)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('used_transaction')
    expect((await browser.get('/whoami')).json()).toMatchObject({ user: null })
  })
})

describe('a cancellation', () => {
  it.each(['denial', 'wrong codes'])('after %s lasts: no other factor is asked in its place, and the password is asked for again', async (end) => {
    const app = await world.start({ routes })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: end === 'denial' ? 'push' : 'sms' })
    if (end === 'denial') {
      await world.simulator.phone('anna').deny()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
    } else for (let i = 0; i < 5; i++) await browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
    expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, cancel: '1' }))).toBe('cancelled')
    const asked = world.asked('approve')
    expect(outcomeOf(await browser.post('/login/2fa', { transaction: handle, factor: 'push' }))).toBe('cancelled')
    expect(world.asked('approve')).toBe(asked)
    expect((await browser.post('/login', { username: 'anna', password: PASSWORD })).status).toBe(303)
  })
})

describe('two tabs of one browser that wait for the same approval', () => {
  it.each([0, 5, 20, 60])('end signed in, though one of them comes too late and has its message kept (%i ms later)', async (laterMs) => {
    const app = await world.start({
      session: { store: new SlowStore(undefined, 10), cookie: { maxAge: 600_000 } },
      routes: (web, { passport }) => {
        web.get('/plain/callback', passport.authenticate('nevis', { failureRedirect: '/login', failureMessage: true }), (_req, res) => void res.json({ action: 'success' }))
      },
    })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    await world.simulator.phone('anna').approve()
    const tabs = [browser.clone(), browser.clone()] as const
    // Both tabs belong to one browser, which stores the session cookie of each answer in the order in which the answers arrive.
    const cookies: string[] = []
    const answers = await Promise.all(tabs.map(async (tab, place) => {
      if (place === 1) await pause(laterMs)
      const before = tab.cookies.get('connect.sid')
      const answer = await tab.get(`/plain/callback?transaction=${handle}`)
      const after = tab.cookies.get('connect.sid')
      if (after !== undefined && after !== before) cookies.push(after)
      return answer
    }))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 302])
    expect(cookies).toHaveLength(1)
    browser.cookies.set('connect.sid', cookies[0] as string)
    expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
  })
})

/**
 * cookie-parser decodes a cookie value `j:"…"` as JSON, so a session cookie can be written in a form whose raw text does not contain the session's id. In an
 * earlier version, a thief could send a stolen session cookie in this form. The strategy did not find the session's id in the raw cookie. So the strategy took
 * the session for a new one, and did not read the session again after waiting. Passport's failure message then wrote the logged-out session back.
 */
describe('a log-out while a start waits, with a session cookie that only the app\'s cookie parser can read', () => {
  // Shows: T-old-session-2
  it('lasts, also where the start fails with a message', async () => {
    const store = new session.MemoryStore()
    const app = await world.start({
      session: false,
      routes: (web, { passport }) => {
        web.use((req, _res, next) => {
          const spelled = /spelled=([0-9a-f]+)/.exec(req.headers.cookie ?? '')?.[1]
          if (spelled !== undefined) Object.assign(req, { signedCookies: { 'connect.sid': Buffer.from(spelled, 'hex').toString() } })
          next()
        })
        web.use(session({ secret: 'a secret for tests', resave: false, saveUninitialized: false, store }), passport.session())
        web.post('/parsed/in', passport.authenticate('local'), (req, res) => void res.json({ id: req.sessionID }))
        web.get('/parsed/me', (req, res) => void res.json({ user: req.user ?? null }))
        web.post('/parsed/out', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
        web.post('/parsed/up', passport.authorize('nevis', { failureRedirect: '/failed', failureMessage: true }))
      },
    })
    const owner = app.browser()
    const { id } = (await owner.post('/parsed/in', { username: 'carl', password: PASSWORD })).json() as { id: string }
    const thief = app.browser()
    thief.cookies.set('spelled', Buffer.from(id).toString('hex'))
    expect((await thief.get('/parsed/me')).json()).toEqual({ user: { username: 'carl' } })
    const { reached, release } = slowCall(app, 'approve', 'before')
    const late = thief.post('/parsed/up')
    await reached
    await owner.post('/parsed/out')
    release()
    expect((await late).location).toBe('/failed')
    expect((await thief.get('/parsed/me')).json()).toEqual({ user: null })
  })
})
