/**
 * Tests the command `probe` if no Nevis instance answers, if the instance refuses the access key, and if a stage (a part of the run) fails: what the command
 * prints, and how it ends.
 */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { precheckFailure, stepFailure } from '../../../src/doctor/probe/obstacle'
import { probeCommand } from '../../../src/doctor/probe/probe-command'
import { recognise, runOnSimulator, simulate } from '../../../src/doctor/probe/recognise'
import type { Stage } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'
import { certificateFor } from '../../support/certificates'
import { closeServers, originOf } from '../support'
import { closing } from '../../support/closing'

jest.setTimeout(120_000)

/**
 * The probe compares Nevis's responses with those of the simulator in each dialect (possible behaviour of Nevis). To get the simulator's responses takes
 * seconds, so this mock returns none: these tests check only whether the probe makes the comparison.
 */
jest.mock('../../../src/doctor/probe/recognise', () => ({
  ...jest.requireActual<object>('../../../src/doctor/probe/recognise'),
  simulate: jest.fn(() => Promise.resolve({ facts: {}, dialects: new Map(), results: new Map() })),
}))

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  jest.mocked(simulate).mockClear()
  await simulator.close()
  await closeServers()
})

async function probe(baseURL: string, argv: string[] = [], accessKey = simulator.accessKey) {
  const out: string[] = []
  const err: string[] = []
  const exitCode = await probeCommand(argv, { NEVIS_BASE_URL: baseURL, NEVIS_ACCESS_KEY: accessKey }, { log: (text) => void out.push(text), error: (text) => void err.push(text) }, new PassThrough())
  return { exitCode, out: out.join('\n'), err: err.join('\n'), isCompared: jest.mocked(simulate).mock.calls.length > 0 }
}

const PAGE = '<!doctype html><title>Sorry</title>'
const page = (status: number): RequestListener => (_req, res) => void res.writeHead(status, { 'content-type': 'text/html' }).end(PAGE)
const json = (status: number): RequestListener => (_req, res) => void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ status }))

describe('the result of the probe', () => {
  const notCompared = (baseURL: string) => `  address: ${baseURL}\n  The responses were not compared with the simulator.\n`

  it('behind a forward proxy that refuses connections › names the proxy, without its password', async () => {
    const before = process.env['HTTPS_PROXY']
    process.env['HTTPS_PROXY'] = 'http://anna:secret@127.0.0.1:1'
    try {
      const { out, err } = await probe('https://nevis.example')
      const address = 'https://nevis.example through the proxy http://127.0.0.1:1 of the environment (HTTPS_PROXY or ALL_PROXY)'
      expect([out, err]).toEqual([expect.stringContaining(`No result: nothing answered: ECONNREFUSED (no server listens at the address of the proxy: check HTTPS_PROXY).\n${notCompared(address)}`), expect.stringContaining(`Asking ${address}\n`)])
      expect(out + err).not.toContain('secret')
    } finally {
      if (before === undefined) delete process.env['HTTPS_PROXY']
      else process.env['HTTPS_PROXY'] = before
    }
  })

  it.each([
    ['ETIMEDOUT', 'no response of the proxy in time: check the proxy', 'no response in time; behind a proxy, set HTTPS_PROXY'],
    ['ENOTFOUND', 'the host name of the proxy does not exist: check HTTPS_PROXY', 'this host name does not exist: compare the instance id with your management console'],
    ['EAI_AGAIN', 'the name server does not answer', 'the name server does not answer'],
  ])('with the error %s › says what the error means behind a forward proxy, and without one', (code, behindProxy, meaning) => {
    const facts = { 'ping.http': `no answer (${code})` }
    for (const [hasProxy, cause] of [[true, behindProxy], [false, meaning]] as const) {
      expect(precheckFailure(facts, hasProxy)).toBe(`nothing answered: ${code} (${cause})`)
      expect(stepFailure(facts, ['ping'], true, hasProxy)).toBe(`1 request got no answer of Nevis: ${code} (${cause})`)
    }
  })

  it('where no server listens › names the code and the address, and ends with 1', async () => {
    await simulator.close()
    const { exitCode, out, isCompared } = await probe(simulator.baseURL)
    expect([exitCode, isCompared]).toEqual([1, false])
    expect(out).toContain(`No result: nothing answered: ECONNREFUSED (no server listens at this address).\n${notCompared(simulator.baseURL)}`)
    expect(out).not.toMatch(/dialect|option:/)
  })

  it('for a host name that does not exist › names it', async () => {
    const { exitCode, out, isCompared } = await probe('https://no-such-instance.invalid')
    expect([exitCode, isCompared]).toEqual([1, false])
    expect(out).toMatch(/No result: nothing answered: (ENOTFOUND|EAI_AGAIN) \(.*\)\.\n {2}address: https:\/\/no-such-instance\.invalid\n/)
  })

  it('for a server whose certificate no authority has signed › says so', async () => {
    const certificate = certificateFor('IP:127.0.0.1')
    const server = createHttpsServer(certificate).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { exitCode, out, isCompared } = await probe(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
      expect([exitCode, isCompared]).toEqual([1, false])
      expect(out).toContain('No result: nothing answered: DEPTH_ZERO_SELF_SIGNED_CERT (the certificate is not trusted; behind a proxy that reads TLS, set NODE_EXTRA_CA_CERTS).\n')
    } finally {
      server.close()
      certificate.remove()
    }
  })

  it('behind a forward proxy that refuses › says that it was the proxy', async () => {
    const proxy = createServer().on('connect', (_req, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const before = process.env['https_proxy']
    process.env['https_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    try {
      const { exitCode, out } = await probe('https://instance.example')
      expect([exitCode, out]).toEqual([1, expect.stringContaining('nothing answered: PROXY_AUTHENTICATION_REQUIRED (the forward proxy wants a user name and a password).\n')])
    } finally {
      if (before === undefined) delete process.env['https_proxy']
      else process.env['https_proxy'] = before
      proxy.close()
    }
  })

  it.each([[[], 403], ['key-ended-401', 401], ['key-ended-403-without-body', 403]] as const)('with a wrong access key (%j) › says that the key was refused, and makes no user', async (dialect, status) => {
    const other = closing(await NevisSimulator.start({ dialect }))
    const { exitCode, out, isCompared } = await probe(other.baseURL, ['--users'], 'another-key')
    expect([exitCode, isCompared]).toEqual([1, false])
    expect(out).toContain(`No result: the access key was refused (HTTP ${status}): configure a key from "Access Keys"`)
    expect(out).toContain('Stages: quiet. ')
    expect([other.users, other.requests.filter(({ operation }) => operation === 'enroll')]).toEqual([[], []])
  })

  it('with an access key that has ended, of an instance that introspects it as inactive › says that the key was refused', async () => {
    const ended: RequestListener = (req, res) => (req.url === '/api/v1/introspect' ? void res.writeHead(200, { 'content-type': 'application/json' }).end('{"active":false}') : json(req.url === '/api/v1/status' ? 404 : 403)(req, res))
    const { exitCode, out } = await probe(await originOf(ended), ['--users'])
    expect([exitCode, out]).toEqual([1, expect.stringContaining('No result: the access key was refused (HTTP 403): configure a key from "Access Keys"')])
  })

  it.each<[string, RequestListener, RegExp]>([
    ['the page of a gateway', page(200), /No result: no response was JSON, so something in front of Nevis seems to answer \(every response was HTTP 200, with a page\): compare/],
    ['the page of a firewall', page(403), /No result: no response was JSON, .* \(every response was HTTP 403, with a page\)/],
    ['a redirect', (_req, res) => void res.writeHead(302, { location: '/' }).end(), /No result: no response was JSON, .* \(every response was HTTP 302\)/],
    ['404 with a page', page(404), /No result: every request of the API got HTTP 404, with a page, so this is probably no Nevis instance: compare the instance id/],
    ['404 with a text', (_req, res) => void res.writeHead(404).end('default backend - 404'), /No result: every request of the API got HTTP 404, so this is probably no Nevis instance: compare/],
    ['401 with a page', page(401), /No result: something in front of Nevis asks for a sign-in of its own \(HTTP 401, with a page\): check the proxy or gateway, and compare/],
    ['404 in JSON', json(404), /No result: every response was HTTP 404, so this is probably no Nevis instance: compare the instance id/],
    ['429', json(429), /No result: Nevis, or a gateway in front of it, does not answer at the moment \(HTTP 429\): it has had too many requests; run the probe again later\./],
    ['503', json(503), /No result: Nevis, .* does not answer at the moment \(HTTP 503\): run the probe again later; see https:\/\/status\.nevis\.net/],
    ['503 with a page', (_req, res) => void res.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>'), /No result: Nevis, .* does not answer at the moment \(HTTP 503\): run the probe again later/],
    ['429 with an empty body', (_req, res) => void res.writeHead(429).end(), /No result: Nevis, .* does not answer at the moment \(HTTP 429\): it has had too many requests/],
    ['the same JSON', (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"world"}'), /No result: every response was HTTP 200, even those about a user and a path that do not exist, so this is probably no Nevis instance: compare/],
    ['what cannot be decompressed', (_req, res) => void res.writeHead(200, { 'content-encoding': 'gzip' }).end('nope'), /No result: nothing answered: Z_DATA_ERROR \(the response cannot be decompressed\)\./],
    ['a closed connection', (req) => req.socket.destroy(), /No result: nothing answered: ECONNRESET \(the connection was closed before a response; run the probe again\)\./],
  ])('where everything gets %s › says so, and ends with 1', async (_name, listener, sentence) => {
    const { exitCode, out, isCompared } = await probe(await originOf(listener), ['--users'])
    expect([exitCode, isCompared]).toEqual([1, false])
    expect(out).toMatch(sentence)
  })

  it('where 429 begins after the first requests › says so', async () => {
    let requests = 0
    const { exitCode, out } = await probe(await originOf((req, res) => (++requests <= 3 ? void res.end('PONG') : json(429)(req, res))))
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/No result: Nevis, .* \(HTTP 429\)/)])
  })
})

it('a server that takes requests and never answers › is found after two requests', async () => {
  let requests = 0
  const start = globalThis.setTimeout
  // Shorten only the time limit of a single request (15 s), not that of the whole probe (an hour).
  const deadline = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number, ...more: []) => start(task, ms === 15_000 ? 100 : ms, ...more)) as typeof setTimeout)
  const { exitCode, out } = await probe(await originOf(() => void requests++))
  deadline.mockRestore()
  expect([exitCode, out]).toEqual([1, expect.stringContaining('No result: nothing answered: timeout after 15 s (behind a proxy, set HTTPS_PROXY).\n')])
  expect(out).toContain(' Calls: 2. ')
})

describe('a stage that fails', () => {
  it('because the network ended midway › is named, and its requests are no differences of the instance', async () => {
    const start = NevisSimulator.start.bind(NevisSimulator)
    const starts = jest.spyOn(NevisSimulator, 'start').mockImplementation(async (given) => {
      const made = await start(given)
      made.faults.add({ on: 'enroll', reset: true })
      return made
    })
    const results = await runOnSimulator([], ['quiet', 'users'])
    starts.mockRestore()
    const { unexplained } = recognise(results.facts, await jest.requireActual<typeof import('../../../src/doctor/probe/recognise')>('../../../src/doctor/probe/recognise').simulate(['quiet', 'users'], undefined, []))
    expect(results.failed.length).toBeGreaterThan(0)
    expect(unexplained.filter((one) => /no answer|was not tried/.test(one))).toEqual([])
    // Without facts that say "no answer", it looks as if every request got an answer, and as if the probe did not try the step `enroll.app`. The report must
    // list such a step as a difference from the simulator.
    const facts = Object.fromEntries(Object.entries(results.facts).filter(([, value]) => !String(value).startsWith('no answer')))
    expect(recognise(facts, { facts: { 'enroll.app.http': '200' }, dialects: new Map(), results: new Map() }).unexplained).toContain('enroll.app was not tried')
  })

  it('because one request got no answer › is named, and the exit code is 1', async () => {
    simulator.faults.add({ on: 'getUser', reset: true, times: 1 })
    const { exitCode, out, isCompared } = await probe(simulator.baseURL)
    expect([exitCode, isCompared]).toEqual([1, true])
    expect(out).toContain('Stages that failed:\n  quiet: 1 request got no answer of Nevis: ECONNRESET (the connection was closed before a response; run the probe again)\n')
  })

  it.each<[readonly Stage[], Parameters<NevisSimulator['faults']['add']>[0], string]>([
    [['users'], { on: 'enroll', status: 400 }, 'Nevis does not show that the test user exists (HTTP 400)'],
    [['users'], { on: 'createIntent', status: 400 }, 'Nevis gave no intent token (HTTP 400)'],
    [['app'], { on: 'enroll', status: 400 }, 'the enrolment of a phone got no code to scan (HTTP 400), so approvals were not tried'],
    [['app'], { on: 'approve', status: 400 }, 'the request by push got no status token (HTTP 400)'],
    [['sms'], { on: 'enroll', status: 400 }, 'no text message could be sent (HTTP 400)'],
    [['sms'], { on: 'approve', status: 400 }, 'no text message could be sent for a sign-in (HTTP 400)'],
    [['wait'], { on: 'enroll', status: 400 }, 'the enrolment of a test user got no status token (HTTP 400)'],
    [['wait'], { on: 'getStatus', reset: true }, 'Nevis did not answer until the request expired'],
    [['wait'], { on: 'getStatus', status: 400 }, 'the status of the enrolment of a test user got HTTP 400, so its end is not known'],
    [['limits'], { on: 'verifyCode', reset: true }, 'a request got no answer, so the limit is not known'],
    [['limits'], { on: 'enroll', status: 400 }, 'the enrolment of recovery codes got no codes (HTTP 400)'],
  ])('%j with %j › says why', async ([stage], fault, reason) => {
    const start = NevisSimulator.start.bind(NevisSimulator)
    const starts = jest.spyOn(NevisSimulator, 'start').mockImplementation(async (given) => {
      const made = await start(given)
      made.faults.add(fault)
      return made
    })
    const { failed, endedBy } = await runOnSimulator([], ['quiet', stage as Stage])
    starts.mockRestore()
    expect([failed, endedBy]).toEqual([expect.arrayContaining([{ stage, reason }]), undefined])
  })

  it('none of the stages fails of an instance that answers as the documents say', async () => {
    const { failed, obstacle } = await runOnSimulator([], ['quiet', 'users', 'app', 'sms', 'wait', 'limits'])
    expect([failed, obstacle]).toEqual([[], undefined])
  })
})

describe('the file of the report', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'probe-out-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it.each([
    ['in a folder that does not exist', () => join(folder, 'none', 'report.json'), /^passport-nevis probe: --out: the folder \S+none does not exist$/],
    ['in a file', () => join(writtenFile(), 'report.json'), /^passport-nevis probe: --out: \S+ is not a folder$/],
    ['that is a folder', () => folder, /^passport-nevis probe: --out: \S+ is a folder$/],
    ['without a name', () => '', /^passport-nevis probe: --out needs a value: --out <file>\. See: passport-nevis probe --help$/],
  ])('%s › is refused before the first request', async (_name, file, sentence) => {
    const { exitCode, err, out } = await probe(simulator.baseURL, ['--out', file()])
    expect([exitCode, err, out]).toEqual([2, expect.stringMatching(sentence), ''])
    expect(simulator.requests).toEqual([])
  })

  function writtenFile(): string {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    return file
  }

  it('that can no longer be written › is named, after the printed report, and the exit code is 1', async () => {
    const inner = join(folder, 'inner')
    mkdirSync(inner)
    jest.mocked(simulate).mockImplementationOnce(() => {
      rmSync(inner, { recursive: true })
      return Promise.resolve({ facts: {}, dialects: new Map(), results: new Map() })
    })
    const { exitCode, err, out } = await probe(simulator.baseURL, ['--out', join(inner, 'report.json')])
    expect([exitCode, out]).toEqual([1, expect.stringContaining('Test users that may still exist: 0.')])
    expect(err).toMatch(/passport-nevis probe: the report could not be written to \S+report\.json \(ENOENT\)$/)
  })

  it('that exists and is no report › is refused before the first request', async () => {
    const file = writtenFile()
    writeFileSync(file, '{"name":"my-app"}')
    const { exitCode, err } = await probe(simulator.baseURL, ['--out', file])
    expect([exitCode, err]).toEqual([2, expect.stringMatching(/^passport-nevis probe: --out: \S+ exists and is not a report of the probe; choose another name$/)])
    expect([simulator.requests, readFileSync(file, 'utf8')]).toEqual([[], '{"name":"my-app"}'])
  })

  it('that is an older report › is replaced by a result, but not without a result', async () => {
    const file = writtenFile()
    const older = '{"probe":1,"answers":[],"unexplained":[]}'
    writeFileSync(file, older)
    const { exitCode, err } = await probe(await originOf(page(200)), ['--out', file])
    expect([exitCode, err, readFileSync(file, 'utf8')]).toEqual([1, expect.stringMatching(/there was no result, so the report in \S+ was not replaced$/), older])
    expect((await probe(simulator.baseURL, ['--out', file])).exitCode).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stages: ['quiet'] })
  })

  it('that exists › is replaced by the report', async () => {
    const file = writtenFile()
    const { exitCode } = await probe(simulator.baseURL, ['--out', file])
    expect([exitCode, JSON.parse(readFileSync(file, 'utf8'))]).toEqual([0, expect.objectContaining({ probe: 1, stages: ['quiet'] })])
  })
})
