/**
 * Runs the cURL commands of Nevis's documents with the real cURL, as printed, and compares the simulator's answers with the printed ones: status, names and order
 * of the fields, fixed values byte for byte, and the form of values that differ in each answer (ids, tokens, times, QR codes).
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ERRORS, SAMPLES, type Sample } from './curl-samples'
import { newestCode, started, type Caller, type Json } from './http'
import { notOnWindows } from '../support/windows'

/**
 * True for a field that only Nevis's newer documents print. The older documents print `username` for a user, but not in a status answer. Only status answers
 * have a field `lastUpdatedAt`.
 */
const isNewer = (name: string, holder: object): boolean => name === 'authenticatorType' || name === 'state' || (name === 'username' && 'lastUpdatedAt' in holder)
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^[0-9a-f]{8}-(\.\.\.|[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})-[0-9a-f]{12}$/, 'a UUID'],
  [/^eyJ[\w.-]+$/, 'a token'],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time in seconds'],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'a time in microseconds'],
  [/^data:image\/png;base64,[\w.+/=]+$/, 'a PNG image'],
  [/^(https:\/\/\{instance\}\.mauth\.nevis\.cloud|http:\/\/[\w.:]+)\/open\?dispatchTokenResponse=eyJub[\w.-]+$/, 'a link'],
  [/^(https:\/\/\{instance\}\.mauth\.nevis\.cloud|http:\/\/[\w.:]+)\/$/, 'the instance'],
]

let nevis: Caller
beforeEach(async () => {
  nevis = await started()
})
afterEach(() => nevis.simulator.close())

/** The JSON text of an answer, in which each value that differs from answer to answer is replaced by its form. The names and their order stay. */
const withForms = (json: string): string =>
  JSON.stringify(
    JSON.parse(json, function (this: object, name, value: unknown) {
      if (isNewer(name, this)) return undefined
      if (name === 'authenticators') return (value as unknown[]).length === 0 ? [] : ['...']
      if (typeof value === 'number' && value > 1e9) return `a number of ${String(value).length} digits`
      if (name === 'message' && typeof value === 'string') return value.split(/ \.\.\.$| is missing| or is too long/)[0]
      return (typeof value === 'string' && FORMS.find(([form]) => form.test(value))?.[1]) || value
    }),
  )

/** Runs a printed command with the simulator's address. The shell function adds options: no progress, no proxy, and the HTTP status after the answer. */
async function run(command: string, variables: Record<string, string>): Promise<{ status: number; body: string }> {
  const script = `curl() { command curl --silent --noproxy '*' --write-out '\\n%{http_code}' "$@"; }\n${command.replace('https://$instance.mauth.nevis.cloud', '$origin')}`
  const env = { PATH: process.env['PATH'], origin: nevis.simulator.baseURL, access_key: nevis.simulator.accessKey, ...variables }
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { env })
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

/** Creates the user of the documents and the transaction that a command needs, and returns the shell variables that the documents tell the reader to set. */
async function variablesFor({ title, state }: Sample): Promise<Record<string, string>> {
  const { simulator } = nevis
  if (/^Enroll/.test(title)) return {}
  const { userId, authenticatorIds, recoveryCodes } = simulator.addUser({ username: 'u12345', phone: '+41791234567', recoveryCodes: 1 })
  const channel = state === 'new code by SMS' ? 'sms' : 'push'
  const { statusToken } = /Status|Verify/.test(title) ? (await nevis.approve({ username: 'u12345', channel })).json : ({} as Json)
  if (state === 'approved') await simulator.phone('u12345').approve()
  if (state === 'denied') await simulator.phone('u12345').deny()
  return {
    username: 'u12345',
    userId,
    authenticator_id: authenticatorIds[0] ?? '',
    code: state === 'new code by SMS' ? newestCode(simulator, 'u12345') : (recoveryCodes[0] ?? ''),
    statusToken: state === 'no such token' ? 'x' : String(statusToken),
    token: state === 'token of the access key' ? simulator.accessKey : 'x',
  }
}

const inPosixShell = notOnWindows(it, 'the shell sh')

inPosixShell.each(SAMPLES.map((sample) => [sample.title, sample] as const))('the command of "%s" gets the printed answer', async (_, sample) => {
  const { status, body } = await run(sample.command, await variablesFor(sample))
  const isJson = sample.answer.startsWith('{')
  expect([status, isJson ? withForms(body) : body]).toEqual([sample.status, isJson ? withForms(sample.answer) : sample.answer])
})

const enroll = SAMPLES.find(({ title }) => title.startsWith('Enroll with a username'))?.command ?? ''
inPosixShell.each([
  ['an invalid access key', ERRORS.forbidden, enroll, { access_key: 'x' }],
  ['a body that is not JSON', ERRORS.notJson, enroll.replace('{ "username": "u12345" }', 'username'), {}],
  ['a username with invalid characters', ERRORS.invalid, enroll.replace('u12345', '%%%%%'), {}],
])('%s gets the printed error (O, N: Errors)', async (_, printed, command, variables) => {
  const { status, body } = await run(command, variables)
  expect([status, withForms(body)]).toEqual([(JSON.parse(printed) as Json)['status'], withForms(printed)])
})
