/**
 * Tests how the command `probe` answers questions that Nevis's documents leave open. If an instance needs an option of this package, both the report of the
 * probe and the doctor must name this option.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answersIn, refusalOf } from '../../../src/doctor/probe/questions'
import { Connections } from '../../../src/doctor/probe/raw-request'
import { recognise, runOnSimulator, simulate } from '../../../src/doctor/probe/recognise'
import { FactsReader, type Facts } from '../../../src/doctor/probe/facts-reader'
import { reportOf } from '../../../src/doctor/probe/report'
import { BASE_URL, shapeOf } from '../../../src/doctor/probe/shape'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage } from '../../../src/doctor/probe/stages'
import { findingsOfReport } from '../../../src/doctor/probe-findings'
import { readReport } from '../../../src/doctor/probe-report'
import { main } from '../../../src/doctor/command-line'
import { NevisSimulator } from '../../../src/simulator'
import { namesIn } from '../../../src/simulator/dialects/from-file'
import { closing } from '../../support/closing'

jest.setTimeout(60_000)

/** Options that the report names for every instance, because their right values depend on the limits of the instance. */
const OF_LIMITS = ['`enrollmentLifetimeSeconds`, at most this time', '`lifetimeSeconds`, at most this time', '`startBudget: { starts: 3, … }`', '`attemptBudget: { attempts: 10, … }`']

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
  ['gateway-page-200', ['quiet'], '`healthCheck: false` (the default)'],
])('of an instance with %s names the option', async (dialect, stages, option) => {
  const [found, usual] = [await optionsOf(dialect, stages), await optionsOf([], stages)]
  expect(found).toContain(option)
  expect(usual).not.toContain(option)
})

const ISSUER = 'https://abc.mauth.nevis.cloud'

it.each<[string, boolean]>([
  [ISSUER, false],
  [`${ISSUER}/`, false],
  ...[`${ISSUER}/realms/x`, `${ISSUER}:443`, `${ISSUER}:443/`, `${ISSUER}//`, `${ISSUER}?`, ISSUER.toUpperCase(), `${ISSUER.toUpperCase()}/`, `${ISSUER}.example/`].map((iss): [string, boolean] => [iss, true]),
])('of an instance whose tokens have the issuer %s › names the option issuer: %s', (iss, isNamed) => {
  const fields = shapeOf({ active: true, sub: 'id', iss }, new Map([[ISSUER, BASE_URL], ['id', 'the userId']]))
  expect(answersIn({ 'introspect.push.accept.http': '200', 'introspect.push.accept.fields': fields }).find(({ question }) => question.startsWith('Which user'))?.option).toBe(isNamed ? '`issuer`' : undefined)
})

it('names no option for an instance that answers as the documents say, but for what is possible', async () => {
  expect(await optionsOf([], ['quiet', 'users', 'app', 'sms'])).toEqual(['`sms({ requireIntrospection: true })` is possible'])
})

it.each(['ping-refuses-json', 'ping-json', 'ping-204', 'ping-lower-case'])('recommends no option for %s, with which the health check works', async (dialect) => {
  expect(await optionsOf(dialect, ['quiet'])).toEqual([])
})

const STATUS_KEY = 'Does the status endpoint need the access key?'
const CHANNEL = 'Does the verification of a text message need the channel?'
const LENGTH = 'How long may the message of a request be?'
const INTENT = 'Can an intent token take the place of the access key at a verification?'
const TWICE = 'Can a recovery code be used twice?'
const NUMBER = 'Does the record of a user show the phone number of text messages?'
const LIFE = 'How long does a transaction token live?'
const BLOCKED_CODE = 'What does a blocked user get when the user enters a code?'
const RIGHT_SMS = { 'verification.sms.right.http': '200', 'verification.sms.right.fields': ['empty body'] }

/** The answer to one question; `not settled: …` if the instance refused a request that the answer needs. */
const answerTo = (question: string, facts: Facts) => answersIn(facts).find((one) => one.question === question)?.answer ?? refusalOf(question, facts)

it.each<[string, Facts, string | undefined]>([
  ['Does /ping check the access key?', { 'ping.http': '204', 'ping.no-key.http': '204' }, 'no'],
  ...[
    // The HTTP status with an invented key; undefined in a report of an older version.
    ['401', 'yes: it needs a key (HTTP 401 without one), and refuses an invented one (HTTP 401)'],
    ['200', 'no: it needs a key (HTTP 401 without one), but accepts an invented one'],
    ['404', 'not settled: ping.invented-key got HTTP 404'],
    [undefined, 'it needs a key (HTTP 401 without one), but whether it checks the key was not asked'],
  ].map(([invented, answer]): [string, Facts, string] => ['Does /ping check the access key?', { 'ping.http': '200', 'ping.no-key.http': '401', ...(invented !== undefined && { 'ping.invented-key.http': invented }) }, String(answer)]),
  ['Does /ping check the access key?', { 'ping.http': '404', 'ping.no-key.http': '404' }, 'not settled: ping.no-key got HTTP 404'],
  ...[['401', '401'], ['404', '403'], ['500', '403'], ['403', '404'], ['404', '404'], ['405', '404']].map(([without, withKey]): [string, Facts, string] => [STATUS_KEY, { 'status.unknown.http': without as string, 'status.unknown.with-key.http': withKey as string, 'status.unknown.fields': ['status: HTTP status'] }, `not settled: status.unknown got HTTP ${without}`]),
  [STATUS_KEY, { 'status.unknown.http': '401', 'status.unknown.fields': ['a page'], 'status.unknown.with-key.http': '404' }, 'not settled: status.unknown got HTTP 401'],
  [STATUS_KEY, { 'status.unknown.http': '404', 'status.unknown.fields': ['status: "unknown"'], 'status.unknown.with-key.http': '403' }, 'no'],
  [STATUS_KEY, { 'status.unknown.http': '404', 'status.unknown.fields': ['status: HTTP status'], 'status.unknown.with-key.http': '404', 'status.enroll.pending.http': '200', 'status.enroll.pending.fields': ['status: "pending"'] }, 'no'],
  ...[
    [['true'], ['true'], 'no'],
    [['true'], ['false'], 'yes'],
    [['false'], ['false'], 'not settled: introspect.push.accept got HTTP 200, active: false'],
    [['text'], ['true'], 'not settled: introspect.push.accept got HTTP 200, active: text'],
    [['true'], [], 'not settled: introspect.push.accept.again got HTTP 200'],
  ].map(([first, second, answer]): [string, Facts, string] => ['Can a transaction token be introspected only once?', { 'introspect.push.accept.http': '200', 'introspect.push.accept.fields': [first].flat().map((one) => `active: ${one}`), 'introspect.push.accept.again.http': '200', 'introspect.push.accept.again.fields': [second].flat().map((one) => `active: ${one}`) }, answer as string]),
  ...[
    // The HTTP statuses of an approval by `qr-code`, by `app`, and by an invented channel; and the answer; and the HTTP status of an approval by `push`.
    ['404', '404', '400', 'yes'],
    ['404', '400', '400', 'yes', '404'],
    ['410', '404', '400', 'not settled: approval.qr-code.no-device got HTTP 410', '404'],
    ['201', '404', '400', 'yes', '404'],
    ['400', '404', '400', 'no (HTTP 400; HTTP 404 for `app`)'],
    ['400', '400', '404', 'yes'],
    ['400', '400', '400', 'not settled: approval.qr-code.no-device got HTTP 400'],
    ['404', '404', '404', 'not settled: approval.qr-code.no-device got HTTP 404'],
  ].map(([older, app, invented, answer, push]): [string, Facts, string] => ['Is the channel `qr-code` of the older documents known?', { ...(push !== undefined && { 'approval.push.no-device.http': push }), 'approval.qr-code.no-device.http': older as string, 'approval.app.no-device.http': app as string, 'approval.invented.no-device.http': invented as string }, answer as string]),
  ['Is the channel `qr-code` of the older documents known?', { 'approval.qr-code.no-device.http': '404', 'approval.app.no-device.http': '404' }, undefined],
  ...[
    ['400', '400', 'no'],
    ['400', '423', 'no'],
    ['400', '403', 'no'],
    ['422', '400', 'no, and it changes the answer to a wrong code (HTTP 400)'],
    ['400', '415', 'no, and it changes the answer to a wrong code (HTTP 415)'],
  ].map(([without, withChannel, answer]): [string, Facts, string] => [CHANNEL, { ...RIGHT_SMS, 'verification.sms.wrong.http': without as string, 'verification.sms.wrong.with-channel.http': withChannel as string }, answer as string]),
  [CHANNEL, { ...RIGHT_SMS, 'verification.sms.wrong.http': '400', 'verification.sms.wrong.with-channel.http': '200', 'verification.sms.wrong.with-channel.verdict': 'yes' }, 'no, and with the field `channel`, a wrong code is accepted (HTTP 200)'],
  [CHANNEL, { 'verification.sms.right.http': '400', 'verification.sms.right.with-channel.http': '200', 'verification.sms.right.with-channel.fields': ['empty body'] }, 'yes (HTTP 400 without it)'],
  [CHANNEL, { ...RIGHT_SMS, 'verification.sms.right.verdict': 'no', 'verification.sms.right.with-channel.http': '200', 'verification.sms.right.with-channel.verdict': 'yes' }, 'yes (HTTP 200 without it)'],
  [CHANNEL, { ...RIGHT_SMS, 'verification.sms.right.verdict': 'unclear' }, 'not settled: verification.sms.right got HTTP 200'],
  ['Does the status endpoint need the access key?', { 'status.unknown.http': '401', 'status.unknown.with-key.http': '404' }, 'yes (HTTP 401 without it)'],
  ['Under which name does Nevis know the channel `app`?', { 'approval.app.refused.http': '403', 'approval.app.http': '403' }, 'not settled: approval.app.refused got HTTP 403'],
  ['Under which name does Nevis know the channel `app`?', { 'approval.app.refused.http': '400', 'approval.app.http': '409' }, 'not settled: approval.app got HTTP 409'],
  ['Under which name does Nevis know the channel `app`?', { 'approval.app.refused.http': '400', 'approval.app.http': '400' }, 'neither `app` nor `qr-code` (HTTP 400 for `app`)'],
  ...[
    // The HTTP statuses of approvals with messages of 200, 2000 and 16384 characters.
    ['201', '201', '201', 'at least 16384 characters'],
    ['201', '201', '413', 'at least 2000, but fewer than 16384 characters (HTTP 413 for 16384)'],
    ['201', '400', '400', 'at least 200, but fewer than 2000 characters (HTTP 400 for 2000)'],
    ['422', '422', '422', 'fewer than 200 characters (HTTP 422 for 200)'],
    ['201', '403', '403', 'not settled: approval.app.message.2000 got HTTP 403'],
    ['201', '201', 'no answer (ECONNRESET)', undefined],
  ].map(([some, more, most, answer]): [string, Facts, string | undefined] => [LENGTH, { 'approval.app.http': '201', 'approval.app.message.200.http': String(some), 'approval.app.message.2000.http': String(more), 'approval.app.message.16384.http': String(most) }, answer]),
  [LENGTH, { 'approval.app.http': '400', 'approval.app.message.200.http': '400', 'approval.app.message.2000.http': '400', 'approval.app.message.16384.http': '400' }, 'not settled: approval.app got HTTP 400'],
  ...[
    // The HTTP statuses of a wrong code with an intent token, and with the access key.
    ['400', '400', 'yes: a wrong code gets HTTP 400, as with the access key'],
    ['403', '400', 'no (HTTP 403)'],
    ['401', '400', 'no (HTTP 401)'],
    ['403', '403', 'not settled: verification.with-intent got HTTP 403'],
    ['423', '400', 'not settled: verification.with-intent got HTTP 423'],
  ].map(([withIntent, withKey, answer]): [string, Facts, string] => [INTENT, { 'verification.with-intent.http': String(withIntent), 'verification.recovery.wrong.http': String(withKey) }, String(answer)]),
  [NUMBER, { 'user.with-sms.http': '200', 'user.with-sms.fields': ['userId: the userId', 'authenticators: empty list'] }, 'no field has the form of a phone number'],
  [NUMBER, { 'user.with-sms.http': '200', 'user.with-sms.fields': ['userId: the userId', 'phones[].number: the phone number'] }, 'yes: phones[].number'],
  [NUMBER, { 'user.with-sms.http': '404' }, 'not settled: user.with-sms got HTTP 404'],
  [LIFE, { 'introspect.push.accept.http': '200', 'introspect.push.accept.life': 'hours' }, 'hours'],
  [LIFE, { 'introspect.app.accept.http': '200' }, 'the introspection does not say (`iat` or `exp` is missing, or no time)'],
  [LIFE, { 'introspect.push.accept.http': '403' }, 'not settled: introspect.push.accept got HTTP 403'],
  ['When does Nevis block codes?', { 'limit.codes.http': '400', 'limit.codes.after': 'more than 20', 'limit.codes.right.http': '423' }, 'after at most 20 wrong codes: a right code then gets HTTP 423'],
  ['When does Nevis block codes?', { 'limit.codes.http': '400', 'limit.codes.after': 'more than 20', 'limit.codes.right.http': '200' }, 'not within 20 wrong codes'],
  ['When does Nevis block codes?', { 'limit.codes.http': '200', 'limit.codes.verdict': 'yes', 'limit.codes.after': '1' }, 'not settled: limit.codes got HTTP 200'],
  ...[
    // The answers to a right code, to the same code again, and to a wrong code.
    ['200 yes', '400', '400', 'no: HTTP 400'],
    ['200 yes', '200 no', '400', 'no: HTTP 200, no fields, which the client reads as "no"'],
    ['200 yes', '200 yes', '400', 'yes: HTTP 200, no fields, which the client reads as "yes"'],
    ['200 yes', '200 yes', '200 yes', 'not settled: verification.recovery.used got HTTP 200'],
    ['200 yes', '403', '400', 'not settled: verification.recovery.used got HTTP 403'],
    ['400', '400', '400', 'not settled: verification.recovery.right got HTTP 400'],
  ].map(([right, used, wrong, answer]): [string, Facts, string] => [TWICE, Object.fromEntries(Object.entries({ right, used, wrong }).flatMap(([step, saw]) => [[`verification.recovery.${step}.http`, String(saw).split(' ')[0]], [`verification.recovery.${step}.verdict`, String(saw).split(' ')[1] ?? '']])) as Facts, String(answer)]),
  ...[
    // The fields of the user's record, and those that the answer names.
    [['exceededRateLimits[]: "push"'], 'exceededRateLimits[]: "push"'],
    [['user.exceededRateLimits[]: "push"'], 'user.exceededRateLimits[]: "push"'],
    [['[].exceededRateLimits.push: true'], '[].exceededRateLimits.push: true'],
    [['exceededRateLimits.push: true', 'user.exceededRateLimits: empty list'], 'exceededRateLimits.push: true'],
    [['userId: the userId'], 'no `exceededRateLimits`'],
  ].map(([fields, answer]): [string, Facts, string] => ['What does the record of a blocked user show?', { 'limit.pushes.http': '403', 'limit.pushes.after': '5', 'limit.pushes.user.http': '200', 'limit.pushes.user.fields': [fields].flat() as string[] }, String(answer)]),
  ...[
    // After how many pushes Nevis blocked the user, and its answer to the user's right code.
    ['5', '423', [], 'HTTP 423'],
    ['5', '200', ['empty body'], 'HTTP 200, empty body, which the client reads as "yes"'],
    ['more than 40', '200', ['empty body'], 'no user was blocked'],
  ].map(([after, http, fields, answer]): [string, Facts, string] => [BLOCKED_CODE, { 'limit.pushes.after': String(after), 'limit.pushes.verification.http': String(http), 'limit.pushes.verification.fields': [fields].flat() as string[] }, String(answer)]),
  ['How many phones may a user have?', { 'limit.phones.http': '409', 'limit.phones.after': '0' }, '0 more: HTTP 409'],
  ['What does the status say after a request was denied?', { 'status.push.denied.http': '412', 'status.push.denied.fields': ['status: "failed"'] }, 'HTTP 412, status "failed"'],
])('%s %j › %s', (question, facts, answer) => {
  expect(answerTo(question, facts)).toBe(answer)
})

describe('whether a second set of recovery codes replaces the first', () => {
  const answer = (verdicts: Readonly<Record<'wrong' | 'right' | 'older-set', readonly [http: string, fields: string, verdict?: string]>>) => {
    const facts = Object.entries(verdicts).flatMap(([name, [http, fields, verdict]]) => [['http', http], ['fields', [fields]], ...(verdict === undefined ? [] : [['verdict', verdict]])].map(([kind, value]) => [`verification.recovery.${name}.${String(kind)}`, value]))
    return answerTo('Does a second set of recovery codes replace the first?', { 'enroll.recovery.again.http': '201', ...(Object.fromEntries(facts) as Facts) })
  }
  const refused = ['400', 'status: HTTP status'] as const

  it('is answered by how the client reads the code of the older set', () => {
    const right = ['200', 'result: text', 'yes'] as const
    expect(answer({ wrong: refused, right, 'older-set': refused })).toBe('yes')
    expect(answer({ wrong: refused, right, 'older-set': right })).toBe('no: codes of the older set stay valid')
    // The answers to the wrong code and to the right code have the same fields. Only the verdicts differ.
    expect(answer({ wrong: ['200', 'result: text', 'no'], right, 'older-set': ['200', 'result: text', 'no'] })).toBe('yes')
  })

  it('is open if the older code gets HTTP 200, but neither the answer of a right code nor a yes', () => {
    expect(answer({ wrong: refused, right: ['200', 'empty body', 'yes'], 'older-set': ['200', 'valid: false', 'no'] })).toBe('not settled: verification.recovery.older-set got HTTP 200')
  })
})

it('a lifetime is rounded down to the time between two requests, and the answer says how exact it is', () => {
  expect(answersIn({ 'status.ignored.http': '412', 'status.ignored.fields': ['status: "failed"'], 'status.ignored.seconds': '5' })[0]).toMatchObject({ answer: '5 s (to within 5 s), then HTTP 412, status "failed"' })
  expect(answersIn({ 'status.ignored.http': '200', 'status.ignored.fields': ['status: "pending"'], 'status.ignored.seconds': 'more than 900' })[0]).toMatchObject({ answer: 'more than 900 s, then HTTP 200, status "pending"' })
})

it.each([5, 60, 118, 120])('a lifetime of %i s is never recorded as 5 s shorter or longer', async (lifetimeSeconds) => {
  const simulator = closing(await NevisSimulator.start({ lifetimeSeconds }))
  const { baseURL, accessKey } = simulator
  const { facts } = await runStages({ baseURL, accessKey, stages: ['quiet', 'wait'], person: new SimulatedPerson(simulator), pause: async (ms) => simulator.advance(ms), say: () => undefined, signal: new AbortController().signal })
  expect(Math.abs(Number(facts['status.ignored.seconds']) - lifetimeSeconds)).toBeLessThan(5)
})

it('of a difference of the clocks says what the doctor says, and of a denial that this package does not read, that it fails', () => {
  const does = (facts: Facts) => answersIn(facts).map((one) => one.does)
  expect(does({ 'ping.http': '200', 'clock': '60 s ahead' }).at(-1)).toMatch(/^sign-ins work, because the strategy reads the times in tokens by the clock of Nevis/)
  expect(does({ 'status.push.denied.http': '200', 'status.push.denied.fields': ['status: "failed"'] })[0]).toMatch(/^denials by push fail: /)
})

describe('whether Nevis finds a user by the username in lower case', () => {
  const question = 'Does Nevis find a user by the username in lower case?'
  const found = { 'user.by-name.http': '200', 'user.by-name.fields': ['userId: the userId', 'username: the username'] }
  const unknown = { 'user.unknown-name.http': '404', 'user.by-lower-case-name.http': '404' }
  it.each<[string, Facts, string]>([
    ['is answered with no if Nevis knows no user of this name', { ...found, ...unknown }, 'no: Nevis does not know this user'],
    ['is answered with yes if this name finds the user', { ...found, 'user.by-lower-case-name.http': '200', 'user.by-lower-case-name.fields': ['userId: the userId'] }, 'yes, though the user was enrolled with capital letters'],
    ['is not settled if not even the name itself finds the user', { ...unknown, 'user.by-name.http': '404' }, 'not settled: user.by-name got HTTP 404'],
    ['is not settled if this name finds another user', { ...found, 'user.unknown-name.http': '404', 'user.by-lower-case-name.http': '200', 'user.by-lower-case-name.fields': ['userId: UUID'] }, 'not settled: user.by-lower-case-name got HTTP 200'],
  ])('%s', (_name, facts, answer) => {
    expect(answerTo(question, facts)).toBe(answer)
  })
})

describe('of the codes of a text message', () => {
  const answersTo = async (dialect: string | readonly string[]) => {
    const { facts } = await runOnSimulator(dialect, ['quiet', 'sms'])
    return ['wrong', 'right'].map((kind) => answerTo(`What does Nevis answer to a ${kind} code of a text message?`, facts))
  }

  it.each<[string, string | readonly string[], string, string]>([
    ['that answers as the documents say', [], 'HTTP 400', 'HTTP 200, empty body, which the client reads as "yes"'],
    ['with wrong-code-423', 'wrong-code-423', 'HTTP 423', 'HTTP 200, empty body, which the client reads as "yes"'],
    ['that needs the channel', 'verification-needs-channel', 'HTTP 400', 'HTTP 200, empty body, which the client reads as "yes"'],
    ['that answers a right code with 202', 'verification-202', 'HTTP 400', 'HTTP 202, empty body'],
  ])('an instance %s › gets its answers to a wrong and a right one into the report', async (_name, dialect, wrong, right) => {
    expect(await answersTo(dialect)).toEqual([wrong, right])
  })
})

it.each([
  ['blocked-verification-400', 'HTTP 400'],
  ['blocked-verification-403', 'HTTP 403'],
])('the code of a user who is blocked after too many pushes, on an instance with %s › gets %s', async (dialect, answer) => {
  const { facts } = await runOnSimulator(dialect, ['quiet', 'app', 'limits'])
  expect(answerTo(BLOCKED_CODE, facts)).toBe(answer)
})

describe('long messages', () => {
  const stages: readonly Stage[] = ['quiet', 'app']

  it('are sent over the channel `app` only, in a request that the phone does not show', async () => {
    const simulator = closing(await NevisSimulator.start({ dialect: 'app-channel-is-qr-code' }))
    const messages: (readonly [channel: unknown, length: number])[] = []
    const { send } = Connections.prototype
    const sends = jest.spyOn(Connections.prototype, 'send').mockImplementation(function (this: Connections, path, request) {
      const { channel, message } = path.endsWith('/approval') ? (JSON.parse(String(request.body)) as { channel?: unknown; message?: string }) : {}
      if (message !== undefined && message.length >= 200) messages.push([channel, message.length])
      return send.call(this, path, request)
    })
    const { baseURL, accessKey } = simulator
    const { failed, usersLeft } = await runStages({ baseURL, accessKey, stages, person: new SimulatedPerson(simulator), pause: async (ms) => simulator.advance(ms), say: () => undefined, signal: new AbortController().signal })
    sends.mockRestore()
    expect([messages, failed, usersLeft]).toEqual([[200, 2000, 16_384].map((length) => ['qr-code', length]), [], 0])
  })

  it('that an instance refuses are a dialect if it refuses all, and no difference if it refuses the longest', async () => {
    const simulated = await simulate(stages, undefined, ['long-message-400'])
    const { facts } = await runOnSimulator('long-message-400', stages)
    expect(recognise(facts, simulated)).toEqual({ dialects: ['long-message-400'], alike: [], unexplained: [] })
    const longest = Object.fromEntries(Object.entries(facts).filter(([name]) => name.startsWith('approval.app.message.16384.')))
    expect(recognise({ ...simulated.facts, ...longest }, simulated)).toEqual({ dialects: [], alike: [], unexplained: [] })
    expect(answerTo(LENGTH, { ...simulated.facts, ...longest })).toBe('at least 2000, but fewer than 16384 characters (HTTP 400 for 16384)')
  })
})

it('names no option for a limit that was not reached', () => {
  const answers = answersIn({ 'limit.pushes.http': '201', 'limit.pushes.after': 'more than 40', 'limit.pushes.user.http': '200', 'limit.codes.http': '400', 'limit.codes.after': 'more than 20', 'limit.phones.http': '200', 'limit.phones.after': 'more than 11' })
  expect(answers.map(({ answer, option }) => [answer, option])).toEqual([['not within 40 requests', undefined], ['no user was blocked', undefined], ['not within 20 wrong codes', undefined], ['not within 11 further phones', undefined]])
  expect(answersIn({ 'limit.pushes.http': '429', 'limit.pushes.after': '3' })).toMatchObject([{ answer: 'after 3 requests: HTTP 429', option: '`startBudget: { starts: 3, … }`' }])
})

it.each<[string, Facts, string, string | undefined]>([
  ['limit.codes', { 'limit.codes.http': '403', 'limit.codes.after': '2' }, 'after 2 wrong codes: HTTP 403', '`attemptBudget: { attempts: 2, … }`'],
  ['limit.codes', { 'limit.codes.http': '403', 'limit.codes.after': '1' }, 'after 1 wrong code: HTTP 403', '`attemptBudget: { attempts: 1, … }`'],
  ['limit.codes', { 'limit.codes.http': '400', 'limit.codes.after': 'more than 20', 'limit.codes.right.http': '423' }, 'after at most 20 wrong codes: a right code then gets HTTP 423', '`attemptBudget: { attempts: 20, … }`'],
  ['limit.codes', { 'limit.codes.http': '400', 'limit.codes.after': 'more than 20', 'limit.codes.right.http': '200' }, 'not within 20 wrong codes', undefined],
  ['limit.pushes', { 'limit.pushes.http': '403', 'limit.pushes.after': '4' }, 'after 4 requests: HTTP 403', '`startBudget: { starts: 4, … }`'],
  ['limit.pushes', { 'limit.pushes.http': '403', 'limit.pushes.after': '5' }, 'after 5 requests: HTTP 403', undefined],
])('%s %j › is compared with the default of the option, which is named only if it is higher: %s, %s', (step, facts, answer, option) => {
  const does = step === 'limit.codes' ? '`attemptBudget` allows 30 in an hour by default' : '`startBudget` allows 5 in 5 minutes by default'
  expect(answersIn(facts)).toEqual([{ question: expect.stringMatching(/^When does Nevis block/), answer, does, ...(option !== undefined && { option }) }])
})

it.each([
  ['pushes without a limit', { 'limit.pushes.http': '201', 'limit.pushes.after': 'more than 40', 'limit.pushes.user.fields': ['userId: UUID'] }],
  ['another number of pushes', { 'limit.pushes.http': '429', 'limit.pushes.after': '10', 'limit.pushes.user.fields': ['exceededRateLimits[]: "push"'] }],
])('%s are no difference from the simulator', (_name, facts) => {
  const simulated = { 'limit.pushes.http': '429', 'limit.pushes.after': '3', 'limit.pushes.user.fields': ['exceededRateLimits[]: "push"'] }
  expect(recognise(facts, { facts: simulated, dialects: new Map(), results: new Map() })).toEqual({ dialects: [], alike: [], unexplained: [] })
})

describe('about the case of usernames', () => {
  const answersTo = (facts: Facts) => answersIn(facts).filter(({ question }) => /case/.test(question)).map(({ question, answer }) => [question, answer])
  const [KEPT, FOUND] = ['Does Nevis keep the upper and lower case of a username?', 'Does Nevis find a user by the username in lower case?']

  it.each<[string, string | readonly string[], string]>([
    ['that answers as the simulator does', [], 'yes'],
    ['that answers with each username in lower case', 'usernames-folded', 'no: the username comes back in another case'],
  ])('of an instance %s › answers two questions, each for itself', async (_name, dialect, kept) => {
    const { facts } = await runOnSimulator(dialect, ['quiet', 'users'])
    expect(answersTo(facts)).toEqual([[KEPT, kept], [FOUND, 'no: Nevis does not know this user']])
    // An instance that ignores upper and lower case when it looks up a username.
    const found = { ...facts, 'user.by-lower-case-name.http': '200', 'user.by-lower-case-name.fields': facts['user.by-name.fields'] ?? [] }
    expect(answersTo(found)).toEqual([[KEPT, kept], [FOUND, 'yes, though the user was enrolled with capital letters']])
  })

  it('of an instance that names no username › leaves the first question open', async () => {
    const { facts } = await runOnSimulator([], ['quiet', 'users'])
    expect(answersTo({ ...facts, 'user.by-name.fields': ['userId: the userId'] }).map(([question]) => question)).toEqual([FOUND])
  })
})

describe('the doctor, with a report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'report.json')
  const findings = (content: object) => {
    writeFileSync(file, JSON.stringify(content))
    const report = readReport(file)
    if (typeof report === 'string') throw new Error(report)
    return findingsOfReport(report).map(({ level, finding, remedy }) => [level, finding, remedy])
  }

  it('repeats each option that the instance needs, and says that answers are unknown', async () => {
    const results = await runOnSimulator('audience-api', APP)
    const report = reportOf(results, recognise(results.facts, { facts: {}, dialects: new Map(), results: new Map() }))
    expect(findings(report)).toEqual([
      ['warning', 'Which user and instance does a transaction token name? sub: the userId; aud: "api"; iss: URL of the instance, with a slash at its end', 'compare with your options: `transactionTokens: { acceptAudienceApi: true }`'],
      ['warning', expect.stringMatching(/^\d+ answers of the instance differ from the documents/), expect.any(String)],
    ])
  })

  it('of an instance that answers as the documents say › is well: an option that is only possible is no warning', async () => {
    const { facts } = await runOnSimulator([], ['quiet', 'users', 'sms'])
    const answers = answersIn(facts)
    expect(answers.map(({ option }) => option)).toContain('`sms({ requireIntrospection: true })` is possible')
    expect(findings({ probe: 1, answers, unexplained: [], stages: ['sms'] })).toEqual([['ok', 'the instance needs no option of this package, as far as the probe asked (stages: sms)', undefined]])
  })

  it.each<[string, readonly Stage[], string]>([
    ['sms-not-pollable', ['quiet', 'sms'], 'not `sms({ requireIntrospection: true })`, which would refuse every right code'],
    ['gateway-page-200', ['quiet'], '`healthCheck: false` (the default)'],
  ])('of an instance with %s › does not warn of an option that is not set by default', async (dialect, stages, option) => {
    const { facts } = await runOnSimulator(dialect, stages)
    expect(findings({ probe: 1, answers: answersIn(facts), unexplained: [], stages })).toEqual([
      ['unchecked', expect.any(String), `compare with your options: ${option}`],
      ['ok', expect.stringMatching(/^the instance needs no option/), undefined],
    ])
  })

  it('with limits of the instance › warns of those below the default of the option, and of a lifetime asks to compare the option', () => {
    const answers = answersIn({ 'limit.pushes.http': '429', 'limit.pushes.after': '3', 'limit.codes.http': '429', 'limit.codes.after': '5', 'status.ignored.http': '412', 'status.ignored.seconds': '120' })
    expect(findings({ probe: 1, answers, unexplained: [] }).map(([level]) => level)).toEqual(['unchecked', 'warning', 'warning'])
  })

  it('that explains everything and asks for nothing is well', () => {
    expect(findings({ probe: 1, answers: [{ question: 'a', answer: 'b', does: 'c' }], unexplained: [] })).toMatchObject([['ok', 'the instance needs no option of this package, as far as the probe asked (stages: )', undefined]])
  })

  it.each(['', '[]', '{}', { probe: 1, answers: [7], unexplained: [] }, { probe: 1, answers: [], unexplained: 'x' }])('that is none › ends with 2, and asks Nevis nothing: %j', async (content) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    expect(await doctorWith(file)).toEqual([2, `passport-nevis doctor: --report ${file}: the file is not a report of the probe; write a report with: npx passport-nevis probe --users --out report.json`, 0])
  })

  it('of another version › ends with 2, and says so', async () => {
    writeFileSync(file, '{"probe":2,"answers":[],"unexplained":[]}')
    expect(await doctorWith(file)).toEqual([2, expect.stringContaining(': the report was made by another version of the probe (probe: 2, this version reads probe: 1); write'), 0])
    await expect(NevisSimulator.start({ dialect: { probe: 2, dialects: [] } as never })).rejects.toThrow('NevisSimulator: the report was made by another version of the probe (probe: 2, this version reads probe: 1)')
    expect(() => namesIn(file)).toThrow(/report\.json was made by another version of the probe \(probe: 2/)
  })

  it('of a probe that was interrupted before its first stage was complete › is an error, not "ok"', () => {
    expect(findings({ probe: 1, stages: [], answers: [], unexplained: [], endedBy: 'interrupted' })).toEqual([['error', 'the report has no answers of Nevis: the probe ended before a stage was completed', expect.stringMatching(/^write a report with: /)]])
  })

  it('with failed stages › is incomplete, which is a warning', () => {
    const failed = [{ stage: 'users', reason: 'a' }, { stage: 'users', reason: 'b' }, { stage: 'sms', reason: 'c' }]
    expect(findings({ probe: 1, stages: ['quiet', 'users'], failed, answers: [], unexplained: [] })).toEqual([['warning', 'the report is incomplete: the stages users, sms failed', 'run the probe again with the flags of these stages']])
    expect(findings({ probe: 1, stages: ['quiet'], failed: [{ stage: 'quiet', reason: 'a' }], answers: [], unexplained: [] })).toEqual([['warning', 'the report is incomplete: the stage quiet failed', 'run the probe again (with --users)']])
  })

  it('that says that test users may be left at Nevis › is a warning, which names how to find them', () => {
    const report = { probe: 1, stages: ['quiet', 'users'], answers: [], unexplained: [] }
    const remedy = 'look in the management console for users whose names begin with Passport-Nevis-Probe-, and delete them'
    expect(findings({ ...report, usersLeft: 2 })).toEqual([['warning', 'the probe may have left 2 of its test users on the instance', remedy]])
    expect(findings({ ...report, usersLeft: 0 }).map(([level]) => level)).toEqual(['ok'])
    expect(findings({ ...report, usersLeft: '<b>2</b>' }).map(([level]) => level)).toEqual(['ok'])
  })

  it.each(['interrupted', 'the comparison with the simulator failed (EADDRNOTAVAIL)'])('that was not compared with the simulator (%s) › is a warning, not "ok"', (endedBy) => {
    expect(findings({ probe: 1, stages: ['quiet'], endedBy, isCompared: false, answers: [], unexplained: [] })).toEqual([['warning', `the report was not compared with the simulator (${endedBy}), so it names no answers that this version does not know`, 'run the probe again']])
  })

  it.each<[string, string]>([
    ['has objects instead of texts', '{"probe":1,"answers":[{"question":{"toString":1},"answer":"x","option":"y"}],"unexplained":[]}'],
    ['has objects as stages', '{"probe":1,"answers":[],"unexplained":[],"stages":[{}]}'],
    ['has deep lists', `{"probe":1,"answers":[{"question":${'['.repeat(200_000)}${']'.repeat(200_000)},"answer":"a"}],"unexplained":[]}`],
    ['has too many answers', JSON.stringify({ probe: 1, answers: Array.from({ length: 201 }, () => ({ question: 'q', answer: 'a' })), unexplained: [] })],
    ['is too large', `{"probe":1,"answers":[],"unexplained":[]}${' '.repeat(5_000_001)}`],
  ])('that %s › is refused in one line, with exit code 2', async (_name, content) => {
    writeFileSync(file, content)
    expect(await doctorWith(file)).toEqual([2, expect.stringMatching(/^passport-nevis doctor: --report \S+: [^\n]+$/), 0])
  })

  it('with a byte-order mark, or with fields in another form › is read', () => {
    writeFileSync(file, '\uFEFF{"probe":1,"answers":[],"unexplained":[],"facts":{"enroll.app.fields":["appLinkUri","x"],"enroll.app.http":"200"}}')
    expect(readReport(file)).toMatchObject({ answers: [] })
    expect(new FactsReader({ 'enroll.app.fields': ['appLinkUri', 'x.appLinkUri: link'] }).kinds('enroll.app', 'appLinkUri')).toEqual(['link'])
  })

  it('that does not exist › ends with 2, and asks Nevis nothing', async () => {
    const none = join(folder, 'none.json')
    expect(await doctorWith(none)).toEqual([2, expect.stringMatching(/^passport-nevis doctor: --report \S+none\.json: the report cannot be read \(ENOENT\); write a report with: /), 0])
  })

  async function doctorWith(path: string) {
    const simulator = closing(await NevisSimulator.start())
    const err: string[] = []
    const env = { NEVIS_BASE_URL: simulator.baseURL, NEVIS_ACCESS_KEY: simulator.accessKey }
    const exitCode = await main(['doctor', '--report', path], env, { log: () => undefined, error: (text) => void err.push(text) })
    return [exitCode, err.join('\n'), simulator.requests.length]
  }
})
