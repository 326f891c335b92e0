/**
 * The attack: enrolling for another user.
 *
 * Nevis asks for no proof before it adds a factor, so the password is enough to enrol the first factor. An attacker with the password starts an enrolment
 * before the victim does. After the victim has enrolled, the attacker finishes the older enrolment, with the code of an SMS or by scanning the older QR code.
 * In an earlier version, the right to enrol was checked only at the start of the enrolment, so the attacker was signed in. Or the attacker creates recovery
 * codes as the first factor, and can use them for years beside the phone that the victim enrols later. Or the attacker has one stolen recovery code, adds a
 * phone with it, and signs payments that only a phone may sign.
 */
import { app, atLeast, MemoryLedger, push, recordSecondFactor, recovery, requireSecondFactor, sms, widget, type NevisStrategyOptions } from '../../src'
import type { Browser } from '../support/browser'
import { handleIn, PASSWORD, signIn, waitingOf, type AppOptions, type TestApp } from '../support/app'
import { beginEnrolment, intentTokenOf, tokenOf } from '../support/widget'
import { slowCall } from './support/checkpoint'
import { lab, outcomeOf } from './support/lab'

const world = lab()
jest.setTimeout(30_000)
const NUMBER = '+41790000123'

const routes: NonNullable<AppOptions['routes']> = (web, { passport }) => {
  const failed = (req: any, res: any, next: any) => (error: unknown, user: any, info: any, status: number) => {
    if (error) return next(error)
    if (!user) return void res.status(status).json({ action: 'fail', ...info })
    req.authInfo = info
    if (req.user) return next()
    req.logIn(user, next)
  }
  const nevis = (options = {}) => (req: any, res: any, next: any) => passport.authenticate('nevis', options, failed(req, res, next) as never)(req, res, next)
  web.post('/enrol', passport.authenticate('local', { session: false }), nevis({ operation: 'enroll' }))
  web.post('/enrol-on-file', passport.authenticate('local', { session: false }), nevis({ operation: 'enroll', factor: 'sms', factors: ['sms'], phone: NUMBER }))
  web.post('/factors', nevis({ operation: 'enroll' }))
  web.all('/done', nevis(), recordSecondFactor(), (_req, res) => void res.json({ action: 'success' }))
  web.post('/pay', requireSecondFactor({ maxAgeSeconds: 300, factors: atLeast('push') }), (_req, res) => void res.json({ action: 'passed' }))
}

const start = (strategy: Partial<NevisStrategyOptions> = {}): Promise<TestApp> =>
  world.start({ routes, strategy: { factors: [push(), app(), sms(), recovery(), widget()], ...strategy } })
const enrolling = (browser: Browser, fields: Record<string, string>, username = 'newcomer') =>
  browser.post('/enrol', { username, password: PASSWORD, ...fields })
const finish = (browser: Browser, handle: string, fields: Record<string, string> = {}) => browser.post('/done', { transaction: handle, ...fields })
const viewOf = async (browser: Browser, handle: string) => (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as { appLinkUri: string }
const codeFor = (username: string) => /\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string

/** The owner of the account enrols a phone in their own browser: password, QR code, phone. */
async function enrolsPhone(testApp: TestApp, username = 'newcomer'): Promise<Browser> {
  const browser = testApp.browser()
  const handle = handleIn((await enrolling(browser, { factor: 'app' }, username)).location)
  await world.simulator.phone(username).scan((await viewOf(browser, handle)).appLinkUri)
  expect(outcomeOf(await finish(browser, handle))).toBe('success')
  return browser
}

/** Signs in with a recovery code, an SMS or a push. */
async function signedInBy(testApp: TestApp, factor: 'recovery' | 'sms' | 'push', username = 'anna'): Promise<Browser> {
  const browser = testApp.browser()
  const handle = await signIn(browser, username, { factor })
  if (factor === 'push') await world.simulator.phone(username).approve()
  const code = factor === 'sms' ? codeFor(username) : 'AAAA-1111'
  expect(outcomeOf(await finish(browser, handle, factor === 'push' ? {} : { code }))).toBe('success')
  return browser
}

describe('an enrolment that was begun before the victim\'s', () => {
  // Shows: T-enrol-3, C-enrol-app-13
  it('by SMS is not finished after it: the code is not even verified', async () => {
    const app = await start()
    const thief = app.browser()
    const handle = handleIn((await enrolling(thief, { factor: 'sms', phone: NUMBER })).location)
    const code = codeFor('newcomer')
    await enrolsPhone(app)
    expect(outcomeOf(await finish(thief, handle, { code }))).toBe('cancelled')
    expect(world.asked('verifyCode')).toBe(0)
  })

  // Shows: T-enrol-3
  it.each(['app', 'sms'])('through the widget signs no user in after the victim\'s by %s, though the widget knew no userId', async (factor) => {
    const app = await start()
    const thief = app.browser()
    const handle = handleIn((await enrolling(thief, { factor: 'widget' })).location)
    const intentToken = await intentTokenOf(thief, handle)
    if (factor === 'app') await enrolsPhone(app)
    else {
      const victim = app.browser()
      const hers = handleIn((await enrolling(victim, { factor, phone: NUMBER })).location)
      expect(outcomeOf(await finish(victim, hers, { code: codeFor('newcomer') }))).toBe('success')
    }
    const begun = await beginEnrolment(world.simulator, intentToken)
    await world.simulator.phone('newcomer').scan(begun.appLinkUri)
    expect(outcomeOf(await finish(thief, handle, { token: await tokenOf(world.simulator, begun) }))).toBe('cancelled')
    expect((await thief.get('/me')).json()).toEqual({ user: null })
  })

  it('by QR code signs no user in, although the attacker scans it later', async () => {
    const app = await start()
    const thief = app.browser()
    const handle = handleIn((await enrolling(thief, { factor: 'app' })).location)
    const { appLinkUri } = await viewOf(thief, handle)
    await enrolsPhone(app)
    await world.simulator.phone('newcomer').scan(appLinkUri)
    expect(outcomeOf(await finish(thief, handle))).toBe('cancelled')
    expect((await thief.get('/me')).json()).toEqual({ user: null })
  })

  it('is ended by a newer one in another process too; if the attacker has scanned by then, the victim is refused as well', async () => {
    const ledger = new MemoryLedger()
    const [app, other] = [await start({ ledger }), await start({ ledger })]
    const thief = app.browser()
    const handle = handleIn((await enrolling(thief, { factor: 'app' })).location)
    const { appLinkUri } = await viewOf(thief, handle)
    const victim = other.browser()
    const hers = handleIn((await enrolling(victim, { factor: 'sms', phone: NUMBER })).location)
    await world.simulator.phone('newcomer').scan(appLinkUri)
    expect(outcomeOf(await finish(thief, handle))).toBe('cancelled')
    // The thief's phone is enrolled now. The app cannot tell whether the thief or the victim is the owner of the account, so it refuses the victim, too.
    expect(outcomeOf(await finish(victim, hers, { code: codeFor('newcomer') }))).toBe('already_enrolled')
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'enrolment_of_enrolled' }])
  })

  // Shows: T-enrol-3
  it.each(['count', 'claim'] as const)('is ended by the victim\'s second attempt, after the ledger has done the %s of the first one and its reply was lost', async (method) => {
    const ledger = new MemoryLedger()
    const { userId } = world.simulator.addUser({ username: 'newcomer', authenticators: 0 })
    const app = await start({ ledger, subject: () => ({ userId }) })
    const [thief, victim] = [app.browser(), app.browser()]
    const handle = handleIn((await enrolling(thief, { factor: 'sms', phone: NUMBER })).location)
    const code = codeFor('newcomer')
    const calls = ledger as unknown as Record<string, (key: string, seconds: number) => Promise<unknown>>
    const answer = calls[method]?.bind(ledger)
    const spy = jest.spyOn(calls, method).mockImplementation(async (key, seconds) => {
      const reply = await answer?.(key, seconds)
      if (/^(enrolment|superseded):/.test(key)) throw new Error('the reply was lost')
      return reply
    })
    expect(outcomeOf(await enrolling(victim, { factor: 'sms', phone: '+41790000124' }))).toBe('LEDGER_UNAVAILABLE')
    spy.mockRestore()
    expect(outcomeOf(await enrolling(victim, { factor: 'sms', phone: '+41790000124' }))).toBe('303 /login/2fa')
    expect(outcomeOf(await finish(thief, handle, { code }))).toBe('cancelled')
    expect(world.asked('verifyCode')).toBe(0)
  })

  // Shows: ASVS V8.3.1, N-oob-12
  it('is no longer allowed once the user has a phone, whatever the ledger remembers', async () => {
    const app = await start()
    const other = await start()
    const thief = app.browser()
    const handle = handleIn((await enrolling(thief, { factor: 'sms', phone: NUMBER })).location)
    const code = codeFor('newcomer')
    await enrolsPhone(other)
    expect(outcomeOf(await finish(thief, handle, { code }))).toBe('already_enrolled')
    expect(world.asked('verifyCode')).toBe(0)
  })

  // Shows: ASVS V8.3.1, N-oob-12
  it('by QR code is no longer allowed either, whatever the ledger remembers', async () => {
    const app = await start()
    const other = await start()
    const thief = app.browser()
    const handle = handleIn((await enrolling(thief, { factor: 'app' })).location)
    const { appLinkUri } = await viewOf(thief, handle)
    await enrolsPhone(other)
    await world.simulator.phone('newcomer').scan(appLinkUri)
    expect(outcomeOf(await finish(thief, handle))).toBe('already_enrolled')
    expect((await thief.get('/me')).json()).toEqual({ user: null })
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'enrolment_of_enrolled' }])
  })
})

describe('an enrolment that was begun before the victim got a phone number as the first factor', () => {
  // Shows: T-enrol-3
  it('by QR code signs no user in after the victim has finished in the same app, even while Nevis had not yet answered the attacker\'s start', async () => {
    const app = await start()
    const [victim, thief] = [app.browser(), app.browser()]
    const hers = handleIn((await enrolling(victim, { factor: 'sms', phone: NUMBER })).location)
    const { reached, release } = slowCall(app, 'enroll')
    const starting = enrolling(thief, { factor: 'app' })
    await reached
    expect(outcomeOf(await finish(victim, hers, { code: codeFor('newcomer') }))).toBe('success')
    release()
    const handle = handleIn((await starting).location)
    await world.simulator.phone('newcomer').scan((await viewOf(thief, handle)).appLinkUri)
    expect(outcomeOf(await finish(thief, handle))).toBe('already_enrolled')
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'enrolment_of_enrolled' }])
  })
})

describe('the victim\'s enrolment, if the attacker begins another one while Nevis verifies the code', () => {
  // Shows: T-enrol-3
  it('is cancelled, but counts: the attacker may not finish the newer one as the first, whatever Nevis lists', async () => {
    const app = await start()
    const [victim, thief] = [app.browser(), app.browser()]
    const hers = handleIn((await enrolling(victim, { factor: 'sms', phone: NUMBER })).location)
    const { reached, release } = slowCall(app, 'verifyCode', 'before')
    const finishing = finish(victim, hers, { code: codeFor('newcomer') })
    await reached
    const handle = handleIn((await enrolling(thief, { factor: 'app' })).location)
    release()
    expect(outcomeOf(await finishing)).toBe('cancelled')
    world.simulator.faults.add({ on: ['getUser', 'findUserByUsername'], patch: { status: 'new', authenticators: [], lastLoginDateSuccess: null } })
    await world.simulator.phone('newcomer').scan((await viewOf(thief, handle)).appLinkUri)
    expect(outcomeOf(await finish(thief, handle))).toBe('already_enrolled')
    expect((await thief.get('/me')).json()).toEqual({ user: null })
  })
})

describe('a user who confirms the own first enrolment twice', () => {
  it.each([0, 150, 250, 400])('by SMS, the second click %i ms later, is enrolled and signed in, and nothing is suspicious', async (laterMs) => {
    const app = await start()
    const browser = app.browser()
    const handle = handleIn((await enrolling(browser, { factor: 'sms', phone: NUMBER })).location)
    world.simulator.faults.add({ on: ['verifyCode', 'getUser', 'findUserByUsername'], delayMs: 100 })
    const code = codeFor('newcomer')
    const pages = await Promise.all([0, laterMs].map(async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return outcomeOf(await browser.clone().post('/done', { transaction: handle, code }))
    }))
    expect(pages).toContain('success')
    expect(pages).not.toContain('already_enrolled')
    expect(world.events.of('suspicious').map(({ reason }) => reason)).not.toContain('enrolment_of_enrolled')
  })
})

describe('Nevis\'s answer to an enrolment of a first factor', () => {
  // Shows: ASVS V16.3.3, T-enrol-1
  it('that names factors of the user ends it before the browser sees anything', async () => {
    const app = await start()
    // Before the enrolment, Nevis says that the user has no factor. Nevis's answer to the enrolment contains factors, because another enrolment has finished in
    // between.
    world.simulator.faults.add({ on: 'findUserByUsername', patch: { status: 'new', authenticators: [], lastLoginDateSuccess: null } })
    const thief = app.browser()
    const page = await enrolling(thief, { factor: 'app' }, 'anna')
    expect(outcomeOf(page)).toBe('already_enrolled')
    expect(page.text).not.toContain('dispatchTokenResponse')
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'enrolment_of_enrolled' }])
  })
})

describe('the phone number of a route', () => {
  it('stays the one that is texted, also after the user asks for the code again with a number of their own', async () => {
    const app = await start()
    const thief = app.browser()
    const handle = handleIn((await thief.post('/enrol-on-file', { username: 'newcomer', password: PASSWORD })).location)
    world.later(15)
    const again = handleIn((await thief.post('/login/2fa', { transaction: handle, factor: 'sms', phone: '+41790000999' })).location)
    const texted = world.simulator.requests.filter(({ operation }) => operation === 'enroll').map(({ body }) => (body as { phone: string }).phone)
    expect(texted).toEqual([NUMBER, NUMBER])
    expect(outcomeOf(await finish(thief, again, { code: codeFor('newcomer') }))).toBe('success')
  })
})

describe('recovery codes', () => {
  // Shows: ASVS V6.3.4, T-enrol-4, N-lookup-1
  it.each<[string, Partial<NevisStrategyOptions>]>([
    ['', {}],
    [', also if the app has no other factor', { factors: [recovery()] }],
    [', also if they allow the enrolment of a stronger factor', { allowEnrollmentOfStrongerFactorAfter: ['recovery'] }],
  ])('are no user\'s first factor%s', async (_name, options) => {
    const app = await start(options)
    expect(outcomeOf(await enrolling(app.browser(), { factor: 'recovery' }))).toBe('already_enrolled')
    expect(world.asked('enroll')).toBe(0)
  })

  it('are made for a user who has just given another factor', async () => {
    const app = await start()
    const browser = await signedInBy(app, 'push')
    const handle = handleIn((await browser.post('/factors', { factor: 'recovery' })).location)
    expect(outcomeOf(await finish(browser, handle))).toBe('success')
  })
})

describe('a weaker factor', () => {
  // Shows: ASVS V8.3.1, T-enrol-5
  it.each([
    ['recovery', { factor: 'app' }],
    ['recovery', { factor: 'sms', phone: NUMBER }],
    ['sms', { factor: 'app' }],
    ['sms', { factor: 'widget' }],
    ['recovery', { factor: 'widget' }],
  ] as const)('%s does not enrol a stronger one, and so signs no payment: %o', async (given, fields) => {
    const app = await start()
    const thief = await signedInBy(app, given)
    expect(outcomeOf(await thief.post('/factors', fields))).toBe('already_enrolled')
    expect(world.asked('enroll')).toBe(0)
    expect((await thief.post('/pay')).status).toBe(401)
  })

  // Shows: N-lookup-1
  it.each([
    ['sms', { factor: 'sms', phone: NUMBER }],
    ['push', { factor: 'app' }],
    ['push', { factor: 'sms', phone: NUMBER }],
    ['recovery', { factor: 'recovery' }],
  ] as const)('is not %s where it enrols %o', async (given, fields) => {
    const app = await start()
    const browser = await signedInBy(app, given)
    expect(outcomeOf(await browser.post('/factors', fields))).toBe('303 /login/2fa')
  })

  // Shows: N-oob-12
  it('enrols a stronger one where the app allows it by name', async () => {
    const app = await start({ allowEnrollmentOfStrongerFactorAfter: ['recovery'] })
    const browser = await signedInBy(app, 'recovery')
    const handle = handleIn((await browser.post('/factors', { factor: 'app' })).location)
    await world.simulator.phone('anna').scan((await viewOf(browser, handle)).appLinkUri)
    expect(outcomeOf(await finish(browser, handle))).toBe('success')
    const bySms = await signedInBy(app, 'sms', 'ben')
    expect(outcomeOf(await bySms.post('/factors', { factor: 'app' }))).toBe('already_enrolled')
  })
})

describe('a further enrolment', () => {
  it('counts as long as the factor before it was fresh when it began', async () => {
    const app = await start({ lifetimeSeconds: 600 })
    const browser = await signedInBy(app, 'push')
    world.later(590)
    const handle = handleIn((await browser.post('/factors', { factor: 'app' })).location)
    world.later(30)
    await world.simulator.phone('anna').scan((await viewOf(browser, handle)).appLinkUri)
    expect(outcomeOf(await finish(browser, handle))).toBe('success')
  })
})

describe('a phone number', () => {
  // Shows: T-enrol-7
  it('gets ten texts a day and no more, whichever accounts ask for them, and is told when to come again', async () => {
    const app = await start()
    const outcomes: string[] = []
    for (let i = 0; i < 20; i++) outcomes.push(outcomeOf(await enrolling(app.browser(), { factor: 'sms', phone: NUMBER }, `account-${i}`)))
    expect(outcomes).toEqual([...Array(10).fill('303 /login/2fa'), ...Array(10).fill('too_many_starts')])
    const last = await enrolling(app.browser(), { factor: 'sms', phone: NUMBER }, 'account-20')
    expect(Number(last.headers.get('retry-after'))).toBe(last.json().retryAfterSeconds)
    expect(outcomeOf(await enrolling(app.browser(), { factor: 'sms', phone: '+41790000124' }, 'account-21'))).toBe('303 /login/2fa')
  })
})

/**
 * Nevis may list the phone number as an authenticator while it is being enrolled. In an earlier version, this number counted as a factor that the user already
 * had, so nobody could finish the enrolment. Any other number still counts.
 */
describe('a first phone number that Nevis lists before it is enrolled', () => {
  const enrol = async (listed: string) => {
    const browser = (await start()).browser()
    const handle = handleIn((await enrolling(browser, { factor: 'sms', phone: NUMBER })).location)
    world.simulator.faults.add({ on: ['getUser', 'findUserByUsername'], patch: { authenticators: [{ type: 'sms', phone: listed }] } })
    return outcomeOf(await finish(browser, handle, { code: codeFor('newcomer') }))
  }

  it('can be enrolled', async () => {
    expect(await enrol(NUMBER)).toBe('success')
  })

  it('cannot be enrolled beside another number', async () => {
    expect(await enrol('+41790000777')).toBe('already_enrolled')
    expect(world.asked('verifyCode')).toBe(0)
  })
})
