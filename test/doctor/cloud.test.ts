/** Tests what the command `doctor` finds out about the Nevis instance. The instance is the simulator, with and without faults. */
import { Agent } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { NevisClient } from '../../src'
import { cloudFindings } from '../../src/doctor/cloud-checks'
import { cloudOf, environmentFindings } from '../../src/doctor/environment'
import type { Check } from '../../src/doctor/findings'
import { NevisSimulator } from '../../src/simulator'
import type { Fault } from '../../src/simulator/faults'
import { handleIn, PASSWORD, startApp } from '../support/app'
import { closing } from '../support/closing'
import { remediesIn, textsIn, troublesIn } from './support'

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(() => simulator.close())

const clientOf = (accessKey: string | (() => string) = simulator.accessKey, baseURL = simulator.baseURL) => new NevisClient({ baseURL, accessKey, retries: 0, timeoutMs: 2000 })
const examine = (client = clientOf()) => cloudFindings(client, [simulator.baseURL])
const WORKS = 'sign-ins work, because the strategy reads the times in tokens by the clock of Nevis; but if your processes have different clocks, they judge each other\'s records wrongly'
const dateOff = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString()

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

describe('the cloud', () => {
  it('that is well › gives six findings, none of them a trouble', async () => {
    const findings = await examine()
    expect(findings.map(({ check }) => check)).toEqual(['cloud.settings', 'cloud.reachable', 'cloud.clock', 'cloud.access-key', 'cloud.key-expiry', 'cloud.issuer'])
    expect(troublesIn(findings)).toEqual({})
  })

  it('that is well › is told so in a sentence each', async () => {
    expect(textsIn(await examine())).toEqual({
      'cloud.settings': `the API is ${simulator.baseURL}`,
      'cloud.reachable': `${simulator.baseURL} answers`,
      'cloud.clock': 'the clocks of this machine and of Nevis differ by at most 5 s',
      'cloud.access-key': 'Nevis accepts the access key',
      'cloud.key-expiry': expect.stringMatching(/^the access key is valid until 2\d{3}-\d\d-\d\d$/) as string,
      'cloud.issuer': 'the strategy accepts the issuer of the access key',
    })
  })

  it.each<[string, Fault, Partial<Record<Check, string>>]>([
    ['that wants to know who asks', { on: 'ping', status: 401 }, {}],
    ['that refuses every ping', { on: 'ping', status: 403 }, {}],
    ['that ends its answer with a line break', { on: 'ping', body: 'PONG\n' }, {}],
    ['whose introspection names no audience', { on: 'introspect', patch: { aud: undefined } }, {}],
    ['whose key never ends', { on: 'introspect', patch: { exp: undefined } }, { 'cloud.key-expiry': 'Nevis reports no expiry date for the access key' }],
  ])('%s › is well', async (_name, fault, texts) => {
    simulator.faults.add(fault)
    const findings = await examine()
    expect(troublesIn(findings)).toEqual({})
    expect(textsIn(findings)).toMatchObject(texts)
  })

  const compare = 'compare the instance id, or the base URL, with your management console'
  const later = 'try again later; see the state of the service at https://status.nevis.net'
  const openUp = 'allow https connections from this machine to Nevis; behind a proxy, set HTTPS_PROXY'
  const replace = 'configure a key from "Access Keys" in the management console of this instance'
  const renew = 'create a new key in the management console before that date; for rotation, accessKey may be a function'
  const watch = 'test a sign-in: if it fails with binding_mismatch for the field iss, set the option issuer'
  const alike = 'try again later; approvals need the same introspection'
  const ntp = 'synchronise the clock with a time server (NTP)'
  const accept = (iss: string) => `use a key of this instance, or set the option issuer: "${iss}"`
  const otherIssuer = 'warning: the strategy does not accept the issuer of the access key; if approvals have the same issuer, they fail with binding_mismatch'

  it.each<[string, Fault | (() => Fault), Check, string | RegExp, string]>([
    ['that answers a ping with a page', { on: 'ping', body: '<html>' }, 'cloud.reachable', 'error: {base} answers a ping, but not as Nevis does (HTTP 200, a page)', compare],
    ['that is not Nevis', { on: 'ping', status: 404 }, 'cloud.reachable', 'error: {base} answers a ping, but not as Nevis does (HTTP 404, JSON)', compare],
    ['that has too much to do', { on: 'ping', status: 429 }, 'cloud.reachable', 'error: {base} answers a ping, but not as Nevis does (HTTP 429, JSON)', later],
    ['that is just not a failure', { on: 'ping', status: 499 }, 'cloud.reachable', 'error: {base} answers a ping, but not as Nevis does (HTTP 499, JSON)', compare],
    ['that fails', { on: 'ping', status: 500 }, 'cloud.reachable', 'error: {base} answers a ping, but not as Nevis does (HTTP 500, JSON)', later],
    ['that is being mended', { on: 'ping', status: 503 }, 'cloud.reachable', 'error: {base} answers a ping, but not as Nevis does (HTTP 503, JSON)', later],
    ['that resets the connection', { on: 'ping', reset: true }, 'cloud.reachable', 'error: {base} does not answer (NEVIS_UNREACHABLE, ECONNRESET)', openUp],
    ['that does not introspect', { on: 'introspect', status: 500 }, 'cloud.access-key', 'error: the access key could not be introspected (NEVIS_UNEXPECTED_RESPONSE)', alike],
    ['that calls the key inactive', { on: 'introspect', body: { active: false } }, 'cloud.access-key', 'error: Nevis says that the access key is not active', replace],
    ['whose key is another token', { on: 'introspect', patch: { aud: 'status' } }, 'cloud.access-key', 'warning: Nevis accepts the access key, but reports that the key is not for the API', replace],
    ['whose key ends today', { on: 'introspect', patch: { exp: Date.now() + 0.9 * 86_400_000 } }, 'cloud.key-expiry', /^error: the access key expires within a day, on 20\d\d-\d\d-\d\d$/, renew],
    ['whose key ends soon', { on: 'introspect', patch: { exp: Date.now() + 13.9 * 86_400_000 } }, 'cloud.key-expiry', /^warning: the access key expires on 20\d\d-\d\d-\d\d$/, renew],
    ['whose key is of another instance', { on: 'introspect', patch: { iss: 'https://other.mauth.nevis.cloud/c4n4ry' } }, 'cloud.issuer', otherIssuer, accept('https://other.mauth.nevis.cloud')],
    ['whose issuer is no URL', { on: 'introspect', patch: { iss: 'c4n4ry' } }, 'cloud.issuer', otherIssuer, accept('its iss')],
    ['that names no issuer', { on: 'introspect', patch: { iss: undefined } }, 'cloud.issuer', 'unchecked: Nevis reports no issuer for the access key', watch],
    ['without a Date', { on: 'ping', headers: { date: 'now' } }, 'cloud.clock', 'unchecked: the response has no Date header; without it, approvals fail with binding_mismatch if the clocks differ by more than 60 s', 'compare the clock of this machine with a time server'],
    ['far ahead of us', () => ({ on: 'ping', headers: { date: dateOff(3600) } }), 'cloud.clock', /^warning: the clock of this machine is at least 3[56]\d\d s behind Nevis; sign-ins work/, ntp],
    ['far behind us', () => ({ on: 'ping', headers: { date: dateOff(-3600) } }), 'cloud.clock', /^warning: the clock of this machine is at least 3[56]\d\d s ahead of Nevis; sign-ins work/, ntp],
  ])('%s › gives that finding and no other, and a remedy', async (_name, fault, check, text, remedy) => {
    simulator.faults.add(typeof fault === 'function' ? fault() : fault)
    const findings = await examine()
    const expected = typeof text === 'string' ? text.replace('{base}', simulator.baseURL) : (expect.stringMatching(text) as string)
    expect(troublesIn(findings)).toEqual({ [check]: expected })
    expect(remediesIn(findings)).toEqual({ [check]: remedy })
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
  })

  it.each([
    [5, 'ok: the clocks of this machine and of Nevis differ by at most 5 s'],
    [6, `warning: the clock of this machine is at least 6 s behind Nevis; ${WORKS}`],
    [60, `warning: the clock of this machine is at least 60 s behind Nevis; ${WORKS}`],
    [61, `warning: the clock of this machine is at least 61 s behind Nevis; ${WORKS}`],
    [-6, 'ok: the clocks of this machine and of Nevis differ by at most 5 s'],
    [-7, `warning: the clock of this machine is at least 6 s ahead of Nevis; ${WORKS}`],
    [-61, `warning: the clock of this machine is at least 60 s ahead of Nevis; ${WORKS}`],
    [-62, `warning: the clock of this machine is at least 61 s ahead of Nevis; ${WORKS}`],
  ])('whose Date, in whole seconds, is %i s from now › has a clock that differs by what that proves', async (seconds, text) => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 10, 22))
    simulator.faults.add({ on: 'ping', headers: { date: dateOff(seconds) } })
    const findings = await examine()
    jest.restoreAllMocks()
    expect(findings.filter(({ check }) => check === 'cloud.clock').map(({ level, finding }) => `${level}: ${finding}`)).toEqual([text])
  })

  it.each([
    [0, {}],
    [-1, { 'cloud.key-expiry': 'warning: the access key expires on 2026-12-05' }],
  ])('whose key ends %i s from 14 days › is judged by the second', async (seconds, troubles) => {
    const now = Date.UTC(2026, 10, 22)
    jest.spyOn(Date, 'now').mockReturnValue(now)
    simulator.faults.add({ on: 'introspect', patch: { exp: now + 14 * 86_400_000 + seconds * 1000 } })
    simulator.faults.add({ on: 'ping', headers: { date: dateOff(0) } })
    const findings = await examine()
    jest.restoreAllMocks()
    expect(troublesIn(findings)).toEqual(troubles)
  })

  it('that is not Nevis › gets no second call', async () => {
    simulator.faults.add({ on: 'ping', status: 404 })
    await examine()
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping'])
  })

  it('with another key › says that Nevis refuses it, and judges the clock all the same', async () => {
    simulator.faults.add({ on: 'ping', headers: { date: dateOff(3600) } })
    const troubles = troublesIn(await examine(clientOf('c4n4ry-wrong')))
    expect(Object.keys(troubles)).toEqual(['cloud.clock', 'cloud.access-key'])
    expect(troubles['cloud.access-key']).toBe('error: Nevis refuses the access key (HTTP 403)')
  })

  it('that does not answer › is named with its host', async () => {
    const findings = await examine(clientOf('key', await closedPort()))
    expect(Object.values(troublesIn(findings))).toEqual([expect.stringContaining('does not answer (NEVIS_UNREACHABLE, ECONNREFUSED)')])
    expect(remediesIn(findings)).toEqual({ 'cloud.reachable': openUp })
  })

  it('that does not answer in time › says so', async () => {
    simulator.faults.add({ on: 'ping', delayMs: 60_000 })
    const client = new NevisClient({ baseURL: simulator.baseURL, accessKey: simulator.accessKey, retries: 0, timeoutMs: 100 })
    expect(troublesIn(await examine(client))).toEqual({ 'cloud.reachable': `error: ${simulator.baseURL} does not answer (NEVIS_TIMEOUT)` })
  })

  it('that no name server knows › asks for the instance id', async () => {
    const lookup = (_name: string, _options: unknown, done: (error: Error) => void) => done(Object.assign(new Error('c4n4ry'), { code: 'ENOTFOUND' }))
    const client = new NevisClient({ instance: 'nobody', accessKey: 'key', retries: 0, httpsAgent: new Agent({ lookup: lookup as never }) })
    const [, finding] = await cloudFindings(client, [])
    expect(finding).toEqual({
      check: 'cloud.reachable',
      level: 'error',
      finding: 'https://nobody.mauth.nevis.cloud does not answer (NEVIS_UNREACHABLE, ENOTFOUND)',
      remedy: 'compare the instance id with the address of your management console',
    })
  })

  it.each([['fails', () => { throw new Error('c4n4ry') }], ['gives no key', () => 'c4n4ry with spaces']])('whose accessKey function %s › says so without its words', async (_name, accessKey) => {
    const findings = await examine(clientOf(accessKey))
    expect(troublesIn(findings)).toEqual({ 'cloud.access-key': 'error: the accessKey function throws, or returns no usable key' })
    expect(remediesIn(findings)).toEqual({ 'cloud.access-key': 'call the function yourself: it must return the access key as a string without spaces' })
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
  })

  it('whose accessKey function fails the second time › says so, too', async () => {
    const keys = [simulator.accessKey]
    const findings = await examine(clientOf(() => keys.pop() ?? ''))
    expect(troublesIn(findings)).toEqual({ 'cloud.access-key': 'error: the accessKey function throws, or returns no usable key' })
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping'])
  })

  it('is asked a ping and an introspection, and nothing else', async () => {
    await examine()
    await examine(clientOf('c4n4ry-wrong'))
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(['ping', 'introspect', 'ping', 'introspect'])
  })
})

describe('the environment', () => {
  const key = { NEVIS_ACCESS_KEY: 'c4n4ry-key' }
  it('that names the cloud › is asked', async () => {
    const findings = await environmentFindings({ NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey, NEVIS_INSTANCE: '' })
    expect(troublesIn(findings)).toEqual({})
    expect(findings).toHaveLength(6)
  })

  it.each<[Record<string, string>, string]>([
    [{}, 'set exactly one of NEVIS_INSTANCE and NEVIS_BASE_URL (neither is set)'],
    [{ NEVIS_BASE_URL: 'https://a.example', NEVIS_INSTANCE: 'a', ...key }, 'set exactly one of NEVIS_INSTANCE and NEVIS_BASE_URL (both are set)'],
    [{ NEVIS_INSTANCE: 'a' }, 'NEVIS_ACCESS_KEY is not set'],
    ...['C4n4ry-schlüssel', 'c4n4ry\nkey', 'c4n4ry\u001b[2J', 'c4n4ry key', ' '].map((wrong): [Record<string, string>, string] => [{ NEVIS_INSTANCE: 'a', NEVIS_ACCESS_KEY: wrong }, 'NEVIS_ACCESS_KEY must be a non-empty string of visible ASCII characters, without white space'] as const),
    ...['http://127.0.0.1:99999', 'http://127.0.0.1:99999/c4n4ry', 'https://[::1]:65536', 'http://localhost:0', 'https://a.example:port/'].map((wrong): [Record<string, string>, string] => [{ NEVIS_BASE_URL: wrong, ...key }, 'NEVIS_BASE_URL must have a port from 1 to 65535, or none'] as const),
    [{ NEVIS_BASE_URL: 'a.example', ...key }, 'NEVIS_BASE_URL must be an absolute URL'],
    [{ NEVIS_INSTANCE: 'C4n4ry.key', ...key }, 'NEVIS_INSTANCE must be an instance id: lower-case letters, digits and dashes'],
    [{ NEVIS_BASE_URL: 'http://c4n4ry@a.example', ...key }, 'NEVIS_BASE_URL must be https:; plain http: is allowed for loopback only'],
  ])('%j › gives one finding', async (env, sentence) => {
    const findings = await environmentFindings(env)
    expect(findings).toEqual([{
      check: 'cloud.settings',
      level: 'error',
      finding: sentence,
      remedy: 'set NEVIS_ACCESS_KEY, and NEVIS_INSTANCE or NEVIS_BASE_URL',
    }])
    expect(JSON.stringify(findings)).not.toMatch(/c4n4ry/i)
  })
})

describe('the proxy of the environment', () => {
  const before = process.env['https_proxy']
  afterEach(() => {
    if (before === undefined) delete process.env['https_proxy']
    else process.env['https_proxy'] = before
  })

  it.each<[string, object]>([
    ['http://[::1]:3128', { proxy: 'http://[::1]:3128' }],
    ['ftp://c4n4ry.example', { level: 'error', remedy: 'correct HTTPS_PROXY or ALL_PROXY, for example http://proxy.example:3128' }],
  ])('%s › is named so that the operator can use or correct it', (proxy, expected) => {
    process.env['https_proxy'] = proxy
    expect(cloudOf({ NEVIS_BASE_URL: 'https://nevis.example', NEVIS_ACCESS_KEY: 'c4n4ry-key' })).toMatchObject(expected)
  })
})

/** Compares the doctor's finding about a wrong clock with a sign-in at the same instance: the finding must say correctly whether this sign-in works. */
describe('a clock that is wrong by ten minutes', () => {
  async function signIn(dialect: string, introspection?: Fault) {
    const cloud = closing(await NevisSimulator.start({ dialect }))
    cloud.addUser({ username: 'anna' })
    const app = closing(await startApp({ simulator: cloud }))
    const finding = (await cloudFindings(clientOf(cloud.accessKey, cloud.baseURL), [cloud.baseURL])).find(({ check }) => check === 'cloud.clock')
    if (introspection) cloud.faults.add(introspection)
    const browser = app.browser()
    const handle = handleIn((await browser.post('/login', { username: 'anna', password: PASSWORD })).location)
    await cloud.phone('anna').approve()
    return [finding?.level, finding?.finding, (await browser.get(`/login/2fa/callback?transaction=${handle}`)).json()]
  }

  it.each([['clock-600-ahead', 'behind'], ['clock-600-behind', 'ahead of']])('%s › is a warning, and a sign-in works', async (dialect, direction) => {
    expect(await signIn(dialect)).toEqual(['warning', expect.stringMatching(new RegExp(`^the clock of this machine is at least (?:59\\d|600) s ${direction} Nevis; sign-ins work`)), expect.objectContaining({ action: 'success' })])
  })

  it('without a Date header in the introspection › makes a sign-in fail, as the finding without this header says', async () => {
    expect((await signIn('clock-600-behind', { on: 'introspect', headers: { date: 'now' } }))[2]).toMatchObject({ action: 'fail', code: 'binding_mismatch' })
  })
})
