/**
 * The report of the command `probe` says how a Nevis instance answers. Tests that the report draws no conclusion from a request that got no answer: the
 * questions that need this answer stay open, the stage (a part of the run) counts as failed, and the report lists no difference from the simulator that exists
 * only because of the lost answer.
 */
import { app, NevisStrategy, push, sms } from '../../../src'
import { instanceFindings } from '../../../src/doctor/instance-checks'
import { Caller } from '../../../src/doctor/probe/caller'
import type { Facts } from '../../../src/doctor/probe/facts-reader'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { DIALECT_NAMES, recognise, runOnSimulator, simulate, type Simulated } from '../../../src/doctor/probe/recognise'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import type { Stage, StageResults } from '../../../src/doctor/probe/stages'
import { findingsOfReport } from '../../../src/doctor/probe-findings'
import { answersIn } from '../../../src/doctor/probe/questions'
import { FactsReader } from '../../../src/doctor/probe/facts-reader'
import { pooled } from '../../dialects/run'

jest.setTimeout(300_000)

const PROBED: readonly Stage[] = ['quiet', 'users', 'app', 'sms']
const failing = () => Object.assign(new Error('reset'), { code: 'ECONNRESET' })

/** Runs the probe on a simulator that loses its answer to the requests of one step: the simulator gets the request, the probe no answer. */
async function losing(step: string, stages: readonly Stage[] = PROBED): Promise<StageResults> {
  const { call } = Caller.prototype
  const { send } = Connections.prototype
  let isLosing = false
  const spies = [
    jest.spyOn(Caller.prototype, 'call').mockImplementation(async function (this: Caller, ...given) {
      isLosing = given[0] === step
      return call.apply(this, given).finally(() => (isLosing = false))
    }),
    jest.spyOn(Connections.prototype, 'send').mockImplementation(async function (this: Connections, ...given) {
      const isLost = isLosing
      const response = await send.apply(this, given)
      if (isLost) throw failing()
      return response
    }),
  ]
  const results = await runOnSimulator([], stages)
  for (const spy of spies) spy.mockRestore()
  return results
}

/**
 * Dialects (possible behaviours of Nevis) that leave out fields of an answer. An error lacks these fields, too, so the probe could mistake an error for one of
 * these dialects.
 */
const EASILY_MISTAKEN = ['recovery-codes-are-the-answer', 'recovery-user-nested', 'intent-token-named', 'sms-enrolment-like-an-approval', 'sms-enrolment-without-user-id', 'recovery-codes-only-once']

let plain: StageResults
let simulated: Simulated
beforeAll(async () => {
  plain = await runOnSimulator([], PROBED)
  // Simulate a sample of the dialects, so that the tests fail if the probe takes a lost answer for the behaviour of one of them.
  simulated = await simulate(PROBED, undefined, DIALECT_NAMES.filter((name, at) => at % 4 === 0 || EASILY_MISTAKEN.includes(name)))
})

const steps = () => Object.keys(plain.facts).filter((name) => name.endsWith('.http')).map((name) => name.slice(0, -'.http'.length))
/** True for a status request that the probe repeats while it waits for the phone. One lost answer to such a request does not make the stage fail. */
const isRepeated = (step: string) => /^status\.(enroll\.app|push|app)\.(succeeded|accepted|denied)$/.test(step)

it('a lost answer to any single request › is no answer, no difference, and no dialect; its stage failed', async () => {
  const results = await pooled(steps(), 1, async (step) => [step, await losing(step)] as const)
  const wrong = results.flatMap(([step, { facts, failed, usersLeft }]) => {
    const { dialects, unexplained } = recognise(facts, simulated, failed.length > 0)
    const said = answersIn(facts).filter(({ answer }) => /no answer|HTTP (?!\d)/.test(answer))
    // If an answer in the report differs from the usual one, the probe has guessed it: the response that shows the answer was lost.
    const usual = answersIn(plain.facts)
    const guessed = answersIn(facts).filter(({ question, answer, option }) => usual.some((one) => one.question === question && (one.answer !== answer || one.option !== option)))
    const isFine = dialects.length + unexplained.length + said.length + guessed.length + usersLeft === 0 && (failed.length > 0 || isRepeated(step))
    return isFine ? [] : [{ step, dialects, unexplained, said, guessed, failed, usersLeft }]
  })
  expect(wrong).toEqual([])
})

describe('a request that the server refuses only for a moment', () => {
  /** What the probe would have recorded (`facts`) if Nevis had answered the request `step` with the HTTP status `http`. */
  const refused = (facts: Facts, step: string, http: string): Facts => ({ ...facts, [`${step}.http`]: http, [`${step}.type`]: 'application/json', [`${step}.fields`]: ['status: HTTP status'] })

  it.each(['429', '502', '503', '504'])('with HTTP %s › answers no question, and the doctor finds nothing wrong because of it', (http) => {
    const settings = new NevisStrategy({ baseURL: 'http://127.0.0.1:1', accessKey: 'key', waitingURL: '/2fa', factors: [push(), app(), sms({ requireIntrospection: true })], operation: 'approve-or-enroll', healthCheck: true }, async () => false).settings
    const found = (facts: Facts) => instanceFindings({ answers: [], unexplained: [], stages: PROBED, obstacle: undefined, facts }, settings).map(({ level, finding }) => `${level} ${finding}`)
    const [usual, usualFindings] = [answersIn(plain.facts).map((one) => JSON.stringify(one)), found(plain.facts)]
    const guessed = steps().flatMap((step) => {
      const facts = refused(plain.facts, step, http)
      return [...answersIn(facts).map((one) => JSON.stringify(one)).filter((one) => !usual.includes(one)), ...found(facts).filter((one) => !usualFindings.includes(one))].map((one) => `${step}: ${one}`)
    })
    expect(guessed).toEqual([])
    expect(steps().length).toBeGreaterThan(50)
  })

  it('because of its limit (429), in the stage `limits` › is an answer; 503 is none', () => {
    const facts = { 'limit.pushes.http': '429', 'limit.pushes.after': '3' }
    expect(answersIn(facts)).toMatchObject([{ answer: 'after 3 requests: HTTP 429' }])
    expect(answersIn({ ...facts, 'limit.pushes.http': '503' })).toEqual([])
  })
})

describe('a request that the instance refuses, though the simulator accepts it', () => {
  /** What the probe would have recorded (`Facts`) if the instance had refused the request `step` with the HTTP status `http`. */
  const refused = (step: string, http: string): Facts => ({ ...plain.facts, [`${step}.http`]: http, [`${step}.type`]: 'application/json', [`${step}.fields`]: ['error: text', 'status: HTTP status'] })

  it('settles nothing: it is no difference and no dialect, the report names it, and no answer is guessed from it', () => {
    const usual = answersIn(plain.facts).map((one) => JSON.stringify(one))
    const accepted = steps().filter((step) => String(plain.facts[`${step}.http`]).startsWith('2'))
    const few = { ...simulated, dialects: new Map([...simulated.dialects].filter(([name]) => EASILY_MISTAKEN.includes(name))) }
    const wrong = accepted.flatMap((step) => {
      const { dialects, unexplained, unsettled } = recognise(refused(step, '402'), few)
      const guessed = answersIn(refused(step, '402')).filter((one) => !usual.includes(JSON.stringify(one)) && !one.answer.includes('HTTP 402'))
      return dialects.length + unexplained.length + guessed.length === 0 && String(unsettled) === `${step}: HTTP 402` ? [] : [{ step, dialects, unexplained, unsettled, guessed }]
    })
    expect([accepted.length > 40, wrong]).toEqual([true, []])
  })

  it.each([['enroll.recovery', '403'], ['enroll.recovery', '404'], ['enroll.sms.no-number', '403'], ['intent', '404'], ['intent', '500']])('%s with HTTP %s › names no dialect', (step, http) => {
    expect(recognise(refused(step, http), simulated)).toEqual({ dialects: [], alike: [], unexplained: [], unsettled: [`${step}: HTTP ${http}`] })
  })

  it.each([['status.push.accepted.again', '404'], ['limit.pushes.verification', '423'], ['enroll.sms.no-number', '400']])('%s with HTTP %s › is an answer of Nevis, and stays a difference', (step, http) => {
    const { unexplained, unsettled = [] } = recognise(refused(step, http), simulated)
    expect([unexplained.some((one) => one.startsWith(step)), unsettled]).toEqual([true, []])
  })

  it('with a status that a dialect has › is explained by the dialect', () => {
    const { facts } = simulated.results.get('recovery-codes-only-once') as StageResults
    expect(recognise(facts, simulated)).toEqual({ dialects: ['recovery-codes-only-once'], alike: [], unexplained: [] })
  })

  it('with the status that a wrong code gets, too › does not show what a wrong code gets', () => {
    const facts = { ...refused('verification.recovery.right', '403'), ...refused('verification.recovery.wrong', '403'), 'verification.recovery.right.http': '403' }
    expect(recognise(facts, simulated).unsettled).toEqual(['verification.recovery.wrong: HTTP 403', 'verification.recovery.right: HTTP 403'])
  })

  it('is named with its question in the report, and by the doctor', () => {
    const facts = refused('enroll.recovery', '403')
    const report = reportOf({ ...plain, facts }, recognise(facts, simulated))
    const text = textOf(report)
    expect(text).toContain('  Where are the recovery codes? (not settled: enroll.recovery got HTTP 403)\n')
    expect(text).toContain('\nNot settled, because the instance refused requests that the simulator accepts (the access key may lack a permission, for example):\n  enroll.recovery: HTTP 403\n')
    expect(text).toContain('  none: apart from the requests that it refused (see "Not settled"), the instance answers like the simulator without a dialect\n')
    expect(findingsOfReport({ ...report, obstacle: undefined, failed: [] })).toContainEqual(expect.objectContaining({ level: 'warning', finding: expect.stringContaining('enroll.recovery: HTTP 403') as string }))
  })
})

it('the report marks the failed stage, and names the flag of a question without an answer', async () => {
  const results = await losing('enroll.recovery', ['quiet', 'users'])
  const report = reportOf(results, recognise(results.facts, simulated, true))
  const text = textOf(report)
  expect(report.unanswered).toContain('Where are the recovery codes?')
  expect(text).toContain('  Where are the recovery codes? (--users)\n')
  expect(text).toContain('  After which time does an unfinished enrolment expire? (--wait)\n')
  expect(text).toContain('  How many phones may a user have? (--app --limits)\n')
  expect(text).toContain('\nStages: quiet, users (failed). Calls: ')
  expect(text).toContain('  none: as far as asked, the instance answers like the simulator without a dialect (stages not completed: users, app, sms, wait, limits)\n')
  expect(text).not.toContain('enroll.recovery.codes')
})

it('no stage at all › is said', () => {
  const nothing: StageResults = { facts: {}, finished: [], failed: [], ofFailed: new Map(), obstacle: undefined, calls: 3, usersLeft: 0, namesLeft: [], endedBy: 'interrupted' }
  expect(textOf(reportOf(nothing, 'interrupted'))).toContain('Stages: none completed. Calls: 3.')
})

it('a reader of the records knows whether it has read about a lost request', () => {
  const facts = { 'a.http': 'no answer (ECONNRESET)', 'b.http': '404', 'b.fields': ['status: HTTP status'] }
  const reader = new FactsReader(facts)
  expect([reader.has('b'), reader.saw('b'), reader.hasReadLost]).toEqual([true, 'HTTP 404', false])
  expect([reader.http('a'), reader.has('a'), reader.hasReadLost]).toEqual(['', false, true])
})
