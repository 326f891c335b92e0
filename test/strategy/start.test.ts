/** Tests the start of a transaction: what the strategy sends to Nevis, which starts it refuses, and when it reuses or replaces a pending transaction. */
import { NevisSimulator } from '../../src/simulator'
import { push, sms, type Factor } from '../../src'
import { callbackOf, handleIn, PASSWORD, signIn, startApp, waitingOf, type AppOptions, type TestApp } from '../support/app'

let simulator: NevisSimulator
let app: TestApp
const apps: TestApp[] = []

async function start(options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> {
  const started = await startApp({ simulator, ...options })
  apps.push(started)
  return started
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 3 })
  app = await start()
})

afterEach(async () => {
  jest.restoreAllMocks()
  await Promise.all(apps.splice(0).map((one) => one.close()))
  await simulator.close()
})

const operations = () => simulator.requests.map(({ operation }) => operation)
const later = (ms: number) => {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now + ms)
}

describe('a start', () => {
  describe('after the right password', () => {
    it('redirects with 303 to the waiting page, and no user is signed in yet', async () => {
      const browser = app.browser()
      const page = await browser.post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(303)
      expect(page.location).toMatch(/^\/login\/2fa\?transaction=[\w-]+$/)
      expect((await browser.get('/me')).json()).toEqual({ user: null })
    })

    it.each<[string, Factor, string]>([
      ['push', push(), '<html>Pay <script>'],
      ['SMS', sms({ message: () => 'Łódź' }), ''],
    ])('with a message that cannot be sent, ends with an error, asks Nevis nothing and does not count: %s', async (_name, factor, message) => {
      app = await start({ strategy: { factors: [factor], ...(message && { message }) } })
      const browser = app.browser()
      for (let i = 0; i < 7; i++) expect((await browser.post('/login', { username: 'anna', password: PASSWORD })).status).toBe(500)
      expect(operations()).toEqual([])
    })

    // Shows: ASVS V14.2.6
    it('sends the browser no status token', async () => {
      const browser = app.browser()
      const page = await browser.post('/login', { username: 'anna', password: PASSWORD })
      const body = await browser.get(page.location as string)
      const seen = [page.location, body.text, ...browser.cookies.values()].join('\n')
      expect(seen).not.toMatch(/eyJ[\w-]+\.eyJ/)
    })

    // Shows: C-enrol-app-7, C-overview-1
    it('sends no key and no subject to the browser either', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      expect(Buffer.from(handle, 'base64url').toString('latin1')).not.toContain('anna')
    })
  })

  describe('by GET or HEAD', () => {
    it.each(['GET', 'HEAD'])('fails with start_requires_post and asks Nevis nothing (%s)', async (method) => {
      const page = await app.browser().send(method, '/start?factor=push', {})
      expect(page.status).toBe(405)
      if (method === 'GET') expect(page.json()).toMatchObject({ action: 'fail', code: 'start_requires_post' })
      expect(simulator.requests).toHaveLength(0)
    })

    it('fails with start_requires_post for a GET that names a transaction and a factor', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      const page = await browser.get(`${callbackOf(handle)}&factor=sms`)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'start_requires_post' })
      expect(operations()).toEqual(['approve'])
    })
  })

  describe('without anyone to ask', () => {
    // Shows: CD-first-1
    it('fails with no_subject', async () => {
      const page = await app.browser().post('/start')
      expect(page.status).toBe(400)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'no_subject' })
      expect(simulator.requests).toHaveLength(0)
    })

    it.each([[undefined], [{}], [{ username: '' }], [{ userId: undefined }]])('fails with no_subject where subject() answers %j', async (subject) => {
      const other = await start({ strategy: { subject: () => subject } })
      const page = await other.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'no_subject' })
    })
  })

  describe('for a subject of the application', () => {
    // Shows: C-enrol-4, C-enrol-app-7
    it('asks the user that subject() names, by userId before username', async () => {
      const { userId } = simulator.addUser({ username: 'ben' })
      const other = await start({ strategy: { subject: async () => ({ userId, username: 'ben' }) } })
      await signIn(other.browser(), 'anna')
      expect(simulator.requests[0]?.body).toEqual({ userId, channel: 'push' })
    })
  })

  describe('for a user whom Nevis does not know', () => {
    // Shows: C-error-4, C-more-6
    it('fails with not_enrolled', async () => {
      const page = await app.browser().post('/login', { username: 'nobody', password: PASSWORD })
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_enrolled' })
    })
  })

  describe('of a factor', () => {
    it('takes the first one by default', async () => {
      await signIn(app.browser(), 'anna')
      expect(simulator.requests[0]?.body).toEqual({ username: 'anna', channel: 'push' })
    })

    it('takes the route\'s before the first', async () => {
      const other = await start({ start: { factor: 'sms' } })
      await signIn(other.browser(), 'anna')
      expect(simulator.requests[0]?.body).toMatchObject({ channel: 'sms' })
    })

    it('takes the request\'s before the route\'s', async () => {
      const other = await start({ start: { factor: 'sms' } })
      await signIn(other.browser(), 'anna', { factor: 'app' })
      expect(simulator.requests[0]?.body).toMatchObject({ channel: 'app' })
    })

    // Shows: ASVS V6.3.4
    it('that the strategy does not allow fails with unknown_factor', async () => {
      const other = await start({ strategy: { factors: [push()] } })
      const page = await other.browser().post('/login', { username: 'anna', password: PASSWORD, factor: 'sms' })
      expect(page.status).toBe(400)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'unknown_factor' })
      expect(simulator.requests).toHaveLength(0)
    })

    it('that the route names and the strategy does not allow is the programmer\'s error', async () => {
      const other = await start({ strategy: { factors: [push()] }, start: { factor: 'sms' } })
      const page = await other.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.json()).toMatchObject({ action: 'error', name: 'TypeError', message: expect.stringContaining('"sms"') })
    })
  })

  describe('while the same is already pending in this session', () => {
    it('uses it again and pushes once', async () => {
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      const second = await signIn(browser, 'anna')
      expect(operations()).toEqual(['approve'])
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(second))).json()).toMatchObject({ action: 'success' })
      expect((await browser.get(callbackOf(first))).json()).toMatchObject({ action: 'fail', code: 'used_transaction' })
    })

    it.each([
      ['another factor', {}, { factor: 'sms' }],
      ['another message', { message: (req: { body: { m?: string } }) => req.body.m }, { m: 'Other' }],
      ['other data', { data: (req: { body: { m?: string } }) => ({ m: req.body.m }) }, { m: 'Other' }],
    ])('pushes again for %s', async (_name, strategy, fields) => {
      const other = await start({ strategy: strategy as never })
      const browser = other.browser()
      await signIn(browser, 'anna')
      await signIn(browser, 'anna', fields)
      expect(operations()).toEqual(['approve', 'getStatus', 'approve'])
    })

    it('pushes again in another browser', async () => {
      await signIn(app.browser(), 'anna')
      await signIn(app.browser(), 'anna')
      expect(operations()).toEqual(['approve', 'getStatus', 'approve'])
    })

    it('pushes again once it has expired', async () => {
      const browser = app.browser()
      await signIn(browser, 'anna')
      later(121_000)
      await signIn(browser, 'anna')
      expect(operations()).toEqual(['approve', 'getStatus', 'approve'])
    })

    it('pushes again once it was denied', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').deny()
      await browser.get(callbackOf(handle))
      await signIn(browser, 'anna')
      expect(operations().filter((one) => one === 'approve')).toHaveLength(2)
    })
  })

  describe('of another factor for a transaction', () => {
    it('starts it for the same subject, and the old transaction is closed', async () => {
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      const page = await browser.post('/login/2fa', { transaction: first, factor: 'sms' })
      expect(page.status).toBe(303)
      const second = handleIn(page.location)
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(first))).json()).toMatchObject({ action: 'fail', code: 'cancelled' })
      const code = /\d{6}/.exec(simulator.sms('anna').at(-1) as string)?.[0] as string
      expect((await browser.post('/login/2fa/callback', { transaction: second, code })).json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'sms' } } })
    })

    it('sends the same factor again', async () => {
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      later(15_000)
      const page = await browser.post('/login/2fa', { transaction: first, factor: 'push' })
      expect(operations()).toEqual(['approve', 'approve'])
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(handleIn(page.location)))).json()).toMatchObject({ action: 'success' })
    })

    it('keeps the old transaction when Nevis cannot be reached', async () => {
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      simulator.faults.add({ on: 'approve', reset: true })
      const page = await browser.post('/login/2fa', { transaction: first, factor: 'sms' })
      expect(page.status).toBe(503)
      expect(page.json()).toMatchObject({ action: 'error', code: 'NEVIS_UNREACHABLE' })
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(first))).json()).toMatchObject({ action: 'success' })
    })

    it('works after a denial and after the transaction\'s time', async () => {
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      await simulator.phone('anna').deny()
      await browser.get(callbackOf(first))
      const second = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'push' })).location)
      later(121_000)
      expect((await browser.get(callbackOf(second))).json()).toMatchObject({ code: 'expired_transaction' })
      expect((await browser.post('/login/2fa', { transaction: second, factor: 'recovery' })).status).toBe(303)
    })

    it('fails with expired_transaction when the password was too long ago, however often the factor was changed', async () => {
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      later(500_000)
      const second = handleIn((await browser.post('/login/2fa', { transaction: first, factor: 'recovery' })).location)
      later(101_000)
      const page = await browser.post('/login/2fa', { transaction: second, factor: 'push' })
      expect(page.status).toBe(401)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'expired_transaction' })
    })

    // Shows: T-handle-1
    it('of another session fails with unknown_transaction', async () => {
      const handle = await signIn(app.browser(), 'anna')
      const page = await app.browser().post('/login/2fa', { transaction: handle, factor: 'sms' })
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
      expect(operations()).toEqual(['approve'])
    })
  })

  describe('beyond the budget of the subject', () => {
    it('fails with too_many_starts in every session, and asks Nevis nothing', async () => {
      const other = await start({ strategy: { startBudget: { starts: 2, perSeconds: 60 } } })
      await signIn(other.browser(), 'anna')
      await signIn(other.browser(), 'anna')
      const page = await other.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(429)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'too_many_starts' })
      expect(operations()).toEqual(['approve', 'getStatus', 'approve'])
    })

    it('leaves other subjects alone, and ends', async () => {
      simulator.addUser({ username: 'ben' })
      const other = await start({ strategy: { startBudget: { starts: 1, perSeconds: 60 } } })
      await signIn(other.browser(), 'anna')
      await signIn(other.browser(), 'ben')
      later(60_000)
      await signIn(other.browser(), 'anna')
      expect(operations()).toEqual(['approve', 'approve', 'getStatus', 'approve'])
    })
  })

  describe('that Nevis answers for another user', () => {
    it('fails with binding_mismatch and keeps nothing', async () => {
      const { userId } = simulator.addUser({ username: 'ben' })
      const other = await start({ strategy: { subject: () => ({ userId }) } })
      simulator.faults.add({ on: 'approve', patch: { userId: '00000000-0000-4000-8000-000000000000' } })
      const page = await other.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
    })
  })

  describe('when Nevis is down', () => {
    // Shows: ASVS V16.5.2
    it.each([
      ['resets the connection', { reset: true }, 503, 'NEVIS_UNREACHABLE'],
      ['answers 500', { status: 500 }, 502, 'NEVIS_UNEXPECTED_RESPONSE'],
      ['refuses the key', { status: 403 }, 500, 'NEVIS_UNAUTHORIZED'],
      ['blocks the user', { rateLimit: true }, 503, 'NEVIS_RATE_LIMITED'],
    ])('ends in an error where it %s, after one call', async (_name, fault, status, code) => {
      simulator.faults.add({ on: 'approve', ...(fault as object) } as never)
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.status).toBe(status)
      expect(page.json()).toMatchObject({ action: 'error', code })
      expect(operations().filter((one) => one === 'approve')).toHaveLength(1)
    })
  })
})

describe('cancel', () => {
  it('ends the transaction with cancelled, for good', async () => {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const page = await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
    expect(page.status).toBe(401)
    expect(page.json()).toMatchObject({ action: 'fail', code: 'cancelled' })
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'cancelled' })
    expect((await browser.post('/login/2fa', { transaction: handle, factor: 'push' })).json()).toMatchObject({ action: 'fail', code: 'cancelled' })
    expect((await browser.get(waitingOf(handle))).text).not.toContain('data-status="pending"')
    expect(operations()).toEqual(['approve'])
  })

  it('without a transaction fails with unknown_transaction and starts nothing', async () => {
    const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD, cancel: '1' })
    expect(page.json()).toMatchObject({ action: 'fail', code: 'unknown_transaction' })
    expect(simulator.requests).toHaveLength(0)
  })

  it('of another session fails with unknown_transaction and ends nothing', async () => {
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    expect((await app.browser().post('/login/2fa', { transaction: handle, cancel: '1' })).json()).toMatchObject({ code: 'unknown_transaction' })
    await simulator.phone('anna').approve()
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
  })
})
