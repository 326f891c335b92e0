/**
 * Tests the command `probe`: its stages, its test users, and servers with wrong answers. `every-dialect.test.ts` tests which behaviour of Nevis the probe
 * recognises.
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
import { precheckFailure, stepFailure } from '../../../src/doctor/probe/obstacle'
import { probeCommand } from '../../../src/doctor/probe/probe-command'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { recognise, simulate, type Simulated } from '../../../src/doctor/probe/recognise'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, STAGES, type StageOptions } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'
import { certificateFor } from '../../support/certificates'

/** A long time limit, because the probe sends about two hundred requests to each simulator. */
jest.setTimeout(1_800_000)

let simulated: Simulated
beforeAll(async () => void (simulated = await simulate(STAGES, undefined, ['wrong-code-422'])))

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

    it('finds no difference either where each call takes long, because the machine is busy', async () => {
      let lateMs = 0
      const [date, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)]
      const { send } = Connections.prototype
      const spies = [
        jest.spyOn(Date, 'now').mockImplementation(() => date() + lateMs),
        jest.spyOn(performance, 'now').mockImplementation(() => monotonic() + lateMs),
        jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, path, request) {
          lateMs += 400
          return send.call(this, path, request)
        }),
      ]
      const stages = ['quiet', 'app', 'wait'] as const
      const { facts } = await runStages(options({ stages }))
      for (const spy of spies) spy.mockRestore()
      expect(recognise(facts, await simulate(stages, undefined, [])).unexplained).toEqual([])
    })

    it('shows what it does: each stage, and the deletion', async () => {
      const said: string[] = []
      await runStages(options({ stages: ['quiet', 'users', 'sms'], say: (line) => void said.push(line) }))
      expect(said).toEqual([
        'Stage "quiet" …',
        'Stage "users" …',
        'Stage "sms" …',
        'Asking Nevis for text message 1: its code confirms the phone number.',
        'Asking Nevis for text message 2: you do not need its code.',
        'Asking Nevis for text message 3: its code signs in.',
        'Deleting the test users …',
        'No test user is left at Nevis.',
      ])
    })
  })

  describe('without a flag', () => {
    it('makes no user, notifies no user and makes at most 15 calls', async () => {
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
      // The results must contain no facts of the interrupted stage: as other facts of this stage are missing, the probe would report false differences.
      expect(Object.keys(results.facts)).toEqual(Object.keys((await runStages(options({ stages: ['quiet'] }))).facts))
      expect(simulator.users).toEqual([])
    })
  })

  describe('whose stage fails while users exist', () => {
    it('deletes them, and does not quote the error', async () => {
      const person = new SimulatedPerson(simulator)
      person.scan = () => Promise.reject(new Error(simulator.accessKey))
      const results = await runStages(options({ person, stages: ['quiet', 'app'] }))
      expect(results).toMatchObject({ finished: ['quiet'], endedBy: 'an unexpected error', usersLeft: 0 })
      expect(simulator.users).toEqual([])
    })
  })

  describe('of an instance that deletes no user', () => {
    it('says how many users are left', async () => {
      simulator.faults.add({ on: 'deleteUser', status: 500 })
      const { usersLeft, namesLeft } = await runStages(options({ stages: ['users'] }))
      expect(usersLeft).toBeGreaterThan(0)
      expect(namesLeft.map((name) => name.toLowerCase()).sort()).toEqual(simulator.users.map(({ username }) => username?.toLowerCase()).sort())
    })
  })

  /**
   * These tests guard against a fault of an earlier version of the probe. At its end, the probe deleted the user whom Nevis's answer named, without checking
   * that this user was the probe's own test user. So if a gateway mixed up two enrolments, or ignored the username in a look-up, the probe deleted a real user.
   * If the look-up failed, the probe reported by mistake that its test user was deleted.
   */
  describe('of an instance that answers about another user', () => {
    const REAL = { userId: '11111111-2222-4333-8444-555555555555', username: 'ceo', status: 'active' }
    const cases: [string, (method: string, url: string) => [number, object]][] = [
      ['in its enrolments', (method, url) => (method === 'POST' && url.includes('/enroll') ? [201, REAL] : [404, { status: 404, error: 'Not Found' }])],
      ['in its look-ups', (_method, url) => (url.includes('/enroll') ? [201, {}] : url.includes('?username=') ? [200, REAL] : [404, { status: 404 }])],
      ['in its look-ups, by a list too long to be one', (_method, url) => (url.includes('/enroll') ? [201, {}] : url.includes('?username=') ? [200, Array.from({ length: 300_000 }, () => 1)] : [404, { status: 404 }])],
      ['or not at all', (_method, url) => (url.includes('/enroll') ? [504, {}] : [503, {}])],
    ]
    it.each(cases)('%s › deletes no user, and says what may be left', async (_name, answer) => {
      const deleted: string[] = []
      let enrolments = 0
      const server = createServer((req, res) => {
        const { method = '', url = '' } = req
        if (method === 'DELETE') deleted.push(url)
        if (url.includes('/enroll')) enrolments++
        const [status, json] = url.includes('/introspect') ? ([200, { active: true }] as const) : answer(method, url)
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const { port } = server.address() as AddressInfo
        const { usersLeft } = await runStages(options({ baseURL: `http://127.0.0.1:${port}`, stages: ['quiet', 'users'] }))
        // The enrolments were answered with 201 or 504, so Nevis may have created the users. No answer shows that these users are gone.
        expect([deleted, usersLeft > 0, enrolments > 0]).toEqual([[], true, true])
      } finally {
        server.closeAllConnections()
        server.close()
      }
    })
  })

  /**
   * `NODE_TLS_REJECT_UNAUTHORIZED=0` is common behind proxies that decrypt TLS. With this setting, an earlier version of the probe sent the access key to any
   * server between the probe and Nevis.
   */
  describe('of a server whose certificate no authority has signed', () => {
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

  describe('of an instance that never answers', () => {
    it('waits at most 15 seconds for each answer', async () => {
      const server = createServer(() => undefined).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const start = globalThis.setTimeout
      const limits: number[] = []
      const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number, ...more: []) => {
        if (ms >= 1000) limits.push(ms)
        return start(task, ms / 100, ...more)
      }) as typeof setTimeout)
      try {
        const { port } = server.address() as AddressInfo
        const { facts, calls, endedBy, obstacle } = await runStages(options({ baseURL: `http://127.0.0.1:${port}`, stages: ['quiet'] }))
        expect([facts['ping.http'], endedBy, obstacle]).toEqual(['no answer (TimeoutError)', undefined, 'nothing answered: timeout after 15 s (behind a proxy, set HTTPS_PROXY)'])
        expect(precheckFailure(facts, true)).toBe('nothing answered: timeout after 15 s (check the proxy)')
        expect(stepFailure(facts, ['ping'], true, true)).toBe('1 request got no answer of Nevis: timeout after 15 s (check the proxy)')
        expect(limits).toEqual(Array.from({ length: calls }, () => 15_000))
      } finally {
        timers.mockRestore()
        server.closeAllConnections()
        server.close()
      }
    })
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

  it('says of which stages the recognised dialects say nothing', async () => {
    const results = await runStages(options({ stages: ['quiet', 'users'] }))
    const text = (more: object) => textOf({ ...reportOf(results, { dialects: [], alike: [], unexplained: [] }), ...more })
    expect(text({})).toContain('  none: as far as asked, the instance answers like the simulator without a dialect (stages not completed: app, sms, wait, limits)\n')
    expect(text({ dialects: ['chunked'] })).toContain('  chunked\n  as far as asked: not in the stages app, sms, wait, limits, which were not completed\n')
    expect(text({ stages: STAGES })).toContain('  none: the instance answers like the simulator without a dialect\n')
    expect(text({ unexplained: ['ping.http is 418'] })).toContain('  none: the instance differs from the simulator in each dialect\n')
  })

  it('shows the answers as text, with what this package does', async () => {
    const results = await runStages(options({ stages: ['quiet'] }))
    const text = textOf(reportOf(results, recognise(results.facts, simulated)))
    expect(text).toContain('Does the status endpoint need the access key?\n  no\n  passport-nevis: ')
    expect(text).toContain('Test users that may still exist: 0.')
    const other = { dialects: ['chunked'], alike: [['chunked', 'encoded-gzip']], unexplained: ['ping.http is 418'] }
    const told = textOf({ ...reportOf(results, other), answers: [{ question: 'Why?', answer: 'so', does: 'this', option: '`that`' }] })
    expect(told).toContain('Why?\n  so\n  passport-nevis: this\n  option: `that`\n')
    expect(told).toContain('dialects of the simulator:\n  chunked\n')
    expect(told).toContain('cannot distinguish:\n  chunked, encoded-gzip\n')
    expect(told).toContain('Answers that no dialect of the simulator explains:\n  ping.http is 418\n')
  })
})
