/**
 * Which dialects the probe names if an instance answers in several of them at once, and whether a simulator with these dialects answers as the instance does.
 */
import { answersIn } from '../../../src/doctor/probe/questions'
import { DIALECT_NAMES, differencesOf, recognise, runOnSimulator, simulate, type Simulated } from '../../../src/doctor/probe/recognise'
import type { Stage } from '../../../src/doctor/probe/stages'

jest.setTimeout(300_000)

const STAGES: readonly Stage[] = ['quiet', 'users', 'app', 'sms']
const COMBINED = [
  ['link-custom-scheme', 'app-channel-is-qr-code'],
  ['audience-api', 'issuer-missing', 'subject-username'],
  ['issuer-missing', 'expiry-minus-one', 'without-nbf'],
  ['wrong-code-422', 'sms-enrolment-200', 'recovery-codes-named-codes'],
]

let simulated: Simulated
beforeAll(async () => {
  // Also simulate a sample of the other dialects, so that the test fails if the probe names one of these other dialects by mistake.
  simulated = await simulate(STAGES, undefined, DIALECT_NAMES.filter((name, at) => COMBINED.flat().includes(name) || at % 6 === 0))
})

it.each(COMBINED.map((names) => [names.join(' and '), names] as const))('%s › are all named, nothing else is, and the simulator answers alike', async (_names, names) => {
  const { facts, failed, usersLeft } = await runOnSimulator(names, STAGES)
  expect([failed, usersLeft]).toEqual([[], 0])
  const { dialects, unexplained } = recognise(facts, simulated)
  expect([dialects, unexplained]).toEqual([[...names].sort(), []])
  expect([...differencesOf((await runOnSimulator(dialects, STAGES)).facts, facts)]).toEqual([])
})

it('an instance with the older name of the channel `app` › is asked again with this name, and the option is named, without the stage `users`', async () => {
  const options = (dialect: string, stages: readonly Stage[]) => runOnSimulator(dialect, stages).then(({ facts, failed }) => [failed, answersIn(facts).find(({ question }) => question.startsWith('Under which name'))?.option])
  expect(await options('app-channel-is-qr-code', ['quiet', 'app'])).toEqual([[], "`app({ channel: 'qr-code' })`"])
  expect(await options('chunked', ['quiet', 'app'])).toEqual([[], undefined])
})
