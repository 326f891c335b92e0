/**
 * The report of the command `probe` says how a Nevis instance answers. A simulator that has loaded this report imitates the instance: each flow, such as a
 * sign-in, must end as it does with the instance.
 *
 * The probed instances are simulators, each with one dialect (a possible behaviour of Nevis). The tests try a few dialects. If `EVERY_DIALECT` is set, they try
 * all of them, which takes minutes.
 */
import { DIALECT_NAMES, recognise, runOnSimulator, simulate, type Simulated } from '../../../src/doctor/probe/recognise'
import { reportOf, type ProbeReport } from '../../../src/doctor/probe/report'
import { STAGES, type StageResults } from '../../../src/doctor/probe/stages'
import { play } from '../../dialects/run'
import { situationOf } from '../../dialects/settings'

/** Half an hour: with `EVERY_DIALECT`, the tests probe 200 simulators and run each flow twice with each simulator. */
jest.setTimeout(1_800_000)

/** One dialect for each kind of answer that a dialect can change. All but the last one change how a sign-in or an enrolment ends. */
const SOME = ['sms-status-failed-after-verification', 'wrong-phone-422', 'blocked-start-423', 'authenticator-limit-403', 'recovery-codes-only-once', 'qr-code-svg']
/** Dialects that are left out: with them, every sign-in ends at its first call to Nevis, so there is nothing to compare. */
const LEFT_OUT = ['key-ended-401', 'key-ended-403-without-body']
const PLAYED = (process.env['EVERY_DIALECT'] === undefined ? SOME : DIALECT_NAMES).filter((name) => !LEFT_OUT.includes(name))

let simulated: Simulated
beforeAll(async () => void (simulated = await simulate(STAGES, undefined, PLAYED)))

/** The report as it is after it was written to a file as JSON and read again. */
const reportFor = (results: StageResults): ProbeReport => JSON.parse(JSON.stringify(reportOf(results, recognise(results.facts, simulated)))) as ProbeReport

it.each(PLAYED)('%s', async (name) => {
  const { flows, ...setting } = situationOf(name)
  const report = reportFor(simulated.results.get(name) as StageResults)
  const [probed, loaded] = [await play({ dialect: [name], ...setting }, flows), await play({ dialect: report, ...setting }, flows)]
  expect(loaded).toEqual(probed)
})

it('ends otherwise than without a dialect, so that the comparison says something', async () => {
  const name = 'sms-status-failed-after-verification'
  const flows = ['L sms', 'W sms']
  expect(await play({ dialect: [name] }, flows)).not.toEqual(await play({ dialect: [] }, flows))
})

it('two dialects of one instance', async () => {
  const names = ['wrong-phone-422', 'sms-status-failed-after-verification']
  const report = reportFor(await runOnSimulator(names, STAGES))
  expect(report.dialects).toEqual([...names].sort())
  const setting = { phone: '+99912345678', factors: { authenticators: 1 } }
  const flows = ['L sms', 'A sms', 'E sms', 'L push']
  expect(await play({ dialect: report, ...setting }, flows)).toEqual(await play({ dialect: names, ...setting }, flows))
})
