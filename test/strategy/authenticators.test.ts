/** Tests which of a user's phones gets the request. `test/security/authenticators.test.ts` tests that the phone belongs to the user. */
import { NevisStrategy, app as appFactor, push, type NevisStrategyOptions } from '../../src'
import { NevisSimulator } from '../../src/simulator'
import type { Browser } from '../support/browser'
import { callbackOf, handleIn, PASSWORD, signIn, startApp, strategyOptions, type AppOptions, type TestApp } from '../support/app'

let simulator: NevisSimulator
let old: string
let newest: string
const apps: TestApp[] = []

async function start(options: Omit<AppOptions, 'simulator'> = {}): Promise<TestApp> {
  const started = await startApp({ simulator, ...options })
  apps.push(started)
  return started
}

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  const { authenticatorIds } = simulator.addUser({ username: 'anna', phone: '+41791234567', authenticators: ['Old phone', 'New phone'] })
  ;[old, newest] = authenticatorIds as [string, string]
})

afterEach(async () => {
  await Promise.all(apps.splice(0).map((one) => one.close()))
  await simulator.close()
})

const operations = () => simulator.requests.map(({ operation }) => operation)
/** For each approval that the app has started at Nevis, oldest first: the id of the phone that the app named; undefined if it named none. */
const asked = () => simulator.requests.filter(({ operation }) => operation === 'approve').map(({ body }) => (body as { authenticatorId?: string }).authenticatorId)
const again = async (browser: Browser, transaction: string, fields: Record<string, string>) =>
  handleIn((await browser.post('/login/2fa', { transaction, ...fields })).location)

describe('a start', () => {
  describe('that names no phone', () => {
    it('leaves the choice to Nevis, and asks it nothing more', async () => {
      await signIn((await start()).browser(), 'anna')
      expect(operations()).toEqual(['approve'])
      expect(asked()).toEqual([undefined])
      expect(simulator.phone('anna').waiting).toMatchObject([{ authenticatorId: newest }])
    })
  })

  describe('that names one of the user\'s own', () => {
    // Shows: C-approval-9
    it.each(['push', 'app'])('asks that one, after a look whose it is, and its approval signs in: %s', async (factor) => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor, authenticatorId: old })
      expect(operations()).toEqual(['findUserByUsername', 'approve'])
      expect(asked()).toEqual([old])
      if (factor === 'push') await simulator.phone('anna').approve()
      else {
        const { appLinkUri } = (await browser.get(`/login/2fa?transaction=${handle}`, { accept: 'application/json' })).json() as { appLinkUri: string }
        await expect(simulator.phone('anna').scan(appLinkUri, newest)).rejects.toThrow('for another phone')
        await simulator.phone('anna').scan(appLinkUri, old)
      }
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success', info: { nevis: { factor } } })
    })

    it('takes the request\'s before the route\'s, be that a value or a function', async () => {
      for (const authenticatorId of [old, () => old, async () => old]) {
        const app = await start({ start: { authenticatorId } })
        await signIn(app.browser(), 'anna')
      }
      const app = await start({ start: { authenticatorId: old } })
      await signIn(app.browser(), 'anna', { authenticatorId: newest })
      expect(asked()).toEqual([old, old, old, newest])
    })

    it('names none where the route\'s function finds none', async () => {
      for (const none of [undefined, null]) await signIn((await start({ start: { authenticatorId: () => none as undefined } })).browser(), 'anna')
      expect(operations()).toEqual(['approve', 'approve'])
    })
  })

  describe('that names one as something else than a string', () => {
    it('fails with unknown_authenticator, asks Nevis nothing and spends no start', async () => {
      const app = await start({ strategy: { startBudget: { starts: 1, perSeconds: 60 } } })
      for (const authenticatorId of [[old], { id: old }, 7, true]) {
        const page = await app.browser().postJson('/login', { username: 'anna', password: PASSWORD, authenticatorId })
        expect(page.status).toBe(400)
        expect(page.json()).toMatchObject({ action: 'fail', code: 'unknown_authenticator' })
      }
      expect(operations()).toEqual([])
      await signIn(app.browser(), 'anna')
    })
  })

  describe('of a factor that asks no phone', () => {
    it.each(['sms', 'recovery'])('goes on without it: %s', async (factor) => {
      await signIn((await start({ start: { authenticatorId: old } })).browser(), 'anna', { factor, authenticatorId: newest })
      expect(operations()).toEqual([factor === 'sms' ? 'approve' : 'findUserByUsername'])
      expect(asked().filter((id) => id !== undefined)).toEqual([])
    })
  })

  describe('of an enrolment', () => {
    it('goes on without it: a new phone has no id yet', async () => {
      await signIn((await start({ strategy: { operation: 'enroll' } })).browser(), 'newcomer', { factor: 'app', authenticatorId: old })
      expect(operations()).toEqual(['findUserByUsername', 'enroll'])
    })
  })

  describe('for a user whom Nevis does not know', () => {
    it('fails with not_enrolled', async () => {
      const page = await (await start()).browser().post('/login', { username: 'nobody', password: PASSWORD, authenticatorId: old })
      expect(page.json()).toMatchObject({ action: 'fail', code: 'not_enrolled' })
      expect(operations()).toEqual(['findUserByUsername'])
    })
  })

  describe('while another is pending in this session', () => {
    it('for the same phone uses it again, and asks Nevis nothing', async () => {
      const browser = (await start()).browser()
      await signIn(browser, 'anna', { authenticatorId: old })
      await signIn(browser, 'anna', { authenticatorId: old })
      expect(operations()).toEqual(['findUserByUsername', 'approve'])
    })

    it('for another phone, or none, is another transaction', async () => {
      const browser = (await start()).browser()
      await signIn(browser, 'anna')
      await signIn(browser, 'anna', { authenticatorId: old })
      await signIn(browser, 'anna', { authenticatorId: newest })
      await signIn(browser, 'anna')
      expect(asked()).toEqual([undefined, old, newest])
    })
  })
})

describe('another start for a transaction', () => {
  it('with another phone › asks that one, and the approval on the first no longer signs in', async () => {
    const browser = (await start()).browser()
    const first = await signIn(browser, 'anna')
    const second = await again(browser, first, { factor: 'push', authenticatorId: old })
    expect(asked()).toEqual([undefined, old])
    const [onNewest, onOld] = simulator.phone('anna').waiting
    expect([onNewest?.authenticatorId, onOld?.authenticatorId]).toEqual([newest, old])
    await simulator.phone('anna').approve(onNewest?.transactionId)
    expect((await browser.get(callbackOf(first))).json()).toMatchObject({ code: 'cancelled' })
    await simulator.phone('anna').approve(onOld?.transactionId)
    expect((await browser.get(callbackOf(second))).json()).toMatchObject({ action: 'success' })
  })

  it('with the same factor and no phone › asks the same one again', async () => {
    const browser = (await start()).browser()
    const first = await signIn(browser, 'anna', { authenticatorId: old })
    const now = Date.now()
    jest.spyOn(Date, 'now').mockReturnValue(now + 15_000)
    await again(browser, first, { factor: 'push' })
    jest.restoreAllMocks()
    expect(asked()).toEqual([old, old])
  })

  it('with another factor and no phone › leaves the choice to Nevis', async () => {
    const browser = (await start()).browser()
    const first = await signIn(browser, 'anna', { authenticatorId: old })
    await again(browser, first, { factor: 'app' })
    expect(asked()).toEqual([old, undefined])
  })
})

describe('app({ anyAuthenticator: true })', () => {
  const anyPhone: Partial<NevisStrategyOptions> = { factors: [push(), appFactor({ anyAuthenticator: true })] }

  // Shows: C-approval-9
  it('lets any of the user\'s phones scan, and no phone of another user', async () => {
    simulator.addUser({ username: 'ben' })
    const app = await start({ strategy: anyPhone })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'app' })
    expect(asked()).toEqual(['*'])
    const { appLinkUri } = (await browser.get(`/login/2fa?transaction=${handle}`, { accept: 'application/json' })).json() as { appLinkUri: string }
    await expect(simulator.phone('ben').scan(appLinkUri)).rejects.toThrow('for another phone')
    await simulator.phone('anna').scan(appLinkUri, old)
    expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
  })

  // Shows: C-approval-4
  it('asks the older instances the same', async () => {
    const app = await start({ strategy: { factors: [appFactor({ channel: 'qr-code', anyAuthenticator: true })] } })
    await signIn(app.browser(), 'anna')
    expect(simulator.requests[0]?.body).toMatchObject({ channel: 'qr-code', authenticatorId: '*' })
  })

  it('takes no phone of the request: any will do', async () => {
    await signIn((await start({ strategy: anyPhone })).browser(), 'anna', { factor: 'app', authenticatorId: old })
    expect(operations()).toEqual(['approve'])
    expect(asked()).toEqual(['*'])
  })

  it('leaves push alone, which takes no such thing', async () => {
    await signIn((await start({ strategy: anyPhone })).browser(), 'anna')
    expect(asked()).toEqual([undefined])
  })

  it('refuses a value that is neither true nor false', () => {
    expect(() => appFactor({ anyAuthenticator: '*' as never })).toThrow(new TypeError('app: anyAuthenticator must be true or false'))
    expect(() => new NevisStrategy({ ...strategyOptions(simulator), ...anyPhone, passReqToCallback: false }, () => undefined)).not.toThrow()
  })
})
