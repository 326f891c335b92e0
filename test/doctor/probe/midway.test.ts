/**
 * What the command `probe` does if Nevis can no longer be reached in the middle of a run: a gateway answers in its place, or nothing answers. The report must
 * then leave out all answers of the interrupted stage (a part of the run), because these answers may not come from Nevis. The probe must end soon. Also tests
 * the deletion of the test users in such a run.
 */
import { request, type RequestListener } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { NOT_COMPARED, recognise, runOnSimulator, simulate } from '../../../src/doctor/probe/recognise'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage, type StageOptions } from '../../../src/doctor/probe/stages'
import { findingsOfReport } from '../../../src/doctor/probe-findings'
import { NevisSimulator } from '../../../src/simulator'
import { closeServers, originOf } from '../support'

jest.setTimeout(60_000)

const DEADLINE_MS = 15_000
const FASTER = 20

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  jest.restoreAllMocks()
  await simulator.close()
  await closeServers()
})

/** Passes each request on to the simulator. If `isLost` is true for the number, method and path of the request, `instead` answers in its place. */
const before = (isLost: (count: number, method: string, path: string) => boolean, instead: RequestListener): RequestListener => {
  let count = 0
  return (req, res) => {
    if (isLost(++count, String(req.method), String(req.url))) return void instead(req, res)
    const passed = request(simulator.baseURL + String(req.url), { method: req.method, headers: req.headers }, (answer) => answer.pipe(res.writeHead(answer.statusCode as number, answer.headers)))
    req.pipe(passed)
  }
}

async function probe(listener: RequestListener, stages: readonly Stage[], more: Partial<StageOptions> = {}) {
  const said: string[] = []
  const person = new SimulatedPerson(simulator)
  const results = await runStages({ baseURL: await originOf(listener), accessKey: simulator.accessKey, stages, phone: person.number, person, pause: async (ms) => simulator.advance(ms), say: (line) => void said.push(line), signal: new AbortController().signal, ...more })
  return { ...results, said, report: reportOf(results, { dialects: [], alike: [], unexplained: [] }) }
}

const page = (status: number): RequestListener => (_req, res) => void res.writeHead(status, { 'content-type': 'text/html' }).end('<html>gateway</html>')
const redirect: RequestListener = (_req, res) => void res.writeHead(302, { location: 'https://login.example/' }).end()
const silent: RequestListener = () => undefined

describe('a gateway that answers every request from the middle of a run on', () => {
  it('in the middle of the stage `wait`, after one part of it › leaves out the answers of this part, too', async () => {
    let [hasWaited, isGone] = [false, false]
    const pause = async (ms: number) => {
      hasWaited = true
      simulator.advance(ms)
    }
    const isLost = (_count: number, _method: string, path: string) => (isGone ||= hasWaited && path === '/api/v1/approval')
    const { finished, failed, facts } = await probe(before(isLost, page(502)), ['quiet', 'app', 'wait'], { pause })
    expect([finished, failed.map(({ stage }) => stage)]).toEqual([['quiet', 'app'], ['wait']])
    expect([facts['status.app.accepted.http'], Object.keys(facts).filter((name) => name.includes('ignored'))]).toEqual(['200', []])
  })

  it.each<[string, RequestListener, number]>([
    ['with a page and 200', page(200), 200],
    ['with a page and 403', page(403), 403],
    ['with a page and 404', page(404), 404],
    ['with a page and 502', page(502), 502],
    ['with a redirect', redirect, 302],
  ])('%s › ends the stage, whose answers are left out', async (_name, instead, status) => {
    const { failed, finished, endedBy, facts, obstacle, usersLeft, namesLeft } = await probe(before((count) => count > 24, instead), ['quiet', 'users', 'sms'])
    const reason = `something in front of Nevis answers in its place (HTTP ${status}, no JSON): check the proxy or gateway`
    expect([failed, finished, endedBy, obstacle]).toEqual([[{ stage: 'users', reason }], ['quiet'], reason, undefined])
    expect(Object.keys(facts)).toEqual(Object.keys((await runOnSimulator([], ['quiet'])).facts))
    // The gateway in front of Nevis answers the request to delete the test user as well. So Nevis does not delete the user, and the probe must say so.
    expect([usersLeft, namesLeft]).toEqual([1, simulator.users.map(({ username }) => username)])
  })

  it('in the first stage › is no result', async () => {
    const { obstacle, report, finished } = await probe(before((count) => count > 8, page(200)), ['quiet', 'users'])
    expect([obstacle, finished, report.answers]).toEqual([expect.stringMatching(/^something in front of Nevis answers in its place \(HTTP 200, no JSON\)/), ['quiet'], []])
  })

  it('is named by the doctor, with the stage that failed and the test user who is left', async () => {
    const { report } = await probe(before((count) => count > 24, page(200)), ['quiet', 'users'])
    const read = { ...report, obstacle: undefined, failed: report.failed?.map(({ stage }) => stage) ?? [] }
    expect(findingsOfReport(read)).toMatchObject([{ level: 'warning', finding: 'the probe may have left 1 of its test users on the instance' }, { level: 'warning', finding: 'the report is incomplete: the stage users failed', remedy: 'run the probe again with the flags of these stages' }])
  })
})

describe('a gateway that answers every request from the middle of a run on with JSON', () => {
  const STAGES = ['quiet', 'users'] as const
  /**
   * What the probe compares its results with. The probe of these tests calls a server in front of the simulator, so the `iss` in the tokens is not the address
   * that the probe calls. `simulate` uses no such server, so replace the facts of `simulate` by those of a run through the server.
   */
  const simulated = async () => ({ ...(await simulate(STAGES, undefined, ['recovery-enrolment-200'])), facts: (await probe(before(() => false, silent), STAGES)).facts })

  it.each(['{"ok":true}', '[]', 'null'])('%s › shows no dialect and no difference, and answers no question: the failed stage is left out, and the report names it', async (body) => {
    const instead: RequestListener = (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(body)
    const results = await probe(before((count) => count > 18, instead), STAGES)
    const recognised = recognise(results.facts, await simulated(), true, results.ofFailed)
    expect(recognised).toEqual({ dialects: [], alike: [], unexplained: [], leftOut: ['users'] })
    const report = reportOf(results, recognised)
    expect([report.leftOut, textOf(report)]).toEqual([['users'], expect.stringContaining('because these stages failed and no dialect is known to explain all of these answers:\n  users\n')])
    expect(textOf({ ...report, dialects: ['chunked'] })).toContain('  chunked\n  as far as asked: not in the stages users, app, sms, wait, limits, which were not completed\n')
    // The gateway has answered most requests of the failed stage, so the report must use no answer of this stage. This also holds for a report without a
    // comparison with the simulator (`interrupted`), because nothing then shows which answers are Nevis's.
    const { answers, facts } = reportOf(await runOnSimulator([], ['quiet']), NOT_COMPARED)
    for (const one of [report, reportOf(results, 'interrupted')]) {
      expect([one.answers, Object.keys(one.facts), one.leftOut]).toEqual([answers, Object.keys(facts), ['users']])
      expect(one.unanswered).toContain('What does Nevis answer to a wrong code?')
      expect({ ...one.facts, ...one.leftOutFacts }).toEqual(results.facts)
      expect(findingsOfReport({ ...one, obstacle: undefined, failed: ['users'] }).filter(({ level }) => level === 'error')).toEqual([])
    }
  })

  it('in one answer of a stage that does not fail › stays a difference', async () => {
    const { facts, ofFailed } = await probe(before(() => false, silent), STAGES)
    expect([ofFailed.size, recognise({ ...facts, 'ping.http': '203' }, await simulated(), true, new Map([['intent.http', 'users']])).unexplained]).toEqual([0, ['ping.http is 203']])
  })
})

const refusal: RequestListener = (_req, res) => void res.writeHead(503, { 'content-type': 'application/json' }).end('{"status":503,"title":"Service Unavailable"}')

describe('a gateway that answers with 503', () => {
  const STAGES = ['quiet', 'users', 'sms'] as const

  it.each(['JSON', 'a page'])('a single request of a run, with %s › is a lost answer: no difference, and its stage failed', async (kind) => {
    const { facts: simulated, calls } = await probe(before(() => false, refusal), STAGES)
    for (let at = 1; at <= calls; at += 4) {
      let path = ''
      const instead: RequestListener = (req, res) => {
        path = String(req.url)
        ;(kind === 'JSON' ? refusal : page(503))(req, res)
      }
      const { facts, failed, endedBy, usersLeft } = await probe(before((count) => count === at, instead), STAGES, { pause: () => Promise.resolve() })
      const { dialects, unexplained } = recognise(facts, { facts: simulated, dialects: new Map(), results: new Map() }, failed.length > 0)
      const kept = Object.values(facts).filter((value) => value === '503')
      // If the answer to an enrolment is lost, the probe cannot know whether Nevis has created the test user.
      const mayBeLeft = path.endsWith('/enroll') ? usersLeft : 0
      expect([at, dialects, unexplained, kept, endedBy, usersLeft]).toEqual([at, [], [], [], undefined, mayBeLeft])
      // Each lost request is recorded and makes its stage fail, except a request that only looks up or deletes a test user.
      const lost = Object.values(facts).filter((value) => ['no answer (HTTP 503 only once)', 'no answer (HTTP 503, not repeated)'].includes(String(value))).length
      expect(failed.length > 0).toBe(lost > 0)
    }
  })

  it('one kind of request always › is how Nevis answers it: the report has the 503', async () => {
    const always: RequestListener = (req, res) => (req.url === '/api/v1/intent' ? refusal : before(() => false, refusal))(req, res)
    const { facts, endedBy, finished } = await probe(always, ['quiet', 'users'])
    expect([facts['intent.http'], endedBy, finished]).toEqual(['503', undefined, ['quiet', 'users']])
  })

  it('every request from the middle of a run on › ends the stage, whose answers are left out', async () => {
    const { failed, finished, endedBy, facts } = await probe(before((count) => count > 24, refusal), ['quiet', 'users'])
    const reason = 'Nevis, or a gateway in front of it, no longer answers (HTTP 503)'
    expect([failed, finished, endedBy]).toEqual([[{ stage: 'users', reason }], ['quiet'], reason])
    expect(Object.keys(facts)).toEqual(Object.keys((await runOnSimulator([], ['quiet'])).facts))
  })
})

describe('a page that a gateway sends with 200', () => {
  const STAGES = ['quiet', 'users', 'sms'] as const

  it('instead of a single answer › is no answer of Nevis: a GET is repeated, any other request has a lost answer', async () => {
    const { facts: simulated, calls } = await probe(before(() => false, refusal), STAGES)
    const methods: string[] = []
    for (let at = 3; at <= calls; at += 3) {
      let [method, path] = ['', '']
      const instead: RequestListener = (req, res) => {
        ;[method, path] = [String(req.method), String(req.url)]
        page(200)(req, res)
      }
      const { facts, failed, endedBy, usersLeft } = await probe(before((count) => count === at, instead), STAGES, { pause: () => Promise.resolve() })
      const { unexplained } = recognise(facts, { facts: simulated, dialects: new Map(), results: new Map() }, failed.length > 0)
      const lost = Object.values(facts).filter((value) => value === 'no answer (HTTP 200 without JSON)').length
      // If the answer to an enrolment is lost, the probe cannot know whether Nevis has created the test user.
      const mayBeLeft = path.endsWith('/enroll') ? usersLeft : 0
      expect([at, unexplained, JSON.stringify(facts).includes('a page'), endedBy, usersLeft]).toEqual([at, [], false, undefined, mayBeLeft])
      const isNamed = failed.some(({ reason }) => reason === '1 request got no lasting answer: HTTP 200 without JSON (a gateway may have answered; run the probe again)')
      // Each lost answer is recorded and makes its stage fail. Exception: the requests at the end that delete the test users.
      if (lost > 0) methods.push(method)
      expect([at, lost, failed.length > 0]).toEqual([at, isNamed ? 1 : 0, isNamed])
    }
    expect([methods.length > 8, new Set(methods)]).toEqual([true, new Set(['POST', 'DELETE'])])
  })

  it('instead of each look-up, from the middle of a run on, though Nevis has answered others in JSON › is no answer of Nevis either', async () => {
    const { facts, failed } = await probe(before((count, method) => count > 15 && method === 'GET', page(404)), ['quiet', 'users'])
    expect([facts['user.by-id.http'], JSON.stringify(facts).includes('a page')]).toEqual(['no answer (HTTP 404 without JSON)', false])
    expect(failed).toEqual([{ stage: 'users', reason: '3 requests got no lasting answer: HTTP 404 without JSON (a gateway may have answered; run the probe again)' }])
  })

  it.each([['that is too long', `"${'x'.repeat(2e6)}"`], ['that is cut off', '{"active":']])('JSON %s, instead of a single answer › is no answer of Nevis', async (_name, body) => {
    const instead: RequestListener = (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(body)
    let introspections = 0
    const { facts } = await probe(before((_count, _method, path) => path.endsWith('/introspect') && ++introspections === 3, instead), ['quiet', 'users'])
    expect(Object.values(facts).filter((value) => String(value).startsWith('no answer'))).toEqual(['no answer (HTTP 200 without JSON)'])
  })

  it('JSON that is cut off, in every third answer of an endpoint › is never an answer of Nevis, however often', async () => {
    const instead: RequestListener = (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{"active":')
    let introspections = 0
    const { facts, failed } = await probe(before((_count, _method, path) => path.endsWith('/introspect') && ++introspections % 3 === 0, instead), ['quiet', 'users', 'app'])
    expect([JSON.stringify(facts).includes('other text'), failed.length > 0]).toEqual([false, true])
  })
})

it.each(['verification-page-200', 'verification-says-ok', 'unknown-user-404-text', 'introspection-forbidden'])('Nevis itself, with %s › is not taken for a gateway', async (dialect) => {
  const { failed, endedBy } = await runOnSimulator(dialect, ['quiet', 'users', 'sms', 'limits'])
  expect([failed, endedBy]).toEqual([[], undefined])
})

describe('an access key that is refused', () => {
  const refusing = (status: number): RequestListener => (_req, res) => void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ status }))
  const reasonOf = (status: number) => `the access key was accepted at first, but is refused since (HTTP ${status}): look under "Access Keys" in the management console`

  it.each([401, 403])('with HTTP %i from the middle of a run on › ends the stage, whose answers are left out, and the test user is named', async (status) => {
    const { failed, finished, endedBy, facts, usersLeft } = await probe(before((count) => count > 24, refusing(status)), ['quiet', 'users', 'sms'])
    expect([failed, finished, endedBy, usersLeft]).toEqual([[{ stage: 'users', reason: reasonOf(status) }], ['quiet'], reasonOf(status), 1])
    expect(Object.keys(facts)).toEqual(Object.keys((await runOnSimulator([], ['quiet'])).facts))
  })

  it('from the middle of the first stage on › is no result', async () => {
    const { obstacle, report } = await probe(before((count) => count > 9, refusing(401)), ['quiet', 'users'])
    expect([obstacle, report.answers]).toEqual([reasonOf(401), []])
  })

  it('from the middle of a run on, where the key may never introspect › is seen at a look-up', async () => {
    const { endedBy, finished } = await probe(before((count, _method, path) => count > 24 || path.endsWith('/introspect'), refusing(403)), ['quiet', 'users'])
    expect([endedBy, finished]).toEqual([reasonOf(403), ['quiet']])
  })

  it.each([401, 403])('with HTTP %i by one endpoint only › is an answer', async (status) => {
    const { facts, failed, endedBy } = await probe(before((_count, _method, path) => path.endsWith('/approval'), refusing(status)), ['quiet', 'users'])
    expect([facts['approval.push.no-device.http'], failed, endedBy]).toEqual([String(status), [], undefined])
  })
})

describe('the deletion of a test user', () => {
  const isLookUp = (method: string, path: string) => method === 'GET' && path.includes('?username=')

  it('with a userId that the enrolment has named › is sent, though a gateway answers each look-up by name with a 404', async () => {
    const { usersLeft } = await probe(before((_count, method, path) => isLookUp(method, path), page(404)), ['quiet', 'app'])
    expect([usersLeft, simulator.users]).toEqual([0, []])
  })

  it('with a known userId › is sent and confirmed by userId, though Nevis does not find the user by name yet', async () => {
    const notYet: RequestListener = (_req, res) => void res.writeHead(404, { 'content-type': 'application/json' }).end('{"status":404,"error":"Not Found"}')
    const lagging = (_count: number, _method: string, path: string) => /username=Passport-Nevis-Probe-[0-9a-f]{12}/.test(path)
    const { usersLeft } = await probe(before(lagging, notYet), ['quiet', 'app'])
    expect([usersLeft, simulator.users]).toEqual([0, []])
    const refused = await probe(before((count, method, path) => method === 'DELETE' || lagging(count, method, path), (req, res) => (req.method === 'DELETE' ? page(502) : notYet)(req, res)), ['quiet', 'app'])
    expect([refused.usersLeft, refused.namesLeft]).toEqual([1, simulator.users.map(({ username }) => username)])
  })

  it('whose enrolment got no answer › is sent as soon as Nevis finds the user by name', async () => {
    let lookUps = 0
    const isLost = (_count: number, _method: string, path: string) => path.endsWith('/enroll') || (/username=Passport-Nevis-Probe-[0-9a-f]{12}/.test(path) && ++lookUps <= 3)
    const lost: RequestListener = (req, res) => {
      if (req.method === 'GET') return void res.writeHead(404, { 'content-type': 'application/json' }).end('{"status":404,"error":"Not Found"}')
      req.pipe(request(simulator.baseURL + String(req.url), { method: req.method, headers: req.headers }, (answer) => answer.resume().on('end', () => res.destroy())))
    }
    const { usersLeft } = await probe(before(isLost, lost), ['quiet', 'app'])
    expect([usersLeft, lookUps > 3, simulator.users]).toEqual([0, true, []])
  })

  /** Passes each enrolment on to Nevis, but answers with `status` in place of Nevis. Answers each look-up of a user by name with 404: no such user. */
  const enrollingUnseen = (status: number): RequestListener => (req, res) => {
    const refuse = (http: number) => void res.writeHead(http, { 'content-type': 'application/json' }).end(JSON.stringify({ status: http, error: 'x' }))
    if (req.method === 'GET') return refuse(404)
    req.pipe(request(simulator.baseURL + String(req.url), { method: req.method, headers: req.headers }, (answer) => answer.resume().on('end', () => refuse(status))))
  }
  const isEnrolmentOrLookUp = (_count: number, method: string, path: string) => path.endsWith('/enroll') || isLookUp(method, path)

  it.each([408, 429, 500, 502, 503, 504])('whose enrolment a gateway answers with %i, and whom Nevis does not find by name until the end › is not confirmed: the user is named', async (status) => {
    const { usersLeft, namesLeft } = await probe(before(isEnrolmentOrLookUp, enrollingUnseen(status)), ['quiet', 'app'])
    expect([usersLeft, namesLeft]).toEqual([1, simulator.users.map(({ username }) => username)])
  })

  it.each([400, 403, 409, 422])('whose enrolment Nevis itself refuses with %i › is not necessary: no user is named', async (status) => {
    const refused: RequestListener = (_req, res) => void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ status, error: 'x' }))
    const { usersLeft, namesLeft } = await probe(before((_count, _method, path) => path.endsWith('/enroll'), refused), ['quiet', 'app'])
    expect([usersLeft, namesLeft, simulator.users]).toEqual([0, [], []])
  })

  it.each<[string, RequestListener]>([['a page and 200', page(200)], ['a page and 404', page(404)], ['a redirect', redirect]])('that a gateway answers with %s › is not counted', async (_name, instead) => {
    const { usersLeft } = await probe(before((_count, method, path) => method === 'DELETE' || isLookUp(method, path), (req, res) => (req.method === 'DELETE' ? instead : page(404))(req, res)), ['quiet', 'app'])
    expect([usersLeft, simulator.users.length]).toEqual([1, 1])
  })

  const json404 = (body: object): RequestListener => (_req, res) => void res.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  it.each<[string, RequestListener]>([
    ['a page', page(404)],
    ['an empty body', (_req, res) => void res.writeHead(404).end()],
    ['JSON of its own', json404({ message: 'no Route matched' })],
    ['an error about another path, in the form of Nevis,', json404({ error: 'Not Found', message: 'x', path: '/error', status: 404, timestamp: '2026-01-01T00:00:00Z' })],
  ])(
    'that a gateway answers with an empty 204, while it answers each GET with %s and 404 › is not counted, because Nevis has answered about unknown users in another form',
    async (_name, instead) => {
      const swallowed: RequestListener = (_req, res) => void res.writeHead(204).end()
      const isLost = (count: number, method: string) => method === 'DELETE' || (count > 14 && method === 'GET')
      const { usersLeft, namesLeft } = await probe(before(isLost, (req, res) => (req.method === 'DELETE' ? swallowed : instead)(req, res)), ['quiet', 'users'])
      expect([usersLeft, namesLeft]).toEqual([1, simulator.users.map(({ username }) => username)])
    },
  )

  it.each<[string, number, RequestListener | undefined]>([
    ['and Nevis deletes the user, and does not know the user at the second deletion › is confirmed', 0, undefined],
    ['and an empty 204 is the answer to each deletion › is not confirmed: a gateway may have sent it', 1, (_req, res) => void res.writeHead(204).end()],
    ['and a 404 of Nevis is the answer to each deletion › is not confirmed: it may hide that the access key must not delete users', 1, (_req, res) => void res.writeHead(404, { 'content-type': 'application/json' }).end('{"status":404,"error":"Not Found"}')],
  ])('while Nevis refuses each look-up of a test user by userId, %s', async (_name, left, deletion) => {
    const refused: RequestListener = (_req, res) => void res.writeHead(403, { 'content-type': 'application/json' }).end('{"status":403,"error":"Forbidden"}')
    const isReplaced = (count: number, method: string, path: string) => (count > 14 && method === 'GET' && !path.includes('?')) || (method === 'DELETE' && deletion !== undefined)
    const { usersLeft, namesLeft } = await probe(before(isReplaced, (req, res) => (req.method === 'DELETE' ? deletion ?? refused : refused)(req, res)), ['quiet', 'app'])
    expect([usersLeft, namesLeft]).toEqual([left, simulator.users.map(({ username }) => username)])
  })

  it('whose enrolment was interrupted before its answer › is in doubt, though a gateway answers that no such user exists', async () => {
    const interrupted = new AbortController()
    let isEnrolled = false
    const instead: RequestListener = (req, res) => {
      if (isEnrolled) return page(404)(req, res)
      isEnrolled = true
      // The simulator gets the enrolment, but the probe is interrupted before it gets the answer.
      req.pipe(request(simulator.baseURL + String(req.url), { method: req.method, headers: req.headers }, (answer) => answer.resume().on('end', () => interrupted.abort())))
    }
    const { endedBy, usersLeft } = await probe(before((_count, _method, path) => isEnrolled || path.endsWith('/enroll'), instead), ['quiet', 'users'], { signal: interrupted.signal })
    expect([endedBy, usersLeft, simulator.users.length]).toEqual(['interrupted', 1, 1])
  })

  it.each([1, 3])('whose further enrolment was interrupted, and is carried out by Nevis only in pause %i after the deletion › is deleted again', async (late) => {
    const interrupted = new AbortController()
    let [enrolments, waited] = [0, 0]
    let carryOut: (() => Promise<unknown>) | undefined
    const held: RequestListener = (req) => {
      const parts: Buffer[] = []
      req.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        const body = Buffer.concat(parts)
        carryOut = () => fetch(simulator.baseURL + String(req.url), { method: 'POST', headers: { authorization: String(req.headers.authorization), 'content-type': 'application/json' }, body })
        interrupted.abort()
      })
    }
    const pause = async () => {
      if (++waited === late) await carryOut?.()
    }
    const { endedBy, usersLeft } = await probe(before((_count, _method, path) => path.endsWith('/enroll') && ++enrolments === 2, held), ['quiet', 'users'], { signal: interrupted.signal, pause })
    // If the probe has made fewer than `late` pauses, Nevis carries out the enrolment only now. The new user then stays at Nevis, and the test fails.
    if (waited < late) await carryOut?.()
    expect([endedBy, usersLeft, simulator.users, waited]).toEqual(['interrupted', 0, [], late])
  })

  it('whose further enrolment was interrupted, while Nevis no longer answers look-ups by name › is named', async () => {
    const interrupted = new AbortController()
    let enrolments = 0
    const isLost = (_count: number, _method: string, path: string) => (path.endsWith('/enroll') && ++enrolments === 2) || (enrolments === 2 && path.includes('?username='))
    const instead: RequestListener = (req, res) => (req.method === 'GET' ? refusal(req, res) : interrupted.abort())
    const { usersLeft } = await probe(before(isLost, instead), ['quiet', 'users'], { signal: interrupted.signal })
    expect(usersLeft).toBe(1)
  })

  it.each([[false, 1], [true, 0]])('after which Nevis still finds the user by name, but not by userId; only for two seconds: %s › %i test user may be left', async (isShort, left) => {
    let [elapsedMs, isDeleted] = [0, false]
    const record: RequestListener = (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ userId: '11111111-2222-4333-8444-555555555555', username: name }))
    let name = ''
    const isFound = (_count: number, method: string, path: string) => {
      isDeleted ||= method === 'DELETE'
      name = /username=(Passport-Nevis-Probe-.*)/.exec(path)?.[1] ?? name
      return isDeleted && method === 'GET' && path.includes('?username=') && !(isShort && elapsedMs > 0)
    }
    const { usersLeft, said } = await probe(before(isFound, record), ['quiet', 'users'], { pause: async (ms) => void (elapsedMs += ms) })
    expect([usersLeft, said.includes('No test user is left at Nevis.')]).toEqual([left, left === 0])
  })

  it.each<[retryAfter: string, pauses: number[], left: number, said: number]>([
    ['30', [30_000], 0, 1],
    ['14', [14_000, 14_000], 0, 1],
    ['1', [2000, 2000], 1, 0],
    ['61', [2000, 2000], 1, 0],
    ['later', [2000, 2000], 1, 0],
  ])('that Nevis refuses for 28 seconds, with Retry-After %s › is tried again after the pauses %j, at most a minute in all', async (retryAfter, expected, left, lines) => {
    const pauses: number[] = []
    let isDeleted = false
    const isTooSoon = (_count: number, method: string) => (isDeleted ||= method === 'DELETE') && pauses.reduce((all, ms) => all + ms, 0) < 28_000
    const tooMany: RequestListener = (_req, res) => void res.writeHead(429, { 'content-type': 'application/json', 'retry-after': retryAfter }).end('{"status":429}')
    const said: string[] = []
    // Leave out the pause in the stage `users`, after the first refusal.
    const noted = async (ms: number) => void (said.includes('Deleting the test users …') && pauses.push(ms))
    const { usersLeft } = await probe(before(isTooSoon, tooMany), ['quiet', 'users'], { say: (line) => void said.push(line), pause: noted })
    expect([usersLeft, pauses]).toEqual([left, expected])
    expect(said.filter((line) => line === `Nevis asks for a pause (Retry-After): waiting ${retryAfter} s until the next attempt to delete the test users …`)).toHaveLength(lines)
  })

  it('that Nevis refuses for a moment, because of too many requests › is tried again two seconds later', async () => {
    let elapsedMs = 0
    let deletions = 0
    const isTooSoon = (_count: number, method: string) => method === 'DELETE' && ++deletions > 0 && elapsedMs < 4000
    const tooMany: RequestListener = (_req, res) => void res.writeHead(429, { 'content-type': 'application/json' }).end('{"status":429}')
    const noted = async (ms: number) => void (elapsedMs += ms)
    const { usersLeft } = await probe(before(isTooSoon, tooMany), ['quiet', 'users'], { pause: noted })
    // One deletion in the stage, and three at the end, with two pauses between them.
    expect([usersLeft, simulator.users, deletions, elapsedMs]).toEqual([0, [], 4, 4000])
  })

  it('after an interruption › is tried again after a pause, too', async () => {
    const interrupted = new AbortController()
    const pauses: [number, boolean][] = []
    const noted = async (ms: number, signal?: AbortSignal) => void pauses.push([ms, signal === undefined])
    const interrupt: RequestListener = (_req, res) => {
      interrupted.abort()
      page(502)(_req, res)
    }
    await probe(before((_count, method) => method === 'DELETE', interrupt), ['quiet', 'users'], { pause: noted, signal: interrupted.signal })
    // `true`: the probe passed no signal to the pause. With the signal of the interruption, the pause would end at once.
    expect(pauses).toEqual([[2000, true], [2000, true]])
  })
})

describe('a server that no longer answers', () => {
  /** Makes the time limits of the probe twenty times shorter. */
  function withShortLimits(): void {
    const [start, startInterval] = [globalThis.setTimeout, globalThis.setInterval]
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number, ...more: []) => start(task, ms === DEADLINE_MS ? ms / FASTER : ms, ...more)) as typeof setTimeout)
    jest.spyOn(globalThis, 'setInterval').mockImplementation(((task: () => void, ms: number, ...more: []) => startInterval(task, ms / FASTER, ...more)) as typeof setInterval)
    const clock = performance.now.bind(performance)
    jest.spyOn(performance, 'now').mockImplementation(() => clock() * FASTER)
  }

  it('ends the stage after two requests, whose answers are left out, and says that it waits', async () => {
    withShortLimits()
    const { failed, finished, endedBy, said, calls } = await probe(before((count) => count > 20, silent), ['quiet', 'users', 'app'])
    const reason = '2 requests in a row got no answer within 15 s'
    expect([failed, finished, endedBy]).toEqual([[{ stage: 'users', reason }], ['quiet'], reason])
    expect(said).toEqual(expect.arrayContaining(['Nevis has not answered for 5 s; waiting up to 15 s …', 'Nevis has not answered for 10 s; waiting up to 15 s …']))
    expect(said).not.toContain('Nevis has not answered for 15 s; waiting up to 15 s …')
    // The probe sends 22 requests in its stages, and then at most three to delete its only test user.
    expect(calls).toBeLessThanOrEqual(25)
  })

  it('to a deletion › is not asked again for long, and the user is named', async () => {
    withShortLimits()
    let deletions = 0
    const isDeletion = (_count: number, method: string) => method === 'DELETE' && ++deletions > 0
    const { namesLeft, usersLeft } = await probe(before(isDeletion, silent), ['quiet', 'users'])
    expect([usersLeft, namesLeft]).toEqual([1, [expect.stringMatching(/^Passport-Nevis-Probe-/)]])
    expect(simulator.users).toHaveLength(1)
    // The probe deletes the test user once in the stage, and tries the deletion at most twice more at the end.
    expect([2, 3]).toContain(deletions)
  })
})

it('a simulator that cannot start during the comparison › ends the comparison, and no further dialect is run', async () => {
  const start = NevisSimulator.start.bind(NevisSimulator)
  let starts = 0
  jest.spyOn(NevisSimulator, 'start').mockImplementation((given) => (++starts === 3 ? Promise.reject(new Error('EMFILE')) : start(given)))
  await expect(simulate(['quiet'])).rejects.toThrow('EMFILE')
  // Wait until the other simulators, which ran at the same time as the one that failed, have ended.
  await pause(1500)
  // First, one simulator was started without a dialect. Then four were started at the same time, each with a dialect.
  expect(starts).toBe(5)
})
