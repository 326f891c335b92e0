/**
 * Tests the command `probe` if its hour ends in the stage `wait`, which alone may take 45 minutes: the report contains the answers of the parts of this stage
 * that were complete, and names the questions that are left.
 *
 * Neither the hour nor a pause passes in fact: each pause moves the simulator's clock, and the hour ends when enough pauses have been asked for.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { probeCommand } from '../../../src/doctor/probe/probe-command'
import type { ProbeReport } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { NevisSimulator } from '../../../src/simulator'

jest.setTimeout(60_000)

const HOUR_S = 3600
const mockClock = { seconds: 0, pause: (_ms: number, _signal?: AbortSignal): Promise<void> => Promise.resolve() }
let mockPerson: SimulatedPerson
jest.mock('node:timers/promises', () => ({
  ...jest.requireActual<object>('node:timers/promises'),
  setTimeout: (ms: number, _value: unknown, { signal }: { signal?: AbortSignal } = {}) => mockClock.pause(ms, signal),
}))
jest.mock('../../../src/doctor/probe/terminal-person', () => ({ TerminalPerson: function () { return mockPerson } }))

let simulator: NevisSimulator
beforeEach(async () => {
  simulator = await NevisSimulator.start()
  mockPerson = new SimulatedPerson(simulator)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await simulator.close()
})

const LATE = 'What does Nevis answer to a code that comes too late?'
const ENROLMENT = 'After which time does an unfinished enrolment expire?'
const APPROVAL = 'After which time does an unanswered approval expire?'

/** Runs the command with the stages `app`, `sms` and `wait`. The person has needed `spent` seconds before the stage `wait`. */
async function probed(spent: number) {
  const folder = mkdtempSync(join(tmpdir(), 'hour-'))
  const file = join(folder, 'report.json')
  const said: string[] = []
  let endHour = () => undefined as void
  const start = globalThis.setTimeout
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((task: () => void, ms: number, ...more: []) => {
    if (ms === HOUR_S * 1000) endHour = task
    return start(task, ms, ...more)
  }) as typeof setTimeout)
  mockClock.seconds = spent
  mockClock.pause = (ms, signal) => {
    simulator.advance(ms)
    mockClock.seconds += ms / 1000
    if (mockClock.seconds >= HOUR_S && signal?.aborted === false) endHour()
    return signal?.aborted === true ? Promise.reject(new Error('aborted')) : Promise.resolve()
  }
  try {
    const env = { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }
    const exitCode = await probeCommand(['--app', '--sms', mockPerson.number, '--wait', '--out', file], env, { log: () => undefined, error: (line) => void said.push(line) }, new PassThrough())
    return { exitCode, said, report: JSON.parse(readFileSync(file, 'utf8')) as ProbeReport }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// Each of the three parts takes 120 seconds: the late code, the enrolment, and the approval.
it.each<[string, number, string[]]>([
  ['code is kept', 3500, []],
  ['enrolment is not completed', 3400, [LATE]],
  ['approval is not answered', 3300, [LATE, ENROLMENT]],
])('an hour that ends while the %s › the report is written, with the answers of the parts before', async (_name, spent, answered) => {
  const { exitCode, said, report } = await probed(spent)
  expect([exitCode, said.some((line) => line.startsWith('An hour has passed.')), simulator.users, report.usersLeft]).toEqual([1, true, [], 0])
  expect([report.stages, report.failed, report.endedBy]).toEqual([['quiet', 'app', 'sms'], [{ stage: 'wait', reason: 'interrupted' }], 'interrupted'])
  const all = [LATE, ENROLMENT, APPROVAL]
  expect(report.answers.map(({ question }) => question).filter((one) => all.includes(one))).toEqual(answered)
  expect(report.unanswered.filter((one) => all.includes(one))).toEqual(all.filter((one) => !answered.includes(one)))
  // Of a part that did not end, nothing is kept: its status is `pending`, and would be taken for the status at the end.
  const partOf = (name: string) => (/\.late\b/.test(name) ? LATE : /\bapproval\b/.test(name) ? APPROVAL : ENROLMENT)
  const ofStage = Object.keys(report.facts).filter((name) => /\b(late|ignored)\b/.test(name))
  expect([...new Set(ofStage.map(partOf))]).toEqual(answered)
})

it('an hour that ends after a part has failed › keeps no answer of the stage: nothing shows whether Nevis itself has answered', async () => {
  const typeCode = mockPerson.typeCode.bind(mockPerson)
  let asked = 0
  mockPerson.typeCode = () => (++asked > 2 ? Promise.resolve('') : typeCode())
  // There is no late code, so the hour ends while the approval is not answered.
  const { report } = await probed(3400)
  const failed = { stage: 'wait', reason: 'no code of a text message was typed twice, so none was sent too late' }
  expect([report.failed, report.answers.map(({ question }) => question).includes(ENROLMENT)]).toEqual([[failed, { stage: 'wait', reason: 'interrupted' }], false])
})
