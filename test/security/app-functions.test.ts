/**
 * Not an attack, but an outage. A function of the app (`verify`, `subject`, the message of a payment, or a custom factor) asks a database or a directory, which
 * accepts connections but never answers. Without a time limit, every request that starts a second factor, every page and every callback stays open until
 * the browser gives up. While a start hangs, the user can start no other second factor. And no error message says which function hangs.
 */
import { outagePage, push, sms, type Factor, type NevisProfile } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab } from './support/lab'

const world = lab()
const FAULT = { action: 'error', name: 'AppTimeoutError', code: 'APP_TIMEOUT' }
const SECONDS = 20
const FACTOR_SECONDS = 60

let hangs: boolean
let reached: () => void
let app: TestApp
let browser: Browser

/** Creates a function of the app. Its promise resolves to `value`; while `hangs` is true, the promise never settles. */
const giving = <T>(value: T) => (): Promise<T> => {
  if (!hangs) return Promise.resolve(value)
  reached()
  return new Promise(() => {})
}

/** Sends the request, waits until it has called the app's function, which hangs, and then moves the fake timers ahead by these seconds. */
async function answerAfter<T>(seconds: number, send: () => Promise<T>): Promise<T> {
  hangs = true
  const isReached = new Promise<void>((resolve) => (reached = resolve))
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance', 'Date'] })
  try {
    const answer = send()
    await isReached
    await jest.advanceTimersByTimeAsync(seconds * 1000)
    return await answer
  } finally {
    hangs = false
    jest.useRealTimers()
  }
}

async function begin(options: Omit<AppOptions, 'simulator'>): Promise<void> {
  app = await world.start(options)
  browser = app.browser()
}

const start = () => browser.post('/login', { username: 'anna', password: PASSWORD })

beforeEach(() => {
  hangs = false
})

describe('a function of the app that gives no result', () => {
  const subject = giving({ username: 'anna' })
  const approving = (factor: Factor): Factor => ({ ...factor, approve: async (...all) => (await giving(undefined)(), factor.approve(...all)) })
  const stories: [string, number, Omit<AppOptions, 'simulator'>][] = [
    ['subject', SECONDS, { strategy: { subject } }],
    ['operation', SECONDS, { strategy: { operation: giving('approve' as const) } }],
    ['firstFactorAmr', SECONDS, { strategy: { firstFactorAmr: giving(['pwd']) } }],
    ['message', SECONDS, { strategy: { message: giving('Sign in?') } }],
    ['data', SECONDS, { start: { data: giving({ amount: 1 }) } }],
    ['phone', SECONDS, { start: { phone: giving('+41791234567') } }],
    ['availableFactors', SECONDS, { strategy: { availableFactors: giving(['push'] as const) } }],
    ['authenticatorId', SECONDS, { start: { authenticatorId: giving(undefined) } }],
    ['factor', FACTOR_SECONDS, { strategy: { factors: [approving(push()), sms()] } }],
  ]

  describe('at a start', () => {
    // Shows: ASVS V16.5.2, T-exhaust-8
    it.each(stories)('%s › the start ends with an error that names it, no user is asked, and the next start works', async (appFunction, seconds, options) => {
      await begin(options)
      const page = await answerAfter(seconds, start)
      expect([page.status, page.json()]).toEqual([503, { ...FAULT, message: `NevisStrategy: the function ${appFunction} of the app gave no result in time` }])
      expect(world.events.of('fault')).toMatchObject([{ strategy: 'nevis', at: 'request', code: 'APP_TIMEOUT', appFunction }])
      expect(world.asked('approve')).toBe(0)
      expect((await start()).status).toBe(303)
    })

    it('subject › a browser gets the outage page', async () => {
      await begin({ strategy: { subject }, routes: (express, { nevis }) => void express.use(outagePage(nevis)) })
      const page = await answerAfter(SECONDS, () => browser.post('/login', { username: 'anna', password: PASSWORD }, { accept: 'text/html' }))
      expect([page.status, page.headers.get('retry-after'), page.text]).toEqual([503, '10', expect.stringContaining('<h1>')])
    })

    it('serializeUser › the start goes on after five seconds, in a new session', async () => {
      const serialized = giving('anna')
      await begin({ routes: (express, { passport }) => {
        // Replace the app's function `serializeUser`: if the test added a second function, Passport would still take the result of the first one.
        express.post('/step-up', (_req, _res, next) => {
          (passport as unknown as { _serializers: unknown[] })._serializers = [(_user: unknown, done: (error: unknown, kept: unknown) => void) => void serialized().then((kept) => done(null, kept))]
          next()
        }, passport.authenticate('nevis') as never)
      } })
      await browser.post('/prove', { username: 'anna', userId: world.simulator.users[0]?.userId as string })
      const page = await answerAfter(5, () => browser.post('/step-up'))
      expect(page.status).toBe(303)
    })
  })

  describe('on the waiting page', () => {
    it('maskedPhone › the page ends with an error that names it, and the approval still counts', async () => {
      await begin({ page: { maskedPhone: giving('+41791234567') } })
      const handle = await signIn(browser, 'anna')
      const page = await answerAfter(SECONDS, () => browser.get(waitingOf(handle), { accept: 'text/html' }))
      expect([page.status, page.json()]).toMatchObject([503, FAULT])
      expect(world.events.of('fault')).toMatchObject([{ strategy: 'nevis', at: 'request', code: 'APP_TIMEOUT', appFunction: 'maskedPhone' }])
      await world.simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    })

    it('language › the page is in the language of the browser', async () => {
      await begin({ page: { language: giving('fr') as never } })
      const handle = await signIn(browser, 'anna')
      hangs = true
      reached = () => undefined
      const page = await browser.get(waitingOf(handle), { accept: 'text/html', 'accept-language': 'de' })
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('<html lang="de"')])
    })
  })

  describe('at a callback', () => {
    it.each(['a promise that is not settled', 'done that is not called'])('verify, with %s › no user is signed in, also when it says yes later', async (how) => {
      let late: () => void = () => undefined
      await begin({ verify: ((_profile: NevisProfile, done: (error: null, user: object) => void) => {
        late = () => done(null, { username: 'anna' })
        if (!hangs) return done(null, { username: 'anna' })
        reached()
        return how.startsWith('done') ? undefined : new Promise(() => {})
      }) as never })
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const page = await answerAfter(SECONDS, () => browser.get(callbackOf(handle)))
      expect([page.status, page.json()]).toMatchObject([503, FAULT])
      expect(world.events.of('fault')).toMatchObject([{ strategy: 'nevis', factor: 'push', at: 'request', code: 'APP_TIMEOUT', appFunction: 'verify' }])
      late()
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail' })
      const next = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(next))).json()).toMatchObject({ action: 'success' })
    })

    it('the check of a factor of the app\'s own › the callback ends with an error, and the code counts once the check answers', async () => {
      const texts = sms()
      await begin({ strategy: { factors: [{ ...texts, check: async (...all) => (await giving(undefined)(), texts.check(...all)) }] } })
      const handle = handleIn((await start()).location)
      const code = /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string
      const page = await answerAfter(FACTOR_SECONDS, () => browser.post(`/login/2fa/callback`, { transaction: handle, code }))
      expect([page.status, page.json()]).toMatchObject([503, FAULT])
      expect(world.events.of('fault')).toMatchObject([{ at: 'request', code: 'APP_TIMEOUT', appFunction: 'factor' }])
      expect((await browser.post(`/login/2fa/callback`, { transaction: handle, code })).json()).toMatchObject({ action: 'success' })
    })
  })
})
