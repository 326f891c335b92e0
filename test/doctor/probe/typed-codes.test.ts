/**
 * What the command `probe` does if the person who runs it mistypes the code of a text message or types no code, and how the probe says which text message it
 * asks about.
 */
import { PassThrough } from 'node:stream'
import { probeCommand } from '../../../src/doctor/probe/probe-command'
import type { Facts } from '../../../src/doctor/probe/facts-reader'
import { acceptedWrongCodesIn } from '../../../src/doctor/probe/code-answers'
import { refusalsIn } from '../../../src/doctor/probe/needs'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { differencesOf, recognise, runOnSimulator } from '../../../src/doctor/probe/recognise'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages } from '../../../src/doctor/probe/stages'
import { TestUsers } from '../../../src/doctor/probe/test-users'
import { NevisSimulator } from '../../../src/simulator'
import { closing } from '../../support/closing'

jest.setTimeout(60_000)

/**
 * Replaces `simulate`, because these tests do not need its result: it would run the probe on the simulator in each dialect (possible behaviour of Nevis), which
 * takes seconds.
 */
jest.mock('../../../src/doctor/probe/recognise', () => ({
  ...jest.requireActual<object>('../../../src/doctor/probe/recognise'),
  simulate: () => Promise.resolve({ facts: {}, dialects: new Map(), results: new Map() }),
}))

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(() => simulator.close())

/** Probes with a person who types what `typed` returns, given the right code and how often the person was asked before. */
async function probe(typed: (right: string, asked: number) => string, instance = simulator) {
  const said: string[] = []
  const questions: string[] = []
  const person = new SimulatedPerson(instance)
  const right = person.typeCode.bind(person)
  const typeCode = async (which: string) => {
    questions.push(which)
    return typed(await right(), questions.length - 1)
  }
  Object.assign(person, { typeCode })
  const { baseURL, accessKey } = instance
  const results = await runStages({ baseURL, accessKey, stages: ['quiet', 'sms'], phone: person.number, person, pause: () => Promise.resolve(), say: (line) => void said.push(line), signal: new AbortController().signal })
  return { ...results, said, questions }
}

const WRONG = '999999'

describe('a mistyped code', () => {
  it.each([
    ['at the enrolment', 0],
    ['at the sign-in', 1],
  ])('%s › the person is told and types that of a new text message; the report is as without it', async (_name, when) => {
    const { facts, failed, said, usersLeft } = await probe((right, asked) => (asked === when ? WRONG : right))
    expect([failed, usersLeft]).toEqual([[], 0])
    expect(said).toContain('Nevis did not accept this code (HTTP 400).')
    expect(said).toContain(`Asking Nevis for text message ${when === 0 ? 2 : 4}: type its code instead.`)
    expect([...differencesOf(facts, (await runOnSimulator([], ['quiet', 'sms'])).facts)]).toEqual([])
  })

  it('of an instance that wants the channel › is told from a right one', async () => {
    const instance = closing(await NevisSimulator.start({ dialect: 'verification-needs-channel' }))
    const { facts, failed } = await probe((right, asked) => (asked === 0 ? WRONG : right), instance)
    expect(failed).toEqual([])
    expect([...differencesOf(facts, (await runOnSimulator('verification-needs-channel', ['quiet', 'sms'])).facts)]).toEqual([])
  })

  it('three times › fails the stage, and the report has no answer to a right code', async () => {
    const { facts, failed, questions } = await probe(() => WRONG)
    expect(failed).toEqual([{ stage: 'sms', reason: 'none of 3 typed codes was accepted (HTTP 400)' }])
    expect(questions).toHaveLength(3)
    expect(simulator.requests.filter(({ operation }) => operation === 'approve').map(({ status }) => status)).toEqual([404])
    expect(Object.keys(facts).filter((name) => /\.right|sms\.code|\.verified/.test(name))).toEqual([])
    const { facts: usual } = await runOnSimulator([], ['quiet', 'sms'])
    expect(recognise(facts, { facts: usual, dialects: new Map(), results: new Map() }, failed.length > 0).unexplained).toEqual([])
  })
})

describe('a code', () => {
  it.each([['with a space', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`], ['with dashes', (code: string) => [...code].join('-')]])('typed %s › is sent without it', async (_name, form) => {
    const { failed, facts } = await probe((right) => form(right))
    expect([failed, facts['sms.code']]).toEqual([[], '6 digits'])
  })

  it('with letters, that the instance accepts › is a reason why sign-ins by sms fail: the strategy accepts only digits', async () => {
    const { send } = Connections.prototype
    const sends = jest.spyOn(Connections.prototype, 'send').mockImplementation(function (this: Connections, path, request) {
      return send.call(this, path, { ...request, body: request.body?.replace('"code":"A', '"code":"') })
    })
    const { failed, facts } = await probe((right) => `A${right}`)
    sends.mockRestore()
    expect([failed, refusalsIn(facts).map(({ sentence }) => sentence)]).toEqual([[], ['sign-ins by sms, enrolments by sms fail: the code does not consist of digits']])
  })

  it.each(['abc', 'hello', '12', '1234567890123', 'ä1234'])('that cannot be one, such as %s › is asked for again, and costs no text message', async (typed) => {
    const { failed, said } = await probe((right, asked) => (asked === 0 ? typed : right))
    expect(failed).toEqual([])
    expect(said).toContain('This cannot be a code: a code has 4 to 12 digits or letters, with at least one digit. Type it again.')
    expect(said.filter((line) => line.startsWith('Asking Nevis for text message'))).toHaveLength(3)
  })
})

describe('no code', () => {
  it('is not sent: the person is asked again', async () => {
    const { failed } = await probe((right, asked) => (asked === 0 ? '' : right))
    expect(failed).toEqual([])
    expect(simulator.requests.filter(({ operation }) => operation === 'verifyCode')).toHaveLength(await usualCalls())
  })

  it('that can be one in three inputs › fails the stage, and the person is asked to type it again only twice', async () => {
    const { failed, said } = await probe(() => 'abc')
    expect(failed).toHaveLength(1)
    expect(said.filter((line) => line.startsWith('This cannot be a code')).map((line) => line.endsWith(' Type it again.'))).toEqual([true, true, false])
  })

  it('at all › fails the stage', async () => {
    const { failed, questions } = await probe(() => '')
    expect([failed, questions.length]).toEqual([[{ stage: 'sms', reason: 'no code of a text message was typed (the stage ends after 3 inputs that cannot be a code)' }], 3])
  })
})

/** How often the probe verifies a code if nothing is mistyped. */
async function usualCalls(): Promise<number> {
  const other = closing(await NevisSimulator.start())
  await probe((right) => right, other)
  return other.requests.filter(({ operation }) => operation === 'verifyCode').length
}

it('the question says which of several text messages is meant', async () => {
  const { questions, said } = await probe((right) => right)
  expect(questions).toEqual([1, 3].map((count) => `text message ${count}, the one that came last, after the line "Asking Nevis for text message ${count}"`))
  for (const count of [1, 3]) expect(said.some((line) => line.startsWith(`Asking Nevis for text message ${count}: `))).toBe(true)
})

it('the terminal asks for the code of that text message', async () => {
  const input = new PassThrough()
  let shown = ''
  const writes = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text)
    if (String(text).includes('Continue?')) setImmediate(() => input.write('y\n'))
    if (String(text).includes('Type the code of')) setImmediate(() => input.end())
    return true
  })
  const out: string[] = []
  const exitCode = await probeCommand(['--sms', '+41790000000'], { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }, { log: (text) => void out.push(text), error: () => undefined }, input)
  writes.mockRestore()
  expect([exitCode, shown]).toEqual([1, expect.stringContaining('Type the code of text message 1, the one that came last, after the line "Asking Nevis for text message 1": ')])
  expect(out.join('\n')).toContain('Stages that failed:\n  sms: the input ended before the answer to a question\n')
})

it('test users that may still exist › are named before the comparison with the simulator, during which the developer may end the command', async () => {
  const deletions = jest.spyOn(TestUsers.prototype, 'deleteAll').mockResolvedValue(['Passport-Nevis-Probe-1'])
  const err: string[] = []
  await probeCommand([], { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }, { log: () => undefined, error: (text) => void err.push(text) })
  deletions.mockRestore()
  expect(err.slice(-2)).toEqual([expect.stringMatching(/^These test users may still exist\. .*\n {2}Passport-Nevis-Probe-1$/), 'Comparing with the simulator in each dialect …'])
})

describe('a wrong code', () => {
  it.each<[string, Record<string, unknown>, number]>([
    ...['verification.sms.wrong', 'verification.sms.wrong.with-channel', 'verification.enroll.sms.wrong', 'verification.recovery.wrong'].flatMap((step) =>
      ['empty body', ': empty object'].map((field): [string, Record<string, unknown>, number] => [`(${step}) that gets HTTP 200 with ${field}`, { [`${step}.http`]: '200', [`${step}.fields`]: [field] }, 1]),
    ),
    ['that gets the answer of a right code, both with the channel', { 'verification.sms.wrong.with-channel.http': '200', 'verification.sms.wrong.with-channel.fields': ['status: "ok"'], 'verification.sms.right.with-channel.http': '200', 'verification.sms.right.with-channel.fields': ['status: "ok"'] }, 1],
    ['that gets the answer of a right code', { 'verification.sms.wrong.http': '200', 'verification.sms.wrong.fields': ['status: "ok"'], 'verification.sms.right.http': '200', 'verification.sms.right.fields': ['status: "ok"'] }, 1],
    ['that gets HTTP 200 only with the channel, which a right code does not need', { 'verification.sms.wrong.http': '400', 'verification.sms.wrong.with-channel.http': '200', 'verification.sms.wrong.with-channel.verdict': 'yes', 'verification.sms.right.http': '200', 'verification.sms.right.verdict': 'yes' }, 0],
    ['of an enrolment that gets HTTP 200 only with the channel, which a right code does not need', { 'verification.enroll.sms.wrong.http': '400', 'verification.enroll.sms.wrong.with-channel.http': '200', 'verification.enroll.sms.wrong.with-channel.verdict': 'yes', 'verification.sms.right.http': '200', 'verification.sms.right.verdict': 'yes' }, 0],
    ['that gets HTTP 200 only with the channel, which a right code needs', { 'verification.sms.wrong.http': '400', 'verification.sms.wrong.with-channel.http': '200', 'verification.sms.wrong.with-channel.verdict': 'yes', 'verification.sms.right.http': '400', 'verification.sms.right.with-channel.http': '200', 'verification.sms.right.with-channel.verdict': 'yes' }, 1],
    ['that gets another answer than a right code', { 'verification.sms.wrong.http': '200', 'verification.sms.wrong.fields': ['status: "failed"'], 'verification.sms.right.http': '200' }, 0],
    ['that gets HTTP 400', { 'verification.sms.wrong.http': '400', 'verification.sms.right.http': '200' }, 0],
  ])('%s › is reported as a danger, if an app would accept it', (_name, facts, dangers) => {
    expect(acceptedWrongCodesIn(facts as Facts)).toHaveLength(dangers)
    const report = reportOf({ facts: facts as Facts, finished: ['sms'], failed: [], ofFailed: new Map(), obstacle: undefined, calls: 1, usersLeft: 0, namesLeft: [], endedBy: undefined }, 'the comparison was interrupted')
    expect(textOf(report).startsWith('DANGER: ')).toBe(dangers === 1)
  })
})
