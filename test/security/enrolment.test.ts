/**
 * The attack: the attacker's phone.
 *
 * Nevis adds a device to any user that the app names, without a proof, so the app itself must check who may enrol. An attacker who has only the password
 * therefore tries to enrol their own phone instead of approving. The account already has a factor, so an enrolment needs a valid second factor record in the
 * session. But the attacker's session has no such record, or one of another user, or one that is too old or from before a logout. The attacker may also submit
 * a successful enrolment as an approval, because an enrolment and an approval have the same status `succeeded`. Or the attacker looks for recovery codes, which
 * are valid for years, where the codes are stored or printed.
 */
import session from 'express-session'
import { recordSecondFactor, requireSecondFactor, secondFactorOf } from '../../src'
import type { Fault } from '../../src/simulator'
import { handleIn, PASSWORD, waitingOf, statusOf, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'
import { lab } from './support/lab'
import { printed } from './support/secrets'

const world = lab()
const PHONE = '+41790000666'
const WAYS: [string, Record<string, string>][] = [['app', { factor: 'app' }], ['sms', { factor: 'sms', phone: PHONE }], ['recovery', { factor: 'recovery' }]]

let app: TestApp
let store: session.MemoryStore & { sessions?: Record<string, string> }
let subjectByUserId: boolean

beforeEach(async () => {
  store = new session.MemoryStore()
  subjectByUserId = false
  app = await world.start({
    session: { store },
    strategy: {
      callbackURL: '/2fa/callback',
      startBudget: { starts: 50, perSeconds: 300 },
      // In this app, the request chooses the operation, which gives the attacker more ways than in most apps.
      operation: (req) => ((req.body as { operation?: string } | undefined)?.operation === 'enroll' ? 'enroll' : 'approve'),
      subject: (req) => {
        const { username } = (req.user ?? {}) as { username?: string }
        return username === undefined ? undefined : subjectByUserId ? { userId: idOf(username) } : { username }
      },
    },
    verify: (profile, done) => done(null, { username: profile.username ?? nameOf(profile.id) }),
    routes: (express, { passport }) => {
      const failed = (req: any, res: any, next: any) => (error: unknown, user: any, info: any, status: number) => {
        if (error) return next(error)
        if (!user) return void res.status(status).json({ action: 'fail', ...info })
        req.authInfo = info
        if (req.user) return next()
        req.logIn(user, next)
      }
      const nevis = (options = {}) => (req: any, res: any, next: any) => passport.authenticate('nevis', options, failed(req, res, next) as never)(req, res, next)
      const done = (req: any, res: any) => void res.json({ action: 'success', nevis: req.authInfo.nevis, user: req.user })
      express.post('/password', passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => void res.json({}))
      express.post('/logout', (req, res, next) => req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : void res.json({}))))
      express.post('/factors', nevis({ operation: 'enroll' }))
      express.post('/confirm', nevis({ operation: 'approve' }))
      express.all('/2fa/callback', nevis(), recordSecondFactor(), done)
      express.all('/2fa/callback-approve', nevis({ operation: 'approve' }), recordSecondFactor(), done)
      express.get('/record', (req, res) => void res.json({ record: secondFactorOf(req) ?? null }))
      express.post('/transfer', requireSecondFactor({ maxAgeSeconds: 300 }), (_req, res) => void res.json({ action: 'passed' }))
    },
  })
})

const snapshotOf = (name: string) => world.simulator.users.find(({ username, userId }) => username === name || userId === name)
const idOf = (username: string) => snapshotOf(username)?.userId as string
const nameOf = (userId: string) => snapshotOf(userId)?.username as string
const password = (browser: Browser, username: string, fields: Record<string, string> = {}) =>
  browser.post('/login', { username, password: PASSWORD, ...fields })
const enrolling = (browser: Browser, username: string, fields: Record<string, string> = { factor: 'app' }) =>
  password(browser, username, { operation: 'enroll', ...fields })
const callback = (browser: Browser, handle: string, fields: Record<string, string> = {}, path = '/2fa/callback') =>
  browser.post(path, { transaction: handle, ...fields })
const viewOf = async (browser: Browser, handle: string) => (await browser.get(waitingOf(handle), { accept: 'application/json' })).json()
const handleOf = async (page: Promise<Page>) => handleIn((await page).location)

/** Signs in with password and push. */
async function signedIn(username: string, browser = app.browser()): Promise<Browser> {
  const handle = await handleOf(password(browser, username))
  await world.simulator.phone(username).approve()
  expect((await callback(browser, handle)).json()).toMatchObject({ action: 'success' })
  return browser
}

async function expectRefused(page: Page, code = 'already_enrolled', status = 403): Promise<void> {
  expect([page.status, page.json().code]).toEqual([status, code])
  expect(world.asked('enroll')).toBe(0)
  expect(world.events.of('failed').at(-1)).toMatchObject({ code, operation: 'enroll' })
  expect(world.events.all.filter(({ event, operation }) => event === 'started' && operation === 'enroll')).toEqual([])
}

describe('enrolling a factor for a victim who has one', () => {
  describe('with the stolen password alone', () => {
    // Shows: T-enrol-1, C-enrol-app-13
    it.each(WAYS)('fails with already_enrolled, and nothing is enrolled: %s', async (_name, fields) => {
      const page = await enrolling(app.browser(), 'anna', fields)
      await expectRefused(page)
      expect(world.operations()).toEqual(['findUserByUsername'])
      expect(page.location).toBeUndefined()
      expect(snapshotOf('anna')).toMatchObject({ phone: '+41791234567', authenticators: [expect.anything()], recoveryCodes: ['AAAA-1111', 'BBBB-2222', 'CCCC-3333'] })
    })

    it('fails too where the app names the victim by userId', async () => {
      subjectByUserId = true
      await expectRefused(await enrolling(app.browser(), 'anna'))
      expect(world.operations()).toEqual(['getUser'])
    })

    it('fails fifty times at once', async () => {
      const pages = await Promise.all(Array.from({ length: 50 }, () => enrolling(app.browser(), 'anna')))
      for (const page of pages) await expectRefused(page)
    })

    // Shows: ASVS V6.3.4
    it('spends the budget of starts, like every other start', async () => {
      app = await world.start({ strategy: { operation: 'enroll' } })
      const codes = []
      for (let i = 0; i < 7; i++) codes.push((await enrolling(app.browser(), 'anna')).json().code)
      expect(codes).toEqual([...Array<string>(5).fill('already_enrolled'), 'too_many_starts', 'too_many_starts'])
      expect(world.asked('findUserByUsername')).toBe(5)
    })

    it('asks Nevis nothing when the starts are spent, also on a route that may approve or enrol', async () => {
      app = await world.start({ strategy: { operation: 'approve-or-enroll' } })
      for (let i = 0; i < 5; i++) expect((await enrolling(app.browser(), 'anna')).status).toBe(303)
      const asked = world.operations().length
      expect((await enrolling(app.browser(), 'anna')).json()).toMatchObject({ code: 'too_many_starts' })
      expect(world.operations()).toHaveLength(asked)
    })
  })

  const bare = { status: 'new', authenticators: [] }
  describe('whatever it is by which Nevis says so', () => {
    it.each<[string, Record<string, unknown>]>([
      ['an active user', { ...bare, status: 'active' }],
      ['a status that is not known', { ...bare, status: 'blocked' }],
      ['an authenticator', { status: 'new' }],
      ['phone numbers', { ...bare, phones: [{ number: '+41791234567' }] }],
      ['one phone number', { ...bare, phoneNumber: '+41791234567' }],
      ['recovery codes', { ...bare, recoveryCodes: ['x'] }],
      ['a count of recovery codes', { ...bare, recovery: { left: 3 } }],
      ['that there are recovery codes', { ...bare, hasRecoveryCodes: true }],
      ['passkeys', { ...bare, fido2: [{}] }],
      ['a list that is not known', { ...bare, methods: ['x'] }],
      ['an earlier login', { ...bare, lastLoginDateSuccess: '2026-01-01T00:00:00Z' }],
    ])('fails with already_enrolled: %s', async (_name, patch) => {
      world.simulator.faults.add({ on: 'findUserByUsername', patch })
      await expectRefused(await enrolling(app.browser(), 'anna'))
    })

    // Shows: C-user-2
    it.each<[string, Record<string, unknown>]>([
      ['a user without any', bare],
      ['with empty lists and objects', { ...bare, phones: [], recoveryCodes: [], fido2: {}, phoneNumber: null, hasRecoveryCodes: false, recoveryCodesLeft: 0 }],
      ['with a failed login', { ...bare, lastLoginDateFailure: '2026-01-01T00:00:00Z' }],
      ['with a limit that was reached', { ...bare, exceededRateLimits: ['sms'] }],
      ['with a field that says nothing of factors', { ...bare, locale: 'en', tenant: { id: 'x' } }],
    ])('does not lock out a user who has none: %s', async (_name, patch) => {
      world.simulator.faults.add({ on: 'findUserByUsername', patch })
      world.simulator.faults.add({ on: 'enroll', patch: { status: 'new', authenticators: [] } })
      expect((await enrolling(app.browser(), 'anna')).status).toBe(303)
    })
  })

  describe('where Nevis cannot say', () => {
    // Shows: ASVS V16.5.3
    it.each<[string, Omit<Fault, 'on'>, string, number]>([
      ['is down', { status: 500 }, 'NEVIS_UNEXPECTED_RESPONSE', 502],
      ['hangs up', { reset: true }, 'NEVIS_UNREACHABLE', 503],
      ['is busy', { status: 429 }, 'NEVIS_RATE_LIMITED', 503],
      ['refuses the key', { status: 403 }, 'NEVIS_UNAUTHORIZED', 500],
      ['answers with a list', { body: [] }, 'NEVIS_UNEXPECTED_RESPONSE', 502],
    ])('ends in an error, and nothing is enrolled: it %s', async (_name, fault, code, status) => {
      world.simulator.faults.add({ on: 'findUserByUsername', ...fault })
      const page = await enrolling(app.browser(), 'anna')
      expect([page.status, page.json().action, page.json().code]).toEqual([status, 'error', code])
      expect(world.asked('enroll')).toBe(0)
    })

    it.each(['username', 'userId'] as const)('fails with binding_mismatch where it names another user: %s', async (field) => {
      subjectByUserId = field === 'userId'
      const operation = subjectByUserId ? 'getUser' : 'findUserByUsername'
      world.simulator.faults.add({ on: operation, patch: { status: 'new', authenticators: [], [field]: field === 'userId' ? idOf('ben') : 'someone' } })
      await expectRefused(await enrolling(app.browser(), 'anna'), 'binding_mismatch')
      expect(world.events.of('suspicious')).toMatchObject([{ reason: 'binding_mismatch', field }])
    })

    it('shows nothing where the enrolment is of another user than the one that was looked up', async () => {
      world.simulator.faults.add({ on: 'findUserByUsername', patch: { status: 'new', authenticators: [], userId: idOf('ben') } })
      const browser = app.browser()
      const page = await enrolling(browser, 'anna')
      expect([page.status, page.json().code, page.location]).toEqual([403, 'binding_mismatch', undefined])
    })
  })

  describe('with a second factor record', () => {
    it('that is fresh and the user\'s own is allowed: so the others fail for what is wrong with them', async () => {
      for (const [, fields] of WAYS) expect((await (await signedIn('anna')).post('/factors', fields)).status).toBe(303)
      world.later(0)
      const browser = await signedIn('anna')
      world.later(599)
      expect((await browser.post('/factors', { factor: 'app' })).status).toBe(303)
    })

    // Shows: C-enrol-app-13
    it.each(WAYS)('of another user fails: %s', async (_name, fields) => {
      const ben = await signedIn('ben')
      expect((await ben.get('/record')).json().record).toMatchObject({ userId: idOf('ben') })
      // While signed in as ben, the attacker enters anna's password.
      await expectRefused(await enrolling(ben, 'anna', fields))
    })

    it.each(WAYS)('that is stale fails: %s', async (_name, fields) => {
      const browser = await signedIn('anna')
      world.later(601)
      await expectRefused(await browser.post('/factors', fields))
    })

    it('from the future fails: a clock that was set back makes nothing fresh', async () => {
      const browser = await signedIn('anna')
      const now = Date.now.bind(Date)
      jest.spyOn(Date, 'now').mockImplementation(() => now() - 60_000)
      await expectRefused(await browser.post('/factors', { factor: 'app' }))
    })

    it('of before a logout fails, though the session was kept and the password entered again', async () => {
      const browser = await signedIn('anna')
      await browser.post('/logout')
      await expectRefused(await enrolling(browser, 'anna'))
      await browser.post('/password', { username: 'anna', password: PASSWORD })
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
      await expectRefused(await browser.post('/factors', { factor: 'app' }))
    })

    // Shows: ASVS V15.3.3
    it('written into the request counts for nothing', async () => {
      const record = { userId: idOf('anna'), factor: 'push', transactionId: 'x', at: Date.now() }
      const page = await app.browser().postJson('/login', { username: 'anna', password: PASSWORD, operation: 'enroll', factor: 'app', secondFactor: record, nevis: { secondFactor: record } })
      await expectRefused(page)
    })
  })

  describe('by another factor for an enrolment that is under way', () => {
    it('is checked again: what was allowed ten minutes ago is refused', async () => {
      const browser = await signedIn('anna')
      world.later(300)
      const handle = await handleOf(browser.post('/factors', { factor: 'app' }))
      const asked = world.asked('enroll')
      world.later(301)
      const page = await browser.post('/login/2fa', { transaction: handle, factor: 'sms', phone: PHONE })
      expect([page.status, page.json().code]).toEqual([403, 'already_enrolled'])
      expect(world.asked('enroll')).toBe(asked)
    })

    it('stays with the user that it was started for', async () => {
      const browser = app.browser()
      const handle = await handleOf(enrolling(browser, 'newcomer'))
      const other = await handleOf(browser.post('/login/2fa', { transaction: handle, factor: 'sms', phone: PHONE, username: 'anna', userId: idOf('anna') }))
      expect(world.simulator.requests.at(-1)?.body).toMatchObject({ username: 'newcomer' })
      expect(other).not.toBe(handle)
    })
  })
})

describe('an enrolment handed in as an approval', () => {
  const enrolledByApp = async (browser: Browser, username: string, path?: string, fields = {}) => {
    const handle = await handleOf(enrolling(browser, username))
    await world.simulator.phone(username).scan((await viewOf(browser, handle)).appLinkUri)
    return callback(browser, handle, fields, path)
  }

  // Shows: ASVS V6.6.2, T-enrol-6, C-enrol-app-14
  it.each([
    ['as it is', '/2fa/callback', {}],
    ['with the other word in the request', '/2fa/callback', { operation: 'approve' }],
  ])('stays an enrolment, leaves no record and opens nothing: %s', async (_name, path, fields) => {
    const browser = app.browser()
    expect((await enrolledByApp(browser, 'newcomer', path, fields)).json()).toMatchObject({ action: 'success', nevis: { operation: 'enroll' } })
    expect(world.events.of('decided')).toMatchObject([{ operation: 'enroll' }])
    expect((await browser.get('/record')).json()).toEqual({ record: null })
    expect((await browser.post('/transfer')).status).toBe(401)
  })

  it('is refused at a callback for approvals, and leaves no record', async () => {
    const browser = app.browser()
    const page = await enrolledByApp(browser, 'newcomer', '/2fa/callback-approve', {})
    expect([page.status, page.json().code]).toEqual([403, 'binding_mismatch'])
    expect(world.events.of('suspicious')).toMatchObject([{ field: 'operation' }])
    expect((await browser.get('/record')).json()).toEqual({ record: null })
  })

  it('does not make a record fresher that is there', async () => {
    const browser = await signedIn('anna')
    const { record } = (await browser.get('/record')).json()
    world.later(301)
    const handle = await handleOf(browser.post('/factors', { factor: 'recovery' }))
    expect((await callback(browser, handle)).json()).toMatchObject({ action: 'success', nevis: { operation: 'enroll' } })
    expect((await browser.get('/record')).json()).toEqual({ record })
    expect((await browser.post('/transfer')).status).toBe(401)
  })

  // Shows: C-enrol-app-9
  it('is not the approval that the same person has pending: its status and token are of another transaction', async () => {
    const enrolling = await signedIn('anna')
    const enrolment = await handleOf(enrolling.post('/factors', { factor: 'app' }))
    await world.simulator.phone('anna').scan((await viewOf(enrolling, enrolment)).appLinkUri)
    const { statusToken } = ((await app.nevis.settings.keys()).handles.open(enrolment)) as { statusToken: string }
    const answer = await app.nevis.settings.client.getStatus(statusToken)
    expect(answer).toMatchObject({ status: 'succeeded', userId: idOf('anna') })

    const browser = app.browser()
    const approval = await handleOf(password(browser, 'anna'))
    // Answer the status call of the approval with the answer about the enrolment, as if an attacker between Nevis and the app had swapped the two answers.
    world.simulator.faults.add({ on: 'getStatus', body: answer.raw })
    const page = await callback(browser, approval)
    expect([page.status, page.json().code]).toEqual([403, 'binding_mismatch'])
    expect(world.events.of('suspicious')).toMatchObject([{ field: 'transactionId' }])
    expect((await browser.get('/me')).json()).toEqual({ user: null })
  })

  it('is not taken up where an approval is asked for, nor the other way round', async () => {
    const browser = await signedIn('anna')
    const enrolment = await handleOf(browser.post('/factors', { factor: 'app' }))
    const approval = await handleOf(browser.post('/confirm', { factor: 'app' }))
    const again = await handleOf(browser.post('/factors', { factor: 'app' }))
    const ids = await Promise.all([enrolment, approval, again].map(async (handle) => ((await app.nevis.settings.keys()).handles.open(handle))?.id))
    // The third start creates a new enrolment, and does not show the first one again. An attacker may have planted the session and started the first enrolment,
    // and would then know its QR code.
    expect(new Set(ids).size).toBe(3)
    expect([world.asked('enroll'), world.asked('approve')]).toEqual([2, 2])
    expect(await Promise.all([approval, again].map(async (handle) => (await viewOf(browser, handle)).operation))).toEqual(['approve', 'enroll'])
  })
})

describe('an approval handed in as an enrolment', () => {
  it.each([
    ['at the callback', { operation: 'enroll' }],
    ['with the codes confirmed', { operation: 'enroll', written: '1', recoveryCodes: 'x' }],
  ])('still needs its recovery code: %s', async (_name, fields) => {
    const browser = app.browser()
    const handle = await handleOf(password(browser, 'anna', { factor: 'recovery' }))
    const page = await callback(browser, handle, fields)
    expect([page.status, page.json().code]).toEqual([400, 'missing_code'])
    expect((await browser.get('/me')).json()).toEqual({ user: null })
  })

  it('stays an approval when another factor is started for it', async () => {
    const browser = app.browser()
    const handle = await handleOf(password(browser, 'anna'))
    const next = await handleOf(browser.post('/login/2fa', { transaction: handle, factor: 'recovery', operation: 'enroll' }))
    expect(await viewOf(browser, next)).toMatchObject({ operation: 'approve', prompt: 'code' })
    expect(world.asked('enroll')).toBe(0)
    expect((await callback(browser, next)).json()).toMatchObject({ code: 'missing_code' })
  })
})

describe('recovery codes that were just made', () => {
  /** True if the text contains one of these codes, in any form in which a code may be written. */
  const shows = (text: string, codes: readonly string[]) => codes.some((code) => [code, code.replaceAll('-', ''), Buffer.from(code).toString('base64url').slice(0, -2)].some((form) => text.includes(form)))
  const decoded = (text: string) => text + [...text.matchAll(/[\w-]{40,}/g)].map(([run]) => Buffer.from(run, 'base64url').toString('latin1')).join('\n')
  const stored = () => Object.values(store.sessions ?? {}).join('\n')

  async function made() {
    const aloud: unknown[] = []
    for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) jest.spyOn(console, name).mockImplementation((...args: unknown[]) => void aloud.push(...args))
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => aloud.push(text) > 0)
    const browser = await signedIn('anna')
    const start = await browser.post('/factors', { factor: 'recovery' })
    const handle = handleIn(start.location)
    const { recoveryCodes: codes } = (await viewOf(browser, handle)) as { recoveryCodes: string[] }
    expect(codes).toEqual(snapshotOf('anna')?.recoveryCodes)
    expect(codes).toHaveLength(10)
    return { browser, start, handle, codes, aloud }
  }

  // Shows: C-enrol-other-6
  it('are in no session store, event, log or answer but the page\'s own', async () => {
    const { browser, start, handle, codes, aloud } = await made()
    expect(stored()).toContain('codesKey')
    expect(shows(decoded(stored()), codes)).toBe(false)
    expect(shows(decoded(JSON.stringify([start.location, ...start.headers, start.text])), codes)).toBe(false)
    expect(shows(decoded((await browser.get(statusOf(handle))).text), codes)).toBe(false)
    const page = await callback(browser, handle)
    expect(page.json()).toMatchObject({ action: 'success', nevis: { operation: 'enroll' } })
    expect(shows(page.text, codes)).toBe(false)
    expect(shows(decoded(stored()), codes)).toBe(false)
    expect(shows(printed(world.events.all, aloud, app.nevis, app.nevis.settings), codes)).toBe(false)
  })

  // Shows: T-reader-4
  it('cannot be read with the store, nor with the key that encrypts handles: the store has no codes, and the key does not decrypt them', async () => {
    const { handle, codes } = await made()
    const sealed = (await app.nevis.settings.keys()).handles.open(handle)
    expect(shows(decoded(JSON.stringify(sealed)), codes)).toBe(false)
    expect(stored()).not.toContain(sealed?.encryptedCodes)
  })

  it('are shown as often as the page is loaded until they are confirmed, and never after', async () => {
    const { browser, handle, codes } = await made()
    for (let i = 0; i < 3; i++) {
      expect((await viewOf(browser, handle)).recoveryCodes).toEqual(codes)
      expect(shows((await browser.get(waitingOf(handle), { accept: 'text/html' })).text, codes)).toBe(true)
    }
    expect((await callback(browser, handle)).status).toBe(200)
    expect(stored()).not.toContain('codesKey')
    for (const [accept, status] of [['text/html', 200], ['application/json', 403]] as const) {
      const page = await browser.get(waitingOf(handle), { accept })
      expect([page.status, page.text.includes('Already set up')]).toEqual([status, status === 200])
      expect(shows(page.text, codes)).toBe(false)
    }
    const again = await callback(browser, handle)
    expect([again.status, again.json().code]).toEqual([403, 'used_transaction'])
    expect(shows(again.text, codes)).toBe(false)
  })

  // Shows: ASVS V14.2.6
  it.each(['text/html', 'application/json'])('are not shown to another user who has the address (%s)', async (accept) => {
    const { handle, codes } = await made()
    for (const stranger of [app.browser(), await signedIn('ben')]) {
      const page = await stranger.get(waitingOf(handle), { accept })
      expect(page.status).toBe(403)
      expect(shows(page.text, codes)).toBe(false)
      expect((await callback(stranger, handle)).status).toBe(403)
      expect((await stranger.get(statusOf(handle))).json()).toEqual({ status: 'pending', prompt: 'confirm', expiresAt: expect.any(String), retryAfterSeconds: expect.any(Number) })
    }
  })

  it('are gone once the enrolment is cancelled', async () => {
    const { browser, handle, codes } = await made()
    expect((await browser.post('/login/2fa', { transaction: handle, cancel: '1' })).json()).toMatchObject({ code: 'cancelled' })
    expect(stored()).not.toContain('codesKey')
    for (const accept of ['text/html', 'application/json']) expect(shows((await browser.get(waitingOf(handle), { accept })).text, codes)).toBe(false)
  })

  it('are not confirmed where Nevis gave none: no user is told that they have codes', async () => {
    world.simulator.faults.add({ on: 'enroll', patch: { enrollment: {} } })
    const page = await (await signedIn('anna')).post('/factors', { factor: 'recovery' })
    expect([page.status, page.json().code]).toEqual([502, 'NEVIS_UNEXPECTED_RESPONSE'])
  })
})
