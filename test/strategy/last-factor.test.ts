/**
 * Tests that the factor that a user used last in this browser is offered first: which approvals change the order of the factors, and what the order is then.
 *
 * Out of scope: attacks on the cookie (`security/last-factor.test.ts`).
 */
import { NevisStrategy, push, recovery, sms, type NevisStrategyOptions, type WaitingView } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, strategyOptions, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()
const COOKIE = 'nevis-factor'
const EVERY = ['push', 'app', 'sms', 'recovery']

const codeOf = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string
const viewOf = async (browser: Browser, handle: string) => (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as WaitingView
const signOut = (browser: Browser) => void browser.cookies.delete('connect.sid')

async function finish(browser: Browser, handle: string, username = 'anna', code?: string): Promise<void> {
  const { factor, appLinkUri } = await viewOf(browser, handle)
  const isTyped = factor === 'sms' || factor === 'recovery'
  if (factor === 'app') await world.simulator.phone(username).scan(appLinkUri as string)
  if (!isTyped) await world.simulator.phone(username).approve()
  const page = isTyped ? await browser.post('/login/2fa/callback', { transaction: handle, code: code ?? codeOf(username) }) : await browser.get(callbackOf(handle))
  expect(outcomeOf(page)).toBe('success')
}

/** Signs in with the password and the second factor, and then signs out. */
async function signedInBy(browser: Browser, factor: string | undefined, username = 'anna', code?: string): Promise<void> {
  await finish(browser, await signIn(browser, username, factor === undefined ? {} : { factor }), username, code)
  signOut(browser)
}

/** Signs out and enters the password again. Returns the factor with which the new sign-in begins, and all factors that its page offers, in order. */
async function next(browser: Browser, username = 'anna', path = '/login'): Promise<[string, readonly string[]]> {
  signOut(browser)
  const page = await browser.post(path, { username, password: PASSWORD })
  const { factor, factors } = await viewOf(browser, handleIn(page.location))
  return [factor, factors]
}

/** An app that says which factors its users have: all factors of the strategy, unless a test says otherwise. */
const start = (options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> =>
  world.start({ ...options, strategy: { availableFactors: () => EVERY, ...options.strategy } })
const having = (availableFactors: unknown): Omit<AppOptions, 'simulator'> => ({ strategy: { availableFactors: () => availableFactors } as Partial<NevisStrategyOptions> })

describe('a sign-in after one with another factor than the first', () => {
  it('begins with that factor, and the page offers the others after it, in the app\'s order', async () => {
    const browser = (await start()).browser()
    expect(await next(browser)).toEqual(['push', EVERY])
    await signedInBy(browser, 'sms')
    expect(await next(browser)).toEqual(['sms', ['sms', 'push', 'app', 'recovery']])
    expect((await browser.get(waitingOf(await signIn(browser, 'anna')))).text).toContain('<h1>Enter the code from the SMS</h1>')
    await signedInBy(browser, 'app')
    expect(await next(browser)).toEqual(['app', ['app', 'push', 'sms', 'recovery']])
  })

  it('begins with the factor to which the user switched on the page', async () => {
    const browser = (await start()).browser()
    const handle = await signIn(browser, 'anna')
    await finish(browser, handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'sms' })).location))
    expect((await next(browser))[0]).toBe('sms')
  })

  it('begins with the first factor again once the user has used that', async () => {
    const browser = (await start()).browser()
    await signedInBy(browser, undefined)
    expect(browser.cookies.has(COOKIE)).toBe(false)
    await signedInBy(browser, 'sms')
    expect(browser.cookies.has(COOKIE)).toBe(true)
    await signedInBy(browser, 'push')
    expect(await next(browser)).toEqual(['push', EVERY])
  })

  it.each([['the factor that the request names', { factor: 'app' }, {}, 'app'], ['the factor of the route', {}, { factor: 'push' }, 'push'], ['a factor that the route accepts', {}, { factors: ['push', 'app'] }, 'push']])('still begins with %s', async (_what, fields, route, factor) => {
    const app = await start({ routes: (web, { passport }) => void web.post('/limited', passport.authenticate('local', { session: false }), passport.authenticate('nevis', route as never)) })
    const browser = app.browser()
    await signedInBy(browser, 'sms')
    const handle = handleIn((await browser.post('/limited', { username: 'anna', password: PASSWORD, ...fields })).location)
    expect((await viewOf(browser, handle)).factor).toBe(factor)
  })

  it('keeps to what the user has: the app\'s list loses nothing and gains nothing', async () => {
    const has = { anna: ['push', 'sms', 'recovery'] }
    const browser = (await start({ strategy: { availableFactors: () => has.anna } })).browser()
    await signedInBy(browser, 'sms')
    expect(await next(browser)).toEqual(['sms', ['sms', 'push', 'recovery']])
    has.anna = ['recovery', 'push']
    expect(await next(browser)).toEqual(['recovery', ['recovery', 'push']])
  })

  it('follows the user also where the app\'s own order differs, back to the app\'s first', async () => {
    const browser = (await start(having(['sms', 'push']))).browser()
    await signedInBy(browser, 'push')
    expect((await next(browser))[0]).toBe('push')
    await signedInBy(browser, 'sms')
    expect((await next(browser))[0]).toBe('sms')
    await signedInBy(browser, 'push')
    expect(await next(browser)).toEqual(['push', ['push', 'sms']])
  })

  it('is the same for ninety days without a sign-in, by the cookie\'s own lifetime', async () => {
    const browser = (await start()).browser()
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    const { headers } = await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf('anna') })
    expect(headers.getSetCookie().find((line) => line.startsWith(COOKIE))).toMatch(/^nevis-factor=[\w-]{43}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Lax$/)
  })
})

describe('without availableFactors', () => {
  it('a sign-in begins with the app\'s first factor, and the browser gets no cookie', async () => {
    const browser = (await world.start()).browser()
    await signedInBy(browser, 'sms')
    expect(browser.cookies.has(COOKIE)).toBe(false)
    expect(await next(browser)).toEqual(['push', EVERY])
  })
})

describe('a step-up', () => {
  it('begins with the app\'s first factor, whatever the user has signed in with', async () => {
    const browser = (await start({ routes: (web, { passport }) => void web.post('/pay', passport.authorize('nevis')) })).browser()
    await finish(browser, await signIn(browser, 'anna', { factor: 'sms' }))
    expect((await viewOf(browser, handleIn((await browser.post('/pay')).location))).factor).toBe('push')
  })
})

describe('what changes nothing', () => {
  it('is a recovery code: it is for an emergency', async () => {
    const browser = (await start()).browser()
    await signedInBy(browser, 'recovery', 'anna', 'AAAA-1111')
    expect(browser.cookies.has(COOKIE)).toBe(false)
    await signedInBy(browser, 'sms')
    await signedInBy(browser, 'recovery', 'anna', 'BBBB-2222')
    expect((await next(browser))[0]).toBe('sms')
  })

  it('is a factor of a route with factors, an enrolment, and a request without approval', async () => {
    const app = await start({ routes: (web, { passport }) => {
      const local = passport.authenticate('local', { session: false })
      web.post('/by-text', local, passport.authenticate('nevis', { factors: ['sms'] }))
      web.post('/enrol', local, passport.authenticate('nevis', { operation: 'enroll', factor: 'sms', phone: '+41790000001' }))
    } })
    const browser = app.browser()
    for (const [path, username] of [['/by-text', 'anna'], ['/enrol', 'nobody-yet']] as const) {
      await finish(browser, handleIn((await browser.post(path, { username, password: PASSWORD })).location), username)
      signOut(browser)
    }
    await signIn(browser, 'anna', { factor: 'sms' })
    expect(browser.cookies.has(COOKIE)).toBe(false)
    expect((await next(browser))[0]).toBe('push')
  })

  it('is an approval whose user verify refuses', async () => {
    const browser = (await start({ verify: (_profile, done) => done(null, false) })).browser()
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf('anna') }))).toBe('rejected')
    expect(browser.cookies.has(COOKIE)).toBe(false)
  })
})

describe('a factor that the user no longer has at Nevis', () => {
  it('leads to the page with the other ways, and is forgotten', async () => {
    const browser = (await start()).browser()
    await signedInBy(browser, 'sms')
    world.simulator.faults.add({ on: 'approve', status: 404, body: { error: 'Not Found', status: 404, timestamp: 1 }, times: 1 })
    const handle = await signIn(browser, 'anna')
    expect(await viewOf(browser, handle)).toMatchObject({ status: 'failed', failure: 'not_enrolled', factors: ['push', 'app', 'recovery'] })
    expect(browser.cookies.has(COOKIE)).toBe(false)
    await finish(browser, handleIn((await browser.post('/login/2fa', { transaction: handle, factor: 'push' })).location))
    expect(await next(browser)).toEqual(['push', EVERY])
  })

  it('is forgotten where Nevis has blocked the user for it, so that the next sign-in begins with the first factor', async () => {
    const browser = (await start()).browser()
    await signedInBy(browser, 'sms')
    world.simulator.faults.add({ on: 'approve', status: 429, times: 1 })
    world.simulator.faults.add({ on: 'findUserByUsername', patch: { exceededRateLimits: ['sms'] }, times: 1 })
    const handle = await signIn(browser, 'anna')
    expect(await viewOf(browser, handle)).toMatchObject({ status: 'failed', failure: 'user_blocked', factors: ['push', 'app', 'recovery'] })
    expect((await next(browser))[0]).toBe('push')
  })
})

describe('two strategies of an app', () => {
  it('remember apart', async () => {
    const other = new NevisStrategy({ ...strategyOptions(world.simulator), name: 'other', factors: [push(), sms(), recovery()], passReqToCallback: false }, (profile, done) => done(null, { username: profile.username as string }))
    const app = await start({ routes: (web, { passport }) => {
      passport.use(other)
      web.post('/other', passport.authenticate('local', { session: false }), passport.authenticate('other'))
    } })
    const browser = app.browser()
    await signedInBy(browser, 'sms')
    signOut(browser)
    world.simulator.requests.length = 0
    await browser.post('/other', { username: 'anna', password: PASSWORD })
    expect(world.simulator.requests.find(({ operation }) => operation === 'approve')).toMatchObject({ body: { channel: 'push' } })
  })
})
