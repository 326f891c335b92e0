/**
 * The probe against the simulator: what it recognises, which users it leaves, and what its report may contain.
 *
 * The tests try every eighth dialect. If `EVERY_DIALECT` is set, they try all of them, which takes minutes.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../../src/doctor/command-line'
import { probeCommand } from '../../../src/doctor/probe/probe-command'
import { DIALECT_NAMES, recognise, runOnSimulator, simulate, type Simulated } from '../../../src/doctor/probe/recognise'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, STAGES, type StageOptions, type StageResults } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'
import { certificateFor } from '../../support/certificates'

/** Each simulator is asked some two hundred times. */
jest.setTimeout(1_800_000)

/** Collects every value of the probe's requests and of the responses. */
function overhear(secretsOf: (baseURL: string) => Set<string>) {
  const { send } = Connections.prototype
  return jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, path, request) {
    const response = await send.call(this, path, request)
    const secrets = secretsOf((this as unknown as { baseURL: string }).baseURL)
    for (const text of [path, request.body ?? '', response.text]) collect(text, secrets)
    return response
  })
}

/** Adds the values of a body, and the names of its fields where they may be values: everything with a digit in it that is long enough to be one. */
function collect(text: string, secrets: Set<string>): void {
  const isSecret = (value: string) => /\d/.test(value) && value.length >= 6 && value !== 'image/png'
  const visit = (value: unknown): void => {
    if (typeof value === 'number') visit(String(value))
    else if (typeof value === 'string') [value, ...value.split(/[/?=&]/)].filter(isSecret).forEach((one) => secrets.add(one))
    else if (typeof value === 'object' && value !== null) [...Object.keys(value), ...Object.values(value)].forEach(visit)
  }
  try {
    visit(JSON.parse(text))
  } catch {
    visit(text)
    visit(Object.fromEntries(new URLSearchParams(text)))
  }
}

/** Behind a gateway that answers everything with an error, nobody can say who is left, and the report says so. */
const IN_DOUBT = 'gateway-page-502'
const PLAYED = DIALECT_NAMES.filter((name, i) => process.env['EVERY_DIALECT'] !== undefined || i % 8 === 0 || name === IN_DOUBT)
let simulated: Simulated
/** Every value that each simulated instance got or sent, by the name of its dialect; the simulator without a dialect has the name ''. */
const secretsIn = new Map<string, Set<string>>()
beforeAll(async () => {
  const nameOf = new Map<string, string>()
  const start = NevisSimulator.start.bind(NevisSimulator)
  const starts = jest.spyOn(NevisSimulator, 'start').mockImplementation(async (given) => {
    const made = await start(given)
    const name = typeof given?.dialect === 'string' ? given.dialect : ''
    nameOf.set(made.baseURL, name)
    secretsIn.set(name, new Set([made.accessKey, made.baseURL]))
    return made
  })
  const heard = overhear((baseURL) => secretsIn.get(nameOf.get(baseURL) as string) as Set<string>)
  simulated = await simulate(STAGES, undefined, PLAYED)
  starts.mockRestore()
  heard.mockRestore()
})

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start({ pushRateLimit: 3 })))
afterEach(() => simulator.close())

const options = (more: Partial<StageOptions> = {}): StageOptions => {
  const person = new SimulatedPerson(simulator)
  const { baseURL, accessKey } = simulator
  return { baseURL, accessKey, stages: STAGES, phone: person.number, person, pause: async (ms) => simulator.advance(ms), say: () => undefined, signal: new AbortController().signal, ...more }
}

describe('the probe', () => {
  describe('of the simulator without a dialect', () => {
    it('finds no difference, leaves no user behind and answers every question', async () => {
      const results = await runStages(options())
      expect(results).toMatchObject({ finished: [...STAGES], usersLeft: 0, endedBy: undefined })
      expect(simulator.users).toEqual([])
      expect(results.calls).toBeLessThan(400)
      const recognised = recognise(results.facts, simulated)
      expect(recognised).toEqual({ dialects: [], alike: [], unexplained: [] })
      expect(reportOf(results, recognised).unanswered).toEqual([])
    })
  })

  describe('without a flag', () => {
    it('makes no user, notifies nobody and makes at most 15 calls', async () => {
      const { calls } = await runStages(options({ stages: ['quiet'] }))
      expect(calls).toBeLessThanOrEqual(15)
      expect(simulator.users).toEqual([])
      const answers = simulator.requests.filter(({ operation }) => ['enroll', 'approve', 'verifyCode', 'createIntent'].includes(operation))
      expect(answers.map(({ operation, status }) => [operation, status])).toEqual([['approve', 404], ['verifyCode', 404]])
    })
  })

  describe('of a user who denies', () => {
    it('sends no text message and no request', async () => {
      const person = new SimulatedPerson(simulator)
      person.confirm = () => Promise.resolve(false)
      const { finished } = await runStages(options({ person, stages: ['quiet', 'app', 'sms'] }))
      expect(finished).toEqual(['quiet'])
      expect(simulator.requests.filter(({ operation, status }) => operation === 'enroll' || (operation === 'approve' && status !== 404))).toEqual([])
    })
  })

  describe('interrupted while users exist', () => {
    it('deletes them', async () => {
      const interrupted = new AbortController()
      const person = new SimulatedPerson(simulator)
      person.scan = async () => interrupted.abort()
      const results = await runStages(options({ person, signal: interrupted.signal, stages: ['quiet', 'app'] }))
      expect(results).toMatchObject({ finished: ['quiet'], endedBy: 'interrupted', usersLeft: 0 })
      expect(simulator.users).toEqual([])
    })
  })

  describe('of an instance that deletes nobody', () => {
    it('says how many users are left', async () => {
      simulator.faults.add({ on: 'deleteUser', status: 500 })
      const { usersLeft } = await runStages(options({ stages: ['users'] }))
      expect(usersLeft).toBeGreaterThan(0)
    })
  })

  /**
   * The probe once deleted whichever user an answer named: a gateway that mixed up two enrolments, or ignored the name in a look-up, made it delete a
   * real user, and a look-up that failed counted as "no user left".
   */
  describe('of an instance that answers about another user', () => {
    const REAL = { userId: '11111111-2222-4333-8444-555555555555', username: 'ceo', status: 'active' }
    const cases: [string, (method: string, url: string) => [number, object], number][] = [
      ['in its enrolments', (method, url) => (method === 'POST' && url.includes('/enroll') ? [201, REAL] : [404, { status: 404, error: 'Not Found' }]), 0],
      ['in its look-ups', (_method, url) => (url.includes('/enroll') ? [201, {}] : url.includes('?username=') ? [200, REAL] : [404, { status: 404 }]), 1],
      ['in its look-ups, by a list too long to be one', (_method, url) => (url.includes('/enroll') ? [201, {}] : url.includes('?username=') ? [200, Array.from({ length: 300_000 }, () => 1)] : [404, { status: 404 }]), 0],
      ['or not at all', (_method, url) => (url.includes('/enroll') ? [504, {}] : [503, {}]), 1],
    ]
    it.each(cases)('%s › deletes nobody, and says what may be left', async (_name, answer, left) => {
      const deleted: string[] = []
      const server = createServer((req, res) => {
        const { method = '', url = '' } = req
        if (method === 'DELETE') deleted.push(url)
        const [status, json] = answer(method, url)
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const { port } = server.address() as AddressInfo
        const { usersLeft } = await runStages(options({ baseURL: `http://127.0.0.1:${port}`, stages: ['quiet', 'users'] }))
        expect([deleted, Math.min(usersLeft, 1)]).toEqual([[], left])
      } finally {
        server.closeAllConnections()
        server.close()
      }
    })
  })

  /**
   * `NODE_TLS_REJECT_UNAUTHORIZED=0` is common behind proxies that read TLS. With it, the probe once sent the access key to whoever was in between.
   */
  describe('of a server whose certificate nobody has signed', () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    afterEach(() => {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    })

    it('sends nothing, though the environment switches the checks of certificates off', async () => {
      const certificate = certificateFor('IP:127.0.0.1')
      let requests = 0
      const server = createHttpsServer(certificate, (_req, res) => {
        requests++
        res.end('PONG')
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
        const { port } = server.address() as AddressInfo
        const { facts } = await runStages(options({ baseURL: `https://127.0.0.1:${port}`, stages: ['quiet'] }))
        expect([facts['ping.http'], requests]).toEqual(['no answer (DEPTH_ZERO_SELF_SIGNED_CERT)', 0])
      } finally {
        server.close()
        certificate.remove()
      }
    })
  })

  describe('of an instance that never stops sending', () => {
    it('reads no more than a megabyte', async () => {
      const server = createServer((_req, res) => {
        const send = () => {
          while (res.write(Buffer.alloc(65_536, 'x'))) if (res.destroyed) return
          res.once('drain', send)
        }
        send()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const { port } = server.address() as AddressInfo
        const { facts } = await runStages(options({ baseURL: `http://127.0.0.1:${port}`, stages: ['quiet'] }))
        expect(facts['ping.fields']).toEqual(['other text'])
      } finally {
        server.closeAllConnections()
        server.close()
      }
    })
  })

  describe('of an instance that is not there', () => {
    it('ends, and reports that nothing answered', async () => {
      await simulator.close()
      const { facts, endedBy } = await runStages(options({ stages: ['quiet'] }))
      expect([facts['ping.http'], endedBy]).toEqual(['no answer (ECONNREFUSED)', undefined])
    })
  })
})

describe('the probe in every dialect', () => {
  it('leaves no user behind, runs to its end and makes at most 400 calls', () => {
    expect(simulated.results.get(IN_DOUBT)?.usersLeft).toBeGreaterThan(0)
    const wrong = [...simulated.results].filter(([name]) => name !== IN_DOUBT).filter(([, { usersLeft, endedBy, calls }]) => usersLeft > 0 || endedBy !== undefined || calls > 400)
    expect(wrong.map(([name]) => name)).toEqual([])
    expect(simulated.results.size).toBe(PLAYED.length)
  })

  it('reports no value of any request or response', () => {
    const without = ['', { facts: simulated.facts, finished: STAGES, calls: 0, usersLeft: 0, endedBy: undefined }] as const
    for (const [name, results] of [without, ...simulated.results]) {
      const secrets = [...(secretsIn.get(name) as Set<string>)]
      if (!/^(redirect|gateway|firewall)-/.test(name)) expect([name, secrets.length > 100]).toEqual([name, true])
      const report = reportOf(results, recognise(results.facts, simulated))
      const printed = JSON.stringify(report) + textOf(report)
      expect([name, secrets.filter((secret) => printed.includes(secret))]).toEqual([name, []])
    }
    expect(secretsIn.size).toBe(PLAYED.length + 1)
  })
})

describe('recognition', () => {
  /**
   * `key-ended-…` ends the access key in the middle of a sign-in, and the last three change what no parsed response shows. The others answer as
   * the simulator itself does.
   */
  const invisible = ['key-ended-401', 'key-ended-403-without-body', 'chunked', 'connection-close', 'ping-byte-order-mark']
  const same = ['wrong-code-400', 'authenticator-limit-409', 'nothing-to-ask-404']

  it('sees every dialect but five, which is more than 97 in 100', () => {
    const unseen = [...simulated.dialects].filter(([, changes]) => changes.size === 0).map(([name]) => name)
    expect(unseen.sort()).toEqual(PLAYED.filter((name) => [...invisible, ...same].includes(name)).sort())
    expect(1 - invisible.length / DIALECT_NAMES.length).toBeGreaterThan(0.97)
  })

  it.each(PLAYED.filter((name) => ![...invisible, ...same].includes(name)))('names %s, or says with which it can be confused', (name) => {
    const { dialects, alike, unexplained } = recognise((simulated.results.get(name) as StageResults).facts, simulated)
    expect([...dialects, ...alike.flat()]).toContain(name)
    expect(dialects).toHaveLength(1)
    expect(unexplained).toEqual([])
  })

  it('names two dialects of one instance', async () => {
    const names = ['sms-not-pollable', 'token-consumable']
    const both = await simulate(STAGES, undefined, names)
    const { facts } = await runOnSimulator(names, STAGES)
    expect(recognise(facts, both)).toMatchObject({ dialects: names, unexplained: [] })
  })

  it('lists what no dialect explains', () => {
    expect(recognise({ ...simulated.facts, 'ping.http': '418' }, simulated)).toEqual({ dialects: [], alike: [], unexplained: ['ping.http is 418'] })
  })
})

describe('the command', () => {
  const output = () => {
    const printed: string[] = []
    return { printed, log: (text: string) => void printed.push(text), error: (text: string) => void printed.push(text) }
  }
  const cloud = () => ({ NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey })

  it('writes a report that the simulator takes as its dialect', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'probe-'))
    const file = join(folder, 'report.json')
    const other = await NevisSimulator.start({ dialect: 'wrong-code-422' })
    try {
      const to = output()
      const code = await probeCommand(['--users', '--out', file], { NEVIS_BASE_URL: other.baseURL, NEVIS_ACCESS_KEY: other.accessKey }, to, new PassThrough())
      expect([code, to.printed.join('\n').includes(other.accessKey)]).toEqual([0, false])
      const report = JSON.parse(readFileSync(file, 'utf8')) as { dialects: string[] }
      expect(report.dialects).toEqual(['wrong-code-422'])
      const again = await NevisSimulator.start({ dialect: report })
      await again.close()
      const doctor = output()
      await main(['doctor', '--report', file], cloud(), doctor)
      expect(doctor.printed.join('\n')).toContain('cloud.probe')
    } finally {
      await other.close()
      rmSync(folder, { recursive: true })
    }
  })

  it.each([
    ['an unknown flag', ['--everything'], /Unknown option '--everything'/],
    ['a number that is none', ['--sms', '079 123'], /international form/],
  ])('refuses %s', async (_name, argv, message) => {
    const to = output()
    expect(await probeCommand(argv, cloud(), to, new PassThrough())).toBe(2)
    expect(to.printed.join()).toMatch(message)
    expect(simulator.requests).toEqual([])
  })

  it('says which variables are missing', async () => {
    const to = output()
    expect(await main(['probe'], {}, to)).toBe(2)
    expect(to.printed.join()).toContain('NEVIS_INSTANCE')
  })

  it('shows the answers as text, with what this package does', async () => {
    const results = await runStages(options({ stages: ['quiet'] }))
    const text = textOf(reportOf(results, recognise(results.facts, simulated)))
    expect(text).toContain('Does the status endpoint need the access key?\n  no\n  passport-nevis: ')
    expect(text).toContain('Users left behind: 0.')
  })
})
