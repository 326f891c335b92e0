/**
 * Not an attack, but an outage: the app's function `accessKey` gets the access key from a vault, and the handles are encrypted with a key derived from it (no
 * option `secret`). One day, the vault accepts connections but never answers. Without a deadline for `accessKey`, every start, page, status and callback stays
 * open until the browser gives up. Each hanging request holds a socket and a session, and each reload of the page adds another hanging request. The
 * introspection of a token hangs, too, because it begins with a call of `accessKey`: the strategy checks that the token is not the access key itself.
 */
import { NevisClient, NevisError, NevisStrategy, push } from '../../src'
import { handleIn, signIn, type TestApp } from '../support/app'
import type { Browser } from '../support/browser'
import { lab } from './support/lab'

const world = lab()
const asPage = { accept: 'text/html' }
const TIMEOUT = { action: 'error', name: 'NevisError', code: 'NEVIS_TIMEOUT', message: 'Nevis introspect failed: NEVIS_TIMEOUT, accessKey() returned no key in time' }

/** How many more times the vault answers. */
let answers: number
let browser: Browser
let app: TestApp

async function accessKey(): Promise<string> {
  return answers-- > 0 ? world.simulator.accessKey : new Promise(() => {})
}

beforeEach(async () => {
  answers = Infinity
  const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey, timeoutMs: 200 })
  app = await world.start({ strategy: { client, baseURL: undefined, accessKey: undefined } })
  browser = app.browser()
})

describe('an access key that never comes', () => {
  describe('for the keys', () => {
    let handle: string

    beforeEach(async () => {
      handle = await signIn(browser, 'anna')
      answers = 0
    })

    // Shows: ASVS V16.5.2, T-exhaust-2
    it.each<[string, () => ReturnType<Browser['get']>]>([
      ['a start', () => browser.post('/login', { username: 'ben', password: 'correct horse' })],
      ['a page', () => browser.get(`/login/2fa?transaction=${handle}`, asPage)],
      ['a status', () => browser.get(`/login/2fa/status?transaction=${handle}`)],
      ['a stream', () => browser.get(`/login/2fa/status?transaction=${handle}`, { accept: 'text/event-stream' })],
      ['a callback', () => browser.get(`/login/2fa/callback?transaction=${handle}`)],
      ['a cancellation', () => browser.post('/login/2fa', { transaction: handle, cancel: '1' })],
    ])('ends %s with 504, and what was started goes on once the key comes', async (_what, ask) => {
      const page = await ask()
      expect([page.status, page.json()]).toEqual([504, TIMEOUT])
      expect(world.asked('approve')).toBe(1)
      answers = Infinity
      await world.simulator.phone('anna').approve()
      expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('for the introspection', () => {
    it('ends the callback with 504 and signs no user in', async () => {
      const handle = await signIn(browser, 'anna')
      await world.simulator.phone('anna').approve()
      // The vault gives the access key once, and the strategy decrypts the handle (the transaction's name in the URL) with it. When the strategy needs the
      // access key again, to check the introspected token, the vault hangs.
      answers = 1
      const page = await browser.get(`/login/2fa/callback?transaction=${handle}`)
      expect([page.status, page.json()]).toEqual([504, TIMEOUT])
      expect((await browser.get('/me')).json()).toEqual({ user: null })
      answers = Infinity
      expect((await browser.get(`/login/2fa/callback?transaction=${handle}`)).json()).toMatchObject({ action: 'success' })
    })
  })

  describe('for the push itself', () => {
    it('ends the start with 504', async () => {
      answers = 1
      const page = await browser.post('/login', { username: 'anna', password: 'correct horse' })
      expect([page.status, page.json().code]).toEqual([504, 'NEVIS_TIMEOUT'])
      answers = Infinity
      expect(handleIn((await browser.post('/login', { username: 'anna', password: 'correct horse' })).location)).not.toBe('')
    })
  })
})

describe('an access key that comes in time', () => {
  it('leaves no timer of its deadline behind', async () => {
    const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey: async () => 'key-0123456789' })
    const { settings } = new NevisStrategy({ client, factors: [push()], waitingURL: '/2fa' }, () => undefined)
    const [set, cleared] = [jest.spyOn(globalThis, 'setTimeout'), jest.spyOn(globalThis, 'clearTimeout')]
    await settings.keys()
    await client.holdsAccessKey('x')
    expect(set.mock.results.map(({ value }) => value as unknown)).toEqual(cleared.mock.calls.map(([timer]) => timer))
    expect(set).toHaveBeenCalledTimes(2)
  })

  it('hands on what the app\'s own function throws', async () => {
    const fault = new Error('vault sealed')
    const client = new NevisClient({ baseURL: world.simulator.baseURL, accessKey: async () => Promise.reject(fault) })
    await expect(client.holdsAccessKey('x')).rejects.toBe(fault)
    expect(fault).not.toBeInstanceOf(NevisError)
  })
})
