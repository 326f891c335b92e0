/** Tests the factor `widget`: which calls the strategy makes to Nevis, which tokens it accepts from the browser, and how it uses them. */
import { randomUUID } from 'node:crypto'
import { NevisStrategy, push, widget, type NevisStrategyOptions } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import { PASSWORD, signIn, startApp, strategyOptions, waitingOf, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { approvedToken, begin, beginEnrolment, intentTokenOf, tokenOf } from '../support/widget'

const CALLBACK = '/login/2fa/callback'
let simulator: NevisSimulator
let app: TestApp
let userId: string

const start = (strategy: Partial<NevisStrategyOptions> = {}) => startApp({ simulator, strategy: { factors: [widget()], ...strategy } })

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  ;({ userId } = simulator.addUser({ username: 'anna' }))
  app = await start()
})

afterEach(async () => {
  await app.close()
  await simulator.close()
})

async function restart(strategy: Partial<NevisStrategyOptions>): Promise<void> {
  await app.close()
  app = await start(strategy)
}

const operations = () => simulator.requests.map(({ operation }) => operation)
const intents = () => simulator.requests.filter(({ operation }) => operation === 'createIntent').map(({ body }) => body)

async function started(username = 'anna'): Promise<{ browser: Browser; handle: string; intentToken: string }> {
  const browser = app.browser()
  const handle = await signIn(browser, username)
  return { browser, handle, intentToken: await intentTokenOf(browser, handle) }
}

describe('approve', () => {
  describe('with the token of an approval that the widget got', () => {
    // Shows: ASVS V6.1.3, C-widget-1
    it('signs the user in, after the status and the introspection of that token', async () => {
      const { browser, handle, intentToken } = await started()
      const token = await approvedToken(simulator, intentToken, 'anna')
      simulator.requests.length = 0
      const page = await browser.post(CALLBACK, { transaction: handle, token })
      expect(page.json()).toMatchObject({
        action: 'success',
        user: { username: 'anna' },
        info: { nevis: { provider: 'nevis', id: userId, username: 'anna', factor: 'widget', operation: 'approve' } },
      })
      expect(simulator.requests.map(({ operation, body }) => [operation, body])).toEqual([
        ['getStatus', { statusToken: token }],
        ['introspect', { token }],
      ])
      expect(app.verified).toHaveLength(1)
      expect((await browser.get('/me')).json()).toEqual({ user: { username: 'anna' } })
    })

    // Shows: C-widget-6
    it('takes it from a single-page app, as JSON', async () => {
      const { browser, handle, intentToken } = await started()
      const token = await approvedToken(simulator, intentToken, 'anna')
      expect((await browser.postJson(CALLBACK, { transaction: handle, token })).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('of a user whose username is known', () => {
    // Shows: C-widget-1
    it('asks for the userId first, and makes the intent for that', async () => {
      await started()
      expect(operations()).toEqual(['findUserByUsername', 'createIntent'])
      expect(intents()).toEqual([{ userId, operation: 'approve' }])
    })
  })

  describe('of a user whose userId is known', () => {
    it('makes the intent at once', async () => {
      await restart({ subject: () => ({ userId }) })
      await started()
      expect(operations()).toEqual(['createIntent'])
      expect(intents()).toEqual([{ userId, operation: 'approve' }])
    })
  })

  describe('with channels', () => {
    // Shows: C-intent-1
    it('restricts the intent to them', async () => {
      await restart({ factors: [widget({ channels: ['push', 'sms'] })] })
      await started()
      expect(intents()).toEqual([{ userId, operation: 'approve', channels: ['push', 'sms'] }])
    })

    // Shows: C-intent-1
    it.each([[[]], [['fido2']], ['push'], [null], [['push', undefined]]])('refuses %j when it is made', (channels) => {
      expect(() => widget({ channels: channels as never })).toThrow(new TypeError('widget: channels must be a non-empty list of "app", "push", "sms"'))
    })

    it('does not see the list change later', async () => {
      const channels: ('push' | 'app')[] = ['push']
      await restart({ factors: [widget({ channels })] })
      channels.push('app')
      await started()
      expect(intents()).toMatchObject([{ channels: ['push'] }])
    })
  })

  describe('of a user whom Nevis does not know', () => {
    it.each([
      ['username', undefined],
      ['userId', { userId: randomUUID() }],
    ])('fails with not_enrolled (%s)', async (_by, subject) => {
      await restart(subject === undefined ? {} : { subject: () => subject })
      const page = await app.browser().post('/login', { username: 'nobody', password: PASSWORD })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_enrolled' })
    })
  })

  describe('where Nevis names another user', () => {
    it('fails with binding_mismatch, and hands out no intent token', async () => {
      simulator.faults.add({ on: 'findUserByUsername', patch: { username: 'Anna' } })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
      expect(page.headers.getSetCookie()).toEqual([])
    })
  })

  describe('started again in its session', () => {
    it('is used again: one intent', async () => {
      const { browser, intentToken } = await started()
      const again = await signIn(browser, 'anna')
      expect(await intentTokenOf(browser, again)).toBe(intentToken)
      expect(intents()).toHaveLength(1)
    })
  })

  describe('started over from its page', () => {
    it('closes the first and makes a new intent', async () => {
      const { browser, handle, intentToken } = await started()
      const next = await browser.post('/login/2fa', { transaction: handle, factor: 'widget' })
      expect(next.status).toBe(303)
      expect(intents()).toHaveLength(2)
      const token = await approvedToken(simulator, intentToken, 'anna')
      expect((await browser.post(CALLBACK, { transaction: handle, token })).json()).toMatchObject({ action: 'fail', code: 'cancelled' })
    })
  })

  describe('without a token', () => {
    // Shows: C-widget-6
    it.each([[{}], [{ token: '' }], [{ token: '  ' }], [{ code: 'x' }], [{ 'token[]': 'x' }]])('fails with missing_code for %j, and the right one still signs in', async (fields) => {
      const { browser, handle, intentToken } = await started()
      expect((await browser.post(CALLBACK, { transaction: handle, ...fields })).json()).toMatchObject({ action: 'fail', code: 'missing_code' })
      const token = await approvedToken(simulator, intentToken, 'anna')
      expect((await browser.post(CALLBACK, { transaction: handle, token })).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('after its time', () => {
    it('fails with expired_transaction', async () => {
      const { browser, handle, intentToken } = await started()
      const token = await approvedToken(simulator, intentToken, 'anna')
      const now = Date.now()
      jest.spyOn(Date, 'now').mockReturnValue(now + 120_000)
      expect((await browser.post(CALLBACK, { transaction: handle, token })).json()).toMatchObject({ action: 'fail', code: 'expired_transaction' })
      jest.restoreAllMocks()
    })
  })

  describe('seen by the page as data', () => {
    it('gives the intent token while it waits, and no more once it is over', async () => {
      const { browser, handle, intentToken } = await started()
      const view = async () => (await browser.get(waitingOf(handle), { accept: 'application/json' })).json() as object
      expect(await view()).toMatchObject({ factor: 'widget', prompt: 'widget', status: 'pending', intentToken })
      await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      expect(await view()).toMatchObject({ status: 'failed', failure: 'cancelled' })
      expect(JSON.stringify(await view())).not.toContain(intentToken)
    })

    it('stays pending for everyone who asks for the status, and asks Nevis nothing for them', async () => {
      const { browser, handle } = await started()
      simulator.requests.length = 0
      expect((await browser.get(`/login/2fa/status?transaction=${handle}`)).json()).toMatchObject({ status: 'pending', prompt: 'widget' })
      expect(operations()).toEqual([])
    })
  })
})

describe('enroll', () => {
  beforeEach(() => restart({ operation: 'enroll' }))

  describe('of a new user', () => {
    // Shows: C-widget-5
    it('makes the intent for the username, and succeeds as the user that Nevis has then', async () => {
      const { browser, handle, intentToken } = await started('ben')
      expect(intents()).toEqual([{ username: 'ben', operation: 'enroll' }])
      const begun = await beginEnrolment(simulator, intentToken)
      await simulator.phone('ben').scan(begun.appLinkUri)
      const token = await tokenOf(simulator, begun)
      const page = await browser.post(CALLBACK, { transaction: handle, token })
      expect(page.json()).toMatchObject({ action: 'success', info: { nevis: { id: begun.userId, username: 'ben', factor: 'widget', operation: 'enroll' } } })
    })

    it('fails with not_approved while Nevis has no such user', async () => {
      const { browser, handle } = await started('ben')
      const { intentToken } = await started('clara')
      const begun = await beginEnrolment(simulator, intentToken)
      await simulator.phone('clara').scan(begun.appLinkUri)
      const page = await browser.post(CALLBACK, { transaction: handle, token: await tokenOf(simulator, begun) })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_approved' })
      expect(app.verified).toHaveLength(0)
    })

    it('fails with not_approved while Nevis calls the user new, whatever the token', async () => {
      const { browser, handle, intentToken } = await started('ben')
      const begun = await beginEnrolment(simulator, intentToken)
      const page = await browser.post(CALLBACK, { transaction: handle, token: await tokenOf(simulator, begun) })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_approved' })
    })

    // Shows: C-widget-5
    it('fails with binding_mismatch for the token of another user\'s enrolment', async () => {
      const [bens, claras] = [await started('ben'), await started('clara')]
      const [ben, clara] = [await beginEnrolment(simulator, bens.intentToken), await beginEnrolment(simulator, claras.intentToken)]
      await simulator.phone('ben').scan(ben.appLinkUri)
      await simulator.phone('clara').scan(clara.appLinkUri)
      const page = await bens.browser.post(CALLBACK, { transaction: bens.handle, token: await tokenOf(simulator, clara) })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
    })
  })

  describe('of a user whom Nevis knows, without a phone', () => {
    let doras: string
    beforeEach(() => void (doras = simulator.addUser({ username: 'dora', authenticators: 0 }).userId))

    it('makes the intent for the userId that was found before, and adds the device', async () => {
      const { browser, handle, intentToken } = await started('dora')
      expect(intents()).toEqual([{ userId: doras, operation: 'enroll' }])
      const begun = await beginEnrolment(simulator, intentToken)
      await simulator.phone('dora').scan(begun.appLinkUri)
      const page = await browser.post(CALLBACK, { transaction: handle, token: await tokenOf(simulator, begun) })
      expect(page.json()).toMatchObject({ action: 'success', info: { nevis: { id: doras, operation: 'enroll' } } })
    })

    it('fails with not_approved once Nevis has no such user any more', async () => {
      const { browser, handle, intentToken } = await started('dora')
      const begun = await beginEnrolment(simulator, intentToken)
      await simulator.phone('dora').scan(begun.appLinkUri)
      simulator.faults.add({ on: 'getUser', status: 404 })
      const page = await browser.post(CALLBACK, { transaction: handle, token: await tokenOf(simulator, begun) })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_approved' })
    })
  })

  describe('of a user who has a phone already', () => {
    it('fails with already_enrolled and makes no intent, without that phone', async () => {
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect([page.status, page.json().code]).toEqual([403, 'already_enrolled'])
      expect(intents()).toEqual([])
    })
  })

  describe('when Nevis cannot say whether there is such a user', () => {
    it('ends in an error', async () => {
      simulator.faults.add({ on: 'findUserByUsername', status: 500 })
      expect((await app.browser().post('/login', { username: 'ben', password: PASSWORD })).json()).toMatchObject({ action: 'error', code: 'NEVIS_UNEXPECTED_RESPONSE' })
      expect(intents()).toEqual([])
    })
  })
})

describe('among others', () => {
  it('is switched to from push, and back', async () => {
    await restart({ factors: [push(), widget()] })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna')
    const there = await browser.post('/login/2fa', { transaction: handle, factor: 'widget' })
    const transaction = new URL(there.location as string, app.origin).searchParams.get('transaction') as string
    await begin(simulator, await intentTokenOf(browser, transaction))
    expect((await browser.post('/login/2fa', { transaction, factor: 'push' })).status).toBe(303)
  })

  it('is a factor to the strategy', () => {
    expect(() => new NevisStrategy({ ...strategyOptions(simulator), factors: [widget(), push()], passReqToCallback: false }, () => undefined)).not.toThrow()
  })
})
