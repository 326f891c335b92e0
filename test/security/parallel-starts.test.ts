/**
 * The attack: many starts at once.
 *
 * A double click on "Sign in", a client that repeats its request, or an attacker with the password sends five starts at the same moment. In an earlier version,
 * each start read the session before the other starts wrote the session, and each start called Nevis. So the phone got several pushes, and the waiting page
 * could wait for the wrong push. In Chromium, the second click of a double click aborts the first request, and the page that the user then sees must work.
 */
import session from 'express-session'
import { request } from 'node:http'
import { recordSecondFactor, RedisLedger } from '../../src'
import type { PhoneRequest } from '../../src/simulator'
import type { Browser } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import { createClient } from 'redis'
import { RedisStore } from 'connect-redis'
import { describeWithRedis, RedisServer } from '../support/redis'
import { checkpoint, nextInQueue, slowCall } from './support/checkpoint'
import { lab, outcomeOf, tally } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)
const credentials = { username: 'anna', password: PASSWORD }

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  web.get('/sign-in', (req, res) => {
    Object.assign(req.session as object, { token: 'csrf' })
    res.end()
  })
  web.all('/in', passport.authenticate('nevis'), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  // This route stands for an app that stores a form field, or the version of the password, in the session until the end of the sign-in.
  web.post('/login-kept', passport.authenticate('local', { session: false }), (req, _res, next) => {
    Object.assign(req.session as object, { kept: Math.random() })
    req.session.save(next)
  }, passport.authenticate('nevis'))
  web.post('/up', passport.authorize('nevis'))
  web.get('/who', (req, res) => void res.send((req.user as { username: string } | undefined)?.username))
}

/** @param isRecorded whether the sign-in leaves a second factor record in the session */
async function signedIn(app: TestApp, isRecorded = true): Promise<Browser> {
  const browser = app.browser()
  const handle = await signIn(browser, 'anna')
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(isRecorded ? `/in?transaction=${handle}` : callbackOf(handle)))).toBe('success')
  return browser
}

/** Reports a missing session as the error ENOENT, as a store of files does. */
class FileLikeStore extends session.MemoryStore {
  override get(id: string, done: (error: unknown, session?: session.SessionData | null) => void): void {
    super.get(id, (error, found) => setTimeout(() => done(found ? error : Object.assign(new Error('no such file'), { code: 'ENOENT' }), found), 10))
  }
}

const five = <T>(act: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 5 }, act))

describe('five starts at once', () => {
  // Shows: ASVS V6.6.4
  it('in the session of a signed-in user are one push, and all five lead to the page of that one', async () => {
    const app = await world.start({ routes, session: { store: new SlowStore(new session.MemoryStore(), 10) } })
    const browser = await signedIn(app)
    const before = world.asked('approve')
    const pages = await five(() => browser.clone().post('/up'))
    expect(tally(pages.map(outcomeOf))).toEqual({ '303 /login/2fa': 5 })
    expect(world.asked('approve') - before).toBe(1)
    await world.simulator.phone('anna').approve()
    for (const { location } of pages) expect((await browser.get(waitingOf(handleIn(location)))).status).toBe(303)
  })

  // Shows: T-planted-3
  it('in the session of a sign-in page are one push, and the browser that got the new session signs in', async () => {
    const app = await world.start({ routes, session: { store: new SlowStore(new session.MemoryStore(), 10) } })
    const browser = app.browser()
    await browser.get('/sign-in')
    const browsers = Array.from({ length: 5 }, () => browser.clone())
    const pages = await Promise.all(browsers.map((one) => one.post('/login', credentials)))
    expect(world.asked('approve')).toBe(1)
    await world.simulator.phone('anna').approve()
    const outcomes: string[] = []
    for (const [i, page] of pages.entries()) outcomes.push(outcomeOf(await (browsers[i] as Browser).get(callbackOf(handleIn(page.location)))))
    // All five browsers know the handle (the reference to the transaction in the URL), but only one of them got the cookie of the new session.
    expect(tally(outcomes)).toEqual({ success: 1, unknown_transaction: 4 })
  })

  it.each<[string, Partial<session.SessionOptions>]>([
    ['whose cookie expires', {}], ['whose cookie is sent with every answer', { rolling: true }], ['whose store reports a lost session as an error', { store: new FileLikeStore() }],
  ])('of an app that writes to the session before, %s, leave the browser the new session', async (_name, options) => {
    const app = await world.start({ routes, session: { store: new SlowStore(new session.MemoryStore(), 10), cookie: { maxAge: 3_600_000 }, ...options } })
    const browser = app.browser()
    await browser.get('/sign-in')
    const before = browser.cookies.get('connect.sid')
    const pages = await five(async () => {
      const one = browser.clone()
      return { page: await one.post('/login-kept', credentials), cookie: one.cookies.get('connect.sid') as string }
    })
    expect(tally(pages.map(({ page }) => outcomeOf(page)))).toEqual({ '303 /login/2fa': 5 })
    expect(pages.filter(({ page }) => page.headers.getSetCookie().some((one) => one.includes('connect.sid')))).toHaveLength(1)
    const [renewed] = pages.filter(({ cookie }) => cookie !== before)
    browser.cookies.set('connect.sid', renewed?.cookie as string)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handleIn(pages[4]?.page.location))))).toBe('success')
  })

  it('with two factors, in an app with its own subject and no second factor record, keep the user signed in', async () => {
    const app = await world.start({ routes, session: { store: new SlowStore(new session.MemoryStore(), 10) }, strategy: { subject: ({ user }) => user && { username: (user as { username: string }).username } } })
    const browser = await signedIn(app, false)
    const before = world.asked('approve')
    const pages = await Promise.all(['recovery', 'push'].map(async (factor) => {
      const one = browser.clone()
      const page = await one.post('/login/2fa', { factor })
      return { outcome: outcomeOf(page), cookies: one.cookies, isRenewed: page.headers.getSetCookie().length > 0 }
    }))
    expect(pages.map(({ outcome }) => outcome).sort()).toEqual(['303 /login/2fa', 'unknown_transaction'])
    const [renewed, ...others] = pages.filter(({ isRenewed }) => isRenewed)
    expect(others).toEqual([])
    // If the start with `recovery` was accepted, the start with `push` was refused. It must then have sent no push.
    if (pages[0]?.outcome === '303 /login/2fa') expect(world.asked('approve')).toBe(before)
    for (const [name, value] of renewed?.cookies ?? []) browser.cookies.set(name, value)
    expect((await browser.get('/who')).text).toBe('anna')
  })

  it('with two factors, in an app with its own subject, where the user has confirmed before, start both and keep the user signed in', async () => {
    const app = await world.start({ routes, session: { store: new SlowStore(new session.MemoryStore(), 10) }, strategy: { subject: ({ user }) => user && { username: (user as { username: string }).username } } })
    const browser = await signedIn(app)
    const [before, cookie] = [world.asked('approve'), browser.cookies.get('connect.sid')]
    const pages = await Promise.all(['recovery', 'push'].map((factor) => browser.clone().post('/login/2fa', { factor })))
    expect(pages.map(outcomeOf)).toEqual(['303 /login/2fa', '303 /login/2fa'])
    expect([world.asked('approve') - before, browser.cookies.get('connect.sid')]).toEqual([1, cookie])
    for (const { location } of pages) expect((await browser.get(waitingOf(handleIn(location)))).status).toBe(200)
    expect((await browser.get('/who')).text).toBe('anna')
  })

  it('of a resend send one more push', async () => {
    const app = await world.start({ routes })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    world.later(15)
    const pages = await five(() => browser.clone().post('/login/2fa', { transaction: handle, factor: 'push' }))
    expect(tally(pages.map(outcomeOf))).toEqual({ '303 /login/2fa': 5 })
    expect(world.asked('approve')).toBe(2)
  })

  it('from five browsers of the same user are five pushes at most, one after another', async () => {
    const app = await world.start({ routes })
    const pages = await five(() => app.browser().post('/login', credentials))
    expect(tally(pages.map(outcomeOf))).toEqual({ '303 /login/2fa': 5 })
    expect(outcomeOf(await app.browser().post('/login', credentials))).toBe('too_many_starts')
  })
})

describe('a double click whose first request the browser has aborted', () => {
  /** Sends a request that the test can abort, with a browser's headers. */
  function click(app: TestApp, browser: Browser, agent: string, path = '/login', fields: Record<string, string> = credentials) {
    const cookie = `connect.sid=${browser.cookies.get('connect.sid')}`
    const sent = request(`${app.origin}${path}`, { method: 'POST', agent: false, headers: { cookie, 'user-agent': agent, 'content-type': 'application/x-www-form-urlencoded' } })
    const answer = new Promise<{ location: string; cookie: string }>((resolve, reject) => {
      sent.on('response', ({ headers }) => resolve({ location: headers.location as string, cookie: /connect.sid=([^;]+)/.exec(String(headers['set-cookie']))?.[1] ?? '' }))
      sent.on('error', reject)
    })
    answer.catch(() => undefined)
    sent.end(new URLSearchParams(fields).toString())
    return { sent, answer }
  }

  async function clickedTwice(secondAgent: string) {
    const app = await world.start({ routes })
    const browser = app.browser()
    await browser.get('/sign-in')
    return clickTwice(app, browser, (agent) => click(app, browser, agent), secondAgent)
  }

  async function clickTwice(app: TestApp, browser: Browser, press: (agent: string, isSecond: boolean) => ReturnType<typeof click>, secondAgent = 'Firefox') {
    const { reached, release } = slowCall(app, 'approve')
    const first = press('Firefox', false)
    await reached
    const aborted = new Promise((resolve) => first.sent.once('close', resolve))
    first.sent.destroy()
    await aborted
    const isInQueue = nextInQueue(app)
    const second = press(secondAgent, true)
    await isInQueue
    release()
    const { location, cookie } = await second.answer
    if (cookie !== '') browser.cookies.set('connect.sid', cookie)
    return { browser, handle: handleIn(location) }
  }

  it('is one push, and the page of the second click signs in', async () => {
    const { browser, handle } = await clickedTwice('Firefox')
    expect(world.asked('approve')).toBe(1)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  })

  it('is one push, also where the access key comes from a function that answers after the abort', async () => {
    let sawAbort = () => {}
    const aborted = new Promise<void>((resolve) => (sawAbort = resolve))
    const { pass, reached, release } = checkpoint()
    const accessKey = async () => {
      await pass()
      return world.simulator.accessKey
    }
    const noteAbort: NonNullable<AppOptions['routes']> = (web, { passport }) => {
      web.post('/noted', (req, _res, next) => next(void req.socket.once('close', sawAbort)), passport.authenticate('local', { session: false }), passport.authenticate('nevis'))
    }
    const app = await world.start({ routes: (...parts) => [routes, noteAbort].forEach((add) => add(...parts)), strategy: { accessKey } })
    const browser = app.browser()
    await browser.get('/sign-in')
    world.simulator.faults.add({ on: 'approve', delayMs: 300 })
    const first = click(app, browser, 'Firefox', '/noted')
    await reached
    first.sent.destroy()
    await aborted
    const second = click(app, browser, 'Firefox', '/noted')
    release()
    await second.answer
    expect(world.asked('approve')).toBe(1)
  })

  it.each([
    ['the same factor', 'push', 1, true], ['another factor', 'recovery', 1, true],
    ['the same factor, without a second factor record', 'push', 1, false], ['another factor, without a second factor record', 'recovery', 1, false],
  ])('keeps a signed-in user of an app with its own subject signed in: %s', async (_name, factor, pushes, isRecorded) => {
    const app = await world.start({ routes, strategy: { subject: ({ user }) => user && { username: (user as { username: string }).username } } })
    const browser = await signedIn(app, isRecorded)
    const before = world.asked('approve')
    const { handle } = await clickTwice(app, browser, (agent, isSecond) => click(app, browser, agent, '/login/2fa', { factor: isSecond ? factor : 'push' }))
    expect(world.asked('approve') - before).toBe(pushes)
    expect((await browser.get('/who')).text).toBe('anna')
    expect((await browser.get(waitingOf(handle))).status).toBe(200)
  })

  it('gives nothing to another browser that knows the session and the password: that one gets a request of its own', async () => {
    const { browser, handle } = await clickedTwice('the attacker\'s')
    expect(world.asked('approve')).toBe(2)
    const [first] = world.simulator.phone('anna').requests() as [PhoneRequest]
    await world.simulator.phone('anna').approve(first.transactionId)
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('303 /login/2fa')
  })
})

describeWithRedis('over two processes with one Redis', () => {
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

  // Shows: T-planted-3
  it('five starts of a signed-in user\'s session are one push', async () => {
    const apps: TestApp[] = []
    for (let i = 0; i < 2; i++) apps.push(await world.start({ routes, session: { store: new RedisStore({ client }) }, strategy: { ledger: new RedisLedger(client) } }))
    const [app, other] = apps as [TestApp, TestApp]
    const browser = await signedIn(app)
    const before = world.asked('approve')
    const origins = [app, other, app, other, app]
    const pages = await Promise.all(origins.map(({ browser: open }) => {
      const one = open()
      for (const [name, value] of browser.cookies) one.cookies.set(name, value)
      return one.post('/up')
    }))
    expect(tally(pages.map(outcomeOf))).toEqual({ '303 /login/2fa': 5 })
    expect(world.asked('approve') - before).toBe(1)
  })
})
