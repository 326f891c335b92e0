/**
 * Tests the code of a text message that the command `probe` sends too late on purpose, with the flags `--sms` and `--wait`: how long the probe keeps it, what
 * the report says about the answer, and that the code is never in the report.
 */
import { answersIn, flagsOf, unansweredIn } from '../../../src/doctor/probe/questions'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { NOT_COMPARED, recognise, runOnSimulator } from '../../../src/doctor/probe/recognise'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage, type StageOptions } from '../../../src/doctor/probe/stages'
import { NevisSimulator, type NevisSimulatorOptions } from '../../../src/simulator'
import { closing } from '../../support/closing'

jest.setTimeout(60_000)

const QUESTION = 'What does Nevis answer to a code that comes too late?'
const BOTH: readonly Stage[] = ['quiet', 'sms', 'wait']
const ANNOUNCED = 'Asking Nevis for text message 4: type its code now, twice; the probe sends this code only when it is too late.'

/** Probes a simulator. `typed` changes what the person types, given the right code and how often the person was asked before. */
async function probe(given: NevisSimulatorOptions = {}, more: Partial<StageOptions> = {}, typed = (right: string, _asked: number, _simulator: NevisSimulator) => right) {
  const simulator = await NevisSimulator.start(given)
  const said: string[] = []
  const questions: string[] = []
  const person = new SimulatedPerson(simulator)
  const right = person.typeCode.bind(person)
  Object.assign(person, { typeCode: async (which: string) => typed(await right(), questions.push(which) - 1, simulator) })
  let seconds = 0
  const pause = async (ms: number) => {
    seconds += ms / 1000
    simulator.advance(ms)
  }
  /** The codes that were sent to Nevis, each with the time at which it was sent. */
  const sent: { readonly code: string; readonly seconds: number }[] = []
  const { send } = Connections.prototype
  const sends = jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, path, request) {
    const { code } = path.endsWith('/verification') ? (JSON.parse(String(request.body)) as { code: string }) : { code: undefined }
    if (code !== undefined) sent.push({ code, seconds })
    const response = await send.call(this, path, request)
    // The instance repeats the code in its answer.
    return code === undefined || response.status !== 400 ? response : { ...response, text: JSON.stringify({ ...(JSON.parse(response.text) as object), value: code }) }
  })
  const { baseURL, accessKey } = simulator
  try {
    const results = await runStages({ baseURL, accessKey, stages: BOTH, phone: person.number, person, pause, say: (line) => void said.push(line), signal: new AbortController().signal, ...more })
    return { ...results, said, questions, sent, users: simulator.users, texts: said.filter((line) => line.startsWith('Asking Nevis for text message')).length, answer: answersIn(results.facts).find(({ question }) => question === QUESTION) }
  } finally {
    sends.mockRestore()
    await simulator.close()
  }
}

/** For each code that was sent after a pause: whether the pauses before it are 15 minutes, less the time that the calls took. */
const timesOf = (sent: readonly { readonly seconds: number }[]) => sent.filter(({ seconds }) => seconds > 0).map(({ seconds }) => seconds > 850 && seconds <= 900)

describe('a code that comes too late', () => {
  it('is kept until the status says that its sign-in has ended, and is then sent once', async () => {
    const { failed, usersLeft, said, sent, questions, facts, answer } = await probe()
    expect([failed, usersLeft, said.includes(ANNOUNCED)]).toEqual([[], 0, true])
    expect(questions.slice(2)).toEqual(['', ', once more'].map((again) => `text message 4, the one that came last, after the line "Asking Nevis for text message 4"${again}`))
    const late = sent.filter(({ seconds }) => seconds > 0)
    expect([late.map(({ seconds }) => seconds), sent.filter(({ code }) => code === late[0]?.code)]).toEqual([[120], late])
    expect([facts['verification.sms.late.seconds'], facts['status.sms.late.http']]).toEqual(['120', '412'])
    expect(answer).toEqual({
      question: QUESTION,
      answer: 'HTTP 400, after 120 s (to within 5 s), when its status became HTTP 412, status "failed"; so the code lives at most this long',
      does: 'after `lifetimeSeconds` this package refuses each code itself; before that, a code with this answer counts as a wrong code',
      option: '`lifetimeSeconds`, at most this time',
    })
  })

  it.each(['sms-not-pollable', 'sms-status-unknown-200', 'sms-status-pending-for-ever'])('of an instance with %s, whose status never shows the end › is sent after 15 minutes', async (dialect) => {
    const { failed, usersLeft, calls, sent, said, facts, answer } = await probe({ dialect })
    expect([failed, usersLeft, calls < 300]).toEqual([[], 0, true])
    expect(timesOf(sent)).toEqual([true])
    expect(said.some((line) => /^Waiting (up to )?15 minutes(, because the status does not show when the code ends| for the end of the code) …$/.test(line))).toBe(true)
    expect(Object.keys(facts).filter((name) => name.startsWith('status.sms.late'))).toEqual([])
    expect(answer?.answer).toBe('HTTP 400, after 900 s, as its status did not show an end before; so the code lives at most this long')
  })

  it('that Nevis still accepts after 15 minutes › lives at least as long', async () => {
    // No clock moves here, so the code never expires.
    const { answer } = await probe({}, { pause: () => Promise.resolve() })
    expect(answer?.answer).toBe('HTTP 200, empty body, which the client reads as "yes", after 900 s, as its status did not show an end before; so the code lives at least this long')
  })

  it('is sent after 15 minutes, too, if an error about the status says nothing about the code', async () => {
    const { sent, said } = await probe({}, {}, (right, asked, simulator) => {
      if (asked === 3) simulator.faults.add({ on: 'getStatus', status: 403, skip: 12, times: 1 })
      return right
    })
    expect(timesOf(sent)).toEqual([true])
    expect(said).toContain('Waiting 14 minutes, because the status does not show when the code ends …')
  })

  it.each<[string, string, string | undefined, RegExp]>([
    ['late-code-410', 'HTTP 410, after 120 s', '`lifetimeSeconds`, at most this time', /at most this long$/],
    ['late-code-200', 'HTTP 200, empty body, which the client reads as "yes", after 120 s', undefined, /at least this long$/],
    ['verification-needs-channel', 'HTTP 400, after 120 s', '`lifetimeSeconds`, at most this time', /at most this long$/],
  ])('of an instance with %s › gets the answer of this instance', async (dialect, begins, option, ends) => {
    const { answer, failed } = await probe({ dialect })
    expect([failed, answer?.answer.startsWith(begins), answer?.option]).toEqual([[], true, option])
    expect(answer?.answer).toMatch(ends)
  })

  it('of an instance that needs the channel › is sent with the channel', async () => {
    const { send } = Connections.prototype
    const channels: unknown[] = []
    const sends = jest.spyOn(Connections.prototype, 'send').mockImplementation(function (this: Connections, path, request) {
      if (path.endsWith('/verification')) channels.push((JSON.parse(String(request.body)) as { channel?: unknown }).channel)
      return send.call(this, path, request)
    })
    await runOnSimulator('verification-needs-channel', BOTH)
    sends.mockRestore()
    expect(channels.at(-1)).toBe('sms')
  })

  it('is never in the report, even if the instance repeats it', async () => {
    const results = await probe()
    const report = reportOf(results, NOT_COMPARED)
    const printed = JSON.stringify(report) + textOf(report)
    expect(results.sent.length).toBeGreaterThan(4)
    expect(results.sent.filter(({ code }) => code !== '000000' && printed.includes(code))).toEqual([])
    expect(results.facts['verification.sms.late.fields']).toContain('value: the code')
  })

  it.each([['another lifetime of codes', 40], ['a lifetime of codes of ten minutes', 600]])('of an instance with %s › is no difference from the simulator', async (_name, lifetimeSeconds) => {
    const { facts } = await probe({ lifetimeSeconds })
    expect(facts['verification.sms.late.seconds']).toBe(String(lifetimeSeconds))
    const { facts: usual } = await runOnSimulator([], BOTH)
    const withoutEcho = { ...facts, ...Object.fromEntries(Object.entries(usual).filter(([name]) => name.startsWith('verification.') && name.endsWith('.fields'))) }
    expect(recognise(withoutEcho, { facts: usual, dialects: new Map(), results: new Map() }).unexplained).toEqual([])
  })
})

describe('no code is sent too late', () => {
  it.each<[string, readonly Stage[], Partial<StageOptions>, number]>([
    ['without --wait', ['quiet', 'sms'], {}, 3],
    ['without --sms', ['quiet', 'wait'], {}, 0],
  ])('%s, and the question names the flags', async (_name, stages, more, count) => {
    const { texts, facts } = await probe({}, { stages, ...more })
    expect([texts, unansweredIn(facts).includes(QUESTION), flagsOf(QUESTION)]).toEqual([count, true, '--sms --wait'])
  })

  it('if the person declines the stage `sms`', async () => {
    const simulator = closing(await NevisSimulator.start())
    const person = new SimulatedPerson(simulator)
    person.confirm = () => Promise.resolve(false)
    const { baseURL, accessKey } = simulator
    const { finished, failed } = await runStages({ baseURL, accessKey, stages: BOTH, phone: person.number, person, pause: async (ms) => simulator.advance(ms), say: () => undefined, signal: new AbortController().signal })
    expect([finished, failed, simulator.requests.filter(({ operation }) => operation === 'approve').length]).toEqual([['quiet', 'wait'], [], 1])
  })

  it('if Nevis sends no further text message: the stage `wait` fails, and goes on', async () => {
    const { failed, facts, texts } = await probe({ smsRateLimit: 3 })
    expect([failed[0], texts]).toEqual([{ stage: 'wait', reason: 'no text message could be sent for a late code (HTTP 429)' }, 4])
    expect(facts['status.ignored.seconds']).toBe('120')
  })

  it('if Nevis has accepted no code for a sign-in', async () => {
    const { failed, texts, facts } = await probe({}, {}, (right, asked) => (asked === 0 ? right : '999999'))
    expect([failed, texts]).toEqual([[{ stage: 'sms', reason: 'none of 3 typed codes was accepted (HTTP 400)' }], 5])
    expect([facts['approval.sms.late.http'], facts['status.ignored.seconds']]).toEqual([undefined, '120'])
  })

  it('if the person types no code: the stage `wait` fails, and goes on', async () => {
    const { failed, facts } = await probe({}, {}, (right, asked) => (asked < 2 ? right : ''))
    expect(failed).toEqual([{ stage: 'wait', reason: 'no code of a text message was typed twice, so none was sent too late' }])
    expect([facts['verification.sms.late.http'], facts['status.ignored.seconds']]).toEqual([undefined, '120'])
  })

  it('before the person has typed the same code twice: an answer to a mistyped code would show nothing', async () => {
    const { failed, said, sent, questions } = await probe({}, {}, (right, asked) => (asked === 2 ? '111111' : right))
    expect([failed, questions.length, said.includes('You have typed two different codes.')]).toEqual([[], 6, true])
    expect(sent.filter(({ code }) => code === '111111')).toEqual([])
    const never = await probe({}, {}, (right, asked) => (asked >= 2 && asked % 2 === 0 ? '111111' : right))
    expect([never.failed.map(({ stage }) => stage), never.questions.length, never.sent.some(({ code }) => code === '111111')]).toEqual([['wait'], 8, false])
  })
})

it('interrupted while the probe keeps the code › it is not sent, the test users are deleted, and the answers before it stay', async () => {
  const interrupted = new AbortController()
  const { sent, users, usersLeft, endedBy, finished, facts } = await probe({}, {
    signal: interrupted.signal,
    pause: (_ms, signal) => {
      interrupted.abort()
      return Promise.reject(new Error(String(signal?.aborted)))
    },
  })
  expect([endedBy, usersLeft, users, finished]).toEqual(['interrupted', 0, [], ['quiet', 'sms']])
  expect([sent.length, facts['verification.sms.right.http'], facts['approval.sms.late.http']]).toEqual([7, '200', undefined])
})
