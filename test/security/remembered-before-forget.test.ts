/**
 * The attack: an approval that is held back until the browsers are forgotten (`forgetBrowsers`).
 *
 * A thief has the password and, for an hour, the phone. The thief starts a sign-in, ticks "Remember this browser" and approves, but does not open the callback.
 * The owner reports the phone lost, and the support desk removes the phone and calls `forgetBrowsers`. Only then does the thief's browser open the callback. In
 * an earlier version, the thief's browser was then remembered for 30 days: `forgetBrowsers` forgot only the browsers that had already finished their sign-in.
 */
import { MemoryLedger, forgetBrowsers, type NevisStrategyOptions, type Subject } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const SECRET = 'kJ8s0b2LqZr4XvN7yTfW1mCeUdHgPaQi'
const COOKIE = 'nevis-browser'
const start = (strategy: Partial<NevisStrategyOptions> = {}) => world.start({ strategy: { rememberBrowser: { days: 30 }, secret: SECRET, ...strategy } })
const userId = () => world.simulator.users.find(({ username }) => username === 'anna')?.userId as string
const both = () => ({ username: 'anna', userId: userId() })

let app: TestApp
let thief: Browser

beforeEach(async () => {
  app = await start()
  thief = app.browser()
})

/** Checks that the thief's approval signs in, but that the thief's browser gets no cookie with which later sign-ins skip the second factor. */
async function expectNotRemembered(page: Promise<Parameters<typeof outcomeOf>[0]>): Promise<void> {
  expect(outcomeOf(await page)).toBe('success')
  expect(thief.cookies.has(COOKIE)).toBe(false)
  expect(world.events.all.filter(({ event, browser }) => event === 'browser' && browser === 'remembered')).toEqual([])
}

async function expectRemembered(browser: Browser): Promise<void> {
  const handle = await signIn(browser, 'anna', { remember: '1' })
  await world.simulator.phone('anna').approve()
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
  browser.cookies.delete('connect.sid')
  expect(outcomeOf(await browser.post('/login', { username: 'anna', password: PASSWORD }))).toBe('success')
}

describe('a browser whose sign-in started before forgetBrowsers is not remembered', () => {
  // Shows: T-remembered-9
  it.each<[string, () => Parameters<typeof forgetBrowsers>[1]]>([
    ['both names', both],
    ['the username', () => ({ username: 'anna' })],
    ['the userId', () => ({ userId: userId() })],
  ])('if the approval is held back, and the app gives %s', async (_name, subject) => {
    const handle = await signIn(thief, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    await forgetBrowsers(app.nevis, subject())
    await expectNotRemembered(thief.get(callbackOf(handle)))
  })

  it('if the box is ticked only at the callback', async () => {
    const transaction = await signIn(thief, 'anna')
    await world.simulator.phone('anna').approve()
    await forgetBrowsers(app.nevis, both())
    await expectNotRemembered(thief.post('/login/2fa/callback', { transaction, remember: '1' }))
  })

  // Shows: T-remembered-9
  it('if the browsers had been forgotten a day before, and the mark of that call ends during the sign-in', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance', 'hrtime'] })
    try {
      const advance = (seconds: number) => { jest.setSystemTime(Date.now() + seconds * 1000); world.simulator.advance(seconds * 1000) }
      await forgetBrowsers(app.nevis, both())
      advance(86_400 - 20)
      const handle = await signIn(thief, 'anna', { remember: '1' })
      await world.simulator.phone('anna').approve()
      advance(40)
      await forgetBrowsers(app.nevis, both())
      advance(5)
      await expectNotRemembered(thief.get(callbackOf(handle)))
    } finally {
      jest.useRealTimers()
    }
  })

  it('whether the browsers are forgotten for the first or for the hundredth time, at the same number of ledger commands', async () => {
    const calls: string[] = []
    const ledger = new MemoryLedger()
    const counted = new Proxy(ledger, { get: (target, name) => (...given: [string, number]) => { calls.push(String(name)); return (target[name as keyof MemoryLedger] as (...all: unknown[]) => unknown)(...given) } })
    const { nevis } = await start({ ledger: counted })
    const cost = async () => { calls.length = 0; await forgetBrowsers(nevis, both()); return calls.length }
    const [, second] = [await cost(), await cost()]
    for (let i = 0; i < 98; i++) await cost()
    expect(await cost()).toBe(second)
  })

  // Shows: T-remembered-9
  it('if the thief switches to another factor after the call', async () => {
    const first = await signIn(thief, 'anna', { remember: '1' })
    await forgetBrowsers(app.nevis, both())
    const transaction = handleIn((await thief.post('/login/2fa', { transaction: first, factor: 'sms' })).location)
    const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
    await expectNotRemembered(thief.post('/login/2fa/callback', { transaction, code, remember: '1' }))
  })

  // Shows: T-remembered-9
  it('if the thief enters the password again after the call: the old approval does not count, and the user sees a new request', async () => {
    await signIn(thief, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    await forgetBrowsers(app.nevis, both())
    const handle = await signIn(thief, 'anna', { remember: '1' })
    expect(world.asked('approve')).toBe(2)
    expect(outcomeOf(await thief.get(callbackOf(handle)))).toBe('303 /login/2fa')
    expect(thief.cookies.has(COOKIE)).toBe(false)
  })

  it('if the browsers are forgotten while the callback waits for Nevis', async () => {
    const handle = await signIn(thief, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    world.simulator.faults.add({ on: 'introspect', delayMs: 200, times: 1 })
    const page = thief.get(callbackOf(handle))
    await world.untilAsked('introspect')
    await forgetBrowsers(app.nevis, both())
    await expectNotRemembered(page)
  })

  // Shows: T-remembered-9
  it.each<[string, () => Parameters<typeof forgetBrowsers>[1]]>([
    ['both names', both],
    ['the username', () => ({ username: 'anna' })],
    ['the userId', () => ({ userId: userId() })],
  ])('if the browsers are forgotten while the start waits for Nevis, and the app gives %s', async (_name, subject) => {
    world.simulator.faults.add({ on: 'approve', delayMs: 300, times: 1 })
    const started = signIn(thief, 'anna', { remember: '1' })
    await world.untilAsked('approve')
    await forgetBrowsers(app.nevis, subject())
    const handle = await started
    await world.simulator.phone('anna').approve()
    await expectNotRemembered(thief.get(callbackOf(handle)))
  })

  // Shows: T-remembered-9
  it.each<[string, unknown]>([
    ['operation', 'approve'], ['firstFactorAmr', ['pwd']], ['message', 'Sign in?'], ['data', undefined], ['availableFactors', ['push']],
  ])('if the browsers are forgotten while the start waits for the option %s of the app', async (option, value) => {
    let isCalled = () => {}
    const called = new Promise<void>((resolve) => (isCalled = resolve))
    let goOn = () => {}
    const isLetGo = new Promise<void>((resolve) => (goOn = resolve))
    app = await start({ [option]: async () => (isCalled(), await isLetGo, value) })
    thief = app.browser()
    const started = signIn(thief, 'anna', { remember: '1' })
    await called
    await forgetBrowsers(app.nevis, both())
    goOn()
    const handle = await started
    await world.simulator.phone('anna').approve()
    await expectNotRemembered(thief.get(callbackOf(handle)))
  })

  it('if the thief posts the same start again, and does not give the password again', async () => {
    const handle = await signIn(thief, 'anna', { remember: '1' })
    await forgetBrowsers(app.nevis, both())
    await thief.post('/login/2fa', { transaction: handle, factor: 'push' })
    await world.simulator.phone('anna').approve()
    await expectNotRemembered(thief.get(callbackOf(handle)))
  })

  it('if another process is asked, and the browsers had been forgotten before', async () => {
    const ledger = new MemoryLedger()
    const [one, other] = [await start({ ledger }), await start({ ledger })]
    await forgetBrowsers(other.nevis, both())
    thief = one.browser()
    const handle = await signIn(thief, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    await forgetBrowsers(other.nevis, both())
    await expectNotRemembered(thief.get(callbackOf(handle)))
  })
})

describe('the owner, who signs in after forgetBrowsers,', () => {
  it.each([1, 2, 3])('has the browser remembered, however often the browsers were forgotten: %i', async (times) => {
    for (let i = 0; i < times; i++) await forgetBrowsers(app.nevis, both())
    await expectRemembered(app.browser())
  })

  it('has the browser remembered if only the username was given, and a day later', async () => {
    await forgetBrowsers(app.nevis, { username: 'anna' })
    await expectRemembered(app.browser())
    world.later(90_000)
    await expectRemembered(app.browser())
  })

  it.each([['answers', 0], ['fails', 1]])('has the browser remembered if only the userId was given, and Nevis %s', async (_name, failures) => {
    await expectRemembered(thief)
    world.simulator.faults.add({ on: 'getUser', status: 503, times: 3 * failures })
    await expect(forgetBrowsers(app.nevis, { userId: userId() })).resolves.toBe(1)
    expect(world.events.of('fault').map(({ at, call }) => [at, call])).toEqual(failures === 0 ? [] : [['browser', 'getUser']])
    thief.cookies.delete('connect.sid')
    expect(outcomeOf(await thief.post('/login', { username: 'anna', password: PASSWORD }))).not.toBe('success')
    await expectRemembered(app.browser())
  })

  // Shows: T-remembered-9
  it('has the browser remembered if the password is given again while the first push is still waiting', async () => {
    await forgetBrowsers(app.nevis, both())
    world.later(3600)
    const browser = app.browser()
    await signIn(browser, 'anna')
    world.later(20)
    await expectRemembered(browser)
  })

  it('is not affected by another user whose browsers are forgotten meanwhile', async () => {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { remember: '1' })
    await forgetBrowsers(app.nevis, { username: 'ben' })
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(true)
  })
})

describe.each<[string, () => Subject]>([
  ['the userId', () => ({ userId: userId() })],
  ['both names', both],
  ['the username', () => ({ username: 'anna' })],
])('if the app names the user to Nevis by %s, and the browsers were forgotten by the userId an hour ago,', (_name, subject) => {
  beforeEach(async () => {
    app = await world.start({ strategy: { rememberBrowser: { days: 30 }, secret: SECRET, subject }, verify: (_profile, done) => done(null, { username: 'anna' }) })
    thief = app.browser()
    await forgetBrowsers(app.nevis, { userId: userId() })
    world.later(3600)
  })

  // Shows: T-remembered-9
  it.each([['answers', 0], ['fails', 1]])('the browser of a user who signs in is remembered, and that of a thief who has started before the next call is not; Nevis %s at that call', async (_does, failures) => {
    await expectRemembered(app.browser())
    const handle = await signIn(thief, 'anna', { remember: '1' })
    await world.simulator.phone('anna').approve()
    world.simulator.faults.add({ on: 'getUser', status: 503, times: 3 * failures })
    await forgetBrowsers(app.nevis, { userId: userId() })
    expect(outcomeOf(await thief.get(callbackOf(handle)))).toBe('success')
    expect(thief.cookies.has(COOKIE)).toBe(false)
  })
})

describe('a user who does not have the first factor at Nevis, and switches to SMS,', () => {
  const forgotten = () => forgetBrowsers(app.nevis, { userId: world.simulator.users.find(({ username }) => username === 'carl')?.userId })
  const code = () => /\d{6}/.exec(world.simulator.sms('carl').at(-1) as string)?.[0] as string

  beforeEach(async () => {
    world.simulator.addUser({ username: 'carl', authenticators: 0, phone: '+41790000008' })
    app = await start({ availableFactors: () => ['push', 'sms'] })
    await forgotten()
    world.later(3600)
  })

  it.each([[true, 'again between the two starts'], [false, 'only an hour ago']])('is not remembered: %s, if the browsers were forgotten %s', async (isThief) => {
    const browser = app.browser()
    const first = await signIn(browser, 'carl', { remember: '1' })
    if (isThief) await forgotten()
    const transaction = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'sms' })).location)
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code: code() }))).toBe('success')
    expect(browser.cookies.has(COOKIE)).toBe(!isThief)
  })
})

describe('a remembered browser that signs in while forgetBrowsers is called', () => {
  // Shows: T-remembered-5
  it('is not signed in, if the call comes while the app looks up the user', async () => {
    let meanwhile: () => unknown = () => undefined
    app = await world.start({
      strategy: { rememberBrowser: { days: 30 }, secret: SECRET },
      verify: async (_profile, done) => {
        await meanwhile()
        done(null, { username: 'anna' })
      },
    })
    const browser = app.browser()
    await expectRemembered(browser)
    browser.cookies.delete('connect.sid')
    meanwhile = () => forgetBrowsers(app.nevis, both())
    expect(outcomeOf(await browser.post('/login', { username: 'anna', password: PASSWORD }))).toBe('unknown_transaction')
    expect((await browser.get('/me')).json()).toEqual({ user: null })
  })
})
