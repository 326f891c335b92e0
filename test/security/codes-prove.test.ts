/**
 * The attack: a wrong code that signs in.
 *
 * The attacker knows the password and types any code. Nevis documents only the status line of a verification: 200 is right. But a maintenance page
 * also has HTTP 200, and so has the block page of many web application firewalls, and a body such as `{"status":"failed"}` says no with HTTP 200. If
 * only the status counted, each of these would sign the attacker in. The attacker can even cause a block page, with a code such as `' or 1=1 -- <script>`,
 * which the firewall refuses.
 *
 * So this package reads the body, and never sends Nevis a text that is not a code. Users type codes in many forms, and these must still work.
 */
import fc from 'fast-check'
import { NevisClient } from '../../src'
import type { Fault } from '../../src/simulator'
import type { Browser } from '../support/browser'
import { signIn, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'
import { hostileText } from '../support/hostile-text'

const world = lab()
jest.setTimeout(60_000)
const CALLBACK = '/login/2fa/callback'
/** High limits, because these tests do not test limits. */
const OFTEN = { startBudget: { starts: 1000, perSeconds: 60 }, attemptBudget: { attempts: 1000, perSeconds: 60 } }

const codeOf = (factor: string) => (factor === 'recovery' ? 'AAAA-1111' : (/\d{6}/.exec(world.simulator.sms('anna').at(-1) as string)?.[0] as string))
const WRONG: Readonly<Record<string, string>> = { sms: '000', recovery: 'ZZZZ-9999' }

let app: TestApp
let browser: Browser
beforeEach(async () => {
  app = await world.start({ strategy: OFTEN })
  browser = app.browser()
})

const tryCode = async (factor: string, code: string) => outcomeOf(await browser.post(CALLBACK, { transaction: await signIn(browser, 'anna', { factor }), code }))

async function expectNobodySignedIn(): Promise<void> {
  expect(app.verified).toEqual([])
  expect((await browser.get('/me')).json()).toEqual({ user: null })
}

describe.each(['sms', 'recovery'])('a wrong code (%s)', (factor) => {
  describe('that something other than Nevis answers with HTTP 200', () => {
    // Shows: ASVS V15.3.5, T-answer-2, C-sms-5
    it.each<[string, unknown]>([
      ['a maintenance page', '<h1>Sorry</h1>'],
      ['the block page of a firewall', '<html><head><title>Request Rejected</title></head><body>Your support ID is: 1234</body></html>'],
      ['the block message of a firewall, as JSON', { supportID: '1234' }],
      ['a message for people', { message: 'Request blocked' }],
      ['an object that says nothing', { maintenance: {} }],
      ['a list in which nothing is', { error: null, data: [] }],
      ['a text', 'OK'],
      ['a list', [{ status: 'succeeded' }]],
      ['half an object', '{"status":"succeeded"'],
      ['a word in JSON', '"succeeded"'],
      ['true', true],
      ['null', 'null'],
    ])('is an error, and signs no user in: %s', async (_what, body) => {
      world.simulator.faults.add({ on: 'verifyCode', status: 200, body })
      expect(await tryCode(factor, WRONG[factor] as string)).toBe('NEVIS_UNEXPECTED_RESPONSE')
      await expectNobodySignedIn()
    })

    it('never signs in, whatever the text is', async () => {
      const isObject = (text: string) => /^\s*\{[^]*\}\s*$/.test(text)
      const page = fc.oneof(hostileText.map((text) => `<!doctype html><body>${text}</body>`), hostileText, fc.json()).filter((text) => text.trim() !== '' && !isObject(text))
      await fc.assert(
        fc.asyncProperty(page, async (body) => {
          browser = app.browser()
          const fault = world.simulator.faults.add({ on: 'verifyCode', status: 200, body })
          const outcome = await tryCode(factor, WRONG[factor] as string)
          fault.remove()
          expect(outcome).toBe('NEVIS_UNEXPECTED_RESPONSE')
          await expectNobodySignedIn()
        }),
        { numRuns: 25 },
      )
    })
  })

  describe('that is answered with HTTP 200 and a no', () => {
    it.each<object>([
      { status: 'failed' }, { status: 'blocked' }, { valid: false }, { verified: false }, { success: false }, { error: 'invalid_code' }, { errors: ['x'] }, { data: { valid: false } },
      { status: 'succeeded', error: 'x' },
    ])('fails with wrong_code, and signs no user in: %j', async (body) => {
      world.simulator.faults.add({ on: 'verifyCode', status: 200, body })
      expect(await tryCode(factor, WRONG[factor] as string)).toBe('wrong_code')
      await expectNobodySignedIn()
    })
  })

  describe('that is answered with HTTP 4xx', () => {
    it.each([400, 404, 409, 412, 422])('fails with wrong_code by Nevis, and is an error by the page of a gateway: %i', async (status) => {
      for (const [body, outcome] of [[undefined, 'wrong_code'], ['', 'wrong_code'], [{}, 'wrong_code'], ['<h1>Blocked</h1>', 'NEVIS_UNEXPECTED_RESPONSE'], ['default backend', 'NEVIS_UNEXPECTED_RESPONSE']]) {
        const fault = world.simulator.faults.add({ on: 'verifyCode', status, ...(body !== undefined && { body }) })
        expect([body, await tryCode(factor, WRONG[factor] as string)]).toEqual([body, outcome])
        fault.remove()
      }
      await expectNobodySignedIn()
    })
  })

  it.each([[401, 'wrong_code'], [403, 'wrong_code'], [410, 'wrong_code'], [405, 'NEVIS_REJECTED']])('that gets HTTP %i while Nevis knows the access key › %s', async (status, outcome) => {
    world.simulator.faults.add({ on: 'verifyCode', status })
    expect(await tryCode(factor, WRONG[factor] as string)).toBe(outcome)
    await expectNobodySignedIn()
  })

  describe.each<[string, Fault, number]>([
    ['that a gateway answers with a page of its own', { status: 403, body: '<h1>Forbidden</h1>' }, 1],
    ['that Nevis answers too late', { drip: 1000, when: 'after' }, 1],
    ['whose connection is closed before the answer', { reset: true, when: 'after' }, 1],
    ['whose answer is cut off', { truncate: true }, 1],
    ['that Nevis calls wrong, but a gateway replaces every second answer', { status: 503, when: 'after' }, 0.5],
  ])('%s, time and again', (_what, fault, share) => {
    it('is counted: the codes are locked after 35, for a day', async () => {
      // Only the late answers need a short time limit. On a busy machine, a call with this limit may end before it has reached Nevis.
      const timeoutMs = 'drip' in fault ? 200 : 10_000
      const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey: world.simulator.accessKey, timeoutMs })
      app = await world.start({ strategy: { ...OFTEN, client, baseURL: undefined, accessKey: undefined, maxAttempts: 20 } })
      let count = 0
      const outcomes: string[] = []
      while (outcomes.length < 40) {
        browser = app.browser()
        const transaction = await signIn(browser, 'anna', { factor })
        for (let i = 0; i < 19; i++) {
          const scripted = (count++ * share) % 1 === 0 ? world.simulator.faults.add({ on: 'verifyCode', ...fault }) : undefined
          outcomes.push(outcomeOf(await browser.post(CALLBACK, { transaction, code: WRONG[factor] as string })))
          scripted?.remove()
        }
      }
      expect(outcomes.indexOf('codes_locked')).toBe(35)
      expect(world.asked('verifyCode')).toBe(35)
      world.later(86_401)
      const transaction = await signIn(browser = app.browser(), 'anna', { factor })
      expect(outcomeOf(await browser.post(CALLBACK, { transaction, code: codeOf(factor) }))).toBe('success')
    })
  })

  describe('that Nevis calls wrong, time and again', () => {
    it('is counted over all transactions: the codes are locked after 35', async () => {
      app = await world.start({ strategy: { ...OFTEN, maxAttempts: 20 } })
      const outcomes: string[] = []
      while (outcomes.length < 40) {
        browser = app.browser()
        const transaction = await signIn(browser, 'anna', { factor })
        for (let i = 0; i < 19; i++) outcomes.push(outcomeOf(await browser.post(CALLBACK, { transaction, code: WRONG[factor] as string })))
      }
      expect(outcomes.slice(0, 35)).toEqual(Array(35).fill('wrong_code'))
      expect(outcomes[35]).toBe('codes_locked')
    })
  })

  describe('that is no code', () => {
    // Shows: T-answer-2
    it.each(['\' or 1=1 -- <script>', '<script>alert(1)</script>', '../../etc/passwd', '${jndi:ldap://x}', '12\u000034', '123456;', '½', '%00'])(
      'fails with wrong_code, and never reaches Nevis or what is before it: %j',
      async (code) => {
        world.simulator.faults.add({ on: 'verifyCode', status: 200, body: '<h1>Blocked</h1>' })
        expect(await tryCode(factor, code)).toBe('wrong_code')
        expect(world.asked('verifyCode')).toBe(0)
        await expectNobodySignedIn()
      },
    )

    it('counts as an attempt all the same, and another one may follow', async () => {
      const transaction = await signIn(browser, 'anna', { factor })
      const send = async (code: string) => outcomeOf(await browser.post(CALLBACK, { transaction, code }))
      for (let i = 0; i < 4; i++) expect(await send('<script>')).toBe('wrong_code')
      expect(await send(codeOf(factor))).toBe('success')
      const next = await signIn(browser, 'anna', { factor })
      for (let i = 0; i < 5; i++) await browser.post(CALLBACK, { transaction: next, code: '<script>' })
      expect(outcomeOf(await browser.post(CALLBACK, { transaction: next, code: codeOf(factor) }))).toBe('too_many_attempts')
    })
  })
})

/**
 * The attacker's code gets the answer to another call, because a gateway mixes up answers or a cache stores them. In an earlier version, Nevis's user or status
 * answer counted as a right code if it had HTTP 200, even if it named another user. An answer whose result field contained an empty object also counted as a
 * right code.
 */
describe('a wrong code that is answered with what belongs to another call', () => {
  const idOf = (username: string) => world.simulator.users.find((user) => user.username === username)?.userId as string
  const other = '5a0d5f2c-8a3b-4c1e-9f00-1c2d3e4f5a6b'
  // Shows: T-answer-2
  it.each<[string, () => unknown]>([
    ['another user', () => ({ userId: idOf('ben'), username: 'ben', status: 'active', authenticators: [] })],
    ['a status that another user has reached', () => ({ transactionId: other, userId: idOf('ben'), username: 'ben', status: 'succeeded', token: 'a.b.c' })],
    ['a success in which another user is', () => ({ status: 'succeeded', user: { userId: idOf('ben') } })],
    ['a list in which another user is', () => ({ status: 'succeeded', data: [{ userId: idOf('ben') }] })],
    ['this userId with another username', () => ({ userId: idOf('anna'), username: 'ben', status: 'succeeded' })],
    ['a userId that is none', () => ({ userId: 7, status: 'succeeded' })],
    ['an empty result', () => ({ result: {} })],
    ['an empty status', () => ({ status: {} })],
    ['an empty verification', () => ({ verification: {} })],
  ])('is an error, and signs no user in: %s', async (_what, body) => {
    world.simulator.faults.add({ on: 'verifyCode', status: 200, body: body() })
    for (const factor of ['sms', 'recovery']) expect(await tryCode(factor, WRONG[factor] as string)).toBe('NEVIS_UNEXPECTED_RESPONSE')
    await expectNobodySignedIn()
  })

  it('is an error where the answer names another transaction', async () => {
    world.simulator.faults.add({ on: 'verifyCode', status: 200, body: { transactionId: other, userId: idOf('anna'), status: 'succeeded' } })
    expect(await tryCode('sms', WRONG['sms'] as string)).toBe('NEVIS_UNEXPECTED_RESPONSE')
    await expectNobodySignedIn()
  })
})

/**
 * A gateway that cannot reach Nevis answers each code itself, with a 404 or with an error. In an earlier version, a code with such an answer counted as wrong,
 * so an outage locked the user's codes for a year. But the number of codes with such an answer must be limited, too: the gateway may have replaced Nevis's
 * answer "wrong code" by its own page. Without a limit, an attacker could go on guessing.
 */
describe.each([
  ['a 404 of its own', { status: 404, body: { message: 'no Route matched with those values' } }],
  ['a 503', { status: 503 }],
])('right codes that a gateway answers with %s', (_what, fault) => {
  it('are errors; the 35th locks the codes, and the lock ends by itself after a day', async () => {
    app = await world.start({ strategy: { ...OFTEN, maxAttempts: 20 } })
    const failing = world.simulator.faults.add({ on: 'verifyCode', ...fault })
    const outcomes: string[] = []
    while (outcomes.length < 36) {
      browser = app.browser()
      const transaction = await signIn(browser, 'anna', { factor: 'recovery' })
      for (let i = 0; i < 18; i++) outcomes.push(outcomeOf(await browser.post(CALLBACK, { transaction, code: codeOf('recovery') })))
    }
    expect(outcomes.slice(0, 35)).toEqual(Array(35).fill('NEVIS_UNEXPECTED_RESPONSE'))
    expect(outcomes[35]).toBe('codes_locked')
    failing.remove()
    world.later(86_401)
    expect(await tryCode('recovery', codeOf('recovery'))).toBe('success')
  })
})

/**
 * Nevis's answer to a right SMS code may be followed by a status that refuses, for example because the request was blocked meanwhile. In an earlier version, some
 * of these statuses counted as no answer, and the code alone signed in. Nevis may use any word for a refusal, so each such word must end the sign-in.
 * After an error of a gateway, or a word with no clear meaning, the right code is enough to sign in.
 */
describe('a right SMS code', () => {
  const withStatus = async (status: number, body: object) => {
    world.simulator.faults.add({ on: 'getStatus', status, body })
    const transaction = await signIn(browser, 'anna', { factor: 'sms' })
    return outcomeOf(await browser.post(CALLBACK, { transaction, code: codeOf('sms') }))
  }

  it.each(['failed', 'denied', 'invalid', 'INVALID', 'forbidden', 'unauthorized', 'wrong_code', 'not_approved', 'mismatch', 'locked'])('after which Nevis reports the status %j fails', async (word) => {
    expect(await withStatus(200, { status: word })).toBe('not_approved')
    await expectNobodySignedIn()
  })

  it.each<[number, object]>([
    [200, { status: 'pending' }], [200, { status: 'a_word_of_tomorrow' }], [200, { error: 'invalid' }], [200, {}], [404, { status: 'unknown' }], [401, { status: 'unauthorized' }], [403, { status: 'forbidden' }],
    [400, { error: 'invalid_request' }], [500, { status: 'failed' }], [503, { status: 'invalid' }],
  ])('after which the status is HTTP %i with %j signs in', async (status, body) => {
    expect(await withStatus(status, body)).toBe('success')
  })
})

/** While no connection to Nevis can be opened, no code reaches Nevis. So such codes must not lock a user out, however many they are. */
describe('right codes while nothing listens at Nevis\'s address', () => {
  it('are errors, and never lock the codes', async () => {
    app = await world.start({ strategy: { ...OFTEN, maxAttempts: 20 } })
    const handles: [Browser, string][] = []
    for (let i = 0; i < 3; i++) handles.push([browser = app.browser(), await signIn(browser, 'anna', { factor: 'recovery' })])
    await world.simulator.close()
    const outcomes = new Set<string>()
    for (const [one, transaction] of handles) for (let i = 0; i < 19; i++) outcomes.add(outcomeOf(await one.post(CALLBACK, { transaction, code: codeOf('recovery') })))
    expect([...outcomes]).toEqual(['NEVIS_UNREACHABLE'])
  })
})

describe('the right code', () => {
  const digits = (zero: number, text: string) => text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

  describe('of an SMS, as people type it', () => {
    it.each<[string, (code: string) => string]>([
      ['as it is', (code) => code],
      ['in groups', (code) => `${code.slice(0, 3)} ${code.slice(3)}`],
      ['with no-break spaces', (code) => `\u00a0${code.slice(0, 3)}\u202f${code.slice(3)}`],
      ['in full-width digits', (code) => digits(0xff10, code)],
      ['in Arabic-Indic digits', (code) => digits(0x660, code)],
      ['in Devanagari digits', (code) => digits(0x966, code)],
      ['pasted with marks of direction', (code) => `\u202b${code}\u202c\u200e`],
      ['pasted with zero-width characters', (code) => `\ufeff${[...code].join('\u200b')}`],
    ])('signs in, and is sent as digits: %s', async (_how, typed) => {
      const transaction = await signIn(browser, 'anna', { factor: 'sms' })
      const code = codeOf('sms')
      expect(outcomeOf(await browser.post(CALLBACK, { transaction, code: typed(code) }))).toBe('success')
      expect(world.simulator.requests.find(({ operation }) => operation === 'verifyCode')?.body).toMatchObject({ code })
    })
  })

  describe('for recovery, as people type it', () => {
    it.each(['AAAA-1111', ' AAAA - 1111 ', 'AAAA\u20131111', 'AAAA\u20141111', 'AAAA\u22121111', 'ＡＡＡＡ－１１１１', '\u200eAAAA-1111\u200f', 'AAAA-١١١١'])('signs in: %j', async (code) => {
      expect(await tryCode('recovery', code)).toBe('success')
      expect(world.simulator.requests.find(({ operation }) => operation === 'verifyCode')?.body).toMatchObject({ code: 'AAAA-1111' })
    })

    it('does not, in the other case', async () => {
      expect(await tryCode('recovery', 'aaaa-1111')).toBe('wrong_code')
    })
  })

  describe('that Nevis answers in a way of its own', () => {
    const user = () => world.simulator.users.find(({ username }) => username === 'anna') as { userId: string }
    it.each<[string, () => unknown]>([
      ['an empty body', () => ''],
      ['an empty object', () => ({})],
      ['a status', () => ({ status: 'succeeded' })],
      ['the user', () => ({ userId: user().userId, username: 'anna', status: 'active', authenticators: [{ state: 'active' }], lastLoginDateFailure: '2026-01-10T08:44:36Z' })],
      ['the user, who is blocked for push', () => ({ userId: user().userId, username: 'anna', status: 'new', authenticators: [], exceededRateLimits: { push: { blocked: true } } })],
    ])('signs in: %s', async (_what, body) => {
      for (const factor of ['sms', 'recovery']) {
        const fault = world.simulator.faults.add({ on: 'verifyCode', status: 200, body: body(), when: 'after' })
        const transaction = await signIn(browser, 'anna', { factor })
        expect(outcomeOf(await browser.post(CALLBACK, { transaction, code: codeOf(factor) }))).toBe('success')
        fault.remove()
      }
    })
  })
})
