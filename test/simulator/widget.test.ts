/**
 * Tests the script that the simulator serves in place of Nevis's widget. The tests request it over HTTP, as a browser does. `test/browser/widget.test.ts` runs
 * the script in a browser.
 */
import { createHash } from 'node:crypto'
import { Caller, started } from './http'

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
  nevis.simulator.addUser({ username: 'anna' })
})
afterEach(() => nevis.simulator.close())

const intent = async (fields: object) => (await nevis.intent({ username: 'anna', operation: 'approve', ...fields })).json['token'] as string
const ask = (token: string) => nevis.call('POST', '/widget/intent', {}, { authorization: `Bearer ${token}` })
const sha256 = (text: string | undefined) => createHash('sha256').update(text ?? '').digest('base64')

describe('the script', () => {
  // Shows: C-widget-3
  test('at the documented address › is a script that names a global of the simulator', async () => {
    const { status, headers, text } = await nevis.call('GET', '/widget/auth.js')
    expect([status, headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([200, 'text/javascript;charset=utf-8', 'nosniff'])
    const page: Record<string, unknown> = {}
    new Function('document', 'globalThis', 'URL', text)({ currentScript: { src: `${nevis.simulator.baseURL}/widget/auth.js` } }, page, URL)
    expect(Object.keys(page)).toEqual(['nevisSimulatorWidget'])
  })
})

describe('the frame', () => {
  test('lets a browser run only what is its own, inside of pages of this machine', async () => {
    const { status, headers, text } = await nevis.call('GET', '/widget/frame')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html;charset=utf-8'])
    const policy = headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain('frame-ancestors http://127.0.0.1:* http://localhost:*')
    expect(policy).toContain(`script-src 'sha256-${sha256(/<script>([^]*)<\/script>/.exec(text)?.[1])}'`)
    expect(policy).toContain(`style-src 'sha256-${sha256(/<style>([^]*)<\/style>/.exec(text)?.[1])}'`)
  })
})

describe('what an intent token is for', () => {
  test('is told to everyone who has the token, and does not use it up', async () => {
    const token = await intent({ channels: ['push'] })
    for (let i = 0; i < 2; i++) expect((await ask(token)).json).toEqual({ operation: 'approve', channels: ['push'] })
    expect((await nevis.approve({ channel: 'push' }, { authorization: `Bearer ${token}` })).status).toBe(201)
  })

  // Shows: C-intent-1
  test('without channels › is all of them', async () => {
    expect((await ask(await intent({ operation: 'enroll' }))).json).toEqual({ operation: 'enroll', channels: ['app', 'push', 'sms'] })
  })

  test('once it is used › is not told any more', async () => {
    const token = await intent({})
    await nevis.approve({ channel: 'push' }, { authorization: `Bearer ${token}` })
    expect((await ask(token)).status).toBe(403)
  })

  test('after ten minutes › is not told any more', async () => {
    const token = await intent({})
    nevis.simulator.advance(600_000)
    expect((await ask(token)).status).toBe(403)
  })

  test.each(['', 'garbage', 'key'])('for something else › is not told: %j', async (token) => {
    expect((await ask(token === 'key' ? nevis.simulator.accessKey : token)).status).toBe(403)
  })
})

describe('anything else below /widget/', () => {
  test.each([['GET', '/widget/'], ['GET', '/widget/intent'], ['POST', '/widget/auth.js']])('%s %s › is not there, and is no request to the API', async (method, path) => {
    nevis.simulator.requests.length = 0
    expect((await nevis.call(method, path)).status).toBe(404)
    expect(nevis.simulator.requests).toHaveLength(0)
  })
})

describe('the token of a status answer', () => {
  test('holds the result of that status, which an introspection does not tell', async () => {
    const { statusToken } = (await nevis.approve({ username: 'anna', channel: 'push' })).json
    const resultIn = (token: unknown) => (JSON.parse(Buffer.from(String(token).split('.')[1] as string, 'base64url').toString()) as { result: unknown }).result
    const pending = (await nevis.status(statusToken)).json['token']
    await nevis.simulator.phone('anna').approve()
    const succeeded = (await nevis.status(statusToken)).json['token']
    expect([resultIn(pending), resultIn(succeeded)]).toEqual(['pending', 'succeeded'])
    expect((await nevis.introspect(succeeded)).json).not.toHaveProperty('result')
  })
})
