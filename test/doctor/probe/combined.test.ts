/**
 * The command `probe` finds out how a Nevis instance answers. It names the dialects (possible behaviours of Nevis, which the simulator imitates) that match.
 * These tests probe an instance with several dialects at once. The probe must name all of them, and a simulator with these dialects must answer like the
 * instance.
 */
import { answersIn } from '../../../src/doctor/probe/questions'
import { DIALECT_NAMES, differencesOf, recognise, runOnSimulator, simulate, type Simulated } from '../../../src/doctor/probe/recognise'
import type { Stage } from '../../../src/doctor/probe/stages'
import { BASE_URL, shapeOf } from '../../../src/doctor/probe/shape'

jest.setTimeout(300_000)

const STAGES: readonly Stage[] = ['quiet', 'users', 'app', 'sms']
const COMBINED = [
  ['link-custom-scheme', 'app-channel-is-qr-code'],
  ['audience-api', 'issuer-missing', 'subject-username'],
  ['issuer-missing', 'expiry-minus-one', 'without-nbf'],
  ['wrong-code-422', 'sms-enrolment-200', 'recovery-codes-named-codes'],
  // In the next two lines, the second dialect adds an error, and the first dialect changes the form of this error.
  ['errors-as-problems', 'sms-status-405'],
  ['errors-as-problems', 'wrong-code-403'],
  // In the next lines, the second dialect answers with an error body or a text where the simulator has a status or an error body.
  ['errors-as-problems', 'status-failed-error-body'],
  ['errors-as-problems', 'status-unknown-error-body'],
  ['errors-as-problems', 'unknown-user-404-text'],
]

let simulated: Simulated
beforeAll(async () => {
  // Also simulate a sample of the other dialects, so that the test fails if the probe names one of these other dialects by mistake.
  simulated = await simulate(STAGES, undefined, DIALECT_NAMES.filter((name, at) => COMBINED.flat().includes(name) || at % 6 === 0))
})

it.each(COMBINED.map((names) => [names.join(' and '), names] as const))('%s › are all named, nothing else is, and the simulator answers alike', async (_names, names) => {
  const { facts, failed, usersLeft } = await runOnSimulator(names, STAGES)
  expect([failed, usersLeft]).toEqual([[], 0])
  const { dialects, unexplained, unsettled } = recognise(facts, simulated)
  expect([dialects, unexplained, unsettled]).toEqual([[...names].sort(), [], undefined])
  expect([...differencesOf((await runOnSimulator(dialects, STAGES)).facts, facts)]).toEqual([])
})

it('an instance with the older name of the channel `app` › is asked again with this name, and the option is named, without the stage `users`', async () => {
  const options = (dialect: string, stages: readonly Stage[]) => runOnSimulator(dialect, stages).then(({ facts, failed }) => [failed, answersIn(facts).find(({ question }) => question.startsWith('Under which name'))?.option])
  expect(await options('app-channel-is-qr-code', ['quiet', 'app'])).toEqual([[], "`app({ channel: 'qr-code' })`"])
  expect(await options('chunked', ['quiet', 'app'])).toEqual([[], undefined])
})

describe('an instance with a host name of its own, instead of the simulator\'s IP address', () => {
  const PROBED: readonly Stage[] = ['quiet', 'users', 'app']
  const APP_HOST = 'URL of the instance\'s app host'
  const NAMES = ['issuer-app-host', 'issuer-missing', 'link-missing', 'link-of-app-host']
  let few: Simulated
  beforeAll(async () => void (few = await simulate(PROBED, undefined, NAMES)))

  /** What the probe recognises if this field has values of this kind in the answers to all steps that match `steps`. */
  const withKind = (steps: RegExp, field: string, kind: string) => {
    const changed = (fields: string | readonly string[]) => [fields].flat().map((one) => (one.replace(/: .*$/, '').endsWith(field) ? `${one.replace(/: .*$/, '')}: ${kind}` : one))
    const facts = Object.fromEntries(Object.entries(few.facts).map(([name, value]) => [name, name.endsWith('.fields') && steps.test(name) ? changed(value) : value]))
    return recognise(facts, few)
  }

  it.each([
    ['links of an enrolment to its app host', /^enroll/, 'appLinkUri', APP_HOST, []],
    ['all links to its app host', /./, 'appLinkUri', APP_HOST, ['link-of-app-host']],
    ['its app host as `iss`', /^introspect\.(?!key)/, 'iss', `${APP_HOST}, with a slash at its end`, ['issuer-app-host']],
  ])('%s › are no missing links and issuers', (_name, steps, field, kind, dialects) => {
    expect(withKind(steps, field, kind)).toMatchObject({ dialects, unexplained: [] })
  })

  it.each([['appLinkUri', /^(enroll|approval)/], ['iss', /^introspect/]])('another host in %s › is no dialect, and is listed', (field, steps) => {
    const { dialects, unexplained } = withKind(steps, field, 'URL of another host')
    expect([dialects, unexplained.length > 0, unexplained.every((one) => one.includes(field))]).toEqual([[], true, true])
  })

  it('the app host has the same words for a host name and for an IP address', () => {
    const kind = (base: string, url: string) => shapeOf({ iss: url }, new Map([[base, BASE_URL]]))
    expect(kind('https://abc.mauth.nevis.cloud', 'https://abc-app.mauth.nevis.cloud/')).toEqual([`iss: ${APP_HOST}, with a slash at its end`])
    expect(kind('http://127.0.0.1:4000', 'http://127.0.0.1-app:4000/')).toEqual([`iss: ${APP_HOST}, with a slash at its end`])
    expect(kind('https://abc.mauth.nevis.cloud', 'https://abc-app.mauth.nevis.cloud.example/')).toEqual(['iss: URL of another host'])
  })
})
