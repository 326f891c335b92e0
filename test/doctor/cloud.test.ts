/** What the doctor says of the cloud, asked over HTTP at the simulator and its faults. */
import { Agent } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { NevisClient } from '../../src'
import { cloudFindings } from '../../src/doctor/cloud-checks'
import { environmentFindings } from '../../src/doctor/environment'
import { NevisSimulator } from '../../src/simulator'
import type { Fault } from '../../src/simulator/faults'
import { troublesIn } from './support'

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(() => simulator.close())

const clientOf = (accessKey: string | (() => string) = simulator.accessKey, baseURL = simulator.baseURL) => new NevisClient({ baseURL, accessKey, retries: 0, timeoutMs: 2000 })
const examine = (client = clientOf()) => cloudFindings(client, [simulator.baseURL])
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

  it.each<[string, Fault | (() => Fault), Record<string, string>]>([
    ['that answers a ping with a page', { on: 'ping', body: '<html>' }, { 'cloud.reachable': 'error: {base} does not answer a ping as Nevis does (HTTP 200)' }],
    ['that is not Nevis', { on: 'ping', status: 404 }, { 'cloud.reachable': 'error: {base} does not answer a ping as Nevis does (HTTP 404)' }],
    ['that fails', { on: 'ping', status: 500 }, { 'cloud.reachable': 'error: {base} does not answer a ping as Nevis does (HTTP 500)' }],
    ['that resets the connection', { on: 'ping', reset: true }, { 'cloud.reachable': 'error: {base} does not answer (NEVIS_UNREACHABLE, ECONNRESET)' }],
    ['that does not introspect', { on: 'introspect', status: 500 }, { 'cloud.access-key': 'error: the access key could not be introspected (NEVIS_UNEXPECTED_RESPONSE)' }],
    ['that calls the key inactive', { on: 'introspect', body: { active: false } }, { 'cloud.access-key': 'error: Nevis says that the access key is not active' }],
    ['whose key is another token', { on: 'introspect', patch: { aud: 'status' } }, { 'cloud.access-key': 'warning: Nevis takes the access key, but says that it is not meant for the API' }],
    ['whose key ends soon', { on: 'introspect', patch: { exp: Date.now() + 13.9 * 86_400_000 } }, { 'cloud.key-expiry': expect.stringMatching(/^warning: the access key ends on 20\d\d-\d\d-\d\d$/) as string }],
    ['whose key is of another instance', { on: 'introspect', patch: { iss: 'https://other.mauth.nevis.cloud/' } }, { 'cloud.issuer': expect.stringMatching(/^warning: .* another issuer/) as string }],
    ['that names no issuer', { on: 'introspect', patch: { iss: undefined } }, { 'cloud.issuer': 'unchecked: Nevis names no issuer of the access key' }],
    ['without a Date', { on: 'ping', headers: { date: 'now' } }, { 'cloud.clock': 'unchecked: the answer has no Date' }],
    ['a little ahead of us', () => ({ on: 'ping', headers: { date: dateOff(40) } }), { 'cloud.clock': expect.stringMatching(/^warning: this machine is at least [34]\d s behind Nevis; from 60 s/) as string }],
    ['a little behind us', () => ({ on: 'ping', headers: { date: dateOff(-40) } }), { 'cloud.clock': expect.stringMatching(/^warning: this machine is at least [34]\d s ahead of Nevis; from 60 s/) as string }],
    ['far ahead of us', () => ({ on: 'ping', headers: { date: dateOff(3600) } }), { 'cloud.clock': expect.stringMatching(/^error: .* behind Nevis: approvals end in binding_mismatch$/) as string }],
    ['far behind us', () => ({ on: 'ping', headers: { date: dateOff(-3600) } }), { 'cloud.clock': expect.stringMatching(/^error: .* ahead of Nevis: approvals end in binding_mismatch$/) as string }],
  ])('%s › gives that finding and no other', async (_name, fault, troubles) => {
    simulator.faults.add(typeof fault === 'function' ? fault() : fault)
    const expected = Object.entries(troubles).map(([check, text]) => [check, typeof text === 'string' ? text.replace('{base}', simulator.baseURL) : text])
    expect(troublesIn(await examine())).toEqual(Object.fromEntries(expected))
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

  it('that nobody answers for › says by which name', async () => {
    const findings = await examine(clientOf('key', await closedPort()))
    expect(Object.values(troublesIn(findings))).toEqual([expect.stringContaining('does not answer (NEVIS_UNREACHABLE, ECONNREFUSED)')])
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
    expect(troublesIn(findings)).toEqual({ 'cloud.access-key': 'error: the function given as accessKey fails, or gives no usable key' })
    expect(JSON.stringify(findings)).not.toContain('c4n4ry')
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

  it.each([
    [{}, 'exactly one of instance and baseURL is needed'],
    [{ NEVIS_BASE_URL: 'https://a.example', NEVIS_INSTANCE: 'a', ...key }, 'exactly one of instance and baseURL is needed'],
    [{ NEVIS_INSTANCE: 'a' }, 'accessKey must be a non-empty string without white space or control characters, or a function'],
    [{ NEVIS_INSTANCE: 'C4n4ry.key', ...key }, 'instance must be an instance id: lower-case letters, digits and dashes'],
    [{ NEVIS_BASE_URL: 'http://c4n4ry@a.example', ...key }, 'baseURL must be https: (plain http: for loopback alone)'],
  ])('%j › gives one finding', async (env, sentence) => {
    const findings = await environmentFindings(env)
    expect(troublesIn(findings)).toEqual({ 'cloud.settings': `error: in the environment, ${sentence}` })
    expect(JSON.stringify(findings)).not.toMatch(/c4n4ry/i)
  })
})
