/** Sign-ins with each factor. The user approves, denies, answers too late, or enters a right or a wrong code. */
import { randomUUID } from 'node:crypto'
import { callbackOf, signIn, startApp, waitingOf, type TestApp } from '../support/app'
import { NevisSimulator } from '../../src/simulator'

let simulator: NevisSimulator
let app: TestApp
let recoveryCodes: readonly string[]
let userId: string

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  const anna = simulator.addUser({ username: 'anna', phone: '+41791234567', recoveryCodes: 3 })
  ;({ recoveryCodes, userId } = anna)
  app = await startApp({ simulator })
})

afterEach(async () => {
  await app.close()
  await simulator.close()
})

const codeOf = (text: string | undefined) => /\d{6}/.exec(text ?? '')?.[0] as string
const operations = () => simulator.requests.map(({ operation }) => operation)

describe('push', () => {
  describe('approved on the phone', () => {
    // Shows: ASVS V6.1.3, C-approval-2, C-status-4, C-token-1
    it('signs the user in, with one approval, one status and one introspection', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(200)
      expect(page.json()).toMatchObject({
        action: 'success',
        user: { username: 'anna' },
        info: { nevis: { provider: 'nevis', id: userId, username: 'anna', factor: 'push', operation: 'approve' } },
      })
      expect(app.verified).toHaveLength(1)
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
      expect(operations()).toEqual(['approve', 'getStatus', 'introspect'])
    })

    it('signs the user in by POST too', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').approve()
      expect((await browser.post('/login/2fa/callback', { transaction: handle })).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('denied on the phone', () => {
    // Shows: C-status-5
    it('fails with not_approved and stays so', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      await simulator.phone('anna').deny()
      for (let i = 0; i < 2; i++) {
        const page = await browser.get(callbackOf(handle))
        expect(page.status).toBe(401)
        expect(page.json()).toMatchObject({ action: 'fail', code: 'not_approved' })
      }
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      expect(app.verified).toHaveLength(0)
      expect(operations()).toEqual(['approve', 'getStatus'])
    })
  })

  describe('left alone until Nevis gives up', () => {
    // Shows: C-status-5, C-more-7
    it('fails with not_approved, as if it had been denied', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      simulator.advance(121_000)
      const page = await browser.get(callbackOf(handle))
      expect(page.status).toBe(401)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_approved' })
    })
  })

  describe('that Nevis no longer knows', () => {
    // Shows: C-status-6
    it('fails with not_approved', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna')
      simulator.faults.add({ on: 'getStatus', status: 404, body: { status: 'unknown' } })
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'not_approved' })
    })
  })

  describe('with a message', () => {
    // Shows: T-bomber-7, C-approval-7
    it('shows it on the phone and gives it back in the profile', async () => {
      const other = await startApp({ simulator, strategy: { message: 'Sign in to Example?' } })
      try {
        const browser = other.browser()
        const handle = await signIn(browser, 'anna')
        expect(simulator.phone('anna').waiting).toMatchObject([{ message: 'Sign in to Example?' }])
        expect(simulator.requests[0]?.body).toMatchObject({ channel: 'push', prompt: true, message: 'Sign in to Example?' })
        await simulator.phone('anna').approve()
        expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ info: { nevis: { message: 'Sign in to Example?' } } })
      } finally {
        await other.close()
      }
    })
  })
})

describe('app', () => {
  const view = async (browser: ReturnType<TestApp['browser']>, handle: string) =>
    (await browser.get(waitingOf(handle), { accept: 'application/json' })).json()

  describe('scanned with the phone', () => {
    // Shows: C-approval-3, N-oob-4
    it('signs the user in', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'app' })
      const { appLinkUri, qrCode } = await view(browser, handle)
      expect(qrCode).toMatch(/^data:image\/png;base64,/)
      await simulator.phone('anna').scan(appLinkUri)
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'app', id: userId } } })
    })
  })

  describe('scanned and denied', () => {
    it('fails with not_approved', async () => {
      const other = await startApp({ simulator, strategy: { message: 'Really?' } })
      try {
        const browser = other.browser()
        const handle = await signIn(browser, 'anna', { factor: 'app' })
        await simulator.phone('anna').scan((await view(browser, handle)).appLinkUri)
        await simulator.phone('anna').deny()
        expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'not_approved' })
      } finally {
        await other.close()
      }
    })
  })

  describe('never scanned', () => {
    it('fails with not_approved', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'app' })
      simulator.advance(121_000)
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'fail', code: 'not_approved' })
    })
  })
})

describe('sms', () => {
  describe('with the right code', () => {
    // Shows: ASVS V6.1.3, C-sms-1
    it('signs the user in and introspects the token that the status gives', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: ` ${codeOf(simulator.sms('anna').at(-1))} ` })
      expect(page.json()).toMatchObject({ action: 'success', info: { nevis: { factor: 'sms', id: userId } } })
      expect(operations()).toEqual(['approve', 'verifyCode', 'getStatus', 'introspect'])
    })

    // Shows: C-sms-6
    it.each([
      ['pending', { patch: { status: 'pending', token: undefined } }],
      ['unknown', { status: 404, body: { status: 'unknown' } }],
    ])('signs the user in where the status is %s, because SMS need not be pollable', async (_name, fault) => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      simulator.faults.add({ on: 'getStatus', ...fault })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf(simulator.sms('anna').at(-1)) })
      expect(page.json()).toMatchObject({ action: 'success', info: { nevis: { id: userId } } })
    })

    it('fails with binding_mismatch where a pending status names another user', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      simulator.faults.add({ on: 'getStatus', patch: { status: 'pending', userId: randomUUID() } })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf(simulator.sms('anna').at(-1)) })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
    })

    // Shows: C-sms-6
    it('fails with not_approved where the status says failed', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      simulator.faults.add({ on: 'getStatus', status: 412, body: { status: 'failed', transactionId: '5a0d5f2c-8a3b-4c1e-9f00-1c2d3e4f5a6b' } })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf(simulator.sms('anna').at(-1)) })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_approved' })
    })

    it('signs in where the status gives no answer', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      simulator.faults.add({ on: 'getStatus', status: 503 })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: codeOf(simulator.sms('anna').at(-1)) })
      expect(page.json()).toMatchObject({ action: 'success' })
      expect(app.verified).toHaveLength(1)
    })
  })

  describe('with a wrong code', () => {
    // Shows: C-sms-5
    it('fails with wrong_code, and the right one still signs in', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const code = codeOf(simulator.sms('anna').at(-1))
      const wrong = code === '000000' ? '000001' : '000000'
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: wrong })
      expect(page.status).toBe(401)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'wrong_code' })
      expect((await browser.post('/login/2fa/callback', { transaction: handle, code })).json()).toMatchObject({ action: 'success' })
    })

    it('goes back to the waiting page when the page itself asked, and says how many are left', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: 'x', retry: '1' })
      expect(page.status).toBe(303)
      expect(page.location).toMatch(/^\/login\/2fa\?transaction=/)
      const back = await browser.get(page.location as string)
      expect(back.text).toContain('Attempts left: 4')
    })
  })

  describe('with as many wrong codes as are allowed', () => {
    it('fails with too_many_attempts from then on, and asks Nevis nothing more, not even for the right code', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const code = codeOf(simulator.sms('anna').at(-1))
      for (let i = 0; i < 5; i++) {
        expect((await browser.post('/login/2fa/callback', { transaction: handle, code: `x${i}` })).json()).toMatchObject({ code: 'wrong_code' })
      }
      const asked = simulator.requests.length
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code })
      expect(page.status).toBe(429)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'too_many_attempts' })
      expect(simulator.requests).toHaveLength(asked)
    })
  })

  describe('without a code', () => {
    it('fails with missing_code and loses nothing', async () => {
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      for (const fields of [{ transaction: handle }, { transaction: handle, code: '' }, { transaction: handle, code: '   ' }]) {
        const page = await browser.post('/login/2fa/callback', fields)
        expect(page.status).toBe(400)
        expect(page.json()).toMatchObject({ action: 'fail', code: 'missing_code' })
      }
      const code = codeOf(simulator.sms('anna').at(-1))
      expect((await browser.post('/login/2fa/callback', { transaction: handle, code })).json()).toMatchObject({ action: 'success' })
    })
  })
})

describe('recovery', () => {
  describe('with one of the codes', () => {
    // Shows: ASVS V6.1.3, C-recovery-1, C-user-6
    it('signs the user in, once', async () => {
      const code = recoveryCodes[0] as string
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      expect((await browser.post('/login/2fa/callback', { transaction: handle, code })).json()).toMatchObject({
        action: 'success',
        info: { nevis: { factor: 'recovery', id: userId, username: 'anna' } },
      })
      expect(operations()).toEqual(['findUserByUsername', 'verifyCode'])

      const again = app.browser()
      const second = await signIn(again, 'anna', { factor: 'recovery' })
      expect((await again.post('/login/2fa/callback', { transaction: second, code })).json()).toMatchObject({ action: 'fail', code: 'wrong_code' })
    })
  })

  describe('with the code of another user', () => {
    // Shows: C-recovery-2
    it('fails with wrong_code', async () => {
      const ben = simulator.addUser({ username: 'ben', recoveryCodes: 1 })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      const page = await browser.post('/login/2fa/callback', { transaction: handle, code: ben.recoveryCodes[0] as string })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'wrong_code' })
    })
  })

  describe('for a user that Nevis does not know', () => {
    // Shows: C-recovery-2
    it('fails with not_enrolled', async () => {
      const page = await app.browser().post('/login', { username: 'nobody', password: 'correct horse', factor: 'recovery' })
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_enrolled' })
    })
  })

  describe('where Nevis answers with another username', () => {
    // Shows: C-recovery-2
    it('fails with binding_mismatch', async () => {
      simulator.faults.add({ on: 'findUserByUsername', patch: { username: 'ben' } })
      const page = await app.browser().post('/login', { username: 'anna', password: 'correct horse', factor: 'recovery' })
      expect(page.status).toBe(403)
      expect(page.json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
    })
  })
})
