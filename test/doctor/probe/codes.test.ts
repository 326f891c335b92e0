/**
 * Compares what the command `probe` concludes from a server's answers to right and wrong codes with what the client does with the same answers, over HTTP.
 */
import { createServer, request, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { NevisClient, NevisError } from '../../../src'
import { acceptedWrongCodesIn } from '../../../src/doctor/probe/code-answers'
import { refusalsIn } from '../../../src/doctor/probe/needs'
import { answersIn } from '../../../src/doctor/probe/questions'
import { NOT_COMPARED } from '../../../src/doctor/probe/recognise'
import { reportOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage, type StageResults } from '../../../src/doctor/probe/stages'
import { findingsOfReport } from '../../../src/doctor/probe-findings'
import type { ReportOfProbe } from '../../../src/doctor/probe-report'
import { NevisSimulator } from '../../../src/simulator'

jest.setTimeout(60_000)

/** An answer to a code. `OWN_ID` and `OWN_NAME` stand for the user whose code it is. */
interface CodeAnswer {
  readonly status: number
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** True: only the end of the connection marks the end of the body. */
  readonly isOpenEnded?: boolean
}

const [OWN_ID, OWN_NAME] = ['{own id}', '{own name}']
const EMPTY: CodeAnswer = { status: 200 }
const REFUSED: CodeAnswer = { status: 400, body: '{"timestamp":1,"status":400,"error":"Bad Request","message":"x","path":"/x"}' }
const json = (value: unknown): CodeAnswer => ({ status: 200, body: JSON.stringify(value) })

let simulator: NevisSimulator
let server: Server
/** The answer to a code. Gets true if the simulator accepts the code. */
let answerTo: (isRight: boolean) => CodeAnswer | undefined
let baseURL: string

/** Starts a server that passes every request on to the simulator, and replaces the answers to codes. */
beforeEach(async () => {
  simulator = await NevisSimulator.start()
  server = createServer((req, res) => {
    const { url = '', method, headers } = req
    const passed = request(simulator.baseURL + url, { method, headers: { ...headers, 'accept-encoding': 'identity' } }, (answer) => {
      const isCode = url.endsWith('/verification')
      const other = isCode ? answerTo(answer.statusCode === 200) : undefined
      if (other !== undefined) return void answer.resume().on('end', () => send(res, other, url))
      res.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(res)
    })
    req.pipe(passed)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await simulator.close()
})

function send(res: ServerResponse, { status, body = '', headers = {}, isOpenEnded = false }: CodeAnswer, url: string): void {
  const userId = url.split('/').at(-2) ?? ''
  const name = simulator.users.find((user) => user.userId === userId)?.username ?? ''
  const sent = typeof body === 'string' ? Buffer.from(body.replace(OWN_ID, userId).replace(OWN_NAME, name)) : body
  if (isOpenEnded) {
    res.socket?.end(`HTTP/1.1 ${status} x\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${sent.toString()}`)
    return
  }
  res.writeHead(status, { 'content-type': 'application/json', ...(status !== 204 && { 'content-length': String(sent.length) }), ...headers }).end(sent)
}

/** @param code the code that the person types for each text message. Default: the right one */
async function probe(stages: readonly Stage[], code?: () => string): Promise<StageResults & { readonly said: readonly string[] }> {
  const said: string[] = []
  const person = new SimulatedPerson(simulator)
  if (code !== undefined) person.typeCode = () => Promise.resolve(code())
  const { accessKey } = simulator
  const results = await runStages({ baseURL, accessKey, stages, phone: person.number, person, pause: async (ms) => simulator.advance(ms), say: (line) => void said.push(line), signal: new AbortController().signal })
  return { ...results, said }
}

/** What the client says about a code: `yes`, `no`, or `unclear` for an error. */
async function client(isRight: boolean): Promise<'yes' | 'no' | 'unclear'> {
  const { userId } = simulator.addUser({ username: 'Eve', recoveryCodes: ['AAAA-1111-bbbb-2222'] })
  const nevis = new NevisClient({ baseURL, accessKey: simulator.accessKey })
  try {
    return (await nevis.verifyCode({ userId, code: isRight ? 'AAAA-1111-bbbb-2222' : 'zzzz-1111-bbbb-2222', channel: 'recovery' }, { username: 'Eve' })) ? 'yes' : 'no'
  } catch (error) {
    if (error instanceof NevisError) return 'unclear'
    throw error
  } finally {
    await nevis.deleteUser(userId)
  }
}

const ANSWERS: readonly (readonly [name: string, answer: CodeAnswer])[] = [
  ['an empty body', EMPTY],
  ['white space', { status: 200, body: ' \n' }],
  ['{}', json({})],
  ['status succeeded', json({ status: 'succeeded' })],
  ['status ok', json({ status: 'ok' })],
  ['status failed', json({ status: 'failed' })],
  ['status pending', json({ status: 'pending' })],
  ['valid false', json({ valid: false })],
  ['verified true', json({ verified: true })],
  ['an unknown field', json({ remainingCodes: 9 })],
  ['yes, and an unknown field', json({ success: true, remainingCodes: 9 })],
  ['the id of the user', json({ userId: OWN_ID })],
  ['the user', json({ userId: OWN_ID, username: OWN_NAME, status: 'active', authenticators: [] })],
  ['the id of another user', json({ userId: '11111111-2222-4333-8444-555555555555' })],
  ['the name of another user', json({ success: true, username: 'another' })],
  ['a result that refuses', json({ result: 'WRONG_CODE' })],
  ['a result of an unknown word', json({ result: 'CODE_RIGHT' })],
  ['a text for users', json({ message: 'Request blocked' })],
  ['an error inside', json({ error: { code: 7 } })],
  ['a nested yes', json({ data: { verification: { status: 'verified' } } })],
  ['a list', json([])],
  ['a JSON string', json('ok')],
  ['a name twice', { status: 200, body: '{"success":false,"success":true}' }],
  ['a page', { status: 200, body: '<html>OK</html>', headers: { 'content-type': 'text/html' } }],
  ['a text', { status: 200, body: 'OK', headers: { 'content-type': 'text/plain' } }],
  ['JSON after a byte order mark', { status: 200, body: '\uFEFF{"status":"succeeded"}' }],
  ['only a byte order mark', { status: 200, body: '\uFEFF' }],
  ['an empty body without a length', { status: 200, isOpenEnded: true }],
  ['a compressed yes', { status: 200, body: gzipSync('{"status":"succeeded"}'), headers: { 'content-encoding': 'gzip' } }],
  ['a compressed empty body', { status: 200, body: gzipSync(''), headers: { 'content-encoding': 'gzip' } }],
  ...[201, 202, 204, 302, 400, 403, 404, 409, 412, 415, 422, 423, 500].map((status) => [`HTTP ${status}`, { status, body: status === 204 ? '' : '{"status":7}' }] as const),
]

it.each(ANSWERS)('%s › as an answer to any code: the probe concludes what the client does', async (_name, answer) => {
  answerTo = () => answer
  const { facts } = await probe(['quiet', 'users'])
  const [wrong, right] = [await client(false), await client(true)]
  expect(acceptedWrongCodesIn(facts)).toHaveLength(wrong === 'yes' ? 1 : 0)
  // After an error (4xx, 5xx), and after an answer that a gateway may have sent, the probe does not know how Nevis answers a right code.
  const isOpen = answer.status >= 400 || !/^\d/.test(String(facts['verification.recovery.right.http']))
  const sentences = refusalsIn(facts).map(({ sentence }) => sentence)
  expect(sentences).toEqual(isOpen || right === 'yes' ? [] : [expect.stringMatching(/^sign-ins by recovery fail: the answer to a right code is HTTP \d+/)])
  const verdict = answer.status === 200 ? right : undefined
  const step = (name: string) => facts[`verification.recovery.${name}.verdict`]
  expect([step('right'), step('wrong')]).toEqual(facts['verification.recovery.right.http'] === '200' ? [verdict, verdict] : [undefined, undefined])
})

it.each<[string, CodeAnswer, CodeAnswer, dangers: number, refusals: number]>([
  ['the id, and the id with a date', json({ userId: OWN_ID }), json({ userId: OWN_ID, updatedAt: '2026-01-01T00:00:00Z' }), 1, 0],
  ['ok, and nothing', json({ status: 'ok' }), EMPTY, 1, 0],
  ['two words of one kind', json({ result: 'WRONG_CODE' }), json({ result: 'CODE_RIGHT' }), 0, 1],
  ['no, and yes', json({ valid: false }), json({ valid: true }), 0, 0],
  ['HTTP 400, and an unknown field', REFUSED, json({ remainingCodes: 9 }), 0, 1],
])('%s › as the answers to a wrong and a right code: a danger or a refusal only if the client does so', async (_name, wrong, right, dangers, refusals) => {
  answerTo = (isRight) => (isRight ? right : wrong)
  const { facts } = await probe(['quiet', 'users'])
  expect([acceptedWrongCodesIn(facts).length, refusalsIn(facts).length]).toEqual([dangers, refusals])
  expect([await client(false), await client(true)]).toEqual([dangers === 1 ? 'yes' : 'no', refusals === 0 ? 'yes' : right === wrong || right.body?.includes('result') === true ? 'no' : 'unclear'])
})

it('a recovery code that the instance accepts twice › is a warning, with the option to set', async () => {
  let refused = 0
  // Before the used code, the probe sends two wrong ones: for a user who does not exist, and for its test user.
  answerTo = (isRight) => (isRight || refused++ === 2 ? EMPTY : undefined)
  const results = await probe(['quiet', 'users'])
  expect(acceptedWrongCodesIn(results.facts)).toEqual([])
  expect(answersIn(results.facts)).toContainEqual({ question: 'Can a recovery code be used twice?', answer: expect.stringMatching(/^yes: HTTP 200/), does: expect.any(String), option: 'leave `recovery()` out of `factors`' })
  const report = reportOf(results, NOT_COMPARED) as unknown as ReportOfProbe
  expect(findingsOfReport(report)).toContainEqual({ check: 'cloud.probe', level: 'warning', finding: expect.stringMatching(/^Can a recovery code be used twice\? yes/), remedy: 'compare with your options: leave `recovery()` out of `factors`' })
})

it('the report prints how the client reads each answer', async () => {
  answerTo = (isRight) => json({ valid: isRight })
  const { facts } = await probe(['quiet', 'users'])
  const answers = answersIn(facts).filter(({ question }) => /^What does Nevis answer to a (right|wrong) code/.test(question)).map(({ answer }) => answer)
  expect(answers).toEqual(['HTTP 200, valid: false, which the client reads as "no"', 'HTTP 200, valid: true, which the client reads as "yes"'])
})

describe('a code of a text message', () => {
  /** Runs the probe. `failed`: the reasons why stages failed. `texts`: how many text messages it asked for. */
  const typed = async (code?: () => string) => {
    const { facts, failed, said } = await probe(['quiet', 'sms'], code)
    return { facts, failed: failed.map(({ reason }) => reason), texts: said.filter((line) => line.startsWith('Asking Nevis for text message')).length }
  }

  it.each<[string, CodeAnswer]>([
    ['a body that says no', json({ valid: false })],
    ['a redirect', { status: 302 }],
    ['HTTP 404', { status: 404, body: '{}' }],
  ])('that gets %s › is not taken for right', async (_name, answer) => {
    answerTo = () => answer
    const { facts, failed } = await typed()
    expect(failed).toEqual([expect.stringMatching(/^none of 3 typed codes was accepted \((HTTP (200|302|404)|no answer.*)\)$/)])
    expect(Object.keys(facts).filter((name) => /\.right|\.verified/.test(name))).toEqual([])
  })

  it.each<[string, CodeAnswer]>([
    ['an empty body', EMPTY],
    ['HTTP 202', { status: 202 }],
    ['a body that does not say whether it is right', json({ remainingCodes: 9 })],
  ])('that gets %s, and a wrong one HTTP 400 › is taken for right', async (_name, right) => {
    answerTo = (isRight) => (isRight ? right : REFUSED)
    expect(await typed()).toMatchObject({ failed: [], texts: 3 })
  })

  it('that gets a text that a wrong code gets, too › is taken for right only if the status after it is `succeeded`', async () => {
    answerTo = () => json({ note: 'thanks' })
    const { facts, failed } = await typed()
    expect([failed, facts['status.sms.verified.http'], refusalsIn(facts)]).toEqual([[], '200', []])
    const mistyped = await typed(() => '999999')
    expect(mistyped.failed).toEqual(['none of 3 typed codes was accepted (HTTP 200)'])
    expect(Object.keys(mistyped.facts).filter((name) => /\.right|\.verified/.test(name))).toEqual([])
  })

  it('that gets no, although it is right › fails the stage, whatever the status after it is', async () => {
    answerTo = (isRight) => (isRight ? json({ result: 'CODE_RIGHT' }) : REFUSED)
    expect((await typed()).failed).toEqual([expect.stringMatching(/^none of 3 typed codes was accepted/)])
    const right = { 'verification.sms.right.http': '200', 'verification.sms.right.fields': ['result: text'], 'status.sms.verified.http': '200', 'status.sms.verified.fields': ['status: "succeeded"', 'token: JWT'] }
    const sentences = (verdict: string) => refusalsIn({ ...right, 'verification.sms.right.verdict': verdict }).map(({ sentence }) => sentence)
    expect(sentences('no')).toEqual(['sign-ins by sms fail: the answer to a right code is HTTP 200, with a body that says no'])
    expect(sentences('unclear')).toEqual([])
  })
})

describe('a report of an older version, which does not say how the client reads an answer', () => {
  const facts = (wrong: readonly string[], right: readonly string[]) => ({ 'verification.recovery.wrong.http': '200', 'verification.recovery.wrong.fields': wrong, 'verification.recovery.right.http': '200', 'verification.recovery.right.fields': right })

  it.each<[readonly string[], readonly string[], number, number]>([
    [['empty body'], ['empty body'], 1, 0],
    [['result: text'], ['result: text'], 1, 0],
    [['valid: false'], ['valid: true'], 0, 0],
    [['a page'], ['a page'], 0, 1],
  ])('with %j and %j › is read as before', (wrong, right, dangers, refusals) => {
    expect([acceptedWrongCodesIn(facts(wrong, right)).length, refusalsIn(facts(wrong, right)).length]).toEqual([dangers, refusals])
  })
})
