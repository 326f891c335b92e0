/** Tests the app of docs/guides/hosts/express.md over HTTP, with Express 5 and 4, and with Passport 0.7 and 0.6. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NevisSimulator } from '../../src/simulator'
import { callbackOf, handleIn, statusOf, waitingOf } from '../support/app'
import type { Browser } from '../support/browser'
import { nameOf, serve, stacks, type Host } from './express/host'

const PASSWORD = 'correct horse'
const page = { accept: 'text/html' }
let simulator: NevisSimulator
let host: Host
let browser: Browser

const login = (fields: Record<string, string> = {}) => browser.post('/login', { username: 'anna', password: PASSWORD, ...fields })
const greeting = async (who = browser) => (await who.get('/')).text
const alert = async () => /<p role="alert">([^<]*)</.exec((await browser.get('/login')).text)?.[1]
const codeSent = () => /\d{4,}/.exec(simulator.sms('anna').at(-1) as string)?.[0] as string

/** Signs in with the password and a tap on the phone. */
async function signIn(): Promise<void> {
  const handle = handleIn((await login()).location)
  await simulator.phone('anna').approve()
  expect((await browser.get(callbackOf(handle))).location).toBe('/')
}

describe.each(stacks.map((stack) => [nameOf(stack), stack] as const))('%s', (_name, stack) => {
  beforeEach(async () => {
    simulator = await NevisSimulator.start()
    const { userId } = simulator.addUser({ username: 'anna', phone: '+41791234567' })
    host = await serve('app.js', stack, simulator, [{ id: 1, username: 'anna', password: PASSWORD, nevisUserId: userId }])
    browser = host.browser()
  })

  afterEach(async () => {
    jest.restoreAllMocks()
    await host.close()
    await simulator.close()
  })

  describe('a sign-in by push', () => {
    it('goes by the waiting page to the home page, and counts as a fresh second factor', async () => {
      const start = await login()
      expect([start.status, start.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      const handle = handleIn(start.location)
      expect((await browser.get(waitingOf(handle), page)).text).toContain('Check your phone')
      expect((await browser.get(statusOf(handle))).json()).toMatchObject({ status: 'pending' })
      expect((await browser.get(callbackOf(handle))).location).toMatch('/login/2fa?transaction=')
      expect(await greeting()).toBe('Hello')
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(handle))).location).toBe('/')
      expect(await greeting()).toBe('Hello anna')
      expect((await browser.get('/transfer', page)).text).toBe('Whom do you want to pay?')
    })

    it('ends at the log-out', async () => {
      await signIn()
      const before = browser.clone()
      expect((await browser.post('/logout')).location).toBe('/')
      expect(await greeting()).toBe('Hello')
      expect(await greeting(before)).toBe('Hello')
    })
  })

  describe('a sign-in by SMS', () => {
    it('takes the code, and a wrong one goes back to the page that asks for it', async () => {
      const start = await login({ factor: 'sms' })
      const handle = handleIn(start.location)
      expect((await browser.get(waitingOf(handle), page)).text).toContain('name="code"')
      const wrong = await browser.post('/login/2fa/callback', { transaction: handle, code: '000000', retry: '1' })
      expect([wrong.status, wrong.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      expect(await greeting()).toBe('Hello')
      expect((await browser.post('/login/2fa/callback', { transaction: handle, code: codeSent() })).location).toBe('/')
      expect(await greeting()).toBe('Hello anna')
    })
  })

  describe('a failure', () => {
    it.each<[string, () => Promise<unknown>, string]>([
      ['a wrong password', () => login({ password: 'wrong' }), 'Incorrect username or password.'],
      ['a push that is denied', async () => {
        const handle = handleIn((await login()).location)
        await simulator.phone('anna').deny()
        return browser.get(callbackOf(handle))
      }, 'You declined the request, or it was not answered in time. If you did not start this sign-in, change your password.'],
      ['a wrong code', async () => {
        const handle = handleIn((await login({ factor: 'sms' })).location)
        return browser.post('/login/2fa/callback', { transaction: handle, code: '000000' })
      }, 'The code is incorrect. Please try again.'],
      ['a cancelled request', async () => browser.post('/login/2fa', { transaction: handleIn((await login()).location), cancel: '1' }), 'The request was cancelled.'],
      ['a second factor that is not offered', () => login({ factor: 'recovery' }), 'This way to confirm is not available here. Please choose another one.'],
    ])('goes back to the password with the reason: %s', async (_what, fail, reason) => {
      expect(await fail()).toMatchObject({ status: 302, location: '/login' })
      expect(await alert()).toBe(reason)
      expect(await alert()).toBe('')
      expect(await greeting()).toBe('Hello')
    })
  })

  describe('a step-up', () => {
    it('is asked for once the second factor is too old, and leads back to the page', async () => {
      await signIn()
      const now = Date.now()
      jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
      expect(await browser.get('/transfer?to=ben', page)).toMatchObject({ status: 303, location: '/step-up' })
      expect((await browser.get('/step-up')).text).toContain('<form method="post">')
      const start = await browser.post('/step-up')
      expect([start.status, start.location?.split('?')[0]]).toEqual([303, '/login/2fa'])
      expect(simulator.phone('anna').waiting).toMatchObject([{ message: 'Confirm it is you?' }])
      expect((await browser.get('/transfer', page)).location).toBe('/step-up')
      await simulator.phone('anna').approve()
      expect((await browser.get(callbackOf(handleIn(start.location)))).location).toBe('/transfer?to=ben')
      expect((await browser.get('/transfer?to=ben', page)).text).toBe('Whom do you want to pay?')
      expect(await greeting()).toBe('Hello anna')
    })

    it.each([
      ['cancelled', (handle: string) => browser.post('/login/2fa', { transaction: handle, cancel: '1' }), 'The request was cancelled.'],
      ['denied', async (handle: string) => {
        await simulator.phone('anna').deny()
        return browser.get(callbackOf(handle))
      }, 'You declined the request'],
    ] as const)('that is %s leads back to the page that asked for it, signed in as before, with the reason', async (_how, end, reason) => {
      await signIn()
      const now = Date.now()
      jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
      await browser.get('/transfer?to=ben', page)
      const answer = await end(handleIn((await browser.post('/step-up')).location))
      expect([answer.status, answer.location]).toEqual([302, '/transfer?to=ben'])
      expect((await browser.get('/transfer?to=ben', page)).location).toBe('/step-up')
      expect((await browser.get('/step-up')).text).toContain(reason)
      expect(await greeting()).toBe('Hello anna')
    })

    it('that is cancelled leads back into the app, signed in as before, and its callback comes again to no harm', async () => {
      await signIn()
      const start = await browser.post('/step-up')
      expect((await browser.post('/login/2fa', { transaction: handleIn(start.location), cancel: '1' })).location).toBe('/')
      expect(await greeting()).toBe('Hello anna')
      const again = callbackOf(handleIn((await browser.post('/step-up')).location))
      await simulator.phone('anna').approve()
      await browser.get(again)
      expect((await browser.get(again)).location).toBe('/')
      expect(await greeting()).toBe('Hello anna')
    })

    it('that is denied leaves the login, and opens nothing', async () => {
      await signIn()
      const now = Date.now()
      jest.spyOn(Date, 'now').mockImplementation(() => now + 301_000)
      const start = await browser.post('/step-up')
      await simulator.phone('anna').deny()
      expect((await browser.get(callbackOf(handleIn(start.location)))).location).toBe('/')
      expect(await greeting()).toBe('Hello anna')
      expect((await browser.get('/transfer', page)).location).toBe('/step-up')
    })
  })
})

describe('docs/guides/hosts/express.md', () => {
  it('shows the code that is driven here and in oauth2.test.ts, and no other', () => {
    const guide = readFileSync(join(__dirname, '../../docs/guides/hosts/express.md'), 'utf8')
    const shown = [...guide.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code)
    expect(shown).toEqual(['app.js', 'oauth2.js'].map((file) => readFileSync(join(__dirname, 'express', file), 'utf8')))
  })
})
