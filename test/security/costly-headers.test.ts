/**
 * The attack: a request with one header of 15 kB, sent by an attacker without an account. In an earlier version, one such request kept the process busy for up
 * to a third of a second, because each part of the header was parsed: each digit of an address, each host name, each cookie. Five requests a second then made
 * the app too slow for all users.
 */
import * as net from 'node:net'
import { parseURL } from '../../src/client/parse-url'
import { PASSWORD, signIn, type TestApp } from '../support/app'
import { lab, outcomeOf } from './support/lab'

jest.mock('node:net', () => ({ __esModule: true, ...jest.requireActual<object>('node:net'), isIP: jest.fn(jest.requireActual<typeof net>('node:net').isIP) }))
jest.mock('../../src/client/parse-url', () => {
  const real = jest.requireActual<{ parseURL: typeof parseURL }>('../../src/client/parse-url')
  return { ...real, parseURL: jest.fn(real.parseURL) }
})

const world = lab()
/**
 * A usual request of the tests calls the functions that parse or decode, such as `isIP`, fewer times than this. In an earlier version of this package, each
 * header below caused thousands of these calls, or one call with the whole header.
 */
const FEW = 100
const ROUTES = [['POST', '/login/2fa'], ['GET', '/login/2fa/callback?transaction=x']] as const

let app: TestApp
beforeEach(async () => {
  app = await world.start()
  jest.clearAllMocks()
})
afterEach(() => jest.restoreAllMocks())

const send = (method: 'GET' | 'POST', path: string, headers: Record<string, string>) => (method === 'POST' ? app.browser().post(path, {}, headers) : app.browser().get(path, headers))

describe.each(ROUTES)('%s %s with a header of 15 kB', (method, path) => {
  // Shows: T-exhaust-9
  it('of host names › parses a few of them', async () => {
    const { status } = await send(method, path, { origin: 'http://evil.example', 'x-forwarded-host': '%,'.repeat(7500) })
    expect(status).toBeLessThan(500)
    expect(jest.mocked(parseURL).mock.calls.length).toBeLessThan(FEW)
  })

  // Shows: T-exhaust-9
  it('of cookies › decodes none that is shorter than a session id', async () => {
    const decoded = jest.spyOn(globalThis, 'decodeURIComponent')
    const { status } = await send(method, path, { cookie: '%;'.repeat(7500) })
    expect(status).toBeLessThan(500)
    expect(decoded.mock.calls.length).toBeLessThan(FEW)
  })

  // Shows: T-exhaust-9
  it.each([
    ['one long address', '1'.repeat(15_000)],
    ['1500 addresses', '1.1.1.1:1,'.repeat(1500)],
  ])('of %s › reads no address in it', async (_name, forwarded) => {
    const { status } = await send(method, path, { 'x-forwarded-for': forwarded })
    expect(status).toBeLessThan(500)
    const calls = jest.mocked(net.isIP).mock.calls.map(([value]) => value)
    expect(calls.filter((value) => value.length > FEW)).toEqual([])
    expect(calls.length).toBeLessThan(FEW)
  })
})

describe('a usual request', () => {
  it('through proxies that name this host › starts a second factor', async () => {
    const handle = await signIn(app.browser(), 'anna')
    expect(handle).not.toBe('')
  })

  it('whose own host is one of those that proxies report › is of this site', async () => {
    const browser = app.browser()
    const headers = { origin: 'https://shop.example', 'x-forwarded-host': 'edge.example, shop.example', 'x-forwarded-for': '192.0.2.1:4711, 10.0.0.1' }
    expect(outcomeOf(await browser.post('/login', { username: 'anna', password: PASSWORD }, headers))).toMatch(/^303 /)
  })
})
