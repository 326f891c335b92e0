/** The probe answers the open questions of Nevis's documents: if an instance needs an option, the report names the option, and the doctor repeats it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answersIn } from '../../../src/doctor/probe/questions'
import { recognise, runOnSimulator } from '../../../src/doctor/probe/recognise'
import { reportOf } from '../../../src/doctor/probe/report'
import type { Stage } from '../../../src/doctor/probe/stages'
import { findingsOfReport } from '../../../src/doctor/probe-findings'

jest.setTimeout(60_000)

/** Options that the report names for every instance, because their right values depend on the limits of the instance. */
const OF_LIMITS = ['`lifetimeSeconds`, at most this time', '`startBudget`', '`attemptBudget`']

async function optionsOf(dialect: string | readonly string[], stages: readonly Stage[]): Promise<(string | undefined)[]> {
  const { facts } = await runOnSimulator(dialect, stages)
  return answersIn(facts).map(({ option }) => option).filter((option) => option !== undefined && !OF_LIMITS.includes(option))
}

const APP: readonly Stage[] = ['quiet', 'users', 'app']

it.each<[string, readonly Stage[], string]>([
  ['audience-api', APP, '`transactionTokens: { acceptAudienceApi: true }`'],
  ['audience-list-with-api', APP, '`transactionTokens: { acceptAudienceApi: true }`'],
  ['issuer-missing', APP, '`transactionTokens: { acceptMissingIssuer: true }`'],
  ['issuer-null', APP, '`transactionTokens: { acceptMissingIssuer: true }`'],
  ['issuer-app-host', APP, '`issuer`'],
  ['subject-username', APP, "`transactionTokens: { subject: 'username' }`"],
  ['subject-transaction-id', APP, "`transactionTokens: { subject: 'transactionId' }`"],
  ['subject-missing', APP, "`transactionTokens: { subject: 'none' }`"],
  ['subject-null', APP, "`transactionTokens: { subject: 'none' }`"],
  ['app-channel-is-qr-code', ['quiet', 'users'], "`app({ channel: 'qr-code' })`"],
  ['link-custom-scheme', APP, '`app({ linkSchemes: [...] })`'],
  ['verification-needs-channel', ['quiet', 'sms'], '`sms({ sendChannelWithVerification: true })`'],
  ['gateway-page-502', ['quiet'], '`healthCheck: false` (the default)'],
])('of an instance with %s names the option', async (dialect, stages, option) => {
  const [found, usual] = [await optionsOf(dialect, stages), await optionsOf([], stages)]
  expect(found).toContain(option)
  expect(usual).not.toContain(option)
})

it('names no option for an instance that answers as the documents say, but for what is possible', async () => {
  expect(await optionsOf([], ['quiet', 'users', 'app', 'sms'])).toEqual(['`sms({ requireIntrospection: true })` is possible'])
})

it.each(['ping-refuses-json', 'ping-json', 'ping-204', 'ping-lower-case'])('recommends no option for %s, with which the health check works', async (dialect) => {
  expect(await optionsOf(dialect, ['quiet'])).toEqual(dialect === 'ping-lower-case' ? ['`healthCheck: false` (the default)'] : [])
})

describe('the doctor, with a report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const findings = (content: unknown) => {
    const file = join(folder, 'report.json')
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return findingsOfReport(file).map(({ level, finding, remedy }) => [level, finding, remedy])
  }

  it('repeats each option that the instance needs, and says that answers are unknown', async () => {
    const results = await runOnSimulator('audience-api', APP)
    const report = reportOf(results, recognise(results.facts, { facts: {}, dialects: new Map(), results: new Map() }))
    expect(findings(report)).toEqual([
      ['warning', 'Which user and instance does a transaction token name? sub: the userId; aud: "api"; iss: URL of the instance, with a slash at its end', 'compare with your options: `transactionTokens: { acceptAudienceApi: true }`'],
      ['warning', expect.stringMatching(/^\d+ answers of the instance differ from the documents/), expect.any(String)],
    ])
  })

  it('that explains everything and asks for nothing is well', () => {
    expect(findings({ probe: 1, answers: [{ question: 'a', answer: 'b', does: 'c' }], unexplained: [] })).toMatchObject([['ok', expect.any(String), undefined]])
  })

  it.each(['', '[]', '{}', { probe: 2, answers: [], unexplained: [] }, { probe: 1, answers: [7], unexplained: [] }, { probe: 1, answers: [], unexplained: 'x' }])('that is none, says so: %j', (content) => {
    expect(findings(content)).toMatchObject([['error', 'the file is not a report of the probe', expect.any(String)]])
  })
})
