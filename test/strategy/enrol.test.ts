/**
 * Tests enrolment from the start to the first use of the new factor. A user enrols after the password or from a signed-in account. In Nevis's documents, this
 * flow is called "password right, not enrolled yet, enrol, in".
 */
import { recordSecondFactor, secondFactorOf } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { handleIn, PASSWORD, startApp, strategyOptions, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'

const PHONE = '+41790000001'

let simulator: NevisSimulator
let app: TestApp
/** The app's own table: the Nevis userId of each username. */
let linked: Map<string, string>

const usernameOf = (req: { user?: Express.User | undefined }) => (req.user as { username: string }).username

async function start(lifetimes: object = {}): Promise<TestApp> {
  return startApp({
    simulator,
    strategy: {
      ...lifetimes,
      callbackURL: '/2fa/callback',
      startBudget: { starts: 20, perSeconds: 300 },
      operation: (req) => (linked.has(usernameOf(req)) ? 'approve' : 'enroll'),
      subject: (req) => {
        if (req.user === undefined) return undefined
        const userId = linked.get(usernameOf(req))
        return userId === undefined ? { username: usernameOf(req) } : { userId }
      },
    },
    verify: async ({ id, username = '' }) => {
      const known = [...linked].find(([, userId]) => userId === id)?.[0] ?? username
      linked.set(known, id)
      return { username: known }
    },
    routes: (express, { passport }) => {
      const asJson = { action: 'failed' }
      const signedIn = (req: any, res: any, next: any) => (req.user ? next() : res.status(401).json(asJson))
      express.post('/account/factors', signedIn, passport.authorize('nevis', { operation: 'enroll' }))
      express.post('/account/confirm', signedIn, passport.authorize('nevis', { operation: 'approve' }))
      express.all(
        '/2fa/callback',
        // `passport.authorize` keeps a signed-in user's login, session and second factor record. If no user is signed in, `passport.authenticate` signs one in.
        (req, res, next) => (req.user ? passport.authorize('nevis') : passport.authenticate('nevis'))(req, res, next),
        recordSecondFactor(),
        (req, res) => void res.json({ user: req.user, account: (req as any).account, nevis: (req.authInfo as any).nevis, cart: (req.session as any).cart }),
      )
      express.post('/cart', (req, res) => {
        Object.assign(req.session, { cart: 'full' })
        res.json({})
      })
      express.get('/record', (req, res) => void res.json({ record: secondFactorOf(req) ?? null }))
    },
  })
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  linked = new Map()
  app = await start()
})

afterEach(async () => {
  await app.close()
  await simulator.close()
})

const operations = () => simulator.requests.map(({ operation }) => operation)
const viewOf = async (browser: Browser, handle: string) => (await browser.get(`/login/2fa?transaction=${handle}`, { accept: 'application/json' })).json()
const callback = (browser: Browser, handle: string, fields: Record<string, string> = {}) => browser.post('/2fa/callback', { transaction: handle, ...fields })
const smsCode = (username: string) => /\d{6}/.exec(simulator.sms(username).at(-1) ?? '')?.[0] as string
const me = async (browser: Browser) => (await browser.get('/me')).json().user
const userOf = (username: string) => simulator.users.find((user) => user.username === username)

async function started(page: Promise<Page>): Promise<string> {
  const { location, text } = await page
  if (location === undefined) throw new Error(`no redirect: ${text}`)
  return handleIn(location)
}

const password = (browser: Browser, username: string, fields: Record<string, string> = {}) =>
  browser.post('/login', { username, password: PASSWORD, ...fields })

/** What the user does to finish the enrolment of each factor. */
const enrolments: Record<string, { fields: Record<string, string>; finish(browser: Browser, handle: string, username: string): Promise<Page> }> = {
  app: {
    fields: { factor: 'app' },
    async finish(browser, handle, username) {
      await simulator.phone(username).scan((await viewOf(browser, handle)).appLinkUri)
      return callback(browser, handle)
    },
  },
  sms: {
    fields: { factor: 'sms', phone: PHONE },
    finish: (browser, handle, username) => callback(browser, handle, { code: smsCode(username) }),
  },
  recovery: {
    fields: { factor: 'recovery' },
    finish: (browser, handle) => callback(browser, handle),
  },
}

/** What the user does after the enrolment, to sign in with the new factor. */
const approvals: Record<string, (browser: Browser, username: string) => Promise<Page>> = {
  async app(browser, username) {
    const handle = await started(password(browser, username, { factor: 'push' }))
    await simulator.phone(username).approve()
    return callback(browser, handle)
  },
  async sms(browser, username) {
    const handle = await started(password(browser, username, { factor: 'sms' }))
    return callback(browser, handle, { code: smsCode(username) })
  },
}

async function approved(browser: Browser, username = 'anna'): Promise<void> {
  const handle = await started(browser.post('/account/confirm', { factor: 'push' }))
  await simulator.phone(username).approve()
  expect((await callback(browser, handle)).status).toBe(200)
}

/** A user who has the Access App, and has signed in with it. */
async function signedIn(username = 'anna'): Promise<{ browser: Browser; userId: string }> {
  const { userId } = simulator.addUser({ username })
  linked.set(username, userId)
  const browser = app.browser()
  const handle = await started(password(browser, username, { factor: 'push' }))
  await simulator.phone(username).approve()
  expect((await callback(browser, handle)).status).toBe(200)
  return { browser, userId }
}

describe('after the right password', () => {
  it('for a user without a factor who chooses recovery codes, fails with already_enrolled: they are no first factor', async () => {
    expect((await password(app.browser(), 'anna', { factor: 'recovery' })).json()).toMatchObject({ action: 'fail', code: 'already_enrolled' })
    expect(operations()).not.toContain('enroll')
  })

  describe.each(['app', 'sms'])('for a user without a factor who chooses %s', (factor) => {
    const { fields, finish } = enrolments[factor] as (typeof enrolments)[string]

    // Shows: C-enrol-1, C-enrol-app-3
    it('enrols it, signs in, links the userId, and asks for it from then on', async () => {
      const browser = app.browser()
      const handle = await started(password(browser, 'anna', fields))
      expect(await me(browser)).toBeNull()
      const page = await finish(browser, handle, 'anna')
      const { userId } = userOf('anna') as { userId: string }
      expect(page.status).toBe(200)
      expect(page.json()).toMatchObject({
        user: { username: 'anna' },
        nevis: { provider: 'nevis', id: userId, username: 'anna', factor, operation: 'enroll', amr: [], authTime: expect.any(Number), transactionId: expect.any(String) },
      })
      expect(await me(browser)).toEqual({ username: 'anna' })
      expect(linked.get('anna')).toBe(userId)

      const again = app.browser()
      const signIn = await (approvals[factor] as (typeof approvals)[string])(again, 'anna')
      expect(signIn.json()).toMatchObject({ user: { username: 'anna' }, nevis: { id: userId, operation: 'approve' } })
    })

    it('gets no data of the strategy, such as a payment that the request names: only an approval does', async () => {
      await app.close()
      app = await start({ data: () => ({ kind: 'payment' }) })
      const browser = app.browser()
      const page = await finish(browser, await started(password(browser, 'anna', fields)), 'anna')
      expect(page.json().nevis).toMatchObject({ operation: 'enroll' })
      expect(page.json().nevis).not.toHaveProperty('data')
      expect((await (approvals[factor] as (typeof approvals)[string])(app.browser(), 'anna')).json().nevis).toMatchObject({ operation: 'approve', data: { kind: 'payment' } })
    })

    // Shows: C-enrol-app-14
    it('leaves no second factor record: it was no approval', async () => {
      const browser = app.browser()
      await finish(browser, await started(password(browser, 'anna', fields)), 'anna')
      expect(await me(browser)).toEqual({ username: 'anna' })
      expect((await browser.get('/record')).json()).toEqual({ record: null })
    })

    it('asks Nevis first who it is, and enrols once', async () => {
      const browser = app.browser()
      await finish(browser, await started(password(browser, 'anna', fields)), 'anna')
      expect(operations().slice(0, 2)).toEqual(['findUserByUsername', 'enroll'])
      expect(operations().filter((operation) => operation === 'enroll')).toHaveLength(1)
    })
  })

  describe('with the wrong password', () => {
    // Shows: C-enrol-1
    it('asks Nevis nothing', async () => {
      expect((await app.browser().post('/login', { username: 'anna', password: 'wrong', factor: 'app' })).status).toBe(401)
      expect(operations()).toEqual([])
    })
  })

  describe('whose first try came to nothing', () => {
    it('may try again, though Nevis knows the user by then', async () => {
      await started(password(app.browser(), 'anna', { factor: 'app' }))
      simulator.advance(121_000)
      expect(userOf('anna')?.status).toBe('new')
      const browser = app.browser()
      const handle = await started(password(browser, 'anna', { factor: 'app' }))
      expect((await (enrolments['app'] as (typeof enrolments)[string]).finish(browser, handle, 'anna')).status).toBe(200)
      expect(operations()).toContain('introspect')
    })
  })

  describe('whose browser never came back from the enrolment', () => {
    it('is already_enrolled, and is linked by an approval', async () => {
      const lost = app.browser()
      const handle = await started(password(lost, 'anna', { factor: 'app' }))
      await simulator.phone('anna').scan((await viewOf(lost, handle)).appLinkUri)

      const browser = app.browser()
      const refused = await password(browser, 'anna', { factor: 'app' })
      expect(refused.status).toBe(403)
      expect(refused.json()).toMatchObject({ action: 'fail', code: 'already_enrolled', message: expect.any(String) })
      expect(await me(browser)).toBeNull()

      linked.set('anna', (userOf('anna') as { userId: string }).userId)
      expect((await (approvals['app'] as (typeof approvals)[string])(browser, 'anna')).json()).toMatchObject({ user: { username: 'anna' } })
    })
  })

  describe('with another factor than at first', () => {
    it('enrols the one that was finished', async () => {
      const browser = app.browser()
      const first = await started(password(browser, 'anna', { factor: 'app' }))
      const second = await started(browser.post('/login/2fa', { transaction: first, factor: 'sms', phone: '+41 79 000 00 01' }))
      // The strategy keeps only the last digits of the phone number, so that the page can show where the code was sent, and the app can name the number later.
      expect(await viewOf(browser, second)).toMatchObject({ factor: 'sms', maskedPhone: '•••• 0001' })
      expect((await callback(browser, first)).text).toBe('Unauthorized')
      expect((await callback(browser, second, { code: smsCode('anna') })).json()).toMatchObject({ nevis: { factor: 'sms', operation: 'enroll', maskedPhone: '•••• 0001' } })
      expect(userOf('anna')).toMatchObject({ phone: PHONE, authenticators: [] })
    })
  })

  describe('started again in the same session', () => {
    it('shows a new QR code of the app each time', async () => {
      const browser = app.browser()
      const codes = []
      for (let i = 0; i < 3; i++) codes.push((await viewOf(browser, await started(password(browser, 'anna', { factor: 'app' })))).qrCode)
      // Each start begins a new enrolment at Nevis, because an attacker may have prepared the session, and seen the earlier QR code.
      expect(new Set(codes).size).toBe(3)
      expect(operations().filter((operation) => operation === 'enroll')).toHaveLength(3)
    })

    it('sends another text, to the number that is given now, and the first code counts no more', async () => {
      const browser = app.browser()
      const first = await started(password(browser, 'anna', { factor: 'sms', phone: '+41790000009' }))
      const mistyped = smsCode('anna')
      const second = await started(password(browser, 'anna', { factor: 'sms', phone: PHONE }))
      expect((await callback(browser, first, { code: mistyped })).status).toBe(401)
      expect((await callback(browser, second, { code: smsCode('anna') })).status).toBe(200)
      expect(userOf('anna')?.phone).toBe(PHONE)
    })

    it('makes other recovery codes, and shows the first no more', async () => {
      const { browser } = await signedIn()
      await approved(browser)
      const first = await started(browser.post('/account/factors', { factor: 'recovery' }))
      const { recoveryCodes } = await viewOf(browser, first)
      const second = await started(browser.post('/account/factors', { factor: 'recovery' }))
      expect(await viewOf(browser, first)).toMatchObject({ status: 'failed', failure: 'cancelled' })
      expect(await viewOf(browser, first)).not.toHaveProperty('recoveryCodes')
      const view = await viewOf(browser, second)
      expect(view.recoveryCodes).toHaveLength(10)
      expect(view.recoveryCodes).not.toEqual(recoveryCodes)
    })
  })

  describe('with a phone number that cannot be', () => {
    // Shows: C-enrol-other-3
    it.each([['none', undefined], ['a word', 'mine'], ['without its country', '079 123 45 67'], ['two', ['+41790000001', '+41790000002']]])(
      'fails with phone_refused and sends nothing: %s',
      async (_name, phone) => {
        const page = await app.browser().postJson('/login', { username: 'anna', password: PASSWORD, factor: 'sms', phone })
        expect(page.status).toBe(400)
        expect(page.json()).toMatchObject({ action: 'fail', code: 'phone_refused' })
        expect(operations()).not.toContain('enroll')
      },
    )

    // Shows: C-enrol-other-3
    it('fails with phone_refused where Nevis refuses it, and another one may be given', async () => {
      const browser = app.browser()
      simulator.faults.add({ on: 'enroll', status: 400, times: 1 })
      expect((await password(browser, 'anna', { factor: 'sms', phone: '+41790000009' })).json()).toMatchObject({ code: 'phone_refused' })
      await started(password(browser, 'anna', { factor: 'sms', phone: PHONE }))
    })
  })

  describe('with a wrong code for the phone number', () => {
    // Shows: C-enrol-other-2
    it('fails with wrong_code, and the right one still enrols', async () => {
      const browser = app.browser()
      const handle = await started(password(browser, 'anna', { factor: 'sms', phone: PHONE }))
      expect((await callback(browser, handle, { code: 'x' })).status).toBe(401)
      expect(userOf('anna')?.phone).toBeUndefined()
      expect((await callback(browser, handle, { code: smsCode('anna') })).status).toBe(200)
      expect(userOf('anna')?.phone).toBe(PHONE)
    })
  })

  describe('with a QR code that the user does not scan', () => {
    // Shows: C-enrol-3
    it('is pending, then not approved, and no user is signed in', async () => {
      const browser = app.browser()
      const handle = await started(password(browser, 'anna', { factor: 'app' }))
      const pending = await callback(browser, handle)
      expect([pending.status, pending.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      simulator.advance(121_000)
      expect((await callback(browser, handle)).status).toBe(401)
      expect(await me(browser)).toBeNull()
      expect(linked.size).toBe(0)
    })
  })

  describe('by a factor that cannot be enrolled', () => {
    it('fails with unknown_factor and asks Nevis nothing', async () => {
      const page = await password(app.browser(), 'anna', { factor: 'push' })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'unknown_factor' })
      expect(operations()).toEqual([])
    })
  })
})

describe('from an account that is signed in', () => {
  describe.each(Object.keys(enrolments))('adding %s with the fresh second factor of the login', (factor) => {
    const { fields, finish } = enrolments[factor] as (typeof enrolments)[string]

    // Shows: C-user-4
    it('enrols it, and login, session and record stay as they are', async () => {
      const { browser, userId } = await signedIn()
      await browser.post('/cart')
      const { record } = (await browser.get('/record')).json()
      const cookie = browser.cookies.get('connect.sid')
      const handle = await started(browser.post('/account/factors', fields))
      const page = await finish(browser, handle, 'anna')
      expect(page.status).toBe(200)
      expect(page.json()).toMatchObject({
        user: { username: 'anna' }, account: { username: 'anna' }, cart: 'full', nevis: { id: userId, factor, operation: 'enroll' },
      })
      expect(cookie).toEqual(expect.any(String))
      expect(browser.cookies.get('connect.sid')).toBe(cookie)
      expect([...browser.cookies.keys()].sort()).toEqual(['connect.sid', 'nevis-start'])
      expect((await browser.get('/record')).json()).toEqual({ record })
      expect(record).toMatchObject({ userId, factor: 'push' })
    })

    it('is refused once that is too long ago, and allowed after another approval', async () => {
      await app.close()
      app = await start({ firstFactorLifetimeSeconds: 30 })
      const { browser } = await signedIn()
      const now = Date.now.bind(Date)
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + 40_000)
      try {
        const asked = simulator.requests.length
        expect((await browser.post('/account/factors', fields)).status).toBe(403)
        expect(operations().slice(asked)).toEqual(['getUser'])
        await approved(browser)
        await started(browser.post('/account/factors', fields))
      } finally {
        clock.mockRestore()
      }
    })
  })

  describe('right after the first factor was enrolled', () => {
    it('is refused until that factor was used once', async () => {
      const browser = app.browser()
      const handle = await started(password(browser, 'anna', { factor: 'app' }))
      await (enrolments['app'] as (typeof enrolments)[string]).finish(browser, handle, 'anna')
      expect((await browser.post('/account/factors', { factor: 'recovery' })).status).toBe(403)
      await approved(browser)
      expect((await browser.post('/account/factors', { factor: 'recovery' })).status).toBe(303)
    })
  })

  describe('with as many devices as may be', () => {
    // Shows: C-error-6
    it('fails with too_many_authenticators, 409', async () => {
      const { browser } = await signedIn()
      for (let i = 1; i < 10; i++) {
        const handle = await started(browser.post('/account/factors', { factor: 'app' }))
        expect((await (enrolments['app'] as (typeof enrolments)[string]).finish(browser, handle, 'anna')).status).toBe(200)
      }
      expect(userOf('anna')?.authenticators).toHaveLength(10)
      const page = await browser.post('/account/factors', { factor: 'app' })
      expect([page.status, page.text]).toEqual([409, 'Conflict'])
    })

    it('says so by its code where the failure is read', async () => {
      simulator.faults.add({ on: 'enroll', status: 409 })
      expect((await password(app.browser(), 'anna', { factor: 'app' })).json()).toMatchObject({ action: 'fail', code: 'too_many_authenticators' })
    })
  })

  describe('with a conflict where no device is added', () => {
    it('ends in an error: at an approval it means something else', async () => {
      const { userId } = simulator.addUser({ username: 'anna' })
      linked.set('anna', userId)
      simulator.faults.add({ on: 'approve', status: 409 })
      expect((await password(app.browser(), 'anna', { factor: 'push' })).json()).toMatchObject({ action: 'error', code: 'NEVIS_REJECTED' })
    })
  })

  describe('by a user who is not signed in', () => {
    it('starts nothing', async () => {
      expect((await app.browser().post('/account/factors', { factor: 'app' })).status).toBe(401)
      expect(operations()).toEqual([])
    })
  })

  describe('for a userId that Nevis no longer knows', () => {
    // Shows: C-enrol-app-5
    it('fails with not_enrolled: Nevis creates no user under an old id', async () => {
      const { browser, userId } = await signedIn()
      await fetch(`${simulator.baseURL}/api/v1/users/${userId}`, { method: 'DELETE', headers: { authorization: `Bearer ${simulator.accessKey}` } })
      expect((await browser.post('/account/factors', { factor: 'app' })).status).toBe(403)
      expect(simulator.users).toEqual([])
    })
  })
})

describe('the options of these tests', () => {
  it('offer what the package offers', () => {
    expect(strategyOptions(simulator).factors.filter(({ enroll }) => enroll !== undefined).map(({ name }) => name)).toEqual(Object.keys(enrolments))
  })
})

