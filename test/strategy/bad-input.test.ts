/** Any invalid request must get its failure code, never a 500, and must never end a valid approval. */
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, PASSWORD, signIn, startApp, statusOf, type TestApp } from '../support/app'
import type { Browser, Page } from '../support/browser'

let simulator: NevisSimulator
let app: TestApp
let browser: Browser

beforeEach(async () => {
  simulator = await NevisSimulator.start()
  simulator.addUser({ username: 'anna', phone: '+41791234567' })
  app = await startApp({ simulator })
  browser = app.browser()
})

afterEach(async () => {
  await app.close()
  await simulator.close()
})

const CALLBACK = '/login/2fa/callback'

describe('bad input', () => {
  describe('while a push is waiting', () => {
    const tries: [string, (handle: string) => Promise<Page>, number, string][] = [
      ['an empty handle', () => browser.get(callbackOf('')), 403, 'unknown_transaction'],
      ['a handle of garbage', () => browser.get(callbackOf('%00%ff')), 403, 'unknown_transaction'],
      ['two handles in the query', (handle) => browser.get(`${callbackOf(handle)}&transaction=${handle}`), 403, 'unknown_transaction'],
      ['a handle that is an object', (handle) => browser.get(`${CALLBACK}?transaction[x]=${handle}`), 405, 'start_requires_post'],
      ['a handle that is an array in JSON', (handle) => browser.postJson(CALLBACK, { transaction: [handle] }), 403, 'unknown_transaction'],
      ['a handle of 100 kB', () => browser.post(CALLBACK, { transaction: 'A'.repeat(100_000) }), 403, 'unknown_transaction'],
      ['a handle that is a number', () => browser.postJson(CALLBACK, { transaction: 7 }), 403, 'unknown_transaction'],
      ['a factor that is an array', (handle) => browser.post('/login/2fa', [['transaction', handle], ['factor', 'sms'], ['factor', 'push']]), 400, 'unknown_factor'],
      ['a factor that is an object', (handle) => browser.postJson('/login/2fa', { transaction: handle, factor: { name: 'sms' } }), 400, 'unknown_factor'],
      ['an empty factor', (handle) => browser.post('/login/2fa', { transaction: handle, factor: '' }), 400, 'unknown_factor'],
      ['a factor called __proto__', (handle) => browser.post('/login/2fa', { transaction: handle, factor: '__proto__' }), 400, 'unknown_factor'],
      ['a factor called constructor', (handle) => browser.post('/login/2fa', { transaction: handle, factor: 'constructor' }), 400, 'unknown_factor'],
      ['a body of JSON null', () => browser.send('POST', CALLBACK, { 'content-type': 'application/json' }, '{"__proto__":{"transaction":"x"}}'), 400, 'no_subject'],
    ]
    // Shows: ASVS V15.3.6, ASVS V15.3.7, T-browser-1
    it.each(tries)('%s gets its code, and the approval still signs in', async (_name, attempt, status, code) => {
      const handle = await signIn(browser, 'anna')
      const page = await attempt(handle)
      expect(page.status).toBe(status)
      expect(page.json()).toMatchObject({ action: 'fail', code })
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(handle))).json()).toMatchObject({ action: 'success' })
    })

    // Shows: ASVS V11.2.5
    it('a handle with any one character changed is unknown_transaction', async () => {
      const handle = await signIn(browser, 'anna')
      const asked = simulator.requests.length
      for (let i = 0; i < handle.length; i += 7) {
        const changed = handle.slice(0, i) + (handle[i] === 'A' ? 'B' : 'A') + handle.slice(i + 1)
        expect((await browser.get(callbackOf(changed))).json()).toMatchObject({ code: 'unknown_transaction' })
        expect((await browser.get(statusOf(changed))).status).toBe(404)
      }
      expect(simulator.requests).toHaveLength(asked)
    })
  })

  describe('instead of a code', () => {
    const codes: [string, unknown, number, string][] = [
      ['an array', ['123456'], 400, 'missing_code'],
      ['an object', { a: 1 }, 400, 'missing_code'],
      ['a number', 123456, 400, 'missing_code'],
      ['null', null, 400, 'missing_code'],
      ['white space', ' \n\t ', 400, 'missing_code'],
      ['10 kB', 'x'.repeat(10_240), 401, 'wrong_code'],
      ['control characters', '12\u000034', 401, 'wrong_code'],
      ['letters of every script', 'कोड🙂', 401, 'wrong_code'],
    ]
    // Shows: ASVS V15.3.5
    it.each(codes)('%s gets its code, and the right one still signs in', async (_name, code, status, expected) => {
      const handle = await signIn(browser, 'anna', { factor: 'sms' })
      const page = await browser.postJson(CALLBACK, { transaction: handle, code })
      expect(page.status).toBe(status)
      expect(page.json()).toMatchObject({ action: 'fail', code: expected })
      const right = /\d{6}/.exec(simulator.sms('anna').at(-1) as string)?.[0] as string
      expect((await browser.postJson(CALLBACK, { transaction: handle, code: right })).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('without a body parser', () => {
    it('a form is no_subject, and the query still works', async () => {
      const bare = await startApp({
        simulator,
        bodyParsers: false,
        strategy: { subject: (req) => (req.url?.startsWith('/start') ? { username: 'anna' } : undefined) },
      })
      try {
        const other = bare.browser()
        const page = await other.post('/start', { factor: 'sms' })
        expect(page.status).toBe(303)
        const handle = new URL(page.location as string, 'http://x').searchParams.get('transaction') as string
        const lost = await other.post(CALLBACK, { transaction: handle })
        expect(lost.status).toBe(400)
        expect(lost.json()).toMatchObject({ action: 'fail', code: 'no_subject' })
        await simulator.phone('anna').approve()
        expect((await other.post(`${callbackOf(handle)}`)).json()).toMatchObject({ action: 'success' })
      } finally {
        await bare.close()
      }
    })
  })

  describe('from the application\'s own functions', () => {
    it('an operation that does not exist is the programmer\'s error', async () => {
      const odd = await startApp({ simulator, strategy: { operation: () => 'delete' as never } })
      try {
        expect((await odd.browser().post('/login', { username: 'anna', password: PASSWORD })).json()).toMatchObject({ action: 'error', name: 'TypeError' })
      } finally {
        await odd.close()
      }
    })
  })
})
