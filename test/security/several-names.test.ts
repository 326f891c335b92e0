/**
 * The attack: getting new limits, or using up another user's limits, by a username.
 *
 * An app lets its users change their username, and names a user to Nevis by `nevisUserId`. The attacker has stolen the victim's session, or has the password.
 * In an earlier version, the limits were counted under the username, even if the userId was known. So after each new username, the attacker could send five
 * more pushes to the same phone: 34 within seconds. A new username also ended the pause after denials, made `afterDenial: 'stop'` forget a denial, and
 * suppressed the event `suspicious`. In an app with tenants, a stranger whose account has the victim's username could make the victim wait, without knowing the
 * victim's password. When an operator called `liftLimits` with the userId, the call reported success, but the victim still had to wait.
 */
import { liftLimits, MemoryLedger, recordSecondFactor, type NevisStrategyOptions } from '../../src'
import { callbackOf, handleIn, PASSWORD, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab, outcomeOf } from './support/lab'

const world = lab()
const CREDENTIALS = { username: 'anna', password: PASSWORD }
const WAITS = 'too_many_starts'

/** An account of the app. */
interface Account {
  /** The account's id, with which the user signs in, and which the session stores. */
  readonly login: string
  /** The name that the user may change. */
  username: string
  nevisUserId?: string
}

let accounts: Map<string, Account>
let app: TestApp

const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string
const pushes = () => world.asked('approve')
const newestPush = () => world.simulator.phone('anna').requests().at(-1)?.transactionId
const account = () => accounts.get('anna') as Account

async function start(strategy: Partial<NevisStrategyOptions> = {}): Promise<TestApp> {
  return world.start({
    strategy,
    routes: (web, { passport }) => {
      const withAccount: import('express').RequestHandler = (req, _res, next) => {
        const { username } = (req.user ?? req.body) as Account
        req.user = accounts.get(username)
        next()
      }
      const finished: import('express').RequestHandler = (_req, res) => void res.json({ action: 'success' })
      web.post('/enter', withAccount, passport.authenticate('nevis', { failWithError: true }))
      web.post('/enrol', withAccount, passport.authenticate('nevis', { operation: 'enroll', failWithError: true }))
      web.post('/password', passport.authenticate('local'), finished)
      web.post('/step-up', withAccount, passport.authorize('nevis', { failWithError: true }))
      web.all('/confirmed', withAccount, passport.authorize('nevis', { failWithError: true }), recordSecondFactor(), finished)
      web.use((error: { name?: string }, req: import('express').Request, res: import('express').Response, next: (error: unknown) => void) => {
        if (error.name !== 'AuthenticationError') return next(error)
        res.json({ action: 'fail', code: (req.authInfo as { code?: string }).code })
      })
    },
  })
}

const enter = async (id = 'anna', browser = app.browser()) => browser.post('/enter', { username: id })
const entered = async (id = 'anna') => outcomeOf(await enter(id))

async function signedIn(): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/password', CREDENTIALS)
  return browser
}

/** Starts a step-up and cancels it, so that the next step-up is a new one. */
async function steppedUp(browser: Browser, fields: Record<string, string> = {}): Promise<string> {
  const page = await browser.post('/step-up', fields)
  if (page.location === undefined) return outcomeOf(page)
  await browser.post('/login/2fa', { transaction: handleIn(page.location), cancel: '1' })
  return 'started'
}

/** Starts a sign-in, denies it on the phone, and opens the callback. */
async function denied(name = 'anna'): Promise<void> {
  const browser = app.browser()
  const handle = handleIn((await enter('anna', browser)).location)
  await world.simulator.phone(name).deny()
  expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('not_approved')
}

beforeEach(async () => {
  accounts = new Map([['anna', { login: 'anna', username: 'anna', nevisUserId: idOf('anna') }], ['stranger', { login: 'stranger', username: 'anna', nevisUserId: idOf('ben') }]])
  app = await start()
})

describe('a user who changes the username', () => {
  // Shows: T-bomber-14
  it('gets five pushes, however often the username changes, and a refused start asks Nevis nothing', async () => {
    const stolen = await signedIn()
    const outcomes: string[] = []
    for (let i = 0; i < 20; i++) {
      account().username = `anna${i}`
      outcomes.push(await steppedUp(stolen))
      if (outcomes.at(-1) === WAITS) expect(world.operations().filter((one) => one !== 'getStatus')).toHaveLength(5)
    }
    expect(outcomes).toEqual([...Array<string>(5).fill('started'), ...Array<string>(15).fill(WAITS)])
    expect(pushes()).toBe(5)
  })

  it('has the pause after two denials', async () => {
    await denied()
    await denied()
    account().username = 'renamed'
    expect(await entered()).toBe(WAITS)
  })

  it('is reported by the event suspicious if an approval comes after two denials', async () => {
    await denied()
    await denied()
    world.later(20)
    account().username = 'renamed'
    const browser = app.browser()
    const handle = handleIn((await enter('anna', browser)).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(world.events.of('suspicious')).toMatchObject([{ reason: 'success_after_denials', denials: 2 }])
  })

  // Shows: T-bomber-14
  it('starts no other factor after a denied step-up, with afterDenial "stop"', async () => {
    app = await start({ afterDenial: 'stop' })
    const stolen = await signedIn()
    const handle = handleIn((await stolen.post('/step-up')).location)
    await world.simulator.phone('anna').deny()
    expect(outcomeOf(await stolen.get(`/confirmed?transaction=${handle}`))).toBe('not_approved')
    account().username = 'renamed'
    expect(await steppedUp(stolen, { factor: 'recovery' })).toBe('not_approved')
  })

  it('signs in as before', async () => {
    for (const username of ['anna', 'renamed']) {
      account().username = username
      const browser = app.browser()
      const handle = handleIn((await enter('anna', browser)).location)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    }
  })
})

describe('a user whose username another account has, too, with another userId', () => {
  // Shows: T-bomber-15
  it('has limits of their own: a stranger who has used up theirs makes no other user wait', async () => {
    for (let i = 0; i < 6; i++) await enter('stranger')
    expect(await entered('stranger')).toBe(WAITS)
    expect(await entered()).toBe('303 /login/2fa')
  })

  it('finishes an enrolment, although the stranger has started one later', async () => {
    const { userId } = world.simulator.addUser({ username: 'carl', authenticators: 0 })
    const other = world.simulator.addUser({ username: 'dora', authenticators: 0 })
    accounts.set('carl', { login: 'carl', username: 'same', nevisUserId: userId }).set('dora', { login: 'dora', username: 'same', nevisUserId: other.userId })
    const browser = app.browser()
    const phone = '+41790000008'
    const transaction = handleIn((await browser.post('/enrol', { username: 'carl', factor: 'sms', phone })).location)
    await app.browser().post('/enrol', { username: 'dora', factor: 'sms', phone: '+41790000009' })
    const code = /\d{6}/.exec(world.simulator.sms('carl').at(-1) as string)?.[0] as string
    expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction, code }))).toBe('success')
  })
})

describe('liftLimits with the userId', () => {
  it('ends the wait of a user whose username in the app is another than at Nevis', async () => {
    account().username = 'anna.meier'
    for (let i = 0; i < 6; i++) await enter()
    expect(await entered()).toBe(WAITS)
    expect(await liftLimits(app.nevis, { userId: idOf('anna') })).toEqual({ userId: idOf('anna'), username: 'anna' })
    expect(await entered()).toBe('303 /login/2fa')
  })

  it('ends the wait of a user whose userId the app has stored since the starts', async () => {
    delete account().nevisUserId
    for (let i = 0; i < 6; i++) await enter()
    expect(await entered()).toBe(WAITS)
    account().nevisUserId = idOf('anna')
    await liftLimits(app.nevis, { userId: idOf('anna') })
    for (let i = 0; i < 5; i++) expect(await entered()).toBe('303 /login/2fa')
    delete account().nevisUserId
    expect(await entered()).toBe('303 /login/2fa')
  })
})

describe('a user whose userId the app stores only after some starts', () => {
  beforeEach(() => {
    delete account().nevisUserId
  })

  // Shows: T-bomber-3
  it('gets no second limit: the earlier starts count, but the first', async () => {
    for (let i = 0; i < 5; i++) await enter()
    account().nevisUserId = idOf('anna')
    for (let i = 0; i < 5; i++) await enter()
    expect(pushes()).toBe(6)
  })

  it('has the pause after two denials', async () => {
    await denied()
    await denied()
    account().nevisUserId = idOf('anna')
    expect(await entered()).toBe(WAITS)
  })

  it('has the pause after two denials, too, if only the process that sent the pushes has noticed them', async () => {
    app = await start({ ledger: new MemoryLedger() })
    for (let i = 0; i < 2; i++) {
      await enter()
      await world.simulator.phone('anna').deny()
    }
    account().nevisUserId = idOf('anna')
    expect(await entered()).toBe(WAITS)
  })

  it('starts no other factor after a denied step-up, with afterDenial "stop"', async () => {
    app = await start({ afterDenial: 'stop' })
    const stolen = await signedIn()
    await stolen.post('/step-up')
    await world.simulator.phone('anna').deny()
    account().nevisUserId = idOf('anna')
    expect(await steppedUp(stolen, { factor: 'recovery' })).toBe('not_approved')
  })

  // Shows: T-bomber-2
  it.each(['username', 'userId'])('approves the request that began a wait under both names, and need not wait under the %s', async (later) => {
    const [known, unknown] = [{ nevisUserId: idOf('anna') }, { nevisUserId: undefined }]
    Object.assign(account(), known)
    for (let i = 0; i < 4; i++) await enter()
    delete account().nevisUserId
    await enter()
    const browser = app.browser()
    const handle = handleIn((await enter('anna', browser)).location)
    for (const name of [known, unknown]) {
      Object.assign(account(), name)
      expect(await entered()).toBe(WAITS)
    }
    await world.simulator.phone('anna').approve(newestPush())
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    Object.assign(account(), later === 'userId' ? known : unknown)
    expect(await entered()).toBe('303 /login/2fa')
  })

  it('approves, and has all starts back', async () => {
    for (let i = 0; i < 3; i++) {
      const browser = app.browser()
      const handle = handleIn((await enter('anna', browser)).location)
      await world.simulator.phone('anna').approve()
      expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    }
    account().nevisUserId = idOf('anna')
    for (let i = 0; i < 5; i++) expect(await entered()).toBe('303 /login/2fa')
  })
})

describe('a sign-in', () => {
  it.each([true, false])('costs three commands of the ledger; the app knows the userId: %s', async (isIdKnown) => {
    const calls: string[] = []
    const ledger = new MemoryLedger()
    const counted = new Proxy(ledger, { get: (target, name) => (...given: [string, number]) => { calls.push(String(name)); return (target[name as keyof MemoryLedger] as (...all: unknown[]) => unknown)(...given) } })
    app = await start({ ledger: counted })
    if (!isIdKnown) delete account().nevisUserId
    const browser = app.browser()
    const handle = handleIn((await enter('anna', browser)).location)
    await world.simulator.phone('anna').approve()
    expect(outcomeOf(await browser.get(callbackOf(handle)))).toBe('success')
    expect(calls).toEqual(['claim', 'claim', 'forget'])
  })
})
