/** How apps learn the strength of a sign-in: `amr` and `authTime` in profile and record, and routes that require them. */
import { requireSecondFactor, recordSecondFactor, secondFactorOf, type NevisStrategyOptions } from '../../src'
import { loginOf } from '../../src/host/login'
import { amrOf } from '../../src/factors/amr'
import type { Browser } from '../support/browser'
import { handleIn, PASSWORD, signIn, waitingOf, type TestApp } from '../support/app'
import { lab, outcomeOf } from '../security/support/lab'

const world = lab()

const start = (strategy: Partial<NevisStrategyOptions> = {}): Promise<TestApp> =>
  world.start({
    strategy,
    routes: (web, { passport }) => {
      const passed = (_req: unknown, res: import('express').Response) => void res.json({ action: 'passed' })
      web.all('/done', passport.authenticate('nevis'), recordSecondFactor(), (req, res) => void res.json({ profile: req.authInfo?.nevis, record: secondFactorOf(req) }))
      web.post('/any', requireSecondFactor({ maxAgeSeconds: 300 }), passed)
      web.post('/key', requireSecondFactor({ maxAgeSeconds: 300, amr: ['swk'] }), passed)
      web.post('/two', requireSecondFactor({ maxAgeSeconds: 300, amr: ['pwd', 'mfa'], acrValues: ['urn:example:gold', 'urn:example:silver'] }), passed)
      web.post('/damaged-record', (req, res) => {
        const session = req.session as unknown as { nevis: { secondFactor: object } }
        session.nevis = { ...session.nevis, secondFactor: { ...session.nevis.secondFactor, amr: 'swk' } }
        res.json({ record: secondFactorOf(req) })
      })
    },
  })

const codeFor = { sms: () => /\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string, recovery: () => 'AAAA-1111' }

async function finish(browser: Browser, transaction: string, factor: string) {
  const phone = world.simulator.phone('anna')
  if (factor === 'push') await phone.approve()
  if (factor === 'app') await phone.scan((await browser.get(waitingOf(transaction), { accept: 'application/json' })).json().appLinkUri)
  const code = factor === 'sms' || factor === 'recovery' ? { code: codeFor[factor]() } : undefined
  return browser.post('/done', { transaction, ...code })
}

async function signedIn(app: TestApp, factor = 'push') {
  const browser = app.browser()
  const { profile, record } = (await finish(browser, await signIn(browser, 'anna', { factor }), factor)).json()
  return { browser, profile, record }
}

const passes = async (browser: Browser, path: string) => (await browser.post(path)).status === 200

describe('amr', () => {
  describe('of a sign-in', () => {
    it.each([['push', ['swk', 'mca']], ['app', ['swk', 'mca']], ['sms', ['otp', 'sms', 'mca']], ['recovery', ['otp']]])('by %s has its values, in profile and record', async (factor, amr) => {
      const { profile, record } = await signedIn(await start(), factor)
      expect([profile.amr, record.amr]).toEqual([amr, amr])
      expect(record.authTime).toBe(Math.floor(record.at / 1000))
      expect(Math.abs(profile.authTime - record.authTime)).toBeLessThanOrEqual(1)
    })

    it('says nothing of the first factor that the app has not said', async () => {
      const { browser, profile } = await signedIn(await start())
      expect(profile.amr).not.toContain('mfa')
      expect(await passes(browser, '/two')).toBe(false)
    })

    it('begins with the values of the first factor, and ends with mfa', async () => {
      const { browser, profile, record } = await signedIn(await start({ firstFactorAmr: ['pwd'] }))
      expect([profile.amr, record.amr]).toEqual([['pwd', 'swk', 'mca', 'mfa'], ['pwd', 'swk', 'mca', 'mfa']])
      expect(await passes(browser, '/two')).toBe(true)
    })

    it('may depend on the request that starts', async () => {
      const app = await start({ firstFactorAmr: (req) => (req.headers['x-first'] === 'face' ? ['face'] : undefined) })
      const browser = app.browser()
      const { location } = await browser.post('/login', { username: 'anna', password: PASSWORD }, { 'x-first': 'face' })
      expect((await finish(browser, handleIn(location), 'push')).json().profile.amr).toEqual(['face', 'swk', 'mca', 'mfa'])
      expect((await signedIn(app)).profile.amr).toEqual(['swk', 'mca'])
    })

    it('keeps the first factor where the user changes to another second one', async () => {
      const app = await start({ firstFactorAmr: ['pwd'] })
      const browser = app.browser()
      const first = await signIn(browser, 'anna')
      const { location } = await browser.post('/login/2fa', { transaction: first, factor: 'sms' })
      expect((await finish(browser, handleIn(location), 'sms')).json().profile.amr).toEqual(['pwd', 'otp', 'sms', 'mca', 'mfa'])
    })

    // A second start in the same session may reuse the pending push, but must use the `amr` of its own first factor.
    it('never takes over what another first factor has said', async () => {
      const app = await start({ firstFactorAmr: (req) => (req.headers['x-first'] === 'face' ? ['face'] : ['kba']) })
      const browser = app.browser()
      await browser.post('/login', { username: 'anna', password: PASSWORD }, { 'x-first': 'face' })
      const { location } = await browser.post('/login', { username: 'anna', password: PASSWORD })
      expect((await finish(browser, handleIn(location), 'push')).json().profile.amr).toEqual(['kba', 'swk', 'mca', 'mfa'])
    })

    it('is an error of the app where its function gives no list', async () => {
      const app = await start({ firstFactorAmr: (() => 'pwd') as never })
      const page = await app.browser().post('/login', { username: 'anna', password: PASSWORD })
      expect(page.json()).toMatchObject({ action: 'error', message: 'NevisStrategy: firstFactorAmr must return a list of values of RFC 8176' })
    })
  })

  describe('of an enrolment', () => {
    it('proves no second factor', () => {
      expect([amrOf('enroll', ['pwd'], ['swk']), amrOf('enroll')]).toEqual([['pwd'], []])
    })
  })

  describe('of a factor of the app', () => {
    it('is what the factor says, each value once, and cannot be changed', () => {
      expect(amrOf('approve', undefined, undefined)).toEqual([])
      expect(amrOf('approve', ['pwd', 'otp'], ['otp', 'hwk'])).toEqual(['pwd', 'otp', 'hwk', 'mfa'])
      expect(Object.isFrozen(amrOf('approve', ['pwd']))).toBe(true)
    })
  })

  // The attack: an attacker who can write to the session store changes the transaction, so that the app records a stronger first factor than the user gave.
  describe('of a transaction that was changed in the session', () => {
    it('fails with binding_mismatch', async () => {
      const { MemoryStore } = await import('express-session')
      const store = new MemoryStore()
      const app = await world.start({ session: { store }, strategy: { firstFactorAmr: ['kba'] } })
      const browser = app.browser()
      const transaction = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      const { sessions } = store as unknown as { sessions: Record<string, string> }
      for (const [id, text] of Object.entries(sessions)) sessions[id] = text.replace('["kba"]', '["face"]')
      expect(outcomeOf(await browser.post('/login/2fa/callback', { transaction }))).toBe('binding_mismatch')
    })
  })
})

describe('requireSecondFactor', () => {
  describe('with amr', () => {
    it('lets a record pass that has all of the values', async () => {
      const app = await start()
      expect(await passes((await signedIn(app, 'push')).browser, '/key')).toBe(true)
      expect(await passes((await signedIn(app, 'sms')).browser, '/key')).toBe(false)
    })

    it('refuses a record whose values are no list', async () => {
      const { browser } = await signedIn(await start())
      expect((await browser.post('/damaged-record')).json().record.amr).toEqual([])
      expect([await passes(browser, '/key'), await passes(browser, '/any')]).toEqual([false, true])
    })

    it.each([[[]], ['swk'], [[1]], [['a b']], [['"']], [['']], [null]])('refuses to be made with %j', (amr) => {
      expect(() => requireSecondFactor({ maxAgeSeconds: 1, amr: amr as never })).toThrow(TypeError)
    })
  })

  describe('with acrValues', () => {
    it('names them in the 401, as RFC 9470 does', async () => {
      const page = await (await start()).browser().post('/two')
      expect(page.headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_user_authentication", error_description="A fresh second factor is required", acr_values="urn:example:gold urn:example:silver", max_age="300"',
      )
      expect(page.json()).toMatchObject({ acr_values: 'urn:example:gold urn:example:silver', max_age: 300 })
    })

    it.each([[[]], ['urn:a'], [['a b']], [['a"b']]])('refuses to be made with %j', (acrValues) => {
      expect(() => requireSecondFactor({ maxAgeSeconds: 1, acrValues: acrValues as never })).toThrow(TypeError)
    })
  })
})

describe('the option firstFactorAmr', () => {
  it.each([['pwd'], [[]], [['a b']], [7]])('is a TypeError with %j', async (firstFactorAmr) => {
    await expect(start({ firstFactorAmr: firstFactorAmr as never })).rejects.toThrow('NevisStrategy: firstFactorAmr must be a list')
  })
})

describe('secondFactorOf', () => {
  it('gives a record without amr a time and an empty list', () => {
    const passport = { user: 'anna' }
    const secondFactor = { userId: 'u', factor: 'push', transactionId: 't', at: 1_700_000_000_999, login: loginOf({ passport }), sessionId: '' }
    expect(secondFactorOf({ session: { passport, nevis: { secondFactor } } })).toEqual({ userId: 'u', factor: 'push', transactionId: 't', at: 1_700_000_000_999, authTime: 1_700_000_000, amr: [] })
  })
})
