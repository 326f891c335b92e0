/**
 * The attack: guessing codes.
 *
 * The attacker knows the password and tries codes. Six digits are only a million, so without a limit the attacker finds the right one. A limit that
 * is read, compared and written back does not stop concurrent requests: in a strategy that counted in the session, 49 of 50 wrong codes passed a
 * limit of five. A limit per transaction does not stop an attacker who starts a new one after every fifth code, and a limit per session does not stop
 * an attacker without cookies. So the ledger counts each code before Nevis checks it: per transaction, and per subject over all transactions, factors
 * and sessions.
 */
import { MemoryLedger } from '../../src'
import type { Browser } from '../support/browser'
import { PASSWORD, signIn, type TestApp } from '../support/app'
import { lab, outcomeOf, tally } from './support/lab'
import { SlowStore } from './support/slow-store'

const world = lab()
jest.setTimeout(30_000)
const CALLBACK = '/login/2fa/callback'

/** A code with a valid form, so that the strategy sends it to Nevis. The code is always wrong, because the simulator's codes have six digits. */
const wrongCode = (i = 0) => `000${i}`

const rightCode = (factor: string, username = 'anna') =>
  factor === 'recovery' ? 'AAAA-1111' : (/\d{6}/.exec(world.simulator.sms(username).at(-1) as string)?.[0] as string)

const tryCode = async (browser: Browser, transaction: string, code: string) => outcomeOf(await browser.post(CALLBACK, { transaction, code }))

/** A high limit for starts, because these tests do not test this limit. */
const MANY_STARTS = { starts: 1000, perSeconds: 60 }

const start = (strategy: object = {}): Promise<TestApp> =>
  world.start({ strategy: { startBudget: MANY_STARTS, ...strategy }, session: { store: new SlowStore() } })

describe.each(['sms', 'recovery'])('fifty wrong codes at once (%s)', (factor) => {
  describe('for one transaction', () => {
    // Shows: ASVS V6.6.3, ASVS V16.3.3, T-password-2, C-sms-7, N-oob-9
    it('reach the cloud five times; the others fail with too_many_attempts', async () => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor })
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => tryCode(browser.clone(), handle, wrongCode(i))))
      expect(tally(outcomes)).toEqual({ wrong_code: 5, too_many_attempts: 45 })
      expect(world.asked('verifyCode')).toBe(5)
      expect(world.events.of('budget').length).toBeGreaterThan(0)
      expect(world.events.of('budget')[0]).toMatchObject({ budget: 'attempts', limit: 5, factor, subject: { username: 'anna' } })
    })

    it('leave no way in for the right code, in this session or from a copy of it', async () => {
      const app = await start()
      const browser = app.browser()
      const copy = browser.clone()
      const handle = await signIn(browser, 'anna', { factor })
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
      await Promise.all(Array.from({ length: 50 }, (_, i) => tryCode(browser.clone(), handle, wrongCode(i))))
      expect(await tryCode(browser, handle, rightCode(factor))).toBe('too_many_attempts')
      expect(await tryCode(copy, handle, rightCode(factor))).toBe('too_many_attempts')
      expect(world.asked('verifyCode')).toBe(5)
      expect(app.verified).toHaveLength(0)
    })

    // Shows: ASVS V6.5.1, N-oob-7, N-lookup-2
    it('among which one is right sign in at most once', async () => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor })
      const right = rightCode(factor)
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => tryCode(browser.clone(), handle, i % 2 === 0 ? right : wrongCode(i))))
      expect(outcomes.filter((outcome) => outcome === 'success').length).toBeLessThanOrEqual(1)
      expect(app.verified.length).toBeLessThanOrEqual(1)
      // Equal codes that are checked at the same time share one call to Nevis.
      expect([1, 2, 3, 4, 5]).toContain(world.asked('verifyCode'))
    })
  })
})

describe('maxAttempts', () => {
  describe('one code after the other', () => {
    it.each([1, 3, 5])('allows exactly %i; the right one comes too late after them', async (maxAttempts) => {
      const app = await start({ maxAttempts })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      for (let i = 0; i < maxAttempts; i++) expect(await tryCode(browser, handle, wrongCode())).toBe('wrong_code')
      expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('too_many_attempts')
      expect(world.asked('verifyCode')).toBe(maxAttempts)
    })

    it('lets the right code in as the last one that is allowed', async () => {
      const app = await start({ maxAttempts: 3 })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      for (let i = 0; i < 2; i++) expect(await tryCode(browser, handle, wrongCode())).toBe('wrong_code')
      expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('success')
    })
  })

  describe('where the session is put back as it was before each code', () => {
    // Shows: ASVS V6.6.3, T-password-3
    it('holds, because the ledger counts', async () => {
      const store = new SlowStore(undefined, 0)
      const app = await world.start({ session: { store }, strategy: { startBudget: MANY_STARTS } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      const id = decodeURIComponent([...browser.cookies.values()][0] as string).slice(2).split('.')[0] as string
      const before = await new Promise<object>((resolve) => store.get(id, (_error, session) => resolve(session as object)))
      for (let i = 0; i < 8; i++) {
        await tryCode(browser, handle, wrongCode())
        await new Promise<void>((resolve) => store.set(id, before as never, () => resolve()))
      }
      expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('too_many_attempts')
      expect(world.asked('verifyCode')).toBe(5)
    })
  })

  describe('for codes that cannot be one', () => {
    it.each([
      ['an empty one', '', 'missing_code'],
      ['spaces', '   ', 'missing_code'],
      ['kilobytes', 'x'.repeat(100_000), 'wrong_code'],
    ])('asks Nevis nothing: %s', async (_name, code, outcome) => {
      const app = await start()
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      expect(await tryCode(browser, handle, code)).toBe(outcome)
      expect(world.asked('verifyCode')).toBe(0)
    })

    it('asks Nevis nothing for a list of codes in one request', async () => {
      const app = await start()
      const browser = app.browser()
      const transaction = await signIn(browser, 'anna', { factor: 'recovery' })
      const page = await browser.postJson(CALLBACK, { transaction, code: ['wrong', rightCode('recovery')] })
      expect(outcomeOf(page)).toBe('missing_code')
      expect(world.asked('verifyCode')).toBe(0)
    })
  })
})

describe('a code that the user has asked for and then gives to an attacker', () => {
  // Shows: CD-session-1
  it('is refused in the attacker\'s session, with either handle; the user\'s session still takes it', async () => {
    const app = await start()
    const [user, thief] = [app.browser(), app.browser()]
    const thiefs = await signIn(thief, 'anna', { factor: 'sms' })
    const users = await signIn(user, 'anna', { factor: 'sms' })
    const code = rightCode('sms')
    expect(await tryCode(thief, users, code)).toBe('unknown_transaction')
    expect(await tryCode(thief, thiefs, code)).toBe('wrong_code')
    expect(app.verified).toHaveLength(0)
    expect(await tryCode(user, users, code)).toBe('success')
  })
})

describe('attemptBudget', () => {
  describe('over three sessions and two factors', () => {
    // Shows: ASVS V6.6.3, C-sms-7, N-oob-10, N-lookup-4
    it('allows so many codes in all; after that the right one is refused in each of them', async () => {
      const app = await start({ attemptBudget: { attempts: 7, perSeconds: 600 } })
      const people = await Promise.all(
        ['recovery', 'sms', 'recovery'].map(async (factor) => {
          const browser = app.browser()
          return { browser, factor, handle: await signIn(browser, 'anna', { factor }) }
        }),
      )
      const outcomes: string[] = []
      for (let round = 0; round < 4; round++) {
        for (const { browser, handle } of people) outcomes.push(await tryCode(browser, handle, wrongCode()))
      }
      expect(tally(outcomes)).toEqual({ wrong_code: 7, too_many_attempts: 5 })
      for (const { browser, handle, factor } of people) expect(await tryCode(browser, handle, rightCode(factor))).toBe('too_many_attempts')
      expect(world.asked('verifyCode')).toBe(7)
      expect(world.events.of('budget')[0]).toMatchObject({ budget: 'subjectAttempts', limit: 7, subject: { username: 'anna' } })
    })

    it('is not renewed by starting again after every fifth code', async () => {
      const app = await start({ attemptBudget: { attempts: 12, perSeconds: 600 } })
      const browser = app.browser()
      for (let i = 0; i < 10; i++) {
        const handle = await signIn(browser, 'anna', { factor: 'recovery' })
        for (let code = 0; code < 5; code++) await tryCode(browser, handle, wrongCode(code))
        await browser.post('/login/2fa', { transaction: handle, cancel: '1' })
      }
      expect(world.asked('verifyCode')).toBe(12)
    })

    it('holds for a hundred codes at once, over ten sessions', async () => {
      const app = await start({ attemptBudget: { attempts: 12, perSeconds: 600 } })
      const people = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const browser = app.browser()
          return { browser, handle: await signIn(browser, 'anna', { factor: 'recovery' }) }
        }),
      )
      await Promise.all(people.flatMap(({ browser, handle }) => Array.from({ length: 10 }, (_, i) => tryCode(browser.clone(), handle, wrongCode(i)))))
      expect(world.asked('verifyCode')).toBe(12)
    })
  })

  describe('of one subject', () => {
    it('leaves others alone', async () => {
      const app = await start({ attemptBudget: { attempts: 1, perSeconds: 600 } })
      const [anna, ben] = [app.browser(), app.browser()]
      const hers = await signIn(anna, 'anna', { factor: 'recovery' })
      expect(await tryCode(anna, hers, wrongCode())).toBe('wrong_code')
      expect(await tryCode(anna, hers, wrongCode())).toBe('too_many_attempts')
      const his = await signIn(ben, 'ben', { factor: 'sms' })
      expect(await tryCode(ben, his, rightCode('sms', 'ben'))).toBe('success')
    })

    it.each(['sms', 'recovery'])('does not count right codes: someone who confirms often is never refused (%s)', async (factor) => {
      const app = await start({ attemptBudget: { attempts: 2, perSeconds: 600 } })
      world.simulator.addUser({ username: 'clerk', phone: '+41790000042', recoveryCodes: ['DDDD-1111', 'DDDD-2222', 'DDDD-3333', 'DDDD-4444'] })
      for (let sign = 1; sign <= 4; sign++) {
        const browser = app.browser()
        const handle = await signIn(browser, 'clerk', { factor })
        if (sign === 1) expect(await tryCode(browser, handle, wrongCode())).toBe('wrong_code')
        expect(await tryCode(browser, handle, factor === 'sms' ? rightCode('sms', 'clerk') : `DDDD-${String(sign).repeat(4)}`)).toBe('success')
      }
    })

    it('lets a right code in even if the ledger cannot free its slot', async () => {
      const ledger = Object.assign(new MemoryLedger(), { forget: () => Promise.reject(new Error('gone')) })
      const browser = (await start({ ledger })).browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('success')
    })

    it('ends with its time, and a transaction that it stopped can go on', async () => {
      const app = await start({ attemptBudget: { attempts: 1, perSeconds: 60 } })
      const browser = app.browser()
      const handle = await signIn(browser, 'anna', { factor: 'recovery' })
      expect(await tryCode(browser, handle, wrongCode())).toBe('wrong_code')
      expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('too_many_attempts')
      world.later(60)
      expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('success')
    })

    it('is one, whether Nevis\'s userId or the username names the user', async () => {
      const { userId } = world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
      const app = await start({
        attemptBudget: { attempts: 3, perSeconds: 600 },
        subject: (req: { body: { by?: string } }) => (req.body.by === 'userId' ? { userId } : { username: 'anna' }),
      })
      for (const by of ['username', 'userId']) {
        const browser = app.browser()
        const page = await browser.post('/login', { username: 'anna', password: PASSWORD, factor: 'recovery', by })
        const handle = new URL(page.location as string, app.origin).searchParams.get('transaction') as string
        for (let i = 0; i < 3; i++) await tryCode(browser, handle, wrongCode())
      }
      expect(world.asked('verifyCode')).toBe(3)
    })
  })
})

describe('a wrong code', () => {
  it('is an error, and counts, where the session cannot be stored', async () => {
    const store = new SlowStore(undefined, 0)
    const app = await world.start({ session: { store }, strategy: { maxAttempts: 2 } })
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'recovery' })
    const failing = jest.spyOn(store, 'set').mockImplementation((_id, _session, done) => done?.(new Error('read ECONNRESET')))
    const page = await browser.post(CALLBACK, { transaction: handle, code: wrongCode() })
    expect([page.status, page.json()]).toEqual([503, expect.objectContaining({ code: 'SESSION_UNAVAILABLE' })])
    failing.mockRestore()
    expect(await tryCode(browser, handle, wrongCode(1))).toBe('wrong_code')
    expect(await tryCode(browser, handle, rightCode('recovery'))).toBe('too_many_attempts')
  })
})

describe('a transaction with too many codes', () => {
  it('says when another may be started, with the code and in the header', async () => {
    const app = await world.start()
    const browser = app.browser()
    const handle = await signIn(browser, 'anna', { factor: 'sms' })
    const send = () => browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
    for (let i = 0; i < 5; i++) expect(outcomeOf(await send())).toBe('wrong_code')
    const page = await send()
    expect([page.status, page.json(), page.headers.get('retry-after')]).toEqual([429, expect.objectContaining({ code: 'too_many_attempts', retryAfterSeconds: 1 }), '1'])
  })
})
